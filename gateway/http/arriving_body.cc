#include "gateway/http/arriving_body.h"

#include <algorithm>
#include <limits>

#include "gateway/rpc/status.h"

namespace portico::http {
namespace {

// How much of a body one Read() gives at most.
constexpr size_t kPieceBytes = 65536;

}  // namespace

ArrivingBody::ArrivingBody(BodySource& source, const Limits& limits, Request& request, bool chunked, uint64_t length,
                           bool asks)
    : source_(source),
      limits_(limits),
      request_(request),
      chunked_(chunked),
      left_(length),
      chunks_(limits, std::numeric_limits<uint64_t>::max()),
      asks_(asks) {}

Async<absl::StatusOr<bool>> ArrivingBody::Read(std::string* piece) {
  while (true) {
    if (stopped_) co_return absl::CancelledError("the body is not wanted any more");
    if (!error_.ok()) co_return error_;
    if (complete_) co_return false;
    absl::StatusOr<bool> taken = Take(piece);
    if (!taken.ok()) error_ = taken.status();
    if (!taken.ok() || *taken) co_return taken;
    if (complete_) continue;
    if (source_.ended()) {
      error_ = absl::CancelledError("the client left");
      continue;
    }
    if (asks_) source_.AskForBody();  // not when the client did not wait for it
    asks_ = false;
    source_.ReadOn(chunked_ ? std::numeric_limits<uint64_t>::max() : left_);
    late_ = false;
    arrival_.emplace();
    Set(source_.timeouts(), net::Clock::now() + limits_.idle_time);
    co_await arrival_->Wait();
    Clear();
    arrival_.reset();
    if (late_) {
      error_ = rpc::WithHttpStatus(absl::DeadlineExceededError("the request's body did not arrive in time"), 408);
    }
  }
}

absl::StatusOr<bool> ArrivingBody::Take(std::string* piece) {
  ReadBuffer& received = source_.received();
  const absl::string_view bytes = received.bytes().substr(0, kPieceBytes);
  piece->clear();
  if (bytes.empty()) return false;
  if (chunked_) {
    size_t consumed = 0;
    switch (chunks_.Read(bytes, &consumed, piece)) {
      case ChunkedBody::Result::kError:
        return chunks_.error();
      case ChunkedBody::Result::kDone:
        complete_ = true;
        break;
      case ChunkedBody::Result::kNeedMore:
        break;
    }
    received.Consume(consumed);
  } else {
    const auto size = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
    piece->assign(bytes.data(), size);
    received.Consume(size);
    left_ -= size;
    complete_ = left_ == 0;
  }
  request_.streamed_bytes += piece->size();
  // So that the next is there when it is wanted; and if it is not wanted, little more than a piece is read.
  source_.ReadOn(complete_ ? 0 : chunked_ ? std::numeric_limits<uint64_t>::max() : left_);
  return !piece->empty();
}

void ArrivingBody::Stop() {
  stopped_ = true;
  Wake();
}

void ArrivingBody::Wake() {
  if (arrival_) arrival_->Set();
}

void ArrivingBody::Expired() {
  late_ = true;
  Wake();
}

}  // namespace portico::http
