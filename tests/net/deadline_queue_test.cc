#include "gateway/net/deadline_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "gateway/net/worker.h"

namespace portico::net {
namespace {

using std::chrono::milliseconds;

class Ringing final : public DeadlineQueue::Item {
 public:
  std::function<void()> ring;

 private:
  void Expired() override { ring(); }
};

class DeadlineQueueTest : public ::testing::Test {
 protected:
  bool RunUntil(const std::function<bool()>& done) {
    const Deadline end = Clock::now() + std::chrono::seconds(10);
    while (!done() && Clock::now() < end) {
      worker_.context().restart();
      worker_.context().run_one_until(end);
    }
    return done();
  }

  Worker worker_{0};
};

TEST_F(DeadlineQueueTest, ItemsExpireInOrderAndNotBeforeTheirTime) {
  DeadlineQueue queue(worker_.executor());
  constexpr int kItems = 500;
  std::vector<Ringing> items(kItems);
  std::vector<Deadline> deadlines;
  std::vector<size_t> rung;
  std::minstd_rand random(7);
  const Deadline start = Clock::now();
  for (size_t i = 0; i < kItems; ++i) {
    deadlines.push_back(start + std::chrono::microseconds(random() % 40000));
    items[i].ring = [&, i] {
      EXPECT_GE(Clock::now(), deadlines[i]);
      rung.push_back(i);
    };
    queue.Set(items[i], deadlines[i]);
  }
  // Some are moved, to earlier and to later, and some taken out: what is left keeps its order.
  size_t removed = 0;
  for (size_t i = 0; i < kItems; i += 3) {
    deadlines[i] = start + std::chrono::microseconds(random() % 40000);
    queue.Set(items[i], deadlines[i]);
  }
  for (size_t i = 0; i < kItems; i += 7, ++removed)
    i % 2 == 0 ? queue.Remove(items[i]) : queue.Set(items[i], kNoDeadline);
  ASSERT_TRUE(RunUntil([&] { return rung.size() == kItems - removed; }));
  EXPECT_TRUE(
      std::is_sorted(rung.begin(), rung.end(), [&](size_t a, size_t b) { return deadlines[a] < deadlines[b]; }));
  EXPECT_TRUE(std::none_of(rung.begin(), rung.end(), [](size_t i) { return i % 7 == 0; }));
}

TEST_F(DeadlineQueueTest, AnEarlierDeadlineMovesTheTimerForward) {
  DeadlineQueue queue(worker_.executor());
  Ringing late, early;
  bool rung = false;
  late.ring = [] { ADD_FAILURE() << "an hour too early"; };
  early.ring = [&] { rung = true; };
  queue.Set(late, Clock::now() + std::chrono::hours(1));
  queue.Set(early, Clock::now() + milliseconds(5));
  EXPECT_TRUE(RunUntil([&] { return rung; }));
}

TEST_F(DeadlineQueueTest, WhoeverExpiresMaySetAgain) {
  DeadlineQueue queue(worker_.executor());
  Ringing item;
  int times = 0;
  item.ring = [&] {
    if (++times < 3) queue.Set(item, Clock::now() + milliseconds(1));
  };
  queue.Set(item, Clock::now());
  EXPECT_TRUE(RunUntil([&] { return times == 3; }));
}

TEST_F(DeadlineQueueTest, WhoeverExpiresMayDestroyOthersAndItself) {
  DeadlineQueue queue(worker_.executor());
  auto first = std::make_unique<Ringing>();
  auto second = std::make_unique<Ringing>();
  Ringing last;
  bool rung = false;
  const Deadline now = Clock::now();
  first->ring = [&] {
    second.reset();
    const std::unique_ptr<Ringing> self = std::move(first);
  };
  second->ring = [] { ADD_FAILURE() << "rung after its end"; };
  last.ring = [&] { rung = true; };
  queue.Set(*first, now);
  queue.Set(*second, now + std::chrono::nanoseconds(1));
  queue.Set(last, now + std::chrono::nanoseconds(2));
  EXPECT_TRUE(RunUntil([&] { return rung; }));
}

TEST_F(DeadlineQueueTest, TheQueueMayGoWhileItemsExpireOrWait) {
  auto queue = std::make_unique<DeadlineQueue>(worker_.executor());
  Ringing first, second;
  bool rung = false;
  first.ring = [&] {
    queue.reset();
    rung = true;
  };
  second.ring = [] { ADD_FAILURE() << "rung by a queue that is gone"; };
  queue->Set(first, Clock::now());
  queue->Set(second, Clock::now());
  ASSERT_TRUE(RunUntil([&] { return rung; }));
  // And another takes what was in it.
  DeadlineQueue other(worker_.executor());
  bool again = false;
  second.ring = [&] { again = true; };
  other.Set(second, Clock::now());
  EXPECT_TRUE(RunUntil([&] { return again; }));
}

TEST_F(DeadlineQueueTest, AnItemIsInOneQueueAtATime) {
  DeadlineQueue one(worker_.executor()), two(worker_.executor());
  Ringing item;
  int times = 0;
  item.ring = [&] { ++times; };
  one.Set(item, Clock::now() + std::chrono::hours(1));
  two.Set(item, Clock::now());
  one.Remove(item);  // not its own
  ASSERT_TRUE(RunUntil([&] { return times == 1; }));
  worker_.context().poll();
  EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace portico::net
