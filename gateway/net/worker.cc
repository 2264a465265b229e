#include "gateway/net/worker.h"

#include <sched.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <cmath>
#include <exception>
#include <fstream>
#include <string>

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

// CPUs the control group (version 2) grants, rounded up; a large number when there is no quota.
int QuotaCount() {
  constexpr int kUnlimited = 1 << 20;
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return kUnlimited;
  char* end = nullptr;
  const double granted = std::strtod(quota.c_str(), &end);
  if (end == quota.c_str() || granted <= 0) return kUnlimited;
  return static_cast<int>(std::ceil(granted / period));
}

}  // namespace

int DefaultWorkerCount() {
  return std::max(1, std::min(AffinityCount(), QuotaCount()));
}

}  // namespace portico::net
