#include "gateway/net/worker.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "gateway/net/event.h"
#include "gateway/net/worker_threads.h"

namespace portico::net {
namespace {

TEST(WorkerThreadsTest, EachRunsOnItsOwnThreadAndPostReachesIt) {
  WorkerThreads threads(3);
  threads.Start();
  std::thread::id ids[3];
  for (Worker* worker : threads.workers()) {
    std::promise<std::thread::id> id;
    worker->Post([&] { id.set_value(std::this_thread::get_id()); });
    ids[worker->index()] = id.get_future().get();
  }
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_NE(ids[1], ids[2]);
  EXPECT_NE(ids[0], std::this_thread::get_id());
}

TEST(EventTest, ResumesOnTheSettersStackAndOnlyOnce) {
  Worker worker(0);
  Event event;
  int steps = 0;
  const auto wait = [](Event& on, int& count) -> Async<void> {
    co_await on.Wait();
    ++count;
    co_await on.Wait();  // set already
    ++count;
  };
  worker.Spawn(wait(event, steps));
  worker.context().poll();
  EXPECT_EQ(steps, 0);
  event.Set();
  EXPECT_GE(steps, 1);
  worker.context().poll();
  EXPECT_EQ(steps, 2);
  event.Set();
  EXPECT_EQ(steps, 2);
}

TEST(WorkerTest, CountsProcessors) {
  EXPECT_GE(DefaultWorkerCount(), 1);
}

}  // namespace
}  // namespace portico::net
