#ifndef PORTICO_GATEWAY_PROTOCOL_STREAM_CALL_H_
#define PORTICO_GATEWAY_PROTOCOL_STREAM_CALL_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/net/event.h"
#include "gateway/net/timeouts.h"
#include "gateway/rpc/handler.h"

namespace portico::protocol {

// A streaming call on behalf of a client, as every protocol needs it: it can be waited for with a time limit, is read a
// bounded piece ahead of the client, and says when the client's response may begin. Whoever holds it may write on one
// coroutine and read on another. It keeps itself alive until the service's side has ended, so its holder cancels it
// when nobody reads on. Lives on its context's worker.
//
//   absl::StatusOr<std::shared_ptr<StreamCall>> call = co_await StreamCall::Open(handler, method, context, ahead);
//   co_await (*call)->Write(message); co_await (*call)->CloseWrite();
//   absl::Status failure = co_await (*call)->AwaitOpening();    // answer like a unary call when it failed
//   while ((more = co_await (*call)->Read(&message)).ok() && *more) ...
class StreamCall final : public std::enable_shared_from_this<StreamCall>, private net::TimeLimit {
 public:
  // The longest AwaitOpening() waits.
  static constexpr std::chrono::milliseconds kOpeningPatience{250};

  // Starts a call of `method` in a child of `context`, with its selection, which outlives it. Up to `ahead_bytes` of
  // messages, and one message more, are kept here when the client is slow; then the service's stream is not read, which
  // stops the service by flow control.
  static Async<absl::StatusOr<std::shared_ptr<StreamCall>>> Open(rpc::Handler& handler, const rpc::Method& method,
                                                                 rpc::Context& context, size_t ahead_bytes);
  // For Open().
  StreamCall(rpc::Context& context, size_t ahead_bytes) : context_(context, net::kNoDeadline), most_(ahead_bytes) {}

  // As those of rpc::Stream.
  Async<absl::Status> Write(rpc::Payload message);
  Async<absl::Status> CloseWrite();

  // Waits until the response may begin: the service's initial metadata or first message is there, or 250 ms have
  // passed. An error is a failure of the call that came before any message, and is the client's answer, as of a unary
  // call: whatever the service sent along is then the failure metadata of `context`. Call it once, before reading.
  Async<absl::Status> AwaitOpening(rpc::Context& context);

  // Waits until ready(), or until `until` or Interrupt(): whether it is ready.
  Async<bool> Await(net::Deadline until);
  // Whether Take() has something to say.
  bool ready() const { return next_ < messages_.size() || end_.has_value(); }
  // The next message: true; false at the successful end; or the failure the call ended with. REQUIRES: ready().
  absl::StatusOr<bool> Take(std::string* message);
  // The message that Take() would give, nullptr when there is none. REQUIRES: ready().
  const std::string* Peek() const { return next_ < messages_.size() ? &messages_[next_] : nullptr; }
  // What the service's side ended with. REQUIRES: ready(), and Peek() is nullptr.
  const absl::Status& EndStatus() const { return *end_; }
  // Both: waits for the next message.
  Async<absl::StatusOr<bool>> Read(std::string* message);
  // Makes an Await() under way return, on the caller's stack.
  void Interrupt();

  // The service's metadata: first, once a message or the end is there or AwaitOpening() has seen it; last, at the end.
  const rpc::Metadata& headers() const { return stream_->headers(); }
  const rpc::Metadata& trailers() const { return stream_->trailers(); }

  // What a composed stream has left out, in the words of the Portico-Omitted header, at its end; empty when nothing,
  // and of a service's own stream: its word is not the gateway's.
  absl::string_view omitted() const;

  // Nobody wants more of it.
  void Cancel();

 private:
  static Async<void> ReadAhead(std::shared_ptr<StreamCall> self);
  void StartReading();
  void Expired() override { Interrupt(); }

  rpc::Context context_;
  std::unique_ptr<rpc::Stream> stream_;
  const size_t most_;
  bool composed_ = false;
  bool reading_ = false;
  // Read and not taken yet: from next_ on.
  std::vector<std::string> messages_;
  size_t next_ = 0;
  size_t bytes_ = 0;
  std::optional<absl::Status> end_;   // of the service's side
  std::optional<net::Event> change_;  // somebody waits for messages
  std::optional<net::Event> room_;    // the reader waits for them to be taken
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_STREAM_CALL_H_
