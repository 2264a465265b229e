#include "gateway/net/worker.h"

#include <sched.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <exception>

#include "gateway/net/cpu_quota.h"

namespace portico::net {

void Worker::Run() {
  context_.run();
}

void Worker::Post(absl::AnyInvocable<void()> task) {
  boost::asio::post(context_, [task = std::move(task)]() mutable { task(); });
}

void Worker::Spawn(Async<void> coroutine) {
  boost::asio::co_spawn(executor(), std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

namespace {

// CPUs the process may run on.
int AffinityCount() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return CPU_COUNT(&set);
}

}  // namespace

int DefaultWorkerCount() {
  return std::max(1, std::min(AffinityCount(), CpuQuota()));
}

}  // namespace portico::net
