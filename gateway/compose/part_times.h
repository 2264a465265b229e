#ifndef PORTICO_GATEWAY_COMPOSE_PART_TIMES_H_
#define PORTICO_GATEWAY_COMPOSE_PART_TIMES_H_

#include <array>
#include <cstdint>
#include <vector>

#include "gateway/net/async.h"

namespace portico::compose {

// How long the calls of a plan's parts have taken lately, on one worker. Not thread-safe.
class PartTimes {
 public:
  explicit PartTimes(size_t parts) : parts_(parts) {}

  // A call of the part has ended, well or not, or was given up after so long.
  void Add(size_t part, net::Clock::duration taken);

  // What 95 of 100 recent calls of the part did not exceed; zero while too few were made to tell.
  net::Clock::duration P95(size_t part) const { return std::chrono::microseconds(parts_[part].p95); }

  // Whether a call that seems hopeless is to be made all the same: one of a few, or nobody would learn that the service
  // is well again.
  bool Probe(size_t part) { return ++parts_[part].given_up % kProbeEvery == 0; }

 private:
  static constexpr size_t kRecent = 64;
  static constexpr size_t kEnough = 16;  // also how often the percentile is worked out anew
  static constexpr uint32_t kProbeEvery = 8;

  struct Recent {
    std::array<uint32_t, kRecent> micros{};
    size_t count = 0;  // ever
    uint32_t p95 = 0;
    uint32_t given_up = 0;
  };
  std::vector<Recent> parts_;
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_PART_TIMES_H_
