#ifndef PORTICO_GATEWAY_UPSTREAM_CIRCUIT_BREAKER_H_
#define PORTICO_GATEWAY_UPSTREAM_CIRCUIT_BREAKER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "gateway/net/async.h"

namespace portico::upstream {

// When calls are refused. A zero slow_call: how long calls take does not matter.
struct BreakerOptions {
  net::Clock::duration window = std::chrono::seconds(10);  // REQUIRES: at least 10 ns
  uint32_t min_calls = 20;                                 // within the window, to judge at all
  double failure_ratio = 0.5;
  net::Clock::duration slow_call{};
  double slow_ratio = 0.8;
  net::Clock::duration open_for = std::chrono::seconds(5);
  uint32_t probes = 3;  // REQUIRES: > 0

  bool operator==(const BreakerOptions&) const = default;
};

// The state machine of a circuit breaker; it knows neither calls nor clocks, but what it is told.
//
//   closed     every call passes. When at least min_calls came to an end within the window, and the share of failures
//   or
//              of slow calls has reached its ratio at the moment another one fails or is slow: open
//   open       no call passes. After open_for, the next call that asks: half-open
//   half-open  `probes` calls pass. One of them fails or is slow: open. All of them succeed: closed, with nothing
//              remembered. When that is not decided within open_for, so many calls more may try
//
// One of the whole process, for min_calls and probes mean what they say however many workers there are. Each worker
// counts into a lane of its own, and reads one word that changes only with the state: while the breaker is closed a
// call that succeeds takes no lock and writes nothing that another worker reads. Lanes are added up when a call has
// failed. Thread-safe; a lane is for one thread.
class CircuitBreaker {
 public:
  enum class State : uint8_t { kClosed, kOpen, kHalfOpen };

  CircuitBreaker(const BreakerOptions& options, size_t lanes);

  // Whether a call may pass. Every one that may is followed by Record().
  struct Permit {
    bool allowed = false;
    bool probe = false;
    uint64_t epoch = 0;                // the state it was given in
    net::Clock::duration retry_in{0};  // when it is worth asking again; of one that is not allowed
  };
  Permit Admit(net::Deadline now) {
    const uint64_t phase = phase_.load(std::memory_order_acquire);
    if (StateOf(phase) == State::kClosed) return {true, false, phase >> kStateBits, {}};
    return AdmitUnlessOpen(now);
  }

  // How a call went. One that says nothing of the servers (its caller has left, say) is `counted` no more.
  struct Verdict {
    bool counted = true;
    bool failed = false;
    bool slow = false;
  };
  void Record(size_t lane, const Permit& permit, const Verdict& verdict, net::Deadline now);

  const BreakerOptions& options() const { return options_; }

  // For those who look from outside; not exact while calls end.
  struct Reading {
    State state = State::kClosed;
    uint64_t calls = 0;  // within the window, as the next two
    uint64_t failures = 0;
    uint64_t slow = 0;
    uint64_t opened = 0;   // how often, ever
    uint64_t refused = 0;  // calls, ever
  };
  Reading Read(net::Deadline now) const;

 private:
  static constexpr unsigned kStateBits = 2;
  static constexpr size_t kSlices = 10;
  // What ended within a tenth of the window. Written by its lane only.
  struct Slice {
    std::atomic<uint64_t> stamp{0};  // which tenth, of which epoch
    std::atomic<uint32_t> calls{0};
    std::atomic<uint32_t> failures{0};
    std::atomic<uint32_t> slow{0};
  };
  struct alignas(64) Lane {
    std::array<Slice, kSlices> slices;
  };

  static State StateOf(uint64_t phase) { return static_cast<State>(phase & ((1u << kStateBits) - 1)); }
  uint64_t Tenth(net::Deadline now) const;
  static uint64_t StampOf(uint64_t epoch, uint64_t tenth);
  Permit AdmitUnlessOpen(net::Deadline now);
  void RecordProbe(const Permit& permit, const Verdict& verdict, net::Deadline now);
  void Sum(uint64_t epoch, net::Deadline now, Reading* reading) const;
  bool IsBad(const Reading& reading) const;
  void Enter(State state, net::Deadline until);

  const BreakerOptions options_;
  const net::Clock::duration tenth_;
  std::vector<Lane> lanes_;
  alignas(64) std::atomic<uint64_t> phase_{0};  // the state; above it the epoch, which counts changes
  std::atomic<net::Clock::rep> until_{0};       // open: when probes may begin; half-open: when others may
  std::atomic<uint64_t> opened_{0};
  std::atomic<uint64_t> refused_{0};
  std::mutex mutex_;  // changes of the state, and the probes
  uint32_t started_ = 0;
  uint32_t succeeded_ = 0;
};

// "closed", "open" or "half_open".
const char* NameOf(CircuitBreaker::State state);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_CIRCUIT_BREAKER_H_
