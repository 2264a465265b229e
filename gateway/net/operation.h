#ifndef PORTICO_GATEWAY_NET_OPERATION_H_
#define PORTICO_GATEWAY_NET_OPERATION_H_

#include <optional>
#include <tuple>
#include <utility>

#include "gateway/net/async.h"

namespace portico::net {

// An asynchronous operation of Asio as something to await: `begin` starts it with the handler that it is given. The
// handler's arguments, of the types Results, are what the await returns.
//
//   const auto [error, size] = co_await Operation<boost::system::error_code, size_t>(
//       [&](auto done) { socket.async_read_some(buffer, std::move(done)); });
//
// An operation that is destroyed with its loop takes the waiting coroutine with it.
template <class Begin, class... Results>
class [[nodiscard]] AwaitedOperation {
 public:
  explicit AwaitedOperation(Begin begin) : begin_(std::move(begin)) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> waiting) {
    begin_(Done{Suspended(waiting), &results_});
  }
  std::tuple<Results...> await_resume() { return *std::move(results_); }

 private:
  struct Done {
    void operator()(Results... results) {
      arrived->emplace(std::move(results)...);
      waiting.Resume();
    }
    Suspended waiting;
    std::optional<std::tuple<Results...>>* arrived;
  };

  Begin begin_;
  std::optional<std::tuple<Results...>> results_;
};

template <class... Results, class Begin>
AwaitedOperation<Begin, Results...> Operation(Begin begin) {
  return AwaitedOperation<Begin, Results...>(std::move(begin));
}

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_OPERATION_H_
