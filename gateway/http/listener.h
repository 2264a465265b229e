#ifndef PORTICO_GATEWAY_HTTP_LISTENER_H_
#define PORTICO_GATEWAY_HTTP_LISTENER_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/http/error_response.h"
#include "gateway/http/handler.h"
#include "gateway/http/limits.h"
#include "gateway/http/refusal.h"
#include "gateway/net/listen_socket.h"
#include "gateway/net/worker.h"

namespace portico::http {

// One frontend's address, served by every worker through a SO_REUSEPORT socket of its own. Speaks HTTP/1.1 and 1.0 (RFC
// 9112). All functions are thread-safe; connections live on the worker that accepted them.
class Listener {
 public:
  // Binds `address` ("127.0.0.1:8080", "[::1]:0", "localhost:8080", ":8080" for every interface) and starts to accept,
  // on workers that run already or will. An error names the address. With a handover, another listener of this process
  // may still serve the same address, and is to be drained next. `handler`, `errors`, `refusals` (may be nullptr)
  // and the workers outlive the listener.
  static absl::StatusOr<std::unique_ptr<Listener>> Create(absl::Span<net::Worker* const> workers,
                                                          absl::string_view address, const Limits& limits,
                                                          Handler& handler, const ErrorRenderer& errors,
                                                          RefusalObserver* refusals = nullptr,
                                                          net::Handover handover = net::Handover::kNo);

  // REQUIRES: Drain() has reported. (A process that ends anyway may skip it once the workers have stopped: what
  // connections hold is then not given back.)
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The address with the real port: "127.0.0.1:43121".
  const std::string& address() const { return address_; }

  // Whether it accepts connections: true from Create() to Drain().
  bool serving() const { return serving_.load(std::memory_order_acquire); }

  // Requests being handled now.
  int64_t in_flight() const;

  // Stops accepting (what the kernel has queued is still served), answers requests under way with `Connection: close`,
  // and closes idle connections after a moment's grace, in which a request already on its way is still answered. What
  // is open after `limit` is cut. Calls `drained` once everything is closed, on the thread of a worker; only the first
  // Drain() does anything.
  void Drain(std::chrono::milliseconds limit, absl::AnyInvocable<void()> drained);

 private:
  class Shard;
  struct Shared;

  Listener() = default;

  std::string address_;
  std::atomic<bool> serving_{false};
  std::shared_ptr<Shared> shared_;
  std::vector<std::shared_ptr<Shard>> shards_;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_LISTENER_H_
