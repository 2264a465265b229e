#include "tests/integration/gateway.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "absl/strings/str_cat.h"

namespace portico::integration {

std::string ShopConfig(const Shop& shop, const std::string& frontend_more) {
  return absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/proto\n", shop.Clusters(),
                      "frontends:\n"
                      "  - name: web\n"
                      "    listen: 127.0.0.1:0\n"
                      "    expose: [\"*\"]\n",
                      frontend_more, "admin: { listen: 127.0.0.1:0 }\n");
}

namespace {

// The gateway of this build, or another one's: the thread sanitizer looks at it alone (tools/test --tsan).
std::string Program() {
  const char* const other = std::getenv("PORTICO_TEST_GATEWAY");
  return other != nullptr ? other : PORTICO_BINARY;
}

}  // namespace

Gateway::Gateway(const std::string& path)
    : process_(std::make_unique<Process>(std::vector<std::string>{Program(), "serve", path})) {
  const auto serving = process_->ErrorLine([&](const std::string& line) {
    const Json event = Json::parse(line, nullptr, false);
    if (!event.is_object() || !event.contains("event")) return false;
    if (event["event"] == "listening") {
      if (event.contains("frontend")) {
        frontends_[event["frontend"]] = event["address"];
      } else {
        admin_ = event["address"];
      }
    }
    return event["event"] == "serving";
  });
  if (!serving.has_value()) {
    ADD_FAILURE() << "the gateway did not start: " << process_->Error();
    return;
  }
  if (!admin_.empty()) GetUntil(admin_, "/readyz", [](const Answer& answer) { return answer.status == 200; });
}

const std::string& Gateway::address(const std::string& frontend) const {
  static const std::string none;
  const auto found = frontends_.find(frontend);
  return found == frontends_.end() ? none : found->second;
}

Json Gateway::LogLine(const std::function<bool(const Json&)>& wanted) {
  const auto line = process_->OutLine([&](const std::string& text) {
    const Json parsed = Json::parse(text, nullptr, false);
    if (!parsed.is_object()) ADD_FAILURE() << "a log line that is no JSON object: " << text;
    return parsed.is_object() && wanted(parsed);
  });
  return line.has_value() ? Json::parse(*line) : Json();
}

ShopBehindGateway::ShopBehindGateway(const std::string& frontend_more, const std::string& delay) {
  shop.StartAll(delay);
  gateway = std::make_unique<Gateway>(folder.Write("portico.yaml", ShopConfig(shop, frontend_more)));
}

Answer GetUntil(const std::string& address, absl::string_view target, const std::function<bool(const Answer&)>& wanted,
                int in_a_row) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (int fulfilled = 0;;) {
    Answer answer = Get(address, target);
    fulfilled = wanted(answer) ? fulfilled + 1 : 0;
    if (fulfilled >= in_a_row) return answer;
    if (std::chrono::steady_clock::now() >= deadline) {
      ADD_FAILURE() << "GET " << target << ": still " << answer.status << " " << answer.body;
      return answer;
    }
    if (fulfilled == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace portico::integration
