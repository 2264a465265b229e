#ifndef PORTICO_GATEWAY_NET_ASYNC_H_
#define PORTICO_GATEWAY_NET_ASYNC_H_

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

namespace portico {
namespace net {

// The executor of a worker's loop. Concrete rather than any_io_executor: a type-erased one costs an allocation and an
// indirect call in every asynchronous operation.
using Executor = boost::asio::io_context::executor_type;

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

// No deadline at all. Nothing that a request waits for may have this.
inline constexpr Deadline kNoDeadline = Deadline::max();

// `wait` after `base`; kNoDeadline where that is beyond all time. Clients and configurations may name any duration.
// REQUIRES: `wait` is not negative, `base` is not before the clock's epoch.
constexpr Deadline After(Deadline base, Clock::duration wait) {
  return wait >= kNoDeadline - base ? kNoDeadline : base + wait;
}

}  // namespace net

// The result of every asynchronous function of the gateway: a coroutine that runs on the worker's loop it was started
// on, and never elsewhere. Parameters are taken by value or outlive the await.
template <class T>
using Async = boost::asio::awaitable<T, net::Executor>;

}  // namespace portico

#endif  // PORTICO_GATEWAY_NET_ASYNC_H_
