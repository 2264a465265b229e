#ifndef PORTICO_GATEWAY_ADMIN_SAFEGUARD_METRICS_H_
#define PORTICO_GATEWAY_ADMIN_SAFEGUARD_METRICS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/call_policy.h"
#include "gateway/upstream/response_cache.h"
#include "gateway/upstream/safeguards.h"

namespace prometheus {
class Collectable;
}

namespace portico::admin {

// What clusters are guarded by, by the clusters' names.
using SafeguardsByCluster = std::map<std::string, std::shared_ptr<upstream::Safeguards>>;

// portico_breaker_state{cluster,rpc} (0 closed, 1 half-open, 2 open), portico_breaker_opened_total,
// portico_breaker_refused_total; portico_retries_total{cluster}, portico_hedges_total,
// portico_retries_over_budget_total, portico_cluster_in_flight and portico_cluster_shed_total. `safeguards` gives those
// in use; it is called with every collection.
std::shared_ptr<prometheus::Collectable> SafeguardMetrics(std::function<SafeguardsByCluster()> safeguards);

// portico_cache_hits_total, portico_cache_misses_total, portico_cache_coalesced_total, portico_cache_bytes.
std::shared_ptr<prometheus::Collectable> CacheMetrics(std::function<std::shared_ptr<upstream::ResponseCache>()> cache);

// A method whose contract has its calls hedged.
struct HedgedMethod {
  std::string rpc;  // its full name
  upstream::HedgeOptions options;
};

// What /clusters says of one of them, whose services' hedged methods these are, as JSON text:
//   {"breakers":[{"rpc":...,"state":"open","calls":...,"failures":...,"slow":...,"opened":...,"refused":...}],
//    "retry":{"attempts":3,"on":["UNAVAILABLE"],"backoff":"25ms","max_backoff":"250ms"},
//    "hedges":[{"rpc":...,"after":"30ms","max":2}],
//    "budget":{"ratio":0.2,"tokens":8.4,"retries":7,"hedges":0,"over_budget":2},
//    "limit":{"max_concurrent":100,"in_flight":3,"shed":0}}
// What there is none of is left out; the budget is there when there are retries or hedges to pay for.
std::string SafeguardsJson(const upstream::Safeguards& safeguards, const std::vector<HedgedMethod>& hedged);

}  // namespace portico::admin

#endif  // PORTICO_GATEWAY_ADMIN_SAFEGUARD_METRICS_H_
