#ifndef PORTICO_GATEWAY_ADMIN_METRICS_H_
#define PORTICO_GATEWAY_ADMIN_METRICS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/middleware/stats.h"

namespace prometheus {
class Collectable;
}

namespace portico::admin {

// portico_requests_total{frontend,rpc,code}, portico_request_duration_seconds{frontend,rpc},
// portico_request_bytes_total{frontend,rpc}, portico_response_bytes_total{frontend,rpc} and
// portico_requests_in_flight{frontend}. `stats` gives those of the frontends there are;
// they outlive it.
std::shared_ptr<prometheus::Collectable> RequestMetrics(std::function<std::vector<const middleware::Stats*>()> stats);

// process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds, process_threads,
// process_start_time_seconds and portico_build_info{version,compiler}, read from /proc when asked.
std::shared_ptr<prometheus::Collectable> ProcessMetrics(std::string version);

}  // namespace portico::admin

#endif  // PORTICO_GATEWAY_ADMIN_METRICS_H_
