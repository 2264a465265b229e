#ifndef PORTICO_GATEWAY_CONFIG_CONFIG_CHECK_H_
#define PORTICO_GATEWAY_CONFIG_CONFIG_CHECK_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/config/config_loader.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"
#include "portico/config.pb.h"

namespace portico::config {

// Checks the configuration against the contracts: clusters list services that exist, each in one cluster; everything
// `expose` names exists and is answered by a cluster or a facade. Mistakes go to `diagnostics` at the YAML key.
//
// `complete` says whether every source of contracts is in. While servers that are asked by reflection have not answered
// yet, a name that no contract has is no mistake.
void CheckConfig(const LoadedConfig& loaded, const schema::Schema& schema, bool complete,
                 schema::Diagnostics& diagnostics);

// A gateway without contracts or without frontends serves nothing: such a configuration is empty, or cut off where its
// editor was interrupted. Mistakes go to `diagnostics`.
void CheckServesAnything(const LoadedConfig& loaded, schema::Diagnostics& diagnostics);

// The name of the cluster that serves `service`: the one that lists it, else the one whose services are "*". Empty when
// there is none, and for facades, which the gateway answers itself.
absl::string_view ClusterOf(const schema::Service& service, const Config& config);

// The methods that `frontend` exposes, in the schema's order, each once. Services that no cluster serves and that are
// no facade are left out; "*" leaves out google.*, grpc.* and portico.* too, which have to be named
// ("google.pubsub.*").
std::vector<const schema::Method*> ResolveExposed(const Frontend& frontend, const schema::Schema& schema,
                                                  const Config& config);

}  // namespace portico::config

#endif  // PORTICO_GATEWAY_CONFIG_CONFIG_CHECK_H_
