#include "gateway/upstream/circuit_breaker.h"

#include <algorithm>

namespace portico::upstream {

CircuitBreaker::CircuitBreaker(const BreakerOptions& options, size_t lanes)
    : options_(options), tenth_(options.window / kSlices), lanes_(std::max<size_t>(lanes, 1)) {}

uint64_t CircuitBreaker::Tenth(net::Deadline now) const {
  return static_cast<uint64_t>(now.time_since_epoch() / tenth_);
}

uint64_t CircuitBreaker::StampOf(uint64_t epoch, uint64_t tenth) {
  // What ended before the state last changed is never counted again. 2^48 tenths of 1 ms are 9,000 years.
  constexpr unsigned kTenthBits = 48;
  return epoch << kTenthBits | (tenth & ((uint64_t{1} << kTenthBits) - 1));
}

CircuitBreaker::Permit CircuitBreaker::AdmitUnlessOpen(net::Deadline now) {
  const net::Clock::duration since_epoch = now.time_since_epoch();
  const auto refuse = [&](net::Clock::duration retry_in) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return Permit{false, false, 0, std::max(retry_in, net::Clock::duration::zero())};
  };
  const net::Clock::duration until(until_.load(std::memory_order_relaxed));
  if (StateOf(phase_.load(std::memory_order_acquire)) == State::kOpen && since_epoch < until) {
    return refuse(until - since_epoch);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t phase = phase_.load(std::memory_order_relaxed);
  if (StateOf(phase) == State::kClosed) return {true, false, phase >> kStateBits, {}};
  const net::Clock::duration settled(until_.load(std::memory_order_relaxed));
  if (since_epoch >= settled) {
    Enter(State::kHalfOpen, now + options_.open_for);
  } else if (StateOf(phase) == State::kOpen) {
    return refuse(settled - since_epoch);
  }
  if (started_ >= options_.probes) return refuse({});
  ++started_;
  return {true, true, phase_.load(std::memory_order_relaxed) >> kStateBits, {}};
}

void CircuitBreaker::Record(size_t lane, const Permit& permit, const Verdict& verdict, net::Deadline now) {
  if (permit.probe) return RecordProbe(permit, verdict, now);
  if (!verdict.counted || phase_.load(std::memory_order_relaxed) >> kStateBits != permit.epoch) return;
  const uint64_t tenth = Tenth(now);
  const uint64_t stamp = StampOf(permit.epoch, tenth);
  Slice& slice = lanes_[lane].slices[tenth % kSlices];
  const auto add = [](std::atomic<uint32_t>& count, bool one) {
    if (one) count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  };
  if (slice.stamp.load(std::memory_order_relaxed) != stamp) {
    slice.calls.store(0, std::memory_order_relaxed);
    slice.failures.store(0, std::memory_order_relaxed);
    slice.slow.store(0, std::memory_order_relaxed);
    slice.stamp.store(stamp, std::memory_order_relaxed);
  }
  add(slice.calls, true);
  add(slice.failures, verdict.failed);
  add(slice.slow, verdict.slow);
  if (!verdict.failed && !verdict.slow) return;
  Reading reading;
  Sum(permit.epoch, now, &reading);
  if (!IsBad(reading)) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (phase_.load(std::memory_order_relaxed) >> kStateBits != permit.epoch) return;
  Enter(State::kOpen, now + options_.open_for);
}

void CircuitBreaker::RecordProbe(const Permit& permit, const Verdict& verdict, net::Deadline now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (phase_.load(std::memory_order_relaxed) >> kStateBits != permit.epoch) return;
  if (!verdict.counted) {
    --started_;  // another call may try
  } else if (verdict.failed || verdict.slow) {
    Enter(State::kOpen, now + options_.open_for);
  } else if (++succeeded_ == options_.probes) {
    Enter(State::kClosed, now);
  }
}

void CircuitBreaker::Sum(uint64_t epoch, net::Deadline now, Reading* reading) const {
  const uint64_t tenth = Tenth(now);
  for (const Lane& lane : lanes_) {
    for (const Slice& slice : lane.slices) {
      const uint64_t stamp = slice.stamp.load(std::memory_order_relaxed);
      // Another worker's clock reading may be a little ahead of ours.
      if (stamp > StampOf(epoch, tenth + 1) || stamp + kSlices <= StampOf(epoch, tenth)) continue;
      reading->calls += slice.calls.load(std::memory_order_relaxed);
      reading->failures += slice.failures.load(std::memory_order_relaxed);
      reading->slow += slice.slow.load(std::memory_order_relaxed);
    }
  }
}

bool CircuitBreaker::IsBad(const Reading& reading) const {
  if (reading.calls < options_.min_calls) return false;
  const auto reaches = [&](uint64_t count, double ratio) {
    return count > 0 && static_cast<double>(count) >= ratio * static_cast<double>(reading.calls);
  };
  return reaches(reading.failures, options_.failure_ratio) || reaches(reading.slow, options_.slow_ratio);
}

void CircuitBreaker::Enter(State state, net::Deadline until) {
  if (state == State::kOpen) opened_.fetch_add(1, std::memory_order_relaxed);
  started_ = 0;
  succeeded_ = 0;
  until_.store(until.time_since_epoch().count(), std::memory_order_relaxed);
  const uint64_t epoch = (phase_.load(std::memory_order_relaxed) >> kStateBits) + 1;
  phase_.store(epoch << kStateBits | static_cast<uint64_t>(state), std::memory_order_release);
}

CircuitBreaker::Reading CircuitBreaker::Read(net::Deadline now) const {
  Reading reading;
  const uint64_t phase = phase_.load(std::memory_order_acquire);
  reading.state = StateOf(phase);
  reading.opened = opened_.load(std::memory_order_relaxed);
  reading.refused = refused_.load(std::memory_order_relaxed);
  Sum(phase >> kStateBits, now, &reading);
  return reading;
}

const char* NameOf(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::kOpen:
      return "open";
    case CircuitBreaker::State::kHalfOpen:
      return "half_open";
    case CircuitBreaker::State::kClosed:
      break;
  }
  return "closed";
}

}  // namespace portico::upstream
