#include "gateway/admin/safeguard_metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gateway/rpc/status.h"

namespace portico::admin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;
using State = upstream::CircuitBreaker::State;

MetricFamily Family(const char* name, const char* help, MetricType type) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

void AddValue(MetricFamily* family, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (family->type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family->metric.push_back(std::move(metric));
}

// As configurations and contracts write it, "25ms".
std::string TextOf(net::Clock::duration duration) {
  return absl::FormatDuration(absl::FromChrono(duration));
}

double NumberOf(State state) {
  return state == State::kOpen ? 2 : state == State::kHalfOpen ? 1 : 0;
}

class SafeguardCollectable final : public prometheus::Collectable {
 public:
  explicit SafeguardCollectable(std::function<SafeguardsByCluster()> safeguards) : safeguards_(std::move(safeguards)) {}

  std::vector<MetricFamily> Collect() const override {
    MetricFamily state = Family("portico_breaker_state", "0 closed, 1 half-open, 2 open", MetricType::Gauge);
    MetricFamily opened = Family("portico_breaker_opened_total", "How often a breaker opened", MetricType::Counter);
    MetricFamily refused =
        Family("portico_breaker_refused_total", "Calls refused by an open breaker", MetricType::Counter);
    MetricFamily retries = Family("portico_retries_total", "Calls made again after a failure", MetricType::Counter);
    MetricFamily hedges =
        Family("portico_hedges_total", "Calls made again since the first took long", MetricType::Counter);
    MetricFamily over_budget = Family("portico_retries_over_budget_total",
                                      "Calls not made again since the retry budget was empty", MetricType::Counter);
    MetricFamily in_flight =
        Family("portico_cluster_in_flight", "Calls in flight, of max_concurrent", MetricType::Gauge);
    MetricFamily shed = Family("portico_cluster_shed_total", "Calls beyond max_concurrent", MetricType::Counter);
    for (const auto& [name, safeguards] : safeguards_()) {
      const Labels cluster = {{"cluster", name}};
      const upstream::RetryCounts& counts = safeguards->retries();
      AddValue(&retries, cluster, static_cast<double>(counts.retries.load(std::memory_order_relaxed)));
      AddValue(&hedges, cluster, static_cast<double>(counts.hedges.load(std::memory_order_relaxed)));
      AddValue(&over_budget, cluster, static_cast<double>(counts.over_budget.load(std::memory_order_relaxed)));
      if (const upstream::ConcurrencyLimit* limit = safeguards->limit()) {
        AddValue(&in_flight, cluster, static_cast<double>(limit->in_flight()));
        AddValue(&shed, cluster, static_cast<double>(limit->shed()));
      }
      for (const auto& [rpc, breaker] : safeguards->Breakers()) {
        const Labels labels = {{"cluster", name}, {"rpc", rpc}};
        AddValue(&state, labels, NumberOf(breaker.state));
        AddValue(&opened, labels, static_cast<double>(breaker.opened));
        AddValue(&refused, labels, static_cast<double>(breaker.refused));
      }
    }
    return {state, opened, refused, retries, hedges, over_budget, in_flight, shed};
  }

 private:
  const std::function<SafeguardsByCluster()> safeguards_;
};

class CacheCollectable final : public prometheus::Collectable {
 public:
  explicit CacheCollectable(std::function<std::shared_ptr<upstream::ResponseCache>()> cache)
      : cache_(std::move(cache)) {}

  std::vector<MetricFamily> Collect() const override {
    const std::shared_ptr<upstream::ResponseCache> cache = cache_();
    const upstream::ResponseCache::Counts& counts = cache->counts();
    std::vector<MetricFamily> families;
    const auto add = [&](const char* name, const char* help, MetricType type, double value) {
      families.push_back(Family(name, help, type));
      AddValue(&families.back(), {}, value);
    };
    add("portico_cache_hits_total", "Calls answered by what was kept", MetricType::Counter,
        static_cast<double>(counts.hits.load(std::memory_order_relaxed)));
    add("portico_cache_misses_total", "Calls to keep an answer of", MetricType::Counter,
        static_cast<double>(counts.misses.load(std::memory_order_relaxed)));
    add("portico_cache_coalesced_total", "Calls answered by another's call", MetricType::Counter,
        static_cast<double>(counts.coalesced.load(std::memory_order_relaxed)));
    add("portico_cache_bytes", "What is kept", MetricType::Gauge, static_cast<double>(cache->bytes()));
    return families;
  }

 private:
  const std::function<std::shared_ptr<upstream::ResponseCache>()> cache_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> CacheMetrics(std::function<std::shared_ptr<upstream::ResponseCache>()> cache) {
  return std::make_shared<CacheCollectable>(std::move(cache));
}

std::shared_ptr<prometheus::Collectable> SafeguardMetrics(std::function<SafeguardsByCluster()> safeguards) {
  return std::make_shared<SafeguardCollectable>(std::move(safeguards));
}

std::string SafeguardsJson(const upstream::Safeguards& safeguards, const std::vector<HedgedMethod>& hedged) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [rpc, breaker] : safeguards.Breakers()) {
    json["breakers"].push_back({{"rpc", rpc},
                                {"state", upstream::NameOf(breaker.state)},
                                {"calls", breaker.calls},
                                {"failures", breaker.failures},
                                {"slow", breaker.slow},
                                {"opened", breaker.opened},
                                {"refused", breaker.refused}});
  }
  const std::optional<upstream::RetryOptions>& retry = safeguards.options().retry;
  if (retry.has_value()) {
    nlohmann::ordered_json codes = nlohmann::ordered_json::array();
    for (const absl::StatusCode code : retry->on) codes.push_back(std::string(rpc::CodeName(code)));
    json["retry"] = {{"attempts", retry->attempts},
                     {"on", std::move(codes)},
                     {"backoff", TextOf(retry->backoff)},
                     {"max_backoff", TextOf(retry->max_backoff)}};
  }
  for (const HedgedMethod& method : hedged) {
    json["hedges"].push_back(
        {{"rpc", method.rpc}, {"after", TextOf(method.options.after)}, {"max", method.options.max}});
  }
  if (retry.has_value() || !hedged.empty()) {
    const upstream::RetryCounts& counts = safeguards.retries();
    json["budget"] = {{"ratio", retry.value_or(upstream::RetryOptions()).budget},
                      {"tokens", safeguards.budget().tokens()},
                      {"retries", counts.retries.load(std::memory_order_relaxed)},
                      {"hedges", counts.hedges.load(std::memory_order_relaxed)},
                      {"over_budget", counts.over_budget.load(std::memory_order_relaxed)}};
  }
  if (const upstream::ConcurrencyLimit* limit = safeguards.limit()) {
    json["limit"] = {{"max_concurrent", safeguards.options().max_concurrent},
                     {"in_flight", limit->in_flight()},
                     {"shed", limit->shed()}};
  }
  return json.dump();
}

}  // namespace portico::admin
