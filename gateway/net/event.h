#ifndef PORTICO_GATEWAY_NET_EVENT_H_
#define PORTICO_GATEWAY_NET_EVENT_H_

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
    Suspended waiter = std::move(waiter_);
    waiter.Resume();
  }

  // To be awaited; returns at once when the event is set. REQUIRES: at most one coroutine waits at a time.
  class Waiting {
   public:
    explicit Waiting(Event& event) : event_(event) {}
    bool await_ready() const noexcept { return event_.set_; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> waiting) {
      event_.waiter_ = Suspended(waiting);
    }
    void await_resume() const noexcept {}

   private:
    Event& event_;
  };
  [[nodiscard]] Waiting Wait() { return Waiting(*this); }

 private:
  bool set_ = false;
  Suspended waiter_;
};

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_EVENT_H_
