#ifndef PORTICO_GATEWAY_HTTP_CONNECTION_H1_H_
#define PORTICO_GATEWAY_HTTP_CONNECTION_H1_H_

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/http/arriving_body.h"
#include "gateway/http/connection_site.h"
#include "gateway/http/read_buffer.h"
#include "gateway/http/request_parser.h"
#include "gateway/http/websocket_connection.h"
#include "gateway/net/alarm.h"
#include "gateway/net/event.h"
#include "gateway/net/timeouts.h"

namespace portico::http {

// One client's HTTP/1.1 or 1.0 connection: reads a request, has it handled, writes the answer, and so on until either
// side ends it. Requests sent ahead (pipelining) wait their turn in a bounded buffer. While a request is handled a read
// stays pending, so that a client that leaves cancels it; of one that has sent too much ahead the kernel is asked. That
// read, like all, goes into a small buffer of its own and
// from there to where its bytes belong, because the request's views must stay where they are.
//
// Lives on its site's worker; kept alive by its own coroutine.
class ConnectionH1 final : public std::enable_shared_from_this<ConnectionH1>,
                           private net::TimeLimit,
                           private BodySource {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, net::Executor>;

  // `peer` is the client's address for the log.
  ConnectionH1(std::shared_ptr<ConnectionSite> site, Socket socket, std::string peer);

  // Begins to serve; ends with site.Closed().
  void Start();

  // The site drains, and what is open at `cut_at` will be cut: closes soon when idle; a request under way is answered
  // first, and a stream told to come to an end.
  void Drain(net::Deadline cut_at);

  // Closes now and cancels what is under way.
  void Cut();

 private:
  enum class Next { kRequest, kLinger, kClose };
  enum class Phase { kIdle, kReading, kHandling, kWriting, kLingering, kClosed };

  static Async<void> Run(std::shared_ptr<ConnectionH1> self);
  Async<Next> ServeOne();
  // Reads until `parser` has a head; nullopt when it has.
  Async<std::optional<Next>> ReadHead(RequestParser& parser);
  // The same for the body: what of it is left in message_ behind the head, and what was decoded of its chunks.
  PORTICO_OWN_FRAME Async<std::optional<Next>> ReadBody(const RequestParser& parser, size_t* body_bytes,
                                                        std::string* decoded);
  // Whether the handler wants the body as it arrives.
  bool StreamsBody(const RequestParser& parser) const;
  PORTICO_OWN_FRAME Async<Next> Dispatch(const RequestParser& parser, size_t body_bytes, absl::string_view decoded,
                                         bool streams_body);
  // Answers with an error of the connection's own. `request` is nullptr when the head could not be read.
  PORTICO_OWN_FRAME Async<Next> Refuse(absl::Status error, const Request* request, bool http11, bool keep);
  // An answer on its way: what goes out first, and how much of that has.
  struct Outgoing {
    std::string head;  // with a chunk's size behind it, or a short body
    absl::string_view body;
    absl::string_view chunk_end;
    size_t body_bytes = 0;  // also when they stand in `head`
    size_t written = 0;
    bool chunked = false;
    bool streams = false;  // more follows
    bool done = false;
  };
  // Writes what the kernel takes at once, which is all of most answers. Clears `keep` when the answer can only end with
  // the connection.
  Outgoing BeginAnswer(const Response& response, bool http11, bool head_only, bool* keep, Sent* sent);
  // Writes what is left.
  PORTICO_OWN_FRAME Async<void> FinishAnswer(Response& response, const Outgoing& out, Sent& sent);
  // Both.
  PORTICO_OWN_FRAME Async<Sent> Send(Response& response, bool http11, bool head_only, bool* keep);
  // Lets the socket go, which then speaks WebSocket until its end.
  PORTICO_OWN_FRAME Async<Sent> SwitchProtocols(Request& request, Response& response, WebSocketSession& session);
  // Sends the stream of a response; clears `sent.complete` when not all of it went out.
  PORTICO_OWN_FRAME Async<void> Pump(Response& response, bool chunked, Sent& sent);
  // What the kernel takes now; 0 also when it cannot be written to.
  size_t WriteSome(absl::string_view first, absl::string_view second, absl::string_view third);
  // What is behind the first `written` bytes; false when it cannot be written.
  Async<bool> WriteRest(absl::string_view first, absl::string_view second, absl::string_view third, size_t written);
  Async<bool> Write(absl::string_view first, absl::string_view second, absl::string_view third);
  PORTICO_OWN_FRAME Async<void> Linger();

  // Waits for the pending read; false when the time limit passed first.
  Async<bool> Await();
  void StartRead();
  // While a request is handled: reads what comes behind it, unless enough is there.
  void ReadAhead();
  // While it is handled and no read is pending: a client that has left is as if a read had told.
  void LookForEnd();
  void OnRead(bool failed, size_t bytes);
  void Expired() override;

  ReadBuffer& received() override { return ahead_; }
  bool ended() const override { return ended_; }
  void ReadOn(uint64_t missing) override;
  void AskForBody() override;
  net::Timeouts& timeouts() override { return site_->worker.timeouts(); }

  void Close();
  void SkipEmptyLines();

  std::shared_ptr<ConnectionSite> site_;
  Socket socket_;
  std::string peer_;
  std::unique_ptr<char[]> inbox_;  // where the pending read puts its bytes
  size_t inbox_size_ = 0;
  ReadBuffer message_;    // the request being read or handled, and before it is handled what follows it
  ReadBuffer ahead_;      // what arrives while it is handled
  uint64_t missing_ = 0;  // of an announced body: worth a larger inbox
  bool reading_ = false;
  bool ended_ = false;  // the client has closed, or the connection failed
  bool expired_ = false;
  bool first_ = true;  // no request has begun yet
  Phase phase_ = Phase::kIdle;
  Request* request_ = nullptr;                        // being handled
  ArrivingBody* body_ = nullptr;                      // of that request, when it is streamed
  BodyStream* stream_ = nullptr;                      // of its response, while it is sent
  bool answering_ = false;                            // the response has begun
  bool letting_go_ = false;                           // of the socket: the pending read is being cancelled
  std::shared_ptr<WebSocketConnection> web_socket_;   // has the socket
  net::Deadline cut_at_ = net::kNoDeadline;           // draining
  std::optional<net::Event> arrival_;                 // set when the pending read ends or time is up
  net::CallingAlarm look_{[this] { LookForEnd(); }};  // again, while a request is handled and nothing is read
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_CONNECTION_H1_H_
