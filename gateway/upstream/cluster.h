#ifndef PORTICO_GATEWAY_UPSTREAM_CLUSTER_H_
#define PORTICO_GATEWAY_UPSTREAM_CLUSTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/net/worker.h"
#include "gateway/rpc/handler.h"
#include "gateway/upstream/cluster_options.h"
#include "gateway/upstream/members.h"

namespace portico::upstream {

// The servers of a set of services, behind one handler. Every worker has transports of its own to every server. A call
// goes to one that the policy chooses among those that can be reached, are healthy and are not left out; among those
// that can be reached when no such is left; and among all when none can, so that somebody finds out when one is back.
// Of these, one that has not been tried for the call before (rpc::TriedServers) goes first.
// Before the first set of servers is known calls wait for it, two seconds at most. Thread-safe in that each worker uses
// its own part.
class Cluster final : public rpc::Handler {
 public:
  // Connects nothing, but begins to watch the target. `factory` (not used when there are no workers), `workers` and
  // what is in `surroundings` (but `previous`) outlive the cluster.
  static absl::StatusOr<std::unique_ptr<Cluster>> Create(ClusterOptions options, TransportFactory* factory,
                                                         const std::vector<std::unique_ptr<net::Worker>>& workers,
                                                         const ClusterSurroundings& surroundings = {});
  ~Cluster() override;

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override;

  const std::string& name() const { return options().name; }
  const ClusterOptions& options() const { return members_->options(); }
  // Whether the worker has a connection to a server. On the worker's own thread only, as the next.
  bool connected(const net::Worker& worker) const;
  // Waits until `until`, or less when none of the worker's connections is up then; whether one was lost meanwhile.
  Async<bool> AwaitLoss(net::Worker& worker, net::Deadline until);
  // The servers there are now and how they are.
  Members::Status status() const { return members_->status(); }
  const Members& members() const { return *members_; }

 private:
  explicit Cluster(std::shared_ptr<Members> members) : members_(std::move(members)) {}

  // The way for the next call; nullptr when no server is known. Waits for the first set.
  Async<absl::StatusOr<std::shared_ptr<Path>>> Choose(rpc::Context& context, net::Deadline now);
  // The same of the servers there are, and notes in the context which one it is.
  std::shared_ptr<Path> Pick(Members::Lane& lane, rpc::Context& context, net::Deadline now) const;
  // No server is in reach: the source may know of others.
  void LookAgain(Members::Lane& lane, net::Deadline now) const;

  const std::shared_ptr<Members> members_;
  std::unique_ptr<Discovery> discovery_;  // null for a fixed target
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_CLUSTER_H_
