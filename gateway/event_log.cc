#include "gateway/event_log.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

namespace portico {

void LogEvent(const nlohmann::ordered_json& event) {
  const std::string line = event.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);  // stderr is not buffered: one write
  std::fflush(stderr);
}

}  // namespace portico
