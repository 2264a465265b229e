#ifndef PORTICO_GATEWAY_EVENT_LOG_H_
#define PORTICO_GATEWAY_EVENT_LOG_H_

#include <nlohmann/json_fwd.hpp>

namespace portico {

// Writes what happens to the gateway itself (it listens, it drains) as one line of JSON to stderr, in one piece.
// Thread-safe. Not for requests: those are in the access log.
void LogEvent(const nlohmann::ordered_json& event);

}  // namespace portico

#endif  // PORTICO_GATEWAY_EVENT_LOG_H_
