#ifndef PORTICO_GATEWAY_NET_ASYNC_H_
#define PORTICO_GATEWAY_NET_ASYNC_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace portico {

template <class T>
class Async;

namespace net {

class Worker;

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

// The outermost coroutine of a chain: what Worker::Spawn() was given, and the loop it runs on.
struct Root {
  std::coroutine_handle<> coroutine;
  boost::asio::io_context* loop = nullptr;
};

// What the promises of all coroutines have in common: who waits for the end, and the chain they belong to.
class Promise {
 public:
  // Hands over to who waits, without a trip through the loop; an outermost coroutine frees itself.
  struct End {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> ended) noexcept {
      if (const std::coroutine_handle<> waiting = ended.promise().waiting_) return waiting;
      ended.destroy();
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  End final_suspend() noexcept { return {}; }
  void unhandled_exception() {
    if (!waiting_) throw;  // out of the loop: nobody is left to handle it
    failure_ = std::current_exception();
  }

  Root* root() const { return root_; }

 protected:
  void RethrowFailure() {
    if (failure_) std::rethrow_exception(std::move(failure_));
  }

 private:
  template <class T>
  friend class portico::Async;
  friend class Worker;

  std::coroutine_handle<> waiting_;
  Root* root_ = nullptr;
  std::exception_ptr failure_;
};

template <class T>
class PromiseOf : public Promise {
 public:
  Async<T> get_return_object();
  template <class U>
  void return_value(U&& value) {
    result_.emplace(std::forward<U>(value));
  }
  T Take() {
    RethrowFailure();
    return *std::move(result_);
  }

 private:
  std::optional<T> result_;
};

template <>
class PromiseOf<void> : public Promise {
 public:
  Async<void> get_return_object();
  void return_void() {}
  void Take() { RethrowFailure(); }

 private:
  friend class Worker;
  Root own_root_;  // when it is the outermost
};

// A coroutine that waits, in the hands of what it waits for. It is resumed at most once. What is destroyed without
// having resumed it takes it along, with all that wait for it: their loop, which must still exist, destroys them.
class Suspended {
 public:
  Suspended() = default;
  template <class P>
  explicit Suspended(std::coroutine_handle<P> waiting) : waiting_(waiting), root_(waiting.promise().root()) {}
  Suspended(Suspended&& other) noexcept : waiting_(std::exchange(other.waiting_, nullptr)), root_(other.root_) {}
  Suspended& operator=(Suspended&& other) noexcept {
    std::swap(waiting_, other.waiting_);
    std::swap(root_, other.root_);
    return *this;
  }
  ~Suspended() {
    if (waiting_) Abandon();
  }

  explicit operator bool() const { return waiting_ != nullptr; }

  // Resumes it right there, on the caller's stack, until it waits again or ends. REQUIRES: there is one.
  void Resume() { std::exchange(waiting_, nullptr).resume(); }

 private:
  void Abandon();

  std::coroutine_handle<> waiting_;
  Root* root_ = nullptr;
};

}  // namespace net

// Before a declaration: clang merges the frame of a coroutine that it can see whole into that of the one awaiting it,
// which saves an allocation, but then the one takes memory as long as the other lives. What is large and not always
// needed keeps a frame of its own.
#define PORTICO_OWN_FRAME [[gnu::noinline]]

// The result of every asynchronous function of the gateway: a coroutine that runs on the worker's loop it was started
// on, and never elsewhere. It starts when it is awaited, which happens once, or by Worker::Spawn(). Parameters are
// taken by value or outlive the await.
//
// Not Boost.Asio's awaitable, which keeps a stack of its frames and runs them from a loop of its own: here one
// coroutine jumps into the next (symmetric transfer), and a result is handed over without a look at an executor.
template <class T>
class [[nodiscard]] Async {
 public:
  using promise_type = net::PromiseOf<T>;

  Async(Async&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Async& operator=(Async&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~Async() {
    if (coroutine_) coroutine_.destroy();
  }

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> waiting) noexcept {
      net::Promise& promise = coroutine_.promise();
      promise.waiting_ = waiting;
      promise.root_ = waiting.promise().root();
      return coroutine_;
    }
    T await_resume() { return coroutine_.promise().Take(); }

   private:
    const std::coroutine_handle<promise_type> coroutine_;
  };
  Awaiter operator co_await() && noexcept { return Awaiter(coroutine_); }

 private:
  friend promise_type;
  friend class net::Worker;
  explicit Async(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

  std::coroutine_handle<promise_type> coroutine_;
};

namespace net {

template <class T>
Async<T> PromiseOf<T>::get_return_object() {
  return Async<T>(std::coroutine_handle<PromiseOf>::from_promise(*this));
}

inline Async<void> PromiseOf<void>::get_return_object() {
  return Async<void>(std::coroutine_handle<PromiseOf>::from_promise(*this));
}

}  // namespace net
}  // namespace portico

#endif  // PORTICO_GATEWAY_NET_ASYNC_H_
