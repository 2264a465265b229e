#include "gateway/upstream/pause.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <utility>

#include "gateway/net/operation.h"
#include "gateway/net/worker.h"

namespace portico::upstream {

Async<void> Pause(rpc::Context& context, net::Deadline until) {
  if (context.cancelled()) co_return;
  boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor> timer(
      context.worker().executor(), until);
  // The timer's end comes through the loop, never on the canceller's stack.
  const rpc::CancelCallback cancelled(context, [&timer] { timer.cancel(); });
  co_await net::Operation<boost::system::error_code>([&](auto done) { timer.async_wait(std::move(done)); });
}

}  // namespace portico::upstream
