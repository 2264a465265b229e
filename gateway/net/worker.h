#ifndef PORTICO_GATEWAY_NET_WORKER_H_
#define PORTICO_GATEWAY_NET_WORKER_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "absl/functional/any_invocable.h"
#include "gateway/net/async.h"
#include "gateway/net/timeouts.h"

namespace portico::net {

// One event loop, run by one thread. A request lives and dies on the worker whose listener accepted it; workers share
// nothing on the request path. Post() may be called from any thread, everything else only from the worker's own.
class Worker {
 public:
  // `index` counts workers of this process from 0.
  explicit Worker(int index)
      : index_(index), context_(1), guard_(context_.get_executor()), timeouts_(context_.get_executor()) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  int index() const { return index_; }
  boost::asio::io_context& context() { return context_; }
  Executor executor() { return context_.get_executor(); }
  Timeouts& timeouts() { return timeouts_; }

  // Runs the loop on the calling thread until Stop().
  void Run();

  // Ends Run() as soon as the running handler returns. Thread-safe.
  void Stop() { context_.stop(); }

  // Runs `task` on the loop. Thread-safe.
  void Post(absl::AnyInvocable<void()> task);

  // Starts a coroutine of its own, at once when called on the loop, else by the loop; it may outlive the caller. An
  // exception that leaves it ends the process: exceptions cross no folder. Thread-safe.
  void Spawn(Async<void> coroutine);

 private:
  const int index_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<Executor> guard_;
  Timeouts timeouts_;
};

// How many workers to run when the configuration says 0: min(CPU affinity, ceil(cgroup cpu.max quota)), at least 1.
int DefaultWorkerCount();

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_WORKER_H_
