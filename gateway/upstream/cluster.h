#ifndef PORTICO_GATEWAY_UPSTREAM_CLUSTER_H_
#define PORTICO_GATEWAY_UPSTREAM_CLUSTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/net/worker.h"
#include "gateway/rpc/handler.h"
#include "gateway/upstream/transport.h"

namespace portico::upstream {

struct ClusterOptions {
  std::string name;
  // "HOST:PORT,HOST:PORT", "dns:///HOST:PORT" or "unix:PATH".
  std::string target;
  // For unary calls; a caller's shorter deadline wins.
  net::Clock::duration timeout = std::chrono::seconds(5);
  TransportOptions transport;
  // What the transports are made by.
  enum class Protocol { kGrpcLibrary, kHttp2 } protocol = Protocol::kGrpcLibrary;

  bool operator==(const ClusterOptions&) const = default;
};

// The servers of a set of services, behind one handler. Every worker has transports of its own to every server; a call
// goes round robin over those that can be reached (over all of them when none can, so that somebody finds out when one
// is back). Thread-safe in that each worker uses its own part.
class Cluster final : public rpc::Handler {
 public:
  // Connects nothing. `factory` (not used when there are no workers) and `workers` outlive the cluster.
  static absl::StatusOr<std::unique_ptr<Cluster>> Create(ClusterOptions options, TransportFactory* factory,
                                                         const std::vector<std::unique_ptr<net::Worker>>& workers);

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override;

  const std::string& name() const { return options_.name; }
  const ClusterOptions& options() const { return options_; }
  // Whether the worker has a connection to a server. On the worker's own thread only, as the next.
  bool connected(const net::Worker& worker) const;
  // Waits until `until`, or less when none of the worker's connections is up then; whether one was lost meanwhile.
  Async<bool> AwaitLoss(net::Worker& worker, net::Deadline until);
  // The addresses, in the order of the target.
  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  // One worker's view of the cluster, on a cache line of its own.
  struct alignas(64) Lane {
    std::vector<std::unique_ptr<Transport>> transports;  // by address
    size_t next = 0;
  };

  explicit Cluster(ClusterOptions options) : options_(std::move(options)) {}
  Transport& Pick(const net::Worker& worker);

  const ClusterOptions options_;
  std::vector<std::string> addresses_;
  std::vector<Lane> lanes_;  // by worker
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_CLUSTER_H_
