#ifndef PORTICO_GATEWAY_COMPOSE_PART_TIMES_H_
#define PORTICO_GATEWAY_COMPOSE_PART_TIMES_H_

#include <array>
#include <cstdint>
#include <vector>

#include "gateway/net/async.h"

namespace portico::compose {

// How long the calls of a plan's parts have taken lately, on one worker: in the last minute, at most. Not thread-safe.
class PartTimes {
 public:
  explicit PartTimes(size_t parts) : parts_(parts) {}

  // A call of the part has come in after so long.
  void CameIn(size_t part, net::Clock::duration taken, net::Deadline now);
  // A call of the part was given up after so long: it would have taken longer.
  void GivenUp(size_t part, net::Clock::duration taken, net::Deadline now);

  // What 95 of 100 recent calls that came in did not exceed; zero while too few have to tell.
  net::Clock::duration P95(size_t part, net::Deadline now) const;

  // Whether a call that would begin now would not be in before the time is up. `left` is what is left of the answer's
  // `whole` time. A part that has (nearly) all of it is judged by the majority of its recent calls, since a few that
  // hang say nothing of the next one; a part that begins late by P95. Now and then the answer is no all the same, or
  // nobody would learn that the service is well again: once such a call comes in in time, all before it is forgotten.
  bool IsHopeless(size_t part, net::Clock::duration left, net::Clock::duration whole, net::Deadline now);

 private:
  static constexpr size_t kRecent = 64;
  static constexpr size_t kEnough = 16;  // also how often the estimates are worked out anew
  static constexpr uint32_t kProbeEvery = 8;
  static constexpr std::chrono::seconds kAge{60};

  struct Call {
    net::Deadline at;
    uint32_t micros = 0;
    bool came_in = false;
  };
  struct Recent {
    std::array<Call, kRecent> calls;
    size_t count = 0;  // ever, or since the part has recovered
    // As of the last time they were worked out.
    net::Deadline estimated;
    uint32_t p95 = 0;
    uint32_t median = 0;  // of all calls; one that was given up counts for somewhat more than it was given
    // Since calls are thought hopeless: how many were, and the longest time one of them would have had.
    uint32_t hopeless = 0;
    net::Clock::duration hopeless_with{};
  };
  void Add(Recent& recent, Call call);
  static void Estimate(Recent& recent, net::Deadline now);

  std::vector<Recent> parts_;
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_PART_TIMES_H_
