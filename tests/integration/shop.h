#ifndef PORTICO_TESTS_INTEGRATION_SHOP_H_
#define PORTICO_TESTS_INTEGRATION_SHOP_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/integration/process.h"
#include "tests/integration/temp_folder.h"

namespace portico::integration {

// A port of 127.0.0.1 that nobody else gets while this lives, also when the process that listens on it is dead: a
// socket is bound to it and never listens. With SO_REUSEADDR on both sides another may then listen there.
class ReservedPort {
 public:
  ReservedPort();
  ~ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;

  const std::string& address() const { return address_; }

 private:
  int descriptor_ = -1;
  std::string address_;
};

// What the clusters of a test have as their `transport`: PORTICO_TEST_TRANSPORT, or what they have by themselves.
std::string TestedTransport();

// The shop's services with seeded data, each a process of its own that can die and come back at its address.
class Shop {
 public:
  Shop();

  // Starts a service that does not run, or all of them, and waits until it listens. `delay` is how much later it
  // answers every call, such as "100ms".
  void Start(const std::string& service, const std::string& delay = "");
  void StartAll(const std::string& delay = "");

  // Stops a service at once, as a crash would.
  void Kill(const std::string& service);

  // Asks a service to stop and waits for that; its exit code.
  std::optional<int> Stop(const std::string& service);

  // Starts a service without waiting for it.
  void Launch(const std::string& service, const std::string& delay = "");

  const std::string& address(const std::string& service) const { return services_.at(service).port->address(); }

  // The `clusters:` of a configuration, with `more` (its own indentation and line end) in each of them.
  std::string Clusters(const std::string& more = "") const;

 private:
  struct Service {
    std::string full_name;
    std::unique_ptr<ReservedPort> port;
    std::unique_ptr<Process> process;
  };

  TempFolder data_;
  std::map<std::string, Service> services_;
};

}  // namespace portico::integration

#endif  // PORTICO_TESTS_INTEGRATION_SHOP_H_
