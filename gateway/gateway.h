#ifndef PORTICO_GATEWAY_GATEWAY_H_
#define PORTICO_GATEWAY_GATEWAY_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/admin/server.h"
#include "gateway/contract_learner.h"
#include "gateway/middleware/access_log.h"
#include "gateway/net/worker.h"
#include "gateway/reload_status.h"
#include "gateway/reloader.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/snapshot.h"
#include "gateway/upstream/grpc_transport.h"
#include "gateway/upstream/http2_transport.h"

namespace portico {

// A running gateway: the workers, the listeners of all frontends, the admin server, and the snapshot in use.
//
// While it runs, the files its configuration names are watched, and clusters whose contracts are learned by reflection
// are asked. A change builds a new snapshot beside the old one; when that succeeds, every worker goes over to it
// between two requests, and requests under way finish on the one they began with. When it fails, nothing changes, and
// the mistakes are told on stderr, in the metrics and by the admin server.
class Gateway {
 public:
  // Builds the snapshot of the configuration at `path` and serves it. Mistakes in what the user wrote go to
  // `diagnostics` (nullptr is returned); an address that cannot be bound is reported there too. Every listener and the
  // admin server announce their address on stderr: {"event":"listening","frontend":"web","address":"127.0.0.1:43121"}.
  static std::unique_ptr<Gateway> Start(const std::string& path, schema::Diagnostics& diagnostics);
  ~Gateway();

  // Reloads soon, also when no file has changed (SIGHUP). Thread-safe.
  void Reload(std::string reason) { reloader_->Request(std::move(reason)); }

  // Stops accepting and finishes what has begun; what is not finished after `limit` is cut. /readyz answers 503 from
  // the beginning.
  void Drain(std::chrono::milliseconds limit);

 private:
  class Port;

  Gateway(std::string path, int workers);

  // On the reloader's thread: returns the paths to watch.
  std::vector<net::Watched> LoadAnew(const std::string& reason);
  // The keys that are read at the start only and say something else now.
  std::vector<std::string> NeedRestart(const config::Config& config) const;
  // Makes `next` the snapshot in use; false when an address cannot be bound, and nothing has changed then.
  bool Apply(std::shared_ptr<const Snapshot> next, schema::Diagnostics& diagnostics);
  // The port that listens where `frontend`, which is or will be `port`'s, is to listen; nullptr when none does.
  Port* UserOf(Port& port, const config::Frontend& frontend) const;
  // Whether `config` has nothing more to listen where the port does.
  static bool Leaves(const Port& port, const config::Config& config);
  // Drops snapshots that no request uses any more, here rather than on a worker: it takes a while.
  void DropRetired();
  SnapshotInputs Inputs();
  bool StartAdmin(schema::Diagnostics& diagnostics);
  void AskForContracts();
  std::shared_ptr<const Snapshot> snapshot() const;
  std::vector<Port*> ports() const;
  bool ready() const;

  // Destroyed from the last to the first: transports before their queues, everything before the workers.
  const std::string path_;
  config::Config started_;  // the configuration as it was at the start
  std::vector<std::unique_ptr<net::Worker>> workers_;
  upstream::GrpcTransportFactory grpc_;
  upstream::Http2TransportFactory http2_;
  // What looks for servers and asks them how they are, beside the requests.
  net::Worker discovery_worker_;
  upstream::DiscoveryLoop discovery_;
  middleware::AccessLogSink access_log_;
  ReloadStatus reload_status_;

  mutable std::mutex mutex_;  // guards the next two
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<std::unique_ptr<Port>> ports_;  // a frontend that is taken away keeps its port, closed, for its counters

  // The reloader's thread only, until it has ended.
  std::vector<std::shared_ptr<const Snapshot>> retired_;
  config::ReflectedContracts accepted_;  // what the snapshot in use was built with
  std::vector<std::thread> threads_;
  std::unique_ptr<admin::Server> admin_;
  std::unique_ptr<ContractLearner> learner_;
  std::unique_ptr<Reloader> reloader_;
  std::atomic<bool> draining_{false};
};

}  // namespace portico

#endif  // PORTICO_GATEWAY_GATEWAY_H_
