#ifndef PORTICO_GATEWAY_UPSTREAM_RETRY_POLICY_H_
#define PORTICO_GATEWAY_UPSTREAM_RETRY_POLICY_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "gateway/net/async.h"
#include "gateway/rpc/metadata.h"

namespace portico::upstream {

struct RetryOptions {
  uint32_t attempts = 3;  // calls in all
  std::vector<absl::StatusCode> on = {absl::StatusCode::kUnavailable};
  double budget = 0.2;
  net::Clock::duration backoff = std::chrono::milliseconds(25);
  net::Clock::duration max_backoff = std::chrono::milliseconds(250);

  bool operator==(const RetryOptions&) const = default;
};

// How often calls were made again; relaxed counters.
struct RetryCounts {
  std::atomic<uint64_t> retries{0};
  std::atomic<uint64_t> hedges{0};
  std::atomic<uint64_t> over_budget{0};  // that would have been made
};

// Whether a call that failed is worth another one: what the gateway refused itself is not, what reached no server
// always is, and else `repeatable` calls that failed with one of the codes.
bool IsWorthRetrying(const RetryOptions& options, bool repeatable, const absl::Status& failure);

// What the service asks for by grpc-retry-pushback-ms: nullopt when nothing; nothing within when no retry at all (gRFC
// A6: negative, or no number).
std::optional<std::optional<net::Clock::duration>> PushbackOf(const rpc::Metadata& trailers);

// A random time within an exponentially growing bound; `retry` counts from 1.
net::Clock::duration Backoff(const RetryOptions& options, uint32_t retry);

// `metadata`, and how many attempts there were before: grpc-previous-rpc-attempts.
std::shared_ptr<const rpc::Metadata> WithPreviousAttempts(const rpc::Metadata& metadata, uint32_t previous);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_RETRY_POLICY_H_
