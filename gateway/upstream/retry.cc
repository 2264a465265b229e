#include "gateway/upstream/retry.h"

#include <optional>

#include "gateway/upstream/forwarding_stream.h"
#include "gateway/upstream/pause.h"

namespace portico::upstream {
namespace {

constexpr size_t kMostKept = 1 << 20;

size_t LaneOf(const rpc::Context& context) {
  return static_cast<size_t>(context.worker().index());
}

const rpc::Metadata* TrailersOf(const rpc::Context& context) {
  return context.failure_metadata() == nullptr ? nullptr : &context.failure_metadata()->trailers;
}

}  // namespace

Async<absl::StatusOr<rpc::Reply>> Retry::Call(const rpc::Method& method, rpc::Payload request, rpc::Context& context) {
  shared_.budget.Deposit(LaneOf(context));
  context.ShortenDeadline(net::After(net::Clock::now(), timeout_));
  if (request.bytes().size() > kMostKept) co_return co_await next_.Call(method, std::move(request), context);
  std::string kept(request.bytes());
  absl::StatusOr<rpc::Reply> reply = co_await next_.Call(method, std::move(request), context);
  if (reply.ok()) co_return reply;
  co_return co_await CallAgain(method, std::move(kept), std::move(reply), context);
}

PORTICO_OWN_FRAME Async<absl::StatusOr<rpc::Reply>> Retry::CallAgain(const rpc::Method& method, std::string kept,
                                                                     absl::StatusOr<rpc::Reply> reply,
                                                                     rpc::Context& context) {
  const bool repeatable = policy_.MayRepeat(kept);
  for (uint32_t retry = 1; !reply.ok() && retry < options_.attempts; ++retry) {
    const bool again = co_await Prepare(retry, repeatable, reply.status(), TrailersOf(context), context);
    if (!again) break;
    rpc::Context attempt(context, net::kNoDeadline);
    attempt.set_metadata(WithPreviousAttempts(context.metadata(), retry));
    reply = co_await next_.Call(method, rpc::Payload::Copy(kept), attempt);
    context.set_failure_metadata(attempt.take_failure_metadata());
    context.tried().Add(attempt.tried());
  }
  co_return reply;
}

Async<bool> Retry::Prepare(uint32_t retry, bool repeatable, absl::Status failure, const rpc::Metadata* trailers,
                           rpc::Context& context) {
  if (context.cancelled() || !IsWorthRetrying(options_, repeatable, failure)) co_return false;
  net::Clock::duration wait = Backoff(options_, retry);
  if (trailers != nullptr) {
    if (const auto pushback = PushbackOf(*trailers); pushback.has_value()) {
      if (!pushback->has_value()) co_return false;
      wait = **pushback;
    }
  }
  const net::Deadline until = net::After(net::Clock::now(), wait);
  if (until >= context.deadline()) co_return false;
  if (!shared_.budget.Withdraw(LaneOf(context))) {
    shared_.counts.over_budget.fetch_add(1, std::memory_order_relaxed);
    co_return false;
  }
  co_await Pause(context, until);
  if (context.cancelled()) co_return false;
  shared_.counts.retries.fetch_add(1, std::memory_order_relaxed);
  co_return true;
}

// A call of one request, which is kept until the first message has come.
class Retry::RetriedStream final : public ForwardingStream {
 public:
  RetriedStream(Retry& retry, const rpc::Method& method, rpc::Context& context)
      : ForwardingStream(nullptr), retry_(retry), method_(method), context_(context, net::kNoDeadline) {}

  // Calls, until there is a stream or a failure that stands.
  Async<absl::Status> Open() {
    for (;;) {
      absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await retry_.next_.Open(method_, context_);
      if (stream.ok()) {
        set_next(*std::move(stream));
        co_return absl::OkStatus();
      }
      const bool again = co_await Prepare(stream.status(), nullptr);
      if (!again) co_return stream.status();
    }
  }

  Async<absl::Status> Write(rpc::Payload message) override {
    if (request_.has_value() || message.bytes().size() > kMostKept) {
      settled_ = true;  // not what we know how to send again
      co_return co_await next().Write(std::move(message));
    }
    request_ = std::string(message.bytes());
    co_return co_await next().Write(std::move(message));
  }
  Async<absl::Status> CloseWrite() override {
    absl::Status closed = co_await next().CloseWrite();
    closed_ = true;
    co_return closed;
  }
  Async<absl::StatusOr<bool>> Read(std::string* message) override {
    for (;;) {
      absl::StatusOr<bool> more = co_await next().Read(message);
      if (more.ok() || settled_ || !closed_ || !request_.has_value()) {
        settled_ = true;
        co_return more;
      }
      const bool again = co_await Prepare(more.status(), &next().trailers());
      if (!again) {
        settled_ = true;
        co_return more;
      }
      const absl::Status opened = co_await Open();
      if (!opened.ok()) {
        settled_ = true;
        co_return opened;
      }
      // What goes wrong here shows when it is read.
      static_cast<void>(co_await next().Write(rpc::Payload::Copy(*request_)));
      static_cast<void>(co_await next().CloseWrite());
    }
  }

 private:
  Async<bool> Prepare(absl::Status failure, const rpc::Metadata* trailers) {
    if (attempts_ >= retry_.options_.attempts) co_return false;
    const bool repeatable = retry_.policy_.MayRepeat(request_.has_value() ? *request_ : "");
    const bool again = co_await retry_.Prepare(attempts_, repeatable, std::move(failure), trailers, context_);
    if (!again) co_return false;
    if (first_metadata_ == nullptr) first_metadata_ = std::make_unique<const rpc::Metadata>(context_.metadata());
    context_.set_metadata(WithPreviousAttempts(*first_metadata_, attempts_++));
    co_return true;
  }

  Retry& retry_;
  const rpc::Method& method_;
  rpc::Context context_;
  std::unique_ptr<const rpc::Metadata> first_metadata_;  // of the first attempt, once there is a second
  uint32_t attempts_ = 1;
  std::optional<std::string> request_;
  bool closed_ = false;
  bool settled_ = false;  // what comes now is the answer
};

Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Retry::Open(const rpc::Method& method, rpc::Context& context) {
  if (method.client_streaming) co_return co_await next_.Open(method, context);
  shared_.budget.Deposit(LaneOf(context));
  auto stream = std::make_unique<RetriedStream>(*this, method, context);
  const absl::Status opened = co_await stream->Open();
  if (!opened.ok()) co_return opened;
  co_return std::unique_ptr<rpc::Stream>(std::move(stream));
}

}  // namespace portico::upstream
