#include "gateway/upstream/circuit_breaker.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace portico::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = CircuitBreaker::State;

BreakerOptions Options() {
  BreakerOptions options;
  options.window = seconds(10);
  options.min_calls = 10;
  options.failure_ratio = 0.5;
  options.slow_call = milliseconds(100);
  options.slow_ratio = 0.8;
  options.open_for = seconds(5);
  options.probes = 3;
  return options;
}

// A breaker, and a clock that a test moves.
class CircuitBreakerTest : public ::testing::Test {
 protected:
  void Pass(milliseconds time) { now_ += time; }
  State state() { return breaker_.Read(now_).state; }

  // One call, if it is let through; whether it was.
  bool Call(bool failed, bool slow = false, size_t lane = 0) {
    const CircuitBreaker::Permit permit = breaker_.Admit(now_);
    if (permit.allowed) breaker_.Record(lane, permit, {true, failed, slow}, now_);
    return permit.allowed;
  }
  int Calls(int count, bool failed, bool slow = false) {
    int passed = 0;
    for (int i = 0; i < count; ++i) passed += Call(failed, slow, static_cast<size_t>(i) % 2);
    return passed;
  }
  void Break() {
    Calls(10, true);
    ASSERT_EQ(state(), State::kOpen);
  }

  net::Deadline now_{std::chrono::hours(1000)};
  CircuitBreaker breaker_{Options(), 2};
};

TEST_F(CircuitBreakerTest, BelowMinCallsNothingIsJudged) {
  EXPECT_EQ(Calls(9, true), 9);
  EXPECT_EQ(state(), State::kClosed);
  EXPECT_TRUE(Call(true));
  EXPECT_EQ(state(), State::kOpen);
}

TEST_F(CircuitBreakerTest, OpensAtTheFailureRatioOverAllLanes) {
  Calls(10, false);
  EXPECT_EQ(Calls(9, true), 9);
  EXPECT_EQ(state(), State::kClosed) << "9 of 19";
  Call(true);
  EXPECT_EQ(state(), State::kOpen) << "10 of 20";
  EXPECT_FALSE(Call(false));
}

TEST_F(CircuitBreakerTest, OpensAtTheSlowRatio) {
  Calls(2, false);
  EXPECT_EQ(Calls(7, false, true), 7);
  EXPECT_EQ(state(), State::kClosed);
  Call(false, true);
  EXPECT_EQ(state(), State::kOpen);
}

TEST_F(CircuitBreakerTest, WhatIsOlderThanTheWindowDoesNotCount) {
  Calls(9, true);
  Pass(milliseconds(10001));
  EXPECT_EQ(Calls(9, true), 9);
  EXPECT_EQ(state(), State::kClosed);
  Pass(seconds(5));
  Call(true);
  EXPECT_EQ(state(), State::kOpen) << "ten within the window";
}

TEST_F(CircuitBreakerTest, TheWindowSlides) {
  // One failure a second and a bit never makes ten in ten seconds.
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(Call(true)) << i;
    Pass(milliseconds(1200));
  }
  EXPECT_EQ(state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, OpenRefusesAndSaysForHowLong) {
  Break();
  Pass(seconds(2));
  const CircuitBreaker::Permit permit = breaker_.Admit(now_);
  EXPECT_FALSE(permit.allowed);
  EXPECT_EQ(permit.retry_in, seconds(3));
  EXPECT_EQ(Calls(50, false), 0);
  EXPECT_EQ(breaker_.Read(now_).refused, 51u);
}

TEST_F(CircuitBreakerTest, HalfOpenLetsProbesThroughAndNoMore) {
  Break();
  Pass(seconds(5));
  std::vector<CircuitBreaker::Permit> permits;
  for (int i = 0; i < 20; ++i) permits.push_back(breaker_.Admit(now_));
  int allowed = 0;
  for (const auto& permit : permits) allowed += permit.allowed;
  EXPECT_EQ(allowed, 3);
  EXPECT_EQ(state(), State::kHalfOpen);
  for (const auto& permit : permits) {
    if (permit.allowed) breaker_.Record(1, permit, {}, now_);
  }
  EXPECT_EQ(state(), State::kClosed);
  EXPECT_EQ(breaker_.Read(now_).calls, 0u) << "nothing of before is remembered";
  EXPECT_EQ(Calls(9, true), 9) << "and judging begins anew";
}

TEST_F(CircuitBreakerTest, OneFailedProbeOpensAgain) {
  Break();
  Pass(seconds(5));
  EXPECT_TRUE(Call(false));
  EXPECT_TRUE(Call(true));
  EXPECT_EQ(state(), State::kOpen);
  EXPECT_FALSE(Call(false));
  EXPECT_EQ(breaker_.Read(now_).opened, 2u);
}

TEST_F(CircuitBreakerTest, ASlowProbeIsAFailedOne) {
  Break();
  Pass(seconds(5));
  EXPECT_TRUE(Call(false, true));
  EXPECT_EQ(state(), State::kOpen);
}

TEST_F(CircuitBreakerTest, AProbeThatSaysNothingMakesWayForAnother) {
  Break();
  Pass(seconds(5));
  for (int i = 0; i < 10; ++i) {
    const CircuitBreaker::Permit permit = breaker_.Admit(now_);
    ASSERT_TRUE(permit.allowed) << i;
    breaker_.Record(0, permit, {.counted = false}, now_);
  }
  EXPECT_EQ(Calls(3, false), 3);
  EXPECT_EQ(state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, ProbesThatNeverEndDoNotHoldItUpForEver) {
  Break();
  Pass(seconds(5));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(breaker_.Admit(now_).allowed);
  EXPECT_FALSE(breaker_.Admit(now_).allowed);
  Pass(seconds(5));
  EXPECT_EQ(Calls(3, false), 3);
  EXPECT_EQ(state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, CallsOfAnEarlierStateDoNotCount) {
  std::vector<CircuitBreaker::Permit> early;
  for (int i = 0; i < 30; ++i) early.push_back(breaker_.Admit(now_));
  Break();
  Pass(seconds(5));
  EXPECT_EQ(Calls(3, false), 3);
  for (const auto& permit : early) breaker_.Record(0, permit, {true, true, true}, now_);
  EXPECT_EQ(state(), State::kClosed);
  EXPECT_EQ(breaker_.Read(now_).calls, 0u);
}

// A service that is well, down, slow and well again, asked a hundred times a second for two minutes of a fake clock.
TEST_F(CircuitBreakerTest, SimulationOfAnOutage) {
  struct Phase {
    std::string name;
    int seconds;
    double failing;
    double slow;
  };
  const Phase phases[] = {{"well", 30, 0.05, 0.05}, {"down", 30, 1, 0}, {"slow", 30, 0, 1}, {"well again", 30, 0, 0}};
  std::mt19937 random(8);
  const auto chance = [&](double share) { return std::uniform_real_distribution<double>(0, 1)(random) < share; };
  for (const Phase& phase : phases) {
    SCOPED_TRACE(phase.name);
    int reached = 0;
    const uint64_t opened_before = breaker_.Read(now_).opened;
    for (int i = 0; i < phase.seconds * 100; ++i) {
      reached += Call(chance(phase.failing), chance(phase.slow), static_cast<size_t>(i) % 2);
      Pass(milliseconds(10));
    }
    const uint64_t opened = breaker_.Read(now_).opened - opened_before;
    if (phase.name == "well") {
      EXPECT_EQ(reached, 3000);
      EXPECT_EQ(opened, 0u);
    } else if (phase.name == "well again") {
      // At most the rest of one open_for is lost.
      EXPECT_GE(reached, 2500);
      EXPECT_EQ(state(), State::kClosed);
    } else {
      // What it takes to open (half of the window at most), then one failed probe every five seconds.
      EXPECT_LE(reached, 1010);
      EXPECT_GE(opened, 5u);
      EXPECT_LE(opened, 7u);
      EXPECT_NE(state(), State::kClosed);
    }
  }
}

}  // namespace
}  // namespace portico::upstream
