#include "gateway/net/worker.h"

#include <sched.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "gateway/net/cpu_quota.h"

namespace portico::net {

void Worker::Run() {
  context_.run();
}

void Worker::Post(absl::AnyInvocable<void()> task) {
  boost::asio::post(context_, [task = std::move(task)]() mutable { task(); });
}

void Worker::Spawn(Async<void> coroutine) {
  if (!executor().running_in_this_thread()) {
    return Post([this, coroutine = std::move(coroutine)]() mutable { Spawn(std::move(coroutine)); });
  }
  const auto outermost = std::exchange(coroutine.coroutine_, nullptr);
  PromiseOf<void>& promise = outermost.promise();
  promise.own_root_ = {outermost, &context_};
  promise.root_ = &promise.own_root_;
  outermost.resume();
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
