#include "tests/integration/activity.h"

#include <chrono>
#include <thread>

#include "absl/strings/numbers.h"
#include "tests/integration/gateway.h"

namespace portico::integration {

int64_t SentAtRest(const std::string& address) {
  int64_t sent = -1;
  GetUntil(
      address, "/v1/activity",
      [&](const Answer& answer) {
        int64_t now = 0;
        if (!absl::SimpleAtoi(answer.json().value("sent", "0"), &now)) return false;
        const bool rests = now == sent;
        sent = now;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));  // between two looks
        return rests;
      },
      10);
  return sent;
}

}  // namespace portico::integration
