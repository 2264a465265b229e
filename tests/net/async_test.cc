#include "gateway/net/async.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "gateway/net/event.h"
#include "gateway/net/operation.h"
#include "gateway/net/worker.h"
#include "gateway/net/worker_threads.h"

namespace portico::net {
namespace {

using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor>;

Async<int> Number(int number) {
  co_return number;
}

Async<std::unique_ptr<int>> Boxed(int number) {
  co_return std::make_unique<int>(co_await Number(number));
}

Async<void> Fails(std::string why) {
  throw std::runtime_error(why);
  co_return;
}

// Says when it goes.
class Trace {
 public:
  Trace(std::vector<std::string>& log, std::string name) : log_(log), name_(std::move(name)) {}
  Trace(const Trace&) = delete;
  ~Trace() { log_.push_back(name_); }

 private:
  std::vector<std::string>& log_;
  const std::string name_;
};

Async<void> WaitsWithin(Event& event, std::vector<std::string>& log, int depth) {
  const Trace trace(log, std::string(1, static_cast<char>('a' + depth)));
  if (depth > 0) {
    co_await WaitsWithin(event, log, depth - 1);
  } else {
    co_await event.Wait();
  }
  log.emplace_back("went on");
}

TEST(AsyncTest, ResultsAreHandedOver) {
  Worker worker(0);
  int sum = 0;
  const auto add = [](int& to) -> Async<void> {
    to += co_await Number(1);
    to += *co_await Boxed(2);
    Async<int> later = Number(4);
    to += co_await std::move(later);
    const Async<int> never = Number(8);  // not awaited: nothing happens
  };
  worker.Spawn(add(sum));
  EXPECT_EQ(sum, 0) << "it is not on the loop yet";
  worker.context().poll();
  EXPECT_EQ(sum, 7);
}

TEST(AsyncTest, ExceptionsReachWhoAwaits) {
  Worker worker(0);
  std::string caught;
  const auto attempt = [](std::string& what) -> Async<void> {
    try {
      co_await Fails("worn out");
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
  };
  worker.Spawn(attempt(caught));
  worker.context().poll();
  EXPECT_EQ(caught, "worn out");
}

TEST(AsyncDeathTest, AnExceptionThatNobodyAwaitsLeavesTheLoop) {
  Worker worker(0);
  const auto run = [&] {
    try {
      worker.Spawn(Fails("nobody listens"));
      worker.context().poll();
    } catch (const std::runtime_error&) {
      std::_Exit(3);
    }
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(3), "");
}

TEST(AsyncTest, WhatEndsAtOnceTakesNoStack) {
  Worker worker(0);
  int64_t sum = 0;
  const auto add = [](int64_t& to) -> Async<void> {
    for (int i = 0; i < 1000000; ++i) to += co_await Number(1);
  };
  worker.Spawn(add(sum));
  worker.context().poll();
  EXPECT_EQ(sum, 1000000);
}

TEST(AsyncTest, OnItsLoopItStartsAtOnceAndFromElsewhereByTheLoop) {
  WorkerThreads threads(1);
  threads.Start();
  Worker& worker = *threads.workers().front();
  std::promise<std::vector<int>> steps;
  worker.Spawn([](Worker& loop, std::promise<std::vector<int>>& told) -> Async<void> {
    std::vector<int> order;
    const auto note = [](std::vector<int>& to) -> Async<void> { to.push_back(co_await Number(1)); };
    loop.Spawn(note(order));
    order.push_back(2);
    told.set_value(order);
    co_return;
  }(worker, steps));
  EXPECT_EQ(steps.get_future().get(), (std::vector<int>{1, 2}));
}

TEST(AsyncTest, AnEventThatGoesTakesItsWaitersAlongFromTheOutermostOn) {
  Worker worker(0);
  std::vector<std::string> log;
  auto event = std::make_unique<Event>();
  worker.Spawn(WaitsWithin(*event, log, 2));
  worker.context().poll();
  event.reset();
  EXPECT_TRUE(log.empty()) << "its loop does it";
  worker.context().poll();
  EXPECT_EQ(log, (std::vector<std::string>{"a", "b", "c"})) << "each before what it was called from";
}

TEST(AsyncTest, ALoopThatGoesTakesWhatWaitsAlong) {
  std::vector<std::string> log;
  {
    Worker worker(0);
    Event event;
    const auto sleep = [](Worker& loop, std::vector<std::string>& to) -> Async<void> {
      const Trace trace(to, "sleeper");
      Timer timer(loop.executor(), std::chrono::hours(1));
      co_await Operation<boost::system::error_code>([&](auto done) { timer.async_wait(std::move(done)); });
      to.emplace_back("woke up");
    };
    worker.Spawn(sleep(worker, log));
    worker.Spawn(WaitsWithin(event, log, 0));
    worker.context().poll();
    worker.Spawn(WaitsWithin(event, log, 1));  // never begun: there is nothing to trace
  }
  std::sort(log.begin(), log.end());
  EXPECT_EQ(log, (std::vector<std::string>{"a", "sleeper"}));
}

TEST(OperationTest, GivesWhatTheHandlerIsToldAsOftenAsItIsAwaited) {
  Worker worker(0);
  std::vector<bool> cancelled;
  std::optional<Timer> timer(worker.executor());
  const auto wait = [](Timer& on, std::vector<bool>& told) -> Async<void> {
    for (const auto duration : {std::chrono::hours(0), std::chrono::hours(1)}) {
      on.expires_after(duration);
      const auto [error] =
          co_await Operation<boost::system::error_code>([&](auto done) { on.async_wait(std::move(done)); });
      told.push_back(error == boost::asio::error::operation_aborted);
    }
  };
  worker.Spawn(wait(*timer, cancelled));
  while (cancelled.empty()) worker.context().run_one();
  timer->cancel();
  worker.context().poll();
  EXPECT_EQ(cancelled, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace portico::net
