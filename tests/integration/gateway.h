#ifndef PORTICO_TESTS_INTEGRATION_GATEWAY_H_
#define PORTICO_TESTS_INTEGRATION_GATEWAY_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/integration/connection.h"
#include "tests/integration/process.h"
#include "tests/integration/shop.h"
#include "tests/integration/temp_folder.h"

namespace portico::integration {

// The contracts of the repository, and everything of the shop exposed by one frontend, "web". `frontend_more` is added
// to the frontend (its own indentation and line end).
std::string ShopConfig(const Shop& shop, const std::string& frontend_more = "");

// `portico serve` on a configuration, ready when the constructor returns (or the test has failed). Frontends listen
// where the configuration says; port 0 is what tests want.
class Gateway {
 public:
  // `path` is the configuration's.
  explicit Gateway(const std::string& path);

  // Where a frontend, or the admin server, listens; empty when it has not said so.
  const std::string& address(const std::string& frontend = "web") const;
  const std::string& admin() const { return admin_; }

  Process& process() { return *process_; }

  // The first access log line that fulfils the condition, as JSON; null when there is none in time.
  Json LogLine(const std::function<bool(const Json&)>& wanted);

 private:
  std::map<std::string, std::string> frontends_;
  std::string admin_;
  std::unique_ptr<Process> process_;
};

// A shop with a gateway in front: what most tests need.
struct ShopBehindGateway {
  // `frontend_more` and `delay` as in ShopConfig and Shop::Start.
  explicit ShopBehindGateway(const std::string& frontend_more = "", const std::string& delay = "");

  const std::string& address() const { return gateway->address(); }

  TempFolder folder;
  Shop shop;
  std::unique_ptr<Gateway> gateway;
};

// Asks again until the answer is as wanted so many times in a row: each worker of the gateway has connections of its
// own to a service, and finds out for itself that it has come back. The last answer; the test fails when time runs out.
constexpr int kOfAllWorkers = 25;
Answer GetUntil(const std::string& address, absl::string_view target, const std::function<bool(const Answer&)>& wanted,
                int in_a_row = 1);

}  // namespace portico::integration

#endif  // PORTICO_TESTS_INTEGRATION_GATEWAY_H_
