#include "gateway/cluster_safeguards.h"

#include <algorithm>
#include <string>

#include "absl/time/time.h"
#include "gateway/rpc/status.h"

namespace portico {
namespace {

net::Clock::duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::ToChronoNanoseconds(config::ToDuration(duration));
}

upstream::BreakerOptions BreakerOptionsOf(const config::Breaker& breaker) {
  upstream::BreakerOptions options;
  if (breaker.has_window()) options.window = DurationOf(breaker.window());
  if (breaker.min_calls() > 0) options.min_calls = breaker.min_calls();
  if (breaker.failure_ratio() > 0) options.failure_ratio = breaker.failure_ratio();
  if (breaker.has_slow_call()) options.slow_call = DurationOf(breaker.slow_call());
  if (breaker.slow_ratio() > 0) options.slow_ratio = breaker.slow_ratio();
  if (breaker.has_open_for()) options.open_for = DurationOf(breaker.open_for());
  if (breaker.probes() > 0) options.probes = breaker.probes();
  return options;
}

// REQUIRES: the names have been checked.
absl::StatusCode CodeOf(const std::string& name) {
  int code = 1;
  while (code < 16 && rpc::CodeName(static_cast<absl::StatusCode>(code)) != name) ++code;
  return static_cast<absl::StatusCode>(code);
}

upstream::RetryOptions RetryOptionsOf(const config::Retry& retry) {
  upstream::RetryOptions options;
  if (retry.attempts() > 0) options.attempts = retry.attempts();
  if (retry.on_size() > 0) options.on.clear();
  for (const std::string& name : retry.on()) options.on.push_back(CodeOf(name));
  if (retry.budget() > 0) options.budget = retry.budget();
  if (retry.has_backoff()) options.backoff = DurationOf(retry.backoff());
  options.max_backoff =
      retry.has_max_backoff() ? DurationOf(retry.max_backoff()) : std::max(options.max_backoff, options.backoff);
  return options;
}

}  // namespace

upstream::SafeguardOptions SafeguardOptionsOf(const config::Cluster& cluster) {
  upstream::SafeguardOptions options;
  options.timeout = DurationOf(cluster.timeout());
  if (cluster.has_breaker()) options.breaker = BreakerOptionsOf(cluster.breaker());
  if (cluster.has_retry()) options.retry = RetryOptionsOf(cluster.retry());
  options.max_concurrent = cluster.max_concurrent();
  return options;
}

}  // namespace portico
