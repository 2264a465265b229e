#ifndef PORTICO_GATEWAY_UPSTREAM_HEALTH_H_
#define PORTICO_GATEWAY_UPSTREAM_HEALTH_H_

#include <atomic>

#include "gateway/net/async.h"

namespace portico::upstream {

// What active checks (grpc.health.v1) say of one server. Written by whoever checks, read by all; thread-safe.
//
//   unknown -> healthy | unhealthy    the first answer
//   healthy -> unhealthy              it says NOT_SERVING, or two checks in a row fail
//   unhealthy -> healthy              it says SERVING once
class Health {
 public:
  enum class State { kUnknown, kHealthy, kUnhealthy };
  enum class Answer {
    kServing,
    kNotServing,  // the server says so itself
    kNone,        // no answer in time, no connection, an error
  };

  State state() const { return state_.load(std::memory_order_relaxed); }

  // One thread at a time. True when the state has changed.
  bool Checked(Answer answer) {
    silent_ = answer == Answer::kNone ? silent_ + 1 : 0;
    const State before = state();
    if (answer == Answer::kNone && before == State::kHealthy && silent_ < kSilences) return false;
    const State after = answer == Answer::kServing ? State::kHealthy : State::kUnhealthy;
    state_.store(after, std::memory_order_relaxed);
    return after != before;
  }

 private:
  // One lost answer is no reason yet.
  static constexpr int kSilences = 2;

  std::atomic<State> state_{State::kUnknown};
  int silent_ = 0;
};

// How servers are asked.
struct HealthOptions {
  net::Clock::duration interval{};  // zero: not at all

  bool operator==(const HealthOptions&) const = default;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HEALTH_H_
