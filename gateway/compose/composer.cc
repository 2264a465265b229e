#include "gateway/compose/composer.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <memory>
#include <utility>

#include "gateway/compose/run.h"

namespace portico::compose {
namespace {

using Timer = boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor>;

}  // namespace

Async<absl::StatusOr<rpc::Reply>> Composer::Call(const rpc::Method& method, rpc::Payload request,
                                                 rpc::Context& context) {
  (void)method;  // the plan's own
  const absl::Duration declared = plan_.method->timeout;
  const absl::Duration timeout = declared == absl::InfiniteDuration() ? kDefaultTimeout : declared;
  context.ShortenDeadline(net::After(net::Clock::now(), absl::ToChronoNanoseconds(timeout)));
  const auto run = std::make_shared<Run>(plan_, handlers_, history_, std::move(request), context);
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
  (void)context;
  co_return absl::UnimplementedError(method.full_name + " does not stream");
}

}  // namespace portico::compose
