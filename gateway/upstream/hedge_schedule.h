#ifndef PORTICO_GATEWAY_UPSTREAM_HEDGE_SCHEDULE_H_
#define PORTICO_GATEWAY_UPSTREAM_HEDGE_SCHEDULE_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "gateway/net/async.h"
#include "gateway/upstream/call_policy.h"

namespace portico::upstream {

// When the calls of one hedged call begin: its state machine, which knows neither calls nor clocks, but what it is
// told.
//
//   the first call begins at once; each one more when `after` has passed since the last began, or at once when one has
//   failed, but not before the time that a service asked for; at most `max`; none after one that was answered, and none
//   at the deadline or later
//
// For one thread.
class HedgeSchedule {
 public:
  HedgeSchedule(const HedgeOptions& options, net::Deadline deadline) : options_(options), deadline_(deadline) {}

  // What to do now: begin one more call, wait for a call's end or until `until`, or nothing more, because the outcome
  // is known.
  enum class Step { kBegin, kWait, kDone };
  struct Plan {
    Step step;
    net::Deadline until = net::kNoDeadline;  // of kWait
  };
  Plan At(net::Deadline now) const {
    const bool more = !decided_ && begun_ < options_.max && next_ < deadline_;
    if (decided_ || (under_way_ == 0 && !more)) return {Step::kDone};
    if (more && now >= next_) return {Step::kBegin};
    return {Step::kWait, more ? next_ : net::kNoDeadline};
  }

  void Began(net::Deadline now) {
    ++begun_;
    ++under_way_;
    next_ = std::max(net::After(now, options_.after), not_before_);
  }

  // A call has brought the outcome: an answer, or a failure that would come again.
  void Answered() {
    --under_way_;
    decided_ = true;
  }
  // A call has failed in a way that is worth another.
  void Failed(net::Deadline now) {
    --under_way_;
    next_ = std::max(now, not_before_);
  }
  // The same, and the service said when it may be asked again; nullopt: never (gRFC A6).
  void PushedBack(std::optional<net::Clock::duration> pushback, net::Deadline now) {
    if (!pushback.has_value()) {
      Stop();
    } else {
      not_before_ = std::max(not_before_, net::After(now, *pushback));
    }
    Failed(now);
  }
  // No more calls are begun.
  void Stop() { options_.max = begun_; }

  uint32_t begun() const { return begun_; }

 private:
  HedgeOptions options_;
  const net::Deadline deadline_;
  net::Deadline next_{};        // when the next one may begin
  net::Deadline not_before_{};  // by the services' word
  uint32_t begun_ = 0;
  uint32_t under_way_ = 0;
  bool decided_ = false;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HEDGE_SCHEDULE_H_
