#include "gateway/cluster_safeguards.h"

#include "absl/time/time.h"

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

}  // namespace

upstream::SafeguardOptions SafeguardOptionsOf(const config::Cluster& cluster) {
  upstream::SafeguardOptions options;
  options.timeout = DurationOf(cluster.timeout());
  if (cluster.has_breaker()) options.breaker = BreakerOptionsOf(cluster.breaker());
  return options;
}

}  // namespace portico
