#ifndef PORTICO_GATEWAY_MIDDLEWARE_RATE_LIMIT_H_
#define PORTICO_GATEWAY_MIDDLEWARE_RATE_LIMIT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "gateway/http/error_response.h"
#include "gateway/http/handler.h"

namespace portico::middleware {

// How often one client may call.
struct RatePolicy {
  // What makes two requests be of one client. Who does not show it is known by its address.
  enum class By { kSubject, kKey, kAddress };
  By by = By::kAddress;
  double rate = 1;     // requests a second; REQUIRES: > 0
  uint32_t burst = 1;  // requests at once; REQUIRES: > 0

  bool operator==(const RatePolicy&) const = default;
};

// One token bucket for each client, in a table of fixed size. A bucket is the time at which it will be full again (the
// generic cell rate algorithm), so that taking from it is one compare-and-swap: all workers share the table without
// locks, and the rate is the whole process's, whichever worker a connection is on. Where more clients call at once than
// there is room for, those who have been quiet for longest start afresh. Thread-safe.
class RateBuckets {
 public:
  RateBuckets(double rate, uint32_t burst);

  struct Taken {
    bool allowed = false;
    int64_t remaining = 0;   // what the client could ask for at once now
    int64_t full_in = 0;     // nanoseconds
    int64_t allowed_in = 0;  // nanoseconds; 0 when allowed
  };
  // Takes one from the bucket of the client with that hash. `now` is in nanoseconds, and never goes back by much.
  Taken Take(uint64_t client, int64_t now);

 private:
  static constexpr size_t kSets = 16384;
  static constexpr size_t kWays = 4;
  // Read and written by std::atomic_ref.
  struct Bucket {
    uint64_t client;
    int64_t full_at;
  };
  struct Unmap {
    void operator()(Bucket* buckets) const;
  };
  static constexpr size_t kBytes = kSets * kWays * sizeof(Bucket);
  Bucket& Find(uint64_t client, int64_t now);

  const int64_t interval_;   // nanoseconds for each request
  const int64_t tolerance_;  // nanoseconds of a whole burst
  // A megabyte of zero pages from the system, of which only what is used ever takes memory.
  const std::unique_ptr<Bucket[], Unmap> buckets_;
};

// Refuses requests beyond the policy with 429 and Retry-After. Every answer says how things stand: RateLimit-Limit,
// RateLimit-Remaining, and RateLimit-Reset in seconds (draft-ietf-httpapi-ratelimit-headers). Stands behind `auth`
// where it counts by subject or key, so that only what is proven counts, and before it where it counts by address, so
// that guessing is counted too. Thread-safe.
class RateLimit final : public http::Middleware {
 public:
  // `buckets` of an earlier one with the same policy, so that it goes on where that was; new and full ones when
  // nullptr.
  RateLimit(const RatePolicy& policy, const http::ErrorRenderer& errors, std::shared_ptr<RateBuckets> buckets = nullptr)
      : policy_(policy),
        errors_(errors),
        buckets_(buckets != nullptr ? std::move(buckets) : std::make_shared<RateBuckets>(policy.rate, policy.burst)) {}

  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;

  const RatePolicy& policy() const { return policy_; }
  const std::shared_ptr<RateBuckets>& buckets() const { return buckets_; }

 private:
  class Told;

  uint64_t ClientOf(const http::Request& request) const;
  Async<http::Response> Refuse(int64_t allowed_in, const http::Request& request) const;

  const RatePolicy policy_;
  const http::ErrorRenderer errors_;
  const std::shared_ptr<RateBuckets> buckets_;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_RATE_LIMIT_H_
