#ifndef PORTICO_GATEWAY_UPSTREAM_HEALTH_CHECKER_H_
#define PORTICO_GATEWAY_UPSTREAM_HEALTH_CHECKER_H_

#include <functional>
#include <memory>

#include "gateway/upstream/discovery.h"
#include "gateway/upstream/server.h"

namespace portico::upstream {

class LoopTask;

// Asks one server how it is (grpc.health.v1.Health/Check, for the server as a whole) at once and then every interval,
// once for all workers, on a connection of its own. An answer may take as long as the interval, a second at most. A
// server that does not know the service is as well as it can say: it answers.
class HealthChecker {
 public:
  // `changed` is called on the loop when the state is another. nullptr when no transport can be made.
  static std::shared_ptr<HealthChecker> Start(const DiscoveryLoop& loop, const HealthOptions& options,
                                              const TransportOptions& transport_options, std::shared_ptr<Server> server,
                                              std::function<void(const Server&, Health::State)> changed);
  ~HealthChecker();

 private:
  explicit HealthChecker(std::shared_ptr<LoopTask> task) : task_(std::move(task)) {}
  const std::shared_ptr<LoopTask> task_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HEALTH_CHECKER_H_
