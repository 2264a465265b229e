#ifndef PORTICO_GATEWAY_UPSTREAM_MEMBERS_H_
#define PORTICO_GATEWAY_UPSTREAM_MEMBERS_H_

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gateway/net/event.h"
#include "gateway/net/worker.h"
#include "gateway/upstream/cluster_options.h"
#include "gateway/upstream/server.h"

namespace portico::upstream {

class HealthChecker;

// The servers of a cluster: what its discovery told last, handed to every worker. A server that stays keeps its
// connections; one that is named no more gets no new calls, and its connection ends with the last call on it. Once
// servers are known, a source that fails or names none takes nothing away.
//
// Thread-safe, but for lanes: each belongs to its worker.
class Members final : public std::enable_shared_from_this<Members> {
 public:
  // A call that waits until servers are known.
  struct Waiter final : net::TimeLimit {
    void Expired() override { done.Set(); }
    net::Event done;
  };

  // One worker's view, on a cache line of its own.
  struct alignas(64) Lane {
    Lane(BalanceOptions::Policy policy, size_t index) : balancer(policy, index) {}
    std::vector<std::shared_ptr<Path>> paths;
    Balancer balancer;
    bool known = false;  // the source has said something, be it that it fails
    std::deque<Waiter*> waiting;
    net::Deadline looked_again;  // when a call last found no server in reach
  };

  // What is known, for people.
  struct Status {
    std::vector<std::shared_ptr<const Server>> servers;
    std::string failure;    // of the source; empty when it works
    uint64_t changes = 0;   // of the set
    uint64_t failures = 0;  // of the source
    uint64_t ejections = 0;
  };

  // A set with more servers is used in part: each costs a connection per worker.
  static constexpr size_t kMaxServers = 512;

  // `factory` is not used when there are no workers; both outlive the members.
  Members(const ClusterOptions& options, TransportFactory* factory,
          const std::vector<std::unique_ptr<net::Worker>>& workers, const ClusterSurroundings& surroundings);
  ~Members();

  // What the source tells. The first error of making a transport, if any; servers without it are used all the same.
  // `direct`: no other thread knows of the lanes yet.
  absl::Status Use(const absl::StatusOr<Addresses>& told, bool direct = false);

  // Leaves a server out for a while, if not too many are. On any worker.
  void Eject(Server& server, net::Deadline now);
  // A server that was left out is back.
  void Returned(const Server& server) { Tell("server_returned", server.address, ""); }

  Lane& lane(const net::Worker& worker) const { return *lanes_[static_cast<size_t>(worker.index())]; }
  Status status() const;
  const ClusterOptions& options() const { return options_; }

  // No more health checks.
  void Close();

 private:
  struct Member {
    std::shared_ptr<Server> server;
    std::vector<std::shared_ptr<Path>> paths;  // by worker
    std::shared_ptr<HealthChecker> checker;    // shared so that Member can be copied
  };

  absl::StatusOr<Member> Make(const std::string& address);
  const Member* Known(const std::string& address) const;
  void Fail(const std::string& why, bool direct);
  void HandOut(bool direct);
  void Tell(const char* event, const std::string& server, const std::string& message) const;

  const ClusterOptions options_;
  const TransportOptions transport_;  // with the name that addresses were found by
  TransportFactory* const factory_;
  const DiscoveryLoop loop_;
  const std::function<void(const ClusterEvent&)> events_;
  std::vector<net::Worker*> workers_;
  std::vector<std::shared_ptr<Lane>> lanes_;  // by worker

  mutable std::mutex mutex_;  // guards the rest
  std::vector<Member> members_;
  std::vector<Member> inherited_;  // of the cluster before, until the first set is in
  bool closed_ = false;
  std::string failure_;
  uint64_t changes_ = 0;
  uint64_t failures_ = 0;
  uint64_t ejections_ = 0;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_MEMBERS_H_
