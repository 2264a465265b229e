#ifndef PORTICO_GATEWAY_NET_ALARM_H_
#define PORTICO_GATEWAY_NET_ALARM_H_

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

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_ALARM_H_
