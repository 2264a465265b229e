// What the safeguards do to a cluster over minutes of trouble, on a clock of the test's own: ejection, hedging, the
// retry budget and shedding, each as the state machine that decides, fed with events in the order of their times. (The
// circuit breaker's simulation is in circuit_breaker_test.cc, that of rate limits in middleware/rate_limit_test.cc.)

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <random>
#include <vector>

#include "gateway/upstream/balancer.h"
#include "gateway/upstream/concurrency_limit.h"
#include "gateway/upstream/hedge_schedule.h"
#include "gateway/upstream/outlier.h"
#include "gateway/upstream/retry_budget.h"

namespace portico::upstream {
namespace {

using net::Deadline;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Deadline kStart = Deadline(std::chrono::hours(1));

class Chance {
 public:
  bool operator()(double share) { return std::uniform_real_distribution<double>(0, 1)(random_) < share; }

 private:
  std::mt19937 random_{8};
};

// Ten servers behind one balancer, left out and tried again as a cluster does it.
class Fleet final : public Candidates {
 public:
  static constexpr size_t kServers = 10;

  explicit Fleet(const EjectOptions& options) : options_(options), down_(kServers) {}

  size_t size() const override { return kServers; }
  bool usable(size_t index) const override { return outliers_[index].At(now_) != Outlier::State::kOut; }
  uint32_t load(size_t) const override { return 0; }
  uint64_t hash(size_t) const override { return 0; }

  void SetDown(const std::vector<size_t>& servers) {
    down_.assign(kServers, false);
    for (const size_t server : servers) down_[server] = true;
  }

  // Calls once; whether that went well. Every call ends at once.
  bool Call() {
    const size_t chosen = balancer_.Pick(*this, nullptr);
    Outlier& outlier = outliers_[chosen];
    if (!down_[chosen]) {
      outlier.Succeeded(now_);
      return true;
    }
    if (outlier.Failed(options_.failures, now_) && Outlier::MayEject(options_, out(), kServers)) {
      outlier.Eject(now_ + options_.duration);
    }
    return false;
  }

  size_t out() const {
    size_t count = 0;
    for (size_t i = 0; i < kServers; ++i) count += usable(i) ? 0 : 1;
    return count;
  }

  void Pass(net::Clock::duration time) { now_ += time; }

 private:
  const EjectOptions options_;
  std::vector<bool> down_;
  std::vector<Outlier> outliers_ = std::vector<Outlier>(kServers);
  Balancer balancer_{BalanceOptions::Policy::kRoundRobin, 0};
  Deadline now_ = kStart;
};

TEST(SimulationTest, EjectionThroughThreeMinutesOfServersThatFail) {
  const struct {
    const char* phase;
    std::vector<size_t> down;
    double most_failed;  // share of the phase's calls
    double least_failed;
    size_t most_out;
    size_t out_at_end;
  } phases[] = {
      {"all well", {}, 0, 0, 0, 0},
      // Five calls that fail, and one trial every ten seconds, of 30,000.
      {"one down", {3}, 0.0005, 0.0002, 1, 1},
      // Half may be out: of the others that serve, two of five fail.
      {"seven down", {0, 1, 2, 3, 4, 5, 6}, 0.45, 0.3, 5, 5},
      {"well again", {}, 0, 0, 5, 0},
      {"all down", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, 1, 5, 5},
      {"well at last", {}, 0, 0, 5, 0},
  };
  Fleet fleet({5, seconds(10), 50});
  for (const auto& phase : phases) {
    SCOPED_TRACE(phase.phase);
    fleet.SetDown(phase.down);
    size_t most_out = 0;
    int failed = 0;
    const int calls = 30000;  // a thousand a second
    for (int i = 0; i < calls; ++i) {
      failed += fleet.Call() ? 0 : 1;
      most_out = std::max(most_out, fleet.out());
      fleet.Pass(milliseconds(1));
    }
    EXPECT_LE(failed, phase.most_failed * calls);
    EXPECT_GE(failed, phase.least_failed * calls);
    EXPECT_LE(most_out, phase.most_out);
    EXPECT_EQ(fleet.out(), phase.out_at_end);
  }
}

// One hedged call: what it took and how many calls it made, when each takes what `time` says and fails if `fails`.
struct Hedged {
  net::Clock::duration taken{};
  uint32_t calls = 0;
  bool answered = false;
};
Hedged CallHedged(const HedgeOptions& options, RetryBudget& budget, const std::function<milliseconds()>& time,
                  bool fails) {
  HedgeSchedule schedule(options, kStart + seconds(1));
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> ends;
  Deadline now = kStart;
  budget.Deposit(0);
  schedule.Began(now);
  ends.push(now + time());
  while (true) {
    const HedgeSchedule::Plan plan = schedule.At(now);
    if (plan.step == HedgeSchedule::Step::kDone) return {now - kStart, schedule.begun(), !fails};
    if (plan.step == HedgeSchedule::Step::kBegin) {
      if (budget.Withdraw(0)) {
        schedule.Began(now);
        ends.push(now + time());
      } else {
        schedule.Stop();
      }
      continue;
    }
    if (ends.empty() || plan.until < ends.top()) {
      now = plan.until;
      continue;
    }
    now = ends.top();
    ends.pop();
    if (fails) {
      schedule.Failed(now);
    } else {
      schedule.Answered();
    }
  }
}

TEST(SimulationTest, HedgingCutsTheTailAndCostsLittle) {
  Chance chance;
  RetryBudget budget(0.2, 1);
  // One call in twenty meets a server that has stopped for 200 ms.
  const auto time = [&] { return chance(0.05) ? milliseconds(200) : milliseconds(5); };
  std::vector<net::Clock::duration> taken;
  uint64_t calls = 0;
  const int all = 20000;
  for (int i = 0; i < all; ++i) {
    const Hedged hedged = CallHedged({milliseconds(20), 2}, budget, time, false);
    taken.push_back(hedged.taken);
    calls += hedged.calls;
  }
  std::sort(taken.begin(), taken.end());
  EXPECT_EQ(taken[all / 2], milliseconds(5));
  EXPECT_EQ(taken[all * 99 / 100], milliseconds(25));  // 200 without
  EXPECT_EQ(taken[all * 995 / 1000], milliseconds(25));
  EXPECT_NEAR(static_cast<double>(calls) / all, 1.05, 0.01);
}

TEST(SimulationTest, TheBudgetBoundsWhatHedgingAddsToAnOutage) {
  RetryBudget budget(0.2, 1);
  const int all = 5000;
  uint64_t calls = 0;
  for (const bool fails : {true, false}) {  // refused at once; then all so slow that every call is hedged
    for (int i = 0; i < all; ++i) {
      calls += CallHedged(
                   {milliseconds(20), 4}, budget, [&] { return milliseconds(fails ? 1 : 900); }, fails)
                   .calls;
    }
  }
  EXPECT_LE(calls, 2 * all * 1.2 + RetryBudget::kAtStart);
  EXPECT_GE(calls, 2 * all * 1.2 - RetryBudget::kMost);
}

// When one hedged call begins which of its calls, and when it is over.
TEST(SimulationTest, OneHedgedCallStepByStep) {
  using Step = HedgeSchedule::Step;
  HedgeSchedule schedule({milliseconds(10), 4}, kStart + milliseconds(100));
  const auto at = [](int ms) { return kStart + milliseconds(ms); };
  schedule.Began(at(0));
  EXPECT_EQ(schedule.At(at(0)).until, at(10));
  EXPECT_EQ(schedule.At(at(10)).step, Step::kBegin);
  schedule.Began(at(10));
  // One fails: the next begins at once, though another is under way.
  schedule.Failed(at(12));
  EXPECT_EQ(schedule.At(at(12)).step, Step::kBegin);
  schedule.Began(at(12));
  // One asks for 30 ms: neither the clock nor another failure makes it sooner.
  schedule.PushedBack(milliseconds(30), at(15));
  EXPECT_EQ(schedule.At(at(25)).until, at(45));
  schedule.Failed(at(26));
  EXPECT_EQ(schedule.At(at(26)).until, at(45));
  EXPECT_EQ(schedule.At(at(45)).step, Step::kBegin);
  schedule.Began(at(45));
  // Four is the most; what is under way is waited for.
  EXPECT_EQ(schedule.At(at(60)).step, Step::kWait);
  EXPECT_EQ(schedule.At(at(60)).until, net::kNoDeadline);
  schedule.Failed(at(61));
  EXPECT_EQ(schedule.At(at(61)).step, Step::kDone);

  HedgeSchedule late({milliseconds(10), 4}, kStart + milliseconds(10));
  late.Began(at(0));
  EXPECT_EQ(late.At(at(5)).until, net::kNoDeadline);  // the next would begin at the deadline
  HedgeSchedule told({milliseconds(10), 4}, kStart + seconds(1));
  told.Began(at(0));
  told.PushedBack(std::nullopt, at(1));
  EXPECT_EQ(told.At(at(1)).step, Step::kDone);
}

TEST(SimulationTest, TheBudgetBoundsRetriesThroughAnOutage) {
  Chance chance;
  RetryBudget budget(0.1, 2);
  const struct {
    const char* phase;
    double failing;
    double least_served;   // share of the calls that are answered after up to three attempts
    double most_attempts;  // for each call
  } phases[] = {
      {"a few fail", 0.02, 0.9999, 1.03},
      {"down", 1, 0, 1.11},
      {"half fail", 0.5, 0.5, 1.11},
      {"a few fail again", 0.02, 0.999, 1.03},
  };
  for (const auto& phase : phases) {
    SCOPED_TRACE(phase.phase);
    const int calls = 20000;
    int served = 0;
    int attempts = 0;
    for (int i = 0; i < calls; ++i) {
      const auto lane = static_cast<size_t>(i % 2);
      budget.Deposit(lane);
      for (int attempt = 1; attempt <= 3; ++attempt) {
        ++attempts;
        if (!chance(phase.failing)) {
          ++served;
          break;
        }
        if (attempt == 3 || !budget.Withdraw(lane)) break;
      }
    }
    EXPECT_GE(served, phase.least_served * calls);
    EXPECT_LE(attempts, phase.most_attempts * calls);
  }
}

// A cluster with room for fifty calls, each of 100 ms, asked ever more often: half of the calls are optional parts.
TEST(SimulationTest, SheddingRefusesWhatIsOptionalFirst) {
  const struct {
    const char* load;
    int calls_per_second;
    double most_optional_shed;
    double least_optional_shed;
    double most_whole_shed;
  } phases[] = {
      {"what it can bear", 350, 0, 0, 0},
      {"a little more", 480, 0.5, 0.05, 0.001},
      {"twice of that", 900, 1, 0.6, 0.1},
      {"as before", 350, 0, 0, 0},
  };
  ConcurrencyLimit limit(50);
  Deadline now = kStart;
  std::queue<Deadline> ends;
  for (const auto& phase : phases) {
    SCOPED_TRACE(phase.load);
    for (; !ends.empty(); ends.pop()) limit.Leave();  // a quiet moment between two phases
    int shed[2] = {};
    const int calls = phase.calls_per_second * 30;
    for (int i = 0; i < calls; ++i) {
      now += std::chrono::duration_cast<net::Clock::duration>(seconds(1)) / phase.calls_per_second;
      for (; !ends.empty() && ends.front() <= now; ends.pop()) limit.Leave();
      const bool optional = i % 2 == 0;
      if (limit.Enter(optional)) {
        ends.push(now + milliseconds(100));
      } else {
        ++shed[optional ? 1 : 0];
      }
    }
    EXPECT_LE(shed[1], phase.most_optional_shed * calls / 2);
    EXPECT_GE(shed[1], phase.least_optional_shed * calls / 2);
    EXPECT_LE(shed[0], phase.most_whole_shed * calls / 2);
  }
  for (; !ends.empty(); ends.pop()) limit.Leave();
  EXPECT_EQ(limit.in_flight(), 0);
}

}  // namespace
}  // namespace portico::upstream
