#include "gateway/compose/composer.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <memory>
#include <utility>

#include "gateway/compose/page_stream.h"
#include "gateway/compose/run.h"

namespace portico::compose {
namespace {

using Timer = boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor>;

// Marks the parts that are required, those that a required one needs, and those that may share their call with one.
void MarkNeeded(const MessagePlan& plan, std::vector<bool>* needed) {
  // What is needed by a part may need others itself: as often as there are parts is enough.
  for (size_t round = 0; round < plan.parts.size(); ++round) {
    for (const Part& part : plan.parts) {
      const bool leads_to_needed = std::any_of(part.needed_by.begin(), part.needed_by.end(), [&](int next) {
        return (*needed)[static_cast<size_t>(plan.parts[static_cast<size_t>(next)].id)];
      });
      if (part.required || leads_to_needed) (*needed)[static_cast<size_t>(part.id)] = true;
    }
  }
  for (const Part& part : plan.parts) {
    if (part.elements != nullptr) MarkNeeded(*part.elements, needed);
  }
  for (const Inner& inner : plan.inners) MarkNeeded(*inner.messages, needed);
}

std::vector<bool> NeededParts(const Plan& plan) {
  std::vector<bool> needed(static_cast<size_t>(plan.part_count));
  MarkNeeded(plan.root, &needed);
  const std::vector<const Part*> parts = plan.Parts();
  for (const Part* part : parts) {
    const bool shares =
        part->shareable && std::any_of(parts.begin(), parts.end(), [&](const Part* other) {
          return other->shareable && other->method == part->method && needed[static_cast<size_t>(other->id)];
        });
    if (shares) needed[static_cast<size_t>(part->id)] = true;
  }
  return needed;
}

}  // namespace

Composer::Composer(const Plan& plan, std::vector<rpc::Handler*> handlers, size_t workers)
    : plan_(plan), handlers_(std::move(handlers)), needed_(NeededParts(plan)), history_(plan, workers) {}

Async<absl::StatusOr<rpc::Reply>> Composer::Call(const rpc::Method& method, rpc::Payload request,
                                                 rpc::Context& context) {
  (void)method;  // the plan's own
  BoundTime(context);
  const auto run = std::make_shared<Run>(plan_, handlers_, needed_, history_, std::move(request), context);
  {
    rpc::CancelCallback cancelled(context, [&run] { run->finished().Set(); });
    Timer timer(context.worker().executor());
    run->Start();
    if (!run->finished().is_set()) {
      timer.expires_at(context.deadline());
      timer.async_wait([run](boost::system::error_code error) {
        if (!error) run->finished().Set();
      });
    }
    co_await run->finished().Wait();
  }
  run->Close();
  if (context.cancelled()) co_return absl::CancelledError("the call was cancelled");
  const absl::Status failure = run->Failure();
  if (!failure.ok()) co_return failure;
  co_return run->Assemble();
}

Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Composer::Open(const rpc::Method& method, rpc::Context& context) {
  (void)method;
  // A stream may go on for days, unless the policy says otherwise: its calls then have its deadline.
  if (!plan_.streams()) BoundTime(context);
  co_return std::make_unique<PageStream>(plan_, handlers_, needed_, history_, context);
}

void Composer::BoundTime(rpc::Context& context) const {
  const absl::Duration declared = plan_.method->timeout;
  const absl::Duration timeout = declared == absl::InfiniteDuration() ? kDefaultTimeout : declared;
  context.ShortenDeadline(net::After(net::Clock::now(), absl::ToChronoNanoseconds(timeout)));
}

}  // namespace portico::compose
