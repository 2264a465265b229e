#ifndef PORTICO_GATEWAY_UPSTREAM_OUTLIER_H_
#define PORTICO_GATEWAY_UPSTREAM_OUTLIER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "gateway/net/async.h"

namespace portico::upstream {

// When a server that fails is left out.
struct EjectOptions {
  uint32_t failures = 0;  // in a row; 0: never
  net::Clock::duration duration{};
  uint32_t max_percent = 0;  // of the cluster's servers, at once

  bool operator==(const EjectOptions&) const = default;
};

// Whether one server is left out because calls to it failed, as all workers see it. Thread-safe; the caller sees to it
// that Eject() is called by one thread at a time.
//
//   in -> out        so many failures in a row
//   out -> on trial  after the time is up: one call of each worker at a time goes there
//   on trial -> in   one succeeds;  -> out  one fails
class Outlier {
 public:
  enum class State { kIn, kOut, kOnTrial };

  State At(net::Deadline now) const {
    const int64_t until = until_.load(std::memory_order_relaxed);
    if (until == 0) return State::kIn;
    return now.time_since_epoch().count() < until ? State::kOut : State::kOnTrial;
  }
  // True once it has been out and is not back: spares the fast path a look at the clock.
  bool suspicious() const { return until_.load(std::memory_order_relaxed) != 0; }

  // A call went well: true when that brought the server back.
  bool Succeeded(net::Deadline now);

  // A call failed: true when the server should be ejected, because it was the last straw or on trial. Stays true with
  // further failures, for whoever may not eject yet.
  bool Failed(uint32_t most, net::Deadline now);

  void Eject(net::Deadline until);

  // Whether a server may be ejected beside `out` others of `servers` in all. One server alone never is.
  static bool MayEject(const EjectOptions& options, size_t out, size_t servers) {
    return (out + 1) * 100 <= servers * options.max_percent && servers > 1;
  }

  // Whether a call that ended so says that its server fails: UNAVAILABLE, and DEADLINE_EXCEEDED after at least
  // kLeastPatience. A caller with no patience at all says nothing about the server.
  static bool IsFailure(absl::StatusCode code, net::Clock::duration taken) {
    return code == absl::StatusCode::kUnavailable ||
           (code == absl::StatusCode::kDeadlineExceeded && taken >= kLeastPatience);
  }
  static constexpr std::chrono::milliseconds kLeastPatience{100};

 private:
  std::atomic<uint32_t> failures_{0};
  std::atomic<int64_t> until_{0};  // of net::Clock; 0: in
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_OUTLIER_H_
