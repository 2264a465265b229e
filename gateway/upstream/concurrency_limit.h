#ifndef PORTICO_GATEWAY_UPSTREAM_CONCURRENCY_LIMIT_H_
#define PORTICO_GATEWAY_UPSTREAM_CONCURRENCY_LIMIT_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#include "gateway/rpc/handler.h"

namespace portico::upstream {

// How many calls a cluster has in flight, of how many it may have. Of the last fifth of the room, one place at least
// unless there is but one, what answers can do without gets nothing: optional parts are shed before whole requests are
// refused. Thread-safe.
class ConcurrencyLimit {
 public:
  // `most` > 0.
  explicit ConcurrencyLimit(uint32_t most)
      : most_(most), most_optional_(most - std::max<uint32_t>(most / 5, most > 1 ? 1 : 0)) {}

  // Whether there is room for one more; Leave() follows when there is.
  bool Enter(bool optional) {
    if (in_flight_.fetch_add(1, std::memory_order_relaxed) < (optional ? most_optional_ : most_)) return true;
    Leave();
    shed_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  void Leave() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

  int64_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }
  uint64_t shed() const { return shed_.load(std::memory_order_relaxed); }

 private:
  const int64_t most_;
  const int64_t most_optional_;
  alignas(64) std::atomic<int64_t> in_flight_{0};
  std::atomic<uint64_t> shed_{0};
};

// Refuses calls beyond a limit: UNAVAILABLE at once, to come back in a second. A stream takes room until it ends.
class LimitedConcurrency final : public rpc::Handler {
 public:
  // Both outlive it.
  LimitedConcurrency(ConcurrencyLimit& limit, rpc::Handler& next) : limit_(limit), next_(next) {}

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override;

 private:
  class LimitedStream;

  ConcurrencyLimit& limit_;
  rpc::Handler& next_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_CONCURRENCY_LIMIT_H_
