#include "gateway/admin/gather_metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <limits>
#include <utility>
#include <vector>

namespace portico::admin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

class GatherCollectable final : public prometheus::Collectable {
 public:
  explicit GatherCollectable(std::function<GatherCountsByMethod()> counts) : counts_(std::move(counts)) {}

  std::vector<MetricFamily> Collect() const override {
    MetricFamily keys;
    keys.name = "portico_gathered_keys";
    keys.help = "Keys of each call that was made for calls of several requests";
    keys.type = MetricType::Histogram;
    MetricFamily callers;
    callers.name = "portico_gathered_callers_total";
    callers.help = "Calls that were put together with others";
    callers.type = MetricType::Counter;
    for (const auto& [rpc, counts] : counts_()) {
      ClientMetric metric;
      metric.label = {{"rpc", rpc}};
      metric.counter.value = static_cast<double>(counts->callers());
      callers.metric.push_back(metric);
      metric.counter.value = 0;
      uint64_t calls = 0;
      for (size_t i = 0; i < counts->buckets().size(); ++i) {
        calls += counts->buckets()[i].load(std::memory_order_relaxed);
        ClientMetric::Bucket bucket;
        bucket.cumulative_count = calls;
        bucket.upper_bound = i < compose::GatherCounts::kBounds.size()
                                 ? static_cast<double>(compose::GatherCounts::kBounds[i])
                                 : std::numeric_limits<double>::infinity();
        metric.histogram.bucket.push_back(bucket);
      }
      metric.histogram.sample_count = calls;
      metric.histogram.sample_sum = static_cast<double>(counts->keys());
      keys.metric.push_back(std::move(metric));
    }
    return {keys, callers};
  }

 private:
  const std::function<GatherCountsByMethod()> counts_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> GatherMetrics(std::function<GatherCountsByMethod()> counts) {
  return std::make_shared<GatherCollectable>(std::move(counts));
}

}  // namespace portico::admin
