#ifndef PORTICO_GATEWAY_UPSTREAM_HTTP2_CONNECTION_H_
#define PORTICO_GATEWAY_UPSTREAM_HTTP2_CONNECTION_H_

#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "gateway/net/http2_session.h"
#include "gateway/net/timeouts.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/http2_call.h"
#include "gateway/upstream/http2_options.h"

namespace portico::upstream {

// What the connections of a channel have in common. Immutable.
struct Http2Peer {
  Endpoint endpoint;
  std::shared_ptr<const net::TlsContext> tls;  // null: plaintext
  std::string server_name;                     // with `tls`
  std::string authority;
  Http2Options options;
};

// One connection to a server, from the look-up of its name to its end, and the calls on it. Lives on one worker.
class Http2Connection final : public std::enable_shared_from_this<Http2Connection>,
                              private net::Http2Session::Owner,
                              private net::TimeLimit {
 public:
  class Owner {
   public:
    // Calls may start.
    virtual void Ready(Http2Connection& connection) = 0;
    // Further calls may, or none is left.
    virtual void Room(Http2Connection& connection) = 0;
    // The server takes no new calls (GOAWAY); what it has begun goes on.
    virtual void Leaving(Http2Connection& connection, bool by_error) = 0;
    // The connection could not be made, or is gone.
    virtual void Lost(Http2Connection& connection) = 0;

   protected:
    ~Owner() = default;
  };

  // Begins to connect: to the addresses of the peer's name in turn, beginning with the `first_address`-th, round and
  // round.
  static std::shared_ptr<Http2Connection> Open(net::Worker& worker, std::shared_ptr<const Http2Peer> peer,
                                               size_t first_address, Owner& owner);
  ~Http2Connection();

  // The server's settings have come.
  bool ready() const { return ready_; }
  bool leaving() const { return leaving_; }
  // It has answered a call.
  bool served() const { return served_; }
  // When a call last began, roughly.
  net::Deadline last_used() const { return last_used_; }
  uint32_t active() const { return active_; }

  // Whether the server lets another call begin.
  bool HasRoom() const { return ready_ && !leaving_ && active_ < session_->peer_max_streams(); }

  // REQUIRES: HasRoom(). False when the connection's numbers of streams are used up.
  bool Start(Http2Call& call);

  // Ends it: calls that are left fail. The owner hears nothing of it.
  void Close();

  // For its calls.
  net::Http2Session& session() { return *session_; }
  void Heard() { heard_ = served_ = true; }
  void CallClosed();

 private:
  using Tcp = boost::asio::ip::tcp;
  using Resolver = boost::asio::ip::basic_resolver<Tcp, net::Executor>;
  using Address = boost::asio::generic::stream_protocol::endpoint;

  Http2Connection(net::Worker& worker, std::shared_ptr<const Http2Peer> peer, Owner& owner);

  static Async<void> Connect(std::shared_ptr<Http2Connection> self, size_t first_address);
  Async<std::vector<Address>> Resolve();
  void Begin();

  void SettingsReceived() override;
  void GoawayReceived(uint32_t code) override;
  void PongReceived() override { ping_sent_ = false; }
  void SessionLost() override;
  void Expired() override;  // nothing was heard for a while

  net::Worker& worker_;
  const std::shared_ptr<const Http2Peer> peer_;
  Owner* owner_;  // null once closed
  Resolver resolver_;
  net::StreamSocket socket_;  // until the session has it
  std::shared_ptr<net::Http2Session> session_;
  std::vector<nghttp2_nv> constant_fields_;
  bool ready_ = false;
  bool leaving_ = false;
  bool served_ = false;
  uint32_t active_ = 0;
  net::Deadline last_used_;

  bool heard_ = true;  // since the last ping
  bool ping_sent_ = false;
  bool timeout_named_ = false;  // "grpc-timeout" has been in the peer's table of names
  bool request_id_named_ = false;
  net::Deadline last_ping_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HTTP2_CONNECTION_H_
