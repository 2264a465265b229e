#ifndef PORTICO_GATEWAY_NET_ALARM_H_
#define PORTICO_GATEWAY_NET_ALARM_H_

#include <utility>

#include "absl/functional/any_invocable.h"
#include "gateway/net/event.h"
#include "gateway/net/timeouts.h"

namespace portico::net {

// Sets an event when its time is up, for whoever waits no longer than that. The event outlives it. As exact as Timeouts
// are.
class Alarm final : public TimeLimit {
 public:
  explicit Alarm(Event& event) : event_(event) {}

 private:
  void Expired() override { event_.Set(); }

  Event& event_;
};

// A time limit that calls back, for those who have more than one.
class CallingAlarm final : public TimeLimit {
 public:
  explicit CallingAlarm(absl::AnyInvocable<void()> callback) : callback_(std::move(callback)) {}

 private:
  void Expired() override { callback_(); }

  absl::AnyInvocable<void()> callback_;
};

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_ALARM_H_
