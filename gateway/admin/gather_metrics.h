#ifndef PORTICO_GATEWAY_ADMIN_GATHER_METRICS_H_
#define PORTICO_GATEWAY_ADMIN_GATHER_METRICS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gateway/compose/gatherer.h"

namespace prometheus {
class Collectable;
}

namespace portico::admin {

// By the full names of the methods that declare a batch twin.
using GatherCountsByMethod = std::map<std::string, std::shared_ptr<compose::GatherCounts>>;

// portico_gathered_keys{rpc}, a histogram of the keys of each call that was made for several, and
// portico_gathered_callers_total{rpc}, for how many. `counts` is called with every collection.
std::shared_ptr<prometheus::Collectable> GatherMetrics(std::function<GatherCountsByMethod()> counts);

}  // namespace portico::admin

#endif  // PORTICO_GATEWAY_ADMIN_GATHER_METRICS_H_
