#include "gateway/net/timeouts.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "gateway/net/worker.h"

namespace portico::net {
namespace {

using std::chrono::milliseconds;

class Limit final : public TimeLimit {
 public:
  explicit Limit(std::function<void()> callback = [] {}) : callback_(std::move(callback)) {}
  int expired = 0;

 private:
  void Expired() override {
    ++expired;
    callback_();
  }
  std::function<void()> callback_;
};

class TimeoutsTest : public testing::Test {
 protected:
  // Runs the loop until `done` or 10 s have passed.
  bool RunUntil(const std::function<bool()>& done) {
    const Deadline end = Clock::now() + std::chrono::seconds(10);
    while (!done() && Clock::now() < end) worker_.context().run_one_for(milliseconds(100));
    return done();
  }
  Worker worker_{0};
  Timeouts& timeouts_ = worker_.timeouts();
};

TEST_F(TimeoutsTest, ExpiresOnceNotBeforeItsDeadline) {
  Limit limit;
  const Deadline deadline = Clock::now() + milliseconds(120);
  limit.Set(timeouts_, deadline);
  ASSERT_TRUE(RunUntil([&] { return limit.expired > 0; }));
  EXPECT_GE(Clock::now(), deadline);
  EXPECT_EQ(limit.deadline(), kNoDeadline);
  worker_.context().run_for(milliseconds(120));
  EXPECT_EQ(limit.expired, 1);
}

TEST_F(TimeoutsTest, MovedLaterExpiresLater) {
  Limit limit;
  limit.Set(timeouts_, Clock::now() + milliseconds(10));
  const Deadline later = Clock::now() + milliseconds(300);
  limit.Set(timeouts_, later);
  ASSERT_TRUE(RunUntil([&] { return limit.expired > 0; }));
  EXPECT_GE(Clock::now(), later);
}

TEST_F(TimeoutsTest, MovedEarlierExpiresEarlier) {
  Limit limit;
  limit.Set(timeouts_, Clock::now() + std::chrono::hours(1));
  limit.Set(timeouts_, Clock::now() + milliseconds(10));
  EXPECT_TRUE(RunUntil([&] { return limit.expired > 0; }));
}

TEST_F(TimeoutsTest, BeyondAWholeTurnOfTheWheel) {
  Limit limit;
  const Deadline deadline = Clock::now() + milliseconds(6600);  // the wheel turns in 6.4 s
  limit.Set(timeouts_, deadline);
  ASSERT_TRUE(RunUntil([&] { return limit.expired > 0; }));
  EXPECT_GE(Clock::now(), deadline);
}

TEST_F(TimeoutsTest, ClearedNeverExpires) {
  Limit cleared;
  Limit other;
  cleared.Set(timeouts_, Clock::now() + milliseconds(10));
  cleared.Clear();
  other.Set(timeouts_, Clock::now() + milliseconds(200));
  ASSERT_TRUE(RunUntil([&] { return other.expired > 0; }));
  EXPECT_EQ(cleared.expired, 0);
}

TEST_F(TimeoutsTest, MayDestroyOthersAndSetItselfAnewWhileExpiring) {
  std::vector<std::unique_ptr<Limit>> limits;
  const Deadline soon = Clock::now() + milliseconds(20);
  for (int i = 0; i < 4; ++i) {
    limits.push_back(std::make_unique<Limit>([&limits, i] {
      if (i == 0) limits[1].reset(), limits[2].reset();
    }));
    limits.back()->Set(timeouts_, soon);
  }
  Limit again([&] {
    if (again.expired < 3) again.Set(timeouts_, Clock::now());
  });
  again.Set(timeouts_, soon);
  ASSERT_TRUE(RunUntil([&] { return again.expired == 3; }));
  EXPECT_EQ(limits[3]->expired, 1);
}

TEST_F(TimeoutsTest, TheTimerStopsWithTheLastLimit) {
  {
    Limit limit;
    limit.Set(timeouts_, Clock::now() + std::chrono::hours(1));
  }
  worker_.context().run_for(milliseconds(120));  // the tick that finds nothing left
  EXPECT_EQ(worker_.context().poll(), 0u);
  EXPECT_EQ(worker_.context().run_one_for(milliseconds(120)), 0u);
}

TEST(TimeoutsLifeTest, LimitsMayOutliveTheWheel) {
  Limit limit;
  {
    Worker worker(0);
    limit.Set(worker.timeouts(), Clock::now() + milliseconds(10));
  }
  EXPECT_EQ(limit.expired, 0);
}

}  // namespace
}  // namespace portico::net
