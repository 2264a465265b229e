#ifndef PORTICO_GATEWAY_NET_EVENT_H_
#define PORTICO_GATEWAY_NET_EVENT_H_

#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "gateway/net/async.h"

namespace portico::net {

// Something one coroutine waits for and another piece of code on the same loop announces, once. Set() resumes the
// waiter right there, on the caller's stack, without a trip through the loop. Not thread-safe: both sides run on one
// worker. The waiter may destroy the Event as soon as it resumes. An Event that is destroyed while somebody waits takes
// the waiting coroutine with it, through its loop, which must still exist.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool is_set() const { return set_; }

  // Announces the event; later calls do nothing.
  void Set() {
    if (set_) return;
    set_ = true;
    if (!waiter_) return;
    Waiter waiter = std::move(*waiter_);
    waiter_.reset();
    waiter();
  }

  // Returns at once when the event is set. REQUIRES: at most one coroutine waits at a time.
  Async<void> Wait() {
    Token token;
    return boost::asio::async_initiate<Token, void()>(
        [this](Waiter waiter) {
          if (set_) {
            waiter();
          } else {
            waiter_.emplace(std::move(waiter));
          }
        },
        token);
  }

 private:
  using Token = boost::asio::use_awaitable_t<Executor>;
  using Waiter = boost::asio::async_result<Token, void()>::handler_type;

  bool set_ = false;
  std::optional<Waiter> waiter_;
};

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_EVENT_H_
