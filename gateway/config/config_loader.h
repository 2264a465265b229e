#ifndef PORTICO_GATEWAY_CONFIG_CONFIG_LOADER_H_
#define PORTICO_GATEWAY_CONFIG_CONFIG_LOADER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"
#include "gateway/schema/yaml_reader.h"
#include "portico/config.pb.h"

namespace portico::config {

// A configuration that has been read: defaults filled in, relative paths resolved against the configuration's own
// folder. Immutable once loaded.
struct LoadedConfig {
  std::string path;  // as given
  Config config;
  schema::YamlPositions positions;

  // Where a key stands: "clusters.catalog.services[0]". A path that is not in the file (a default) is where the nearest
  // part of it stands that is.
  schema::Position PositionOf(absl::string_view key) const { return positions.Find(key); }
};

// Reads the YAML file at `path` against portico/config.proto: unknown and duplicate keys, wrong types, malformed
// durations, addresses and patterns, and keys this version does not support are mistakes. All that can be found go to
// `diagnostics`; nullptr when there was any. Contracts are not looked at: that is CheckConfig (config_check.h).
std::unique_ptr<const LoadedConfig> LoadConfig(const std::string& path, schema::Diagnostics& diagnostics);

// The same of a text; `path` is what its mistakes and relative paths refer to.
std::unique_ptr<const LoadedConfig> ParseConfig(absl::string_view text, const std::string& path,
                                                schema::Diagnostics& diagnostics);

// What was learned from servers by reflection: cluster -> FileDescriptorSet, serialized.
using ReflectedContracts = std::map<std::string, std::shared_ptr<const std::string>>;

// The sources of contracts that `loaded` names, for schema::Schema::Load. Clusters that `reflected` lacks are left out.
std::vector<schema::ContractSource> ContractSources(const LoadedConfig& loaded,
                                                    const ReflectedContracts& reflected = {});

// A duration of the configuration: a google.protobuf.Duration.
template <class Message>
absl::Duration ToDuration(const Message& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

}  // namespace portico::config

#endif  // PORTICO_GATEWAY_CONFIG_CONFIG_LOADER_H_
