// What a stream has yet to send, within bounds.
#ifndef PORTICO_SERVICES_BASE_OUTBOX_H_
#define PORTICO_SERVICES_BASE_OUTBOX_H_

#include <grpcpp/support/status.h>

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "services/base/errors.h"

namespace shop {

// How many messages may wait for a reader, and what becomes of one who is slower than that.
struct OutboxLimits {
  enum class WhenFull { kDropOldest, kEnd };

  size_t most_waiting;
  WhenFull when_full;
};

// For states, of which only the newest matters.
inline constexpr OutboxLimits kNewestState = {1, OutboxLimits::WhenFull::kDropOldest};

// For events, of which none may be missed.
inline constexpr OutboxLimits kEveryEvent = {100, OutboxLimits::WhenFull::kEnd};

// Writes messages to a reactor one after the other, and finishes it, once. `Reactor` has StartWrite() and Finish() of
// gRPC's callback API; all of its calls of these go through the outbox. Thread-safe.
//
// A new outbox is held: it writes nothing, and does not finish, until it is Released.
//
// A reactor may be deleted as soon as it is finished. So whoever calls this must be a callback of the reactor, or hold
// a lock that OnDone() takes before it deletes the reactor.
template <class Reactor, class Message>
class Outbox {
 public:
  Outbox(Reactor& reactor, OutboxLimits limits) : reactor_(reactor), limits_(limits) {}

  // Sends a message as soon as those before it are sent.
  void Send(Message message) {
    std::lock_guard lock(mutex_);
    if (end_.has_value()) return;
    waiting_.push_back(std::move(message));
    if (!busy_) return Continue();
    if (waiting_.size() <= limits_.most_waiting) return;
    if (limits_.when_full == OutboxLimits::WhenFull::kDropOldest) return waiting_.pop_front();
    waiting_.clear();
    end_ = Failure(grpc::StatusCode::RESOURCE_EXHAUSTED, "SLOW_READER", "messages are not read as fast as they come");
  }

  // Finishes when everything is sent.
  void EndAfterAll(const grpc::Status& status) { End(status, true); }

  // Finishes as soon as the message now being sent is; what waits is dropped.
  void EndNow(const grpc::Status& status) { End(status, false); }

  // Begins to write.
  void Release() { Written(true); }

  // To be called by OnWriteDone(). True when HasRoom() was false and there is room now.
  bool Written(bool ok) {
    std::lock_guard lock(mutex_);
    busy_ = false;
    if (!ok) {
      waiting_.clear();
      if (!end_.has_value()) end_ = grpc::Status(grpc::StatusCode::CANCELLED, "the caller left");
    }
    Continue();
    if (!wants_room_ || !waiting_.empty() || end_.has_value()) return false;
    wants_room_ = false;
    return true;
  }

  // Whether no message waits. If false, one later call of Written() answers true, unless the end comes before.
  bool HasRoom() {
    std::lock_guard lock(mutex_);
    wants_room_ = !waiting_.empty();
    return !wants_room_ && !end_.has_value();
  }

 private:
  void End(const grpc::Status& status, bool send_rest) {
    std::lock_guard lock(mutex_);
    if (!send_rest) waiting_.clear();
    if (end_.has_value()) return;
    end_ = status;
    if (!busy_) Continue();
  }

  // REQUIRES: !busy_; mutex_ is held.
  void Continue() {
    if (!waiting_.empty()) {
      current_ = std::move(waiting_.front());
      waiting_.pop_front();
      busy_ = true;
      reactor_.StartWrite(&current_);
    } else if (end_.has_value()) {
      busy_ = true;  // for good
      reactor_.Finish(*end_);
    }
  }

  Reactor& reactor_;
  const OutboxLimits limits_;
  std::mutex mutex_;
  std::deque<Message> waiting_;
  Message current_;   // what StartWrite() was given
  bool busy_ = true;  // held, or current_ is being written, or finished
  bool wants_room_ = false;
  std::optional<grpc::Status> end_;
};

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_OUTBOX_H_
