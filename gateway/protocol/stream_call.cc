#include "gateway/protocol/stream_call.h"

#include <utility>

namespace portico::protocol {
namespace {

// Places for messages kept while there are none.
constexpr size_t kKept = 16;

}  // namespace

Async<absl::StatusOr<std::shared_ptr<StreamCall>>> StreamCall::Open(rpc::Handler& handler, const rpc::Method& method,
                                                                    rpc::Context& context, size_t ahead_bytes) {
  auto call = std::make_shared<StreamCall>(context, ahead_bytes);
  call->context_.set_selection(context.selection());
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await handler.Open(method, call->context_);
  if (!stream.ok()) co_return stream.status();
  call->stream_ = *std::move(stream);
  call->composed_ = method.service->facade;
  co_return call;
}

Async<absl::Status> StreamCall::Write(rpc::Payload message) {
  const std::shared_ptr<StreamCall> self = shared_from_this();
  co_return co_await stream_->Write(std::move(message));
}

Async<absl::Status> StreamCall::CloseWrite() {
  const std::shared_ptr<StreamCall> self = shared_from_this();
  co_return co_await stream_->CloseWrite();
}

Async<absl::Status> StreamCall::AwaitOpening(rpc::Context& context) {
  const std::shared_ptr<StreamCall> self = shared_from_this();
  // Time limits are kept to within two ticks.
  const net::Deadline until = net::Clock::now() + kOpeningPatience - 2 * net::Timeouts::kTick;
  const bool has_headers = co_await stream_->AwaitHeaders(until);
  StartReading();
  // A call that fails at once looks like one that has its headers: a tick shows.
  if (has_headers && net::Clock::now() < until) co_await Await(net::Clock::now());
  if (next_ < messages_.size() || !end_.has_value() || end_->ok()) co_return absl::OkStatus();
  auto metadata = std::make_unique<rpc::FailureMetadata>();
  metadata->headers = stream_->headers();
  metadata->trailers = stream_->trailers();
  context.set_failure_metadata(std::move(metadata));
  co_return *end_;
}

absl::string_view StreamCall::omitted() const {
  if (!composed_) return {};
  for (const auto& [key, value] : trailers()) {
    if (key == "portico-omitted") return value;
  }
  return {};
}

void StreamCall::StartReading() {
  if (reading_) return;
  reading_ = true;
  context_.worker().Spawn(ReadAhead(shared_from_this()));
}

Async<void> StreamCall::ReadAhead(std::shared_ptr<StreamCall> self) {
  StreamCall& call = *self;
  while (!call.end_.has_value()) {
    if (call.bytes_ >= call.most_) {
      call.room_.emplace();
      co_await call.room_->Wait();
      call.room_.reset();
      continue;
    }
    std::string message;
    const absl::StatusOr<bool> more = co_await call.stream_->Read(&message);
    if (more.ok() && *more) {
      // Each counts for something, or empty ones would have no bound.
      call.bytes_ += message.size() + sizeof(message);
      call.messages_.push_back(std::move(message));
    } else {
      call.end_ = more.status();
    }
    call.Interrupt();
  }
}

Async<bool> StreamCall::Await(net::Deadline until) {
  const std::shared_ptr<StreamCall> self = shared_from_this();
  StartReading();
  if (!ready()) {
    change_.emplace();
    Set(context_.worker().timeouts(), until);
    co_await change_->Wait();
    Clear();
    change_.reset();
  }
  co_return ready();
}

absl::StatusOr<bool> StreamCall::Take(std::string* message) {
  if (next_ == messages_.size()) {
    if (!end_->ok()) return *end_;
    return false;
  }
  *message = std::move(messages_[next_++]);
  bytes_ -= message->size() + sizeof(*message);
  if (next_ == messages_.size()) {
    // A stream may be silent for hours: it then holds little.
    if (messages_.capacity() > kKept) {
      messages_ = {};
    } else {
      messages_.clear();
    }
    next_ = 0;
  } else if (next_ > kKept && next_ > messages_.size() / 2) {
    messages_.erase(messages_.begin(), messages_.begin() + static_cast<ptrdiff_t>(next_));
    next_ = 0;
  }
  if (room_ && bytes_ < most_) room_->Set();
  return true;
}

Async<absl::StatusOr<bool>> StreamCall::Read(std::string* message) {
  const std::shared_ptr<StreamCall> self = shared_from_this();
  // Interrupt() is for those who wait with a limit of their own.
  while (!co_await Await(net::kNoDeadline)) continue;
  co_return Take(message);
}

void StreamCall::Interrupt() {
  if (change_) change_->Set();
}

void StreamCall::Cancel() {
  const std::shared_ptr<StreamCall> self = shared_from_this();
  if (!end_.has_value() && !reading_) end_ = absl::CancelledError("the call was cancelled");
  context_.Cancel();
  if (room_) {
    end_ = absl::CancelledError("the call was cancelled");
    room_->Set();
  }
}

}  // namespace portico::protocol
