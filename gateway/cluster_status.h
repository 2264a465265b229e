#ifndef PORTICO_GATEWAY_CLUSTER_STATUS_H_
#define PORTICO_GATEWAY_CLUSTER_STATUS_H_

#include <functional>
#include <memory>
#include <string>

#include "gateway/snapshot.h"
#include "gateway/upstream/cluster_options.h"

namespace prometheus {
class Collectable;
}

namespace portico {

// How the clusters of a snapshot are, as /clusters tells it:
//   [{"cluster":...,"target":...,"services":[...],"addresses":[...],
//     "servers":[{"address":...,"health":"unknown"|"healthy"|"unhealthy","ejected":false|true|"on trial"}],
//     "breakers":[...],"retry":{...},"hedges":[...],"budget":{...},"limit":{...},
//     "discovery_failure":"..."}]
// What guards it as admin::SafeguardsJson has it. The last one only while the source of the addresses fails; "health"
// only where health checks are configured.
std::string ClustersJson(const Snapshot& snapshot);

// portico_cluster_servers{cluster,state="usable"|"unhealthy"|"ejected"}, portico_cluster_server_changes_total{cluster},
// portico_cluster_discovery_failures_total{cluster} and portico_cluster_ejections_total{cluster} of the snapshot in
// use. The counters begin anew when a cluster's configuration changes.
std::shared_ptr<prometheus::Collectable> ClusterMetrics(std::function<std::shared_ptr<const Snapshot>()> snapshot);

// Writes to the event log what happens to a cluster's servers.
void LogClusterEvent(const upstream::ClusterEvent& event);

// Writes to the event log why calls of an xds:/// target reach nobody.
void LogUnreached(const std::string& target, const std::string& why);

}  // namespace portico

#endif  // PORTICO_GATEWAY_CLUSTER_STATUS_H_
