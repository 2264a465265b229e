#ifndef PORTICO_GATEWAY_CLUSTER_SAFEGUARDS_H_
#define PORTICO_GATEWAY_CLUSTER_SAFEGUARDS_H_

#include "gateway/config/config_loader.h"
#include "gateway/upstream/safeguards.h"

namespace portico {

// What the configuration of a cluster says of its safeguards; what it leaves open has the defaults.
upstream::SafeguardOptions SafeguardOptionsOf(const config::Cluster& cluster);

}  // namespace portico

#endif  // PORTICO_GATEWAY_CLUSTER_SAFEGUARDS_H_
