#ifndef PORTICO_GATEWAY_UPSTREAM_HTTP2_ADDRESSES_H_
#define PORTICO_GATEWAY_UPSTREAM_HTTP2_ADDRESSES_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/rpc/context.h"
#include "gateway/upstream/http2_channel.h"

namespace portico::upstream {

// All servers of a name ("dns:///HOST:PORT"), one channel to each address, for one worker. Calls go round robin over
// those that can be reached. The name is looked up by the first call, and again by calls that find a server out of
// reach (Http2Options::resolve_pause). A server that is no longer named gets no new calls; those it has come to their
// end. Lives on its worker; not thread-safe.
class Http2Addresses final : public std::enable_shared_from_this<Http2Addresses> {
 public:
  // `peer` tells all but the host.
  Http2Addresses(net::Worker& worker, std::shared_ptr<const Http2Peer> peer, const TransportOptions& options);

  // The channel for the next call. Waits while no address is known, as long as the context and
  // Http2Options allow (connect_time at first, patience after a look-up that found nothing); UNAVAILABLE,
  // DEADLINE_EXCEEDED or CANCELLED then.
  static Async<absl::StatusOr<std::shared_ptr<Http2Channel>>> Pick(std::shared_ptr<Http2Addresses> self,
                                                                   rpc::Context& context);

  bool reachable() const;
  bool connected() const;
  // See Transport::AwaitLoss(), of all connections that are up now.
  static Async<bool> AwaitLoss(std::shared_ptr<Http2Addresses> self, net::Deadline until);

 private:
  struct Server {
    std::string host;
    std::shared_ptr<Http2Channel> channel;
  };
  struct Waiter;

  std::shared_ptr<Http2Channel> Next();
  // Looks the name up again when it is time to.
  void Refresh(bool any_reachable);
  static Async<void> Resolve(std::shared_ptr<Http2Addresses> self);
  void Use(const std::vector<std::string>& hosts);
  void Wake();

  net::Worker& worker_;
  const std::shared_ptr<const Http2Peer> peer_;
  const TransportOptions options_;
  net::DeadlineQueue deadlines_;
  std::vector<Server> servers_;
  size_t next_;
  bool resolving_ = false;
  bool unknown_ = false;        // the last look-up found nothing
  net::Deadline last_resolve_;  // when it ended
  std::deque<Waiter*> waiting_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HTTP2_ADDRESSES_H_
