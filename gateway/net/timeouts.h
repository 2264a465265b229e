#ifndef PORTICO_GATEWAY_NET_TIMEOUTS_H_
#define PORTICO_GATEWAY_NET_TIMEOUTS_H_

#include <array>
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>

#include "gateway/net/async.h"

namespace portico::net {

class Timeouts;

// A time limit of something long-lived, a connection say. Moving it (every request does) costs two stores and no system
// call, because it is looked at only when a tick of its worker's Timeouts comes by. Lives on one worker; not
// thread-safe. May be destroyed at any time, also while limits expire.
class TimeLimit {
 public:
  TimeLimit() = default;
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  // Expired() will be called once, at `deadline` or up to two ticks later; replaces an earlier limit. kNoDeadline
  // clears.
  void Set(Timeouts& timeouts, Deadline deadline);
  void Clear() { deadline_ = kNoDeadline; }
  // Clears, and leaves the Timeouts for good, so that destruction may happen on another thread.
  void Detach() {
    Clear();
    Unlink();
  }
  Deadline deadline() const { return deadline_; }

 protected:
  ~TimeLimit() { Unlink(); }

 private:
  friend class Timeouts;

  // On the worker's loop; the limit is clear by then and may be set anew or destroyed.
  virtual void Expired() = 0;

  bool linked() const { return next_ != nullptr; }
  void Unlink();

  Deadline deadline_ = kNoDeadline;
  Deadline looked_at_ = kNoDeadline;  // when its slot comes by
  TimeLimit* next_ = nullptr;
  TimeLimit* previous_ = nullptr;
  Timeouts* owner_ = nullptr;
};

// The time limits of one worker: a wheel of slots turned by one timer, which runs only while there are limits. A limit
// put off stays in its slot and is moved on when the slot comes by. Not thread-safe.
class Timeouts {
 public:
  static constexpr std::chrono::milliseconds kTick{50};

  explicit Timeouts(Executor executor);
  ~Timeouts();
  Timeouts(const Timeouts&) = delete;
  Timeouts& operator=(const Timeouts&) = delete;

  // The time of the last tick, for what need not be more exact than that; exact while no limit is set.
  Deadline now() const { return running_ ? now_ : Clock::now(); }

 private:
  friend class TimeLimit;
  static constexpr size_t kSlots = 128;

  class Head final : public TimeLimit {
    void Expired() override {}
  };

  void Link(TimeLimit& limit);
  void Schedule();
  void Tick();

  std::array<Head, kSlots> slots_;
  size_t current_ = 0;  // the slot of now_
  size_t linked_ = 0;   // limits in all slots
  bool running_ = false;
  Deadline now_;
  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor> timer_;
  std::shared_ptr<Timeouts*> self_;  // for the timer's handler: null once destroyed
};

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_TIMEOUTS_H_
