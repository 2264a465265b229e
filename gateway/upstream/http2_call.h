#ifndef PORTICO_GATEWAY_UPSTREAM_HTTP2_CALL_H_
#define PORTICO_GATEWAY_UPSTREAM_HTTP2_CALL_H_

#include <list>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "gateway/net/deadline_queue.h"
#include "gateway/net/event.h"
#include "gateway/net/http2_session.h"
#include "gateway/rpc/handler.h"
#include "gateway/upstream/grpc_frame.h"

namespace portico::upstream {

class Http2Channel;
class Http2Connection;

// One gRPC call as a stream of HTTP/2: waits in its channel, runs on a connection, and ends once, with a status. Lives
// on one worker; not thread-safe.
class Http2Call final : public net::Http2Stream, private net::DeadlineQueue::Item {
 public:
  enum class Kind { kUnary, kStreaming };

  // The method is to live until the call has ended; a unary call's metadata, too.
  Http2Call(std::shared_ptr<Http2Channel> channel, Kind kind, const rpc::Method& method, const rpc::Metadata& metadata,
            net::Deadline deadline);

  // Begins; `request` is the only message of a unary call, and empty for others.
  void Start(rpc::Payload request);

  // Ends the call with `status` unless it has ended, and tells the server.
  void Abort(absl::Status status);

  bool ended() const { return ended_; }
  // REQUIRES: ended().
  const absl::Status& status() const { return status_; }

  // Set when the call has ended.
  net::Event& end() { return end_; }

  // What came; a unary call's message is complete when its status is OK.
  rpc::Reply& reply() { return reply_; }

  // ---- streaming calls. One write and one read at a time, each waited for before the next.

  // Sends one message; the event is set once the server's flow control and the socket have taken it all, or the call
  // has ended.
  net::Event& Write(rpc::Payload message);
  void CloseWrite();
  bool write_closed() const { return body_ended_; }
  // Takes the next message; false when none is complete yet, or ever will be.
  bool Take(std::string* message);
  // Set when Take() may have something, or the call has ended.
  net::Event& Arrival();
  // Whether the service's initial metadata is there, or the call has ended; and set when that becomes so. Arrival() and
  // this are for one at a time.
  bool has_head() const { return has_head_ || ended_; }
  net::Event& HeadArrival();

  // ---- for channel and connection

  const rpc::Method& method() const { return method_; }
  const rpc::Metadata& metadata() const { return kind_ == Kind::kUnary ? metadata_ : own_metadata_; }
  net::Deadline deadline() const { return deadline_; }
  void set_connection(Http2Connection* connection) { connection_ = connection; }

  // Calls that wait in a channel, and where this one stands in it while it does.
  using Queue = std::list<boost::intrusive_ptr<Http2Call>>;
  absl::optional<Queue::iterator>& place() { return place_; }

 private:
  ~Http2Call() override = default;

  void Header(absl::string_view name, absl::string_view value) override;
  void ProtocolHeader(absl::string_view name, absl::string_view value);
  void HeadersComplete(bool ended) override;
  void Data(absl::string_view bytes) override;
  void PeerEnded() override;
  void BodySent() override;
  void Closed(absl::optional<uint32_t> code) override;
  void Expired() override;  // the deadline

  absl::Status Outcome();
  size_t ReadFrame(absl::string_view bytes);
  bool Retry();
  void Finish(absl::Status status);

  std::shared_ptr<Http2Channel> channel_;  // until the call has ended
  const Kind kind_;
  const rpc::Method& method_;
  const rpc::Metadata& metadata_;
  const rpc::Metadata own_metadata_;
  const net::Deadline deadline_;
  absl::optional<Queue::iterator> place_;
  Http2Connection* connection_ = nullptr;  // while it runs on one
  bool ended_ = false;
  int retries_ = 0;
  absl::Status status_;
  net::Event end_;

  std::string request_;  // the message being sent, framed
  absl::optional<net::Event> written_;
  absl::optional<net::Event> arrival_;

  // The response.
  size_t header_bytes_ = 0;
  int http_status_ = 0;
  bool is_grpc_ = false;
  bool has_head_ = false;
  bool awaiting_head_ = false;  // is `arrival_` about it
  bool has_grpc_status_ = false;
  int grpc_status_ = 0;
  std::string grpc_message_;
  std::string grpc_details_;
  GrpcFrameReader frames_;
  std::string backlog_;    // behind the message that waits for Take(); the peer is not told to go on for it
  size_t backlog_at_ = 0;  // what is before has been read
  rpc::Reply reply_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HTTP2_CALL_H_
