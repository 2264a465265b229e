#ifndef PORTICO_TESTS_FAULTS_BEHIND_H_
#define PORTICO_TESTS_FAULTS_BEHIND_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/faults/fake_services.h"
#include "tests/integration/gateway.h"

namespace portico::faults {

// A gateway, a process, with the contracts of a folder below tests/faults/protos and of proto/, and fake services
// behind it. `clusters` are names with the service they serve, each at a server of its own; one named "*" serves all
// that no other does.
class Behind {
 public:
  explicit Behind(const std::vector<std::pair<std::string, std::string>>& clusters);

  const std::string& address() const { return gateway_->address(); }
  FakeServices& services() { return *services_; }

 private:
  integration::TempFolder folder_;
  std::unique_ptr<FakeServices> services_;
  std::unique_ptr<integration::Gateway> gateway_;
};

// The parts that an answer's header names, with their reasons: "bill;reason=deadline", sorted by name.
std::vector<std::string> OmittedIn(const integration::Answer& answer);

}  // namespace portico::faults

#endif  // PORTICO_TESTS_FAULTS_BEHIND_H_
