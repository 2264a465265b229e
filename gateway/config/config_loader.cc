#include "gateway/config/config_loader.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "gateway/config/config_values.h"
#include "gateway/config/safeguard_values.h"

namespace portico::config {
namespace {

namespace fs = std::filesystem;
using schema::ContractSource;

constexpr int64_t kClusterTimeoutSeconds = 5;
constexpr int64_t kHeaderTimeSeconds = 10;
constexpr int64_t kIdleTimeSeconds = 60;
constexpr uint32_t kHeaderBytes = 32768;
constexpr uint32_t kHeaders = 100;
constexpr uint64_t kBodyBytes = 4194304;
constexpr uint32_t kInFlight = 10000;
constexpr uint64_t kStreamBufferBytes = 65536;
constexpr int64_t kHeartbeatSeconds = 15;
constexpr int64_t kRetrySeconds = 3;
constexpr int64_t kPingSeconds = 30;
constexpr int64_t kIdentitySeconds = 60;
constexpr int64_t kKeyRefreshSeconds = 300;
// Of a cluster that has the key but not all of its parts.
constexpr int64_t kHealthSeconds = 5;
constexpr uint32_t kEjectFailures = 5;
constexpr int64_t kEjectSeconds = 10;
constexpr uint32_t kEjectMaxPercent = 50;

// What DESIGN calls the defaults; those of enums and of `workers` are proto3's own.
void FillDefaults(Config& config) {
  for (auto& [name, cluster] : *config.mutable_clusters()) {
    if (!cluster.has_timeout()) cluster.mutable_timeout()->set_seconds(kClusterTimeoutSeconds);
    if (cluster.balance().policy_case() == Balance::POLICY_NOT_SET) cluster.mutable_balance()->set_round_robin(true);
    if (cluster.has_health() && !cluster.health().has_interval()) {
      cluster.mutable_health()->mutable_interval()->set_seconds(kHealthSeconds);
    }
    if (cluster.has_eject()) {
      Eject& eject = *cluster.mutable_eject();
      if (eject.failures() == 0) eject.set_failures(kEjectFailures);
      if (!eject.has_for_()) eject.mutable_for_()->set_seconds(kEjectSeconds);
      if (eject.max_percent() == 0) eject.set_max_percent(kEjectMaxPercent);
    }
  }
  for (Frontend& frontend : *config.mutable_frontends()) {
    Limits& limits = *frontend.mutable_limits();
    if (!limits.has_header_bytes()) limits.set_header_bytes(kHeaderBytes);
    if (!limits.has_headers()) limits.set_headers(kHeaders);
    if (!limits.has_body_bytes()) limits.set_body_bytes(kBodyBytes);
    if (!limits.has_header_time()) limits.mutable_header_time()->set_seconds(kHeaderTimeSeconds);
    if (!limits.has_idle_time()) limits.mutable_idle_time()->set_seconds(kIdleTimeSeconds);
    if (!limits.has_in_flight()) limits.set_in_flight(kInFlight);
    Streams& streams = *frontend.mutable_streams();
    if (!streams.has_buffer_bytes()) streams.set_buffer_bytes(kStreamBufferBytes);
    if (!streams.has_message_bytes()) streams.set_message_bytes(limits.body_bytes());
    if (!streams.has_heartbeat()) streams.mutable_heartbeat()->set_seconds(kHeartbeatSeconds);
    if (!streams.has_retry()) streams.mutable_retry()->set_seconds(kRetrySeconds);
    if (!streams.has_ping()) streams.mutable_ping()->set_seconds(kPingSeconds);
    if (frontend.has_identity()) {
      Identity& identity = *frontend.mutable_identity();
      if (identity.issuer().empty()) identity.set_issuer("portico");
      if (!identity.has_ttl()) identity.mutable_ttl()->set_seconds(kIdentitySeconds);
    }
    if (frontend.auth().has_jwt() && !frontend.auth().jwt().has_refresh()) {
      frontend.mutable_auth()->mutable_jwt()->mutable_refresh()->set_seconds(kKeyRefreshSeconds);
    }
  }
}

// Makes relative paths relative to the folder of the configuration.
class PathResolver {
 public:
  explicit PathResolver(const std::string& config_path) : folder_(fs::path(config_path).parent_path()) {}

  void Resolve(std::string* path) const {
    if (path->empty() || fs::path(*path).is_absolute()) return;
    const fs::path joined = folder_ / *path;
    // "demo/../proto" reads better as "proto", but means something else where demo is a symbolic link.
    const fs::path normal = joined.lexically_normal();
    std::error_code error;
    *path = fs::equivalent(joined, normal, error) && !error ? normal.string() : joined.string();
  }

  void ResolveTarget(std::string* target) const {
    constexpr absl::string_view kUnix = "unix:";
    if (!absl::StartsWith(*target, kUnix)) return;
    std::string path = target->substr(kUnix.size());
    Resolve(&path);
    *target = std::string(kUnix) + path;
  }

  // Key sets may also be URLs.
  void ResolveFileOrUrl(std::string* place) const {
    if (!absl::StrContains(*place, "://")) Resolve(place);
  }

 private:
  fs::path folder_;
};

void ResolvePaths(const PathResolver& paths, Config& config) {
  for (Contract& contract : *config.mutable_contracts()) {
    switch (contract.source_case()) {
      case Contract::kProtos:
        paths.Resolve(contract.mutable_protos());
        break;
      case Contract::kDescriptors:
        paths.Resolve(contract.mutable_descriptors());
        break;
      case Contract::kRules:
        paths.Resolve(contract.mutable_rules());
        break;
      case Contract::kReflection:
      case Contract::SOURCE_NOT_SET:
        break;
    }
  }
  for (auto& [name, cluster] : *config.mutable_clusters()) {
    paths.ResolveTarget(cluster.mutable_target());
    if (!cluster.has_tls()) continue;
    paths.Resolve(cluster.mutable_tls()->mutable_ca());
    paths.Resolve(cluster.mutable_tls()->mutable_cert());
    paths.Resolve(cluster.mutable_tls()->mutable_key());
  }
  for (Frontend& frontend : *config.mutable_frontends()) {
    if (frontend.has_auth()) {
      paths.Resolve(frontend.mutable_auth()->mutable_api_keys());
      if (frontend.auth().has_jwt()) {
        paths.ResolveFileOrUrl(frontend.mutable_auth()->mutable_jwt()->mutable_keys());
        paths.Resolve(frontend.mutable_auth()->mutable_jwt()->mutable_ca());
      }
    }
    if (frontend.has_identity()) paths.Resolve(frontend.mutable_identity()->mutable_key());
  }
}

}  // namespace

std::unique_ptr<const LoadedConfig> LoadConfig(const std::string& path, schema::Diagnostics& diagnostics) {
  std::string text;
  if (!schema::ReadFile(path, {path, 0, 0}, text, diagnostics)) return nullptr;
  return ParseConfig(text, path, diagnostics);
}

std::unique_ptr<const LoadedConfig> ParseConfig(absl::string_view text, const std::string& path,
                                                schema::Diagnostics& diagnostics) {
  schema::Diagnostics found;
  auto loaded = std::make_unique<LoadedConfig>();
  loaded->path = path;
  loaded->positions = schema::YamlPositions(path);
  schema::ReadYaml(text, "", loaded->config, loaded->positions, found);
  CheckValues(*loaded, found);
  CheckSafeguardValues(*loaded, found);
  for (const schema::Diagnostic& entry : found.entries()) diagnostics.Add(entry.position, entry.message);
  if (!found.empty()) return nullptr;
  FillDefaults(loaded->config);
  ResolvePaths(PathResolver(path), loaded->config);
  return loaded;
}

std::vector<ContractSource> ContractSources(const LoadedConfig& loaded, const ReflectedContracts& reflected) {
  std::vector<ContractSource> sources;
  for (int i = 0; i < loaded.config.contracts_size(); ++i) {
    const Contract& contract = loaded.config.contracts(i);
    const std::string key = "contracts[" + std::to_string(i) + "]";
    switch (contract.source_case()) {
      case Contract::kProtos:
        sources.push_back({ContractSource::Kind::kProtoFolder, contract.protos(), loaded.PositionOf(key + ".protos")});
        break;
      case Contract::kDescriptors:
        sources.push_back(
            {ContractSource::Kind::kDescriptorSet, contract.descriptors(), loaded.PositionOf(key + ".descriptors")});
        break;
      case Contract::kRules:
        sources.push_back({ContractSource::Kind::kRules, contract.rules(), loaded.PositionOf(key + ".rules")});
        break;
      case Contract::kReflection:
        if (const auto learned = reflected.find(contract.reflection()); learned != reflected.end()) {
          sources.push_back({ContractSource::Kind::kReflected, contract.reflection(),
                             loaded.PositionOf(key + ".reflection"), learned->second});
        }
        break;
      case Contract::SOURCE_NOT_SET:
        break;
    }
  }
  return sources;
}

}  // namespace portico::config
