#ifndef PORTICO_GATEWAY_GATEWAY_H_
#define PORTICO_GATEWAY_GATEWAY_H_

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/admin/server.h"
#include "gateway/middleware/access_log.h"
#include "gateway/net/worker.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/snapshot.h"
#include "gateway/upstream/grpc_transport.h"

namespace portico {

// A running gateway: the workers, the listeners of all frontends, the admin server, and the snapshot in use.
class Gateway {
 public:
  // Builds the snapshot of the configuration at `path` and serves it. Mistakes in what the user wrote go to
  // `diagnostics` (nullptr is returned); an address that cannot be bound is reported there too. Every listener and the
  // admin server announce their address on stderr: {"event":"listening","frontend":"web","address":"127.0.0.1:43121"}.
  static std::unique_ptr<Gateway> Start(const std::string& path, schema::Diagnostics& diagnostics);

  // REQUIRES: Drain() has returned, if Start() succeeded.
  ~Gateway();

  // Stops accepting, finishes what has begun, and ends the workers; what is not finished after `limit` is cut. /readyz
  // answers 503 from the beginning.
  void Drain(std::chrono::milliseconds limit);

 private:
  class Port;

  explicit Gateway(int workers);
  bool Listen(schema::Diagnostics& diagnostics);
  bool StartAdmin(schema::Diagnostics& diagnostics);
  bool ready() const;

  // Destroyed from the last to the first: transports before their queues, everything before the workers.
  std::vector<std::unique_ptr<net::Worker>> workers_;
  upstream::GrpcTransportFactory grpc_;
  std::shared_ptr<const Snapshot> snapshot_;
  middleware::AccessLogSink access_log_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::unique_ptr<admin::Server> admin_;
  std::vector<std::thread> threads_;
  std::atomic<bool> draining_{false};
};

}  // namespace portico

#endif  // PORTICO_GATEWAY_GATEWAY_H_
