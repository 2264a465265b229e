#include "gateway/upstream/hedge.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <deque>
#include <optional>
#include <string>

#include "gateway/net/event.h"
#include "gateway/upstream/hedge_schedule.h"

namespace portico::upstream {
namespace {

using Timer = boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor>;

}  // namespace

// The calls of one hedged call. Shared by them and by who waits for the first answer: those that lost come to their end
// after it has left.
class Hedge::Race : public std::enable_shared_from_this<Race> {
 public:
  Race(const Hedge& hedge, const rpc::Method& method, bool repeatable, net::Deadline deadline)
      : hedge_(hedge), method_(method), repeatable_(repeatable), schedule_(*hedge.policy_.hedge, deadline) {}

  // Starts one more call on behalf of `parent`.
  void Start(rpc::Context& parent, rpc::Payload request) {
    for (const rpc::Context& earlier : contexts_) parent.tried().Add(earlier.tried());
    rpc::Context& context = contexts_.emplace_back(parent, net::kNoDeadline);
    if (schedule_.begun() > 0) context.set_metadata(WithPreviousAttempts(parent.metadata(), schedule_.begun()));
    schedule_.Began(net::Clock::now());
    parent.worker().Spawn(Run(shared_from_this(), std::move(request), context));
  }

  HedgeSchedule& schedule() { return schedule_; }

  // Waits until a call has ended, or Wake(), or `until`.
  Async<void> AwaitChange(net::Worker& worker, net::Deadline until) {
    if (changed_) {
      changed_ = false;
      co_return;
    }
    waiter_.emplace();
    Timer timer(worker.executor());
    if (until != net::kNoDeadline) {
      timer.expires_at(until);
      timer.async_wait([race = shared_from_this()](boost::system::error_code error) {
        if (!error) race->Wake();
      });
    }
    co_await waiter_->Wait();
    waiter_.reset();
    changed_ = false;
  }
  void Wake() {
    changed_ = true;
    if (waiter_) waiter_->Set();
  }

  // Cancels what is still under way and gives the outcome: of the call that won, or of the last that failed.
  absl::StatusOr<rpc::Reply> Finish(rpc::Context& parent) {
    finished_ = true;
    for (rpc::Context& context : contexts_) context.Cancel();
    parent.set_failure_metadata(std::move(failure_metadata_));
    return std::move(reply_);
  }

 private:
  static Async<void> Run(std::shared_ptr<Race> race, rpc::Payload request, rpc::Context& context) {
    absl::StatusOr<rpc::Reply> reply = co_await race->hedge_.next_.Call(race->method_, std::move(request), context);
    race->Land(std::move(reply), context.take_failure_metadata());
  }

  void Land(absl::StatusOr<rpc::Reply> reply, std::unique_ptr<rpc::FailureMetadata> metadata) {
    if (finished_) return;
    const auto pushback = metadata == nullptr ? std::nullopt : PushbackOf(metadata->trailers);
    if (reply.ok() || !IsWorthRetrying(hedge_.options_, repeatable_, reply.status())) {
      schedule_.Answered();
      finished_ = true;
    } else if (pushback.has_value()) {
      schedule_.PushedBack(*pushback, net::Clock::now());
    } else {
      schedule_.Failed(net::Clock::now());
    }
    reply_ = std::move(reply);
    failure_metadata_ = std::move(metadata);
    Wake();
  }

  const Hedge& hedge_;
  const rpc::Method& method_;
  const bool repeatable_;
  std::deque<rpc::Context> contexts_;
  HedgeSchedule schedule_;
  bool finished_ = false;  // what lands now comes too late
  bool changed_ = false;
  std::optional<net::Event> waiter_;
  absl::StatusOr<rpc::Reply> reply_ = absl::CancelledError("the call was cancelled");
  std::unique_ptr<rpc::FailureMetadata> failure_metadata_;
};

Async<absl::StatusOr<rpc::Reply>> Hedge::Call(const rpc::Method& method, rpc::Payload request, rpc::Context& context) {
  const auto lane = static_cast<size_t>(context.worker().index());
  shared_.budget.Deposit(lane);
  context.ShortenDeadline(net::After(net::Clock::now(), timeout_));
  const std::string kept(request.bytes());
  const bool repeatable = policy_.MayRepeat(kept);
  const auto race = std::make_shared<Race>(*this, method, repeatable, context.deadline());
  const rpc::CancelCallback cancelled(context, [race] { race->Wake(); });
  race->Start(context, std::move(request));
  HedgeSchedule& schedule = race->schedule();
  if (!repeatable) schedule.Stop();
  while (!context.cancelled()) {
    const HedgeSchedule::Plan plan = schedule.At(net::Clock::now());
    if (plan.step == HedgeSchedule::Step::kDone) break;
    if (plan.step == HedgeSchedule::Step::kWait) {
      co_await race->AwaitChange(context.worker(), plan.until);
    } else if (shared_.budget.Withdraw(lane)) {
      shared_.counts.hedges.fetch_add(1, std::memory_order_relaxed);
      race->Start(context, rpc::Payload::Copy(kept));
    } else {
      shared_.counts.over_budget.fetch_add(1, std::memory_order_relaxed);
      schedule.Stop();
    }
  }
  absl::StatusOr<rpc::Reply> reply = race->Finish(context);
  if (context.cancelled()) co_return absl::CancelledError("the call was cancelled");
  co_return reply;
}

}  // namespace portico::upstream
