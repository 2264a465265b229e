#ifndef PORTICO_GATEWAY_UPSTREAM_LOOP_TASK_H_
#define PORTICO_GATEWAY_UPSTREAM_LOOP_TASK_H_

#include <boost/asio/basic_waitable_timer.hpp>
#include <memory>
#include <utility>

#include "gateway/net/operation.h"
#include "gateway/rpc/context.h"
#include "gateway/upstream/discovery.h"

namespace portico::upstream {

// What a coroutine that runs for a long time on a discovery loop shares with whoever ends it. Held by both; touched on
// the loop only, but for EndSoon().
class LoopTask {
 public:
  explicit LoopTask(const DiscoveryLoop& loop)
      : alive_(loop.alive), worker_(*loop.worker), timer_(worker_.executor()) {}
  virtual ~LoopTask() = default;
  LoopTask(const LoopTask&) = delete;
  LoopTask& operator=(const LoopTask&) = delete;

  net::Worker& worker() { return worker_; }
  bool stopped() const { return stopped_; }

  // Waits, or less when Wake() or the end comes before.
  Async<void> Sleep(net::Clock::duration time) {
    if (stopped_) co_return;
    timer_.expires_at(net::After(net::Clock::now(), time));
    co_await net::Operation<boost::system::error_code>([this](auto done) { timer_.async_wait(std::move(done)); });
  }
  void Wake() { timer_.cancel(); }

  // A call that the end cancels. `call` is null once it is over.
  void set_call(rpc::Context* call) {
    call_ = call;
    if (stopped_ && call_ != nullptr) call_->Cancel();
  }

  // Makes stopped() true soon. Thread-safe.
  static void EndSoon(const std::shared_ptr<LoopTask>& task) {
    task->worker_.Post([task] {
      task->stopped_ = true;
      task->timer_.cancel();
      task->Stopping();
      if (task->call_ != nullptr) task->call_->Cancel();
    });
  }

 protected:
  // On the loop, when the end has been asked for.
  virtual void Stopping() {}

 private:
  const std::shared_ptr<void> alive_;  // goes last
  net::Worker& worker_;
  boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor> timer_;
  bool stopped_ = false;
  rpc::Context* call_ = nullptr;
};

// A watch that is a task.
class TaskDiscovery : public Discovery {
 public:
  explicit TaskDiscovery(std::shared_ptr<LoopTask> task) : task_(std::move(task)) {}
  ~TaskDiscovery() override { LoopTask::EndSoon(task_); }

 protected:
  const std::shared_ptr<LoopTask> task_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_LOOP_TASK_H_
