#include "gateway/middleware/rate_limit.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

namespace portico::middleware {
namespace {

constexpr int64_t kSecond = 1000000000;

// Whole seconds, rounded up.
int64_t Seconds(int64_t nanoseconds) {
  return (nanoseconds + kSecond - 1) / kSecond;
}

}  // namespace

RateBuckets::RateBuckets(double rate, uint32_t burst)
    : interval_(std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(kSecond) / rate))),
      tolerance_(interval_ * burst),
      buckets_(static_cast<Bucket*>(
          ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {
  if (buckets_.get() == MAP_FAILED) throw std::bad_alloc();
}

void RateBuckets::Unmap::operator()(Bucket* buckets) const {
  if (buckets != MAP_FAILED) ::munmap(buckets, kBytes);
}

RateBuckets::Bucket& RateBuckets::Find(uint64_t client, int64_t now) {
  Bucket* const set = &buckets_[client % kSets * kWays];
  Bucket* quietest = set;
  int64_t quiet_since = std::numeric_limits<int64_t>::max();
  for (size_t i = 0; i < kWays; ++i) {
    if (std::atomic_ref(set[i].client).load(std::memory_order_relaxed) == client) return set[i];
    const int64_t full_at = std::atomic_ref(set[i].full_at).load(std::memory_order_relaxed);
    if (full_at < quiet_since) {
      quiet_since = full_at;
      quietest = &set[i];
    }
  }
  // Two workers may do this at once: a client then has a bucket too many, or too full, for a moment.
  std::atomic_ref(quietest->full_at).store(now, std::memory_order_relaxed);
  std::atomic_ref(quietest->client).store(client, std::memory_order_relaxed);
  return *quietest;
}

RateBuckets::Taken RateBuckets::Take(uint64_t client, int64_t now) {
  const std::atomic_ref full(Find(client, now).full_at);
  int64_t full_at = full.load(std::memory_order_relaxed);
  for (;;) {
    const int64_t next = std::max(full_at, now) + interval_;
    Taken taken;
    if (next - now > tolerance_) {
      taken.full_in = std::max<int64_t>(0, full_at - now);
      taken.allowed_in = next - now - tolerance_;
      return taken;
    }
    if (!full.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) continue;
    taken.allowed = true;
    taken.full_in = next - now;
    taken.remaining = (tolerance_ - taken.full_in) / interval_;
    return taken;
  }
}

uint64_t RateLimit::ClientOf(const http::Request& request) const {
  absl::string_view name;
  const rpc::Attributes* const claims = request.context.claims();
  const char* kind = "address";
  if (policy_.by == RatePolicy::By::kSubject && claims != nullptr && claims->Find("sub", &name)) {
    kind = "subject";
  } else if (policy_.by == RatePolicy::By::kKey && claims != nullptr && request.headers.Find("X-Api-Key", &name)) {
    kind = "key";
  } else {
    name = request.peer.substr(0, request.peer.rfind(':'));
  }
  return absl::HashOf(absl::string_view(kind), name) | 1;  // 0 is nobody's bucket
}

// Tells a client how things stood when its request came. Kept by the request's context.
class RateLimit::Told final : public http::Epilogue {
 public:
  Told(uint32_t burst, const RateBuckets::Taken& taken, std::shared_ptr<const void> before)
      : burst_(burst), taken_(taken), before_(std::move(before)) {}

  void Amend(const http::Request&, http::Response* response) override {
    response->headers.Set("RateLimit-Limit", absl::StrCat(burst_));
    response->headers.Set("RateLimit-Remaining", absl::StrCat(taken_.remaining));
    response->headers.Set("RateLimit-Reset", absl::StrCat(Seconds(taken_.full_in)));
  }

 private:
  const uint32_t burst_;
  const RateBuckets::Taken taken_;
  const std::shared_ptr<const void> before_;  // what the context kept alive so far
};

Async<http::Response> RateLimit::Refuse(int64_t allowed_in, const http::Request& request) const {
  http::Response response =
      errors_.Render(absl::ResourceExhaustedError("too many requests; Retry-After says when to come back"), request);
  response.headers.Set("Retry-After", absl::StrCat(Seconds(allowed_in)));
  co_return response;
}

Async<http::Response> RateLimit::Handle(http::Request& request, http::Handler& next) {
  const int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(net::Clock::now().time_since_epoch()).count();
  const RateBuckets::Taken taken = buckets_->Take(ClientOf(request), now);
  auto told = std::make_shared<Told>(policy_.burst, taken, request.context.pin());
  request.epilogues.push_back(told.get());
  request.context.set_pin(std::move(told));
  return taken.allowed ? next.Handle(request) : Refuse(taken.allowed_in, request);
}

}  // namespace portico::middleware
