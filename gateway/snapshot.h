#ifndef PORTICO_GATEWAY_SNAPSHOT_H_
#define PORTICO_GATEWAY_SNAPSHOT_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/access/introduction.h"
#include "gateway/access/minter.h"
#include "gateway/compose/composer.h"
#include "gateway/compose/gather_plan.h"
#include "gateway/compose/gatherer.h"
#include "gateway/compose/plan.h"
#include "gateway/config/config_loader.h"
#include "gateway/frontend.h"
#include "gateway/frontend_access.h"
#include "gateway/net/worker.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"
#include "gateway/upstream/cache.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/safeguards.h"
#include "gateway/upstream/transport.h"

namespace portico {

class Snapshot;

// What a snapshot is built from besides the files its configuration names.
struct SnapshotInputs {
  // Not used when there are no workers: `portico check`.
  upstream::TransportFactory* grpc = nullptr;
  upstream::TransportFactory* http2 = nullptr;
  const std::vector<std::unique_ptr<net::Worker>>* workers = nullptr;
  const Snapshot* previous = nullptr;  // clusters that are configured as they were there are taken over
  upstream::DiscoveryLoop discovery;   // empty: clusters know fixed addresses only
  std::function<void(const upstream::ClusterEvent&)> cluster_events;
  config::ReflectedContracts reflected;
};

// Everything requests are answered by: the configuration, the contracts, the clusters, the plans of composed answers
// and the frontends. Immutable and thread-safe once built; every request pins the one it began with.
class Snapshot {
 public:
  // Reads the configuration at `path` and all it names, checks everything, and connects nothing. All mistakes go to
  // `diagnostics`; nullptr when there was any. Factories and workers outlive the snapshot.
  static std::shared_ptr<const Snapshot> Build(const std::string& path, const SnapshotInputs& inputs,
                                               schema::Diagnostics& diagnostics);

  // The same of a configuration that has been read; nullptr gives nullptr.
  static std::shared_ptr<const Snapshot> Build(std::unique_ptr<const config::LoadedConfig> config,
                                               const SnapshotInputs& inputs, schema::Diagnostics& diagnostics);

  const config::LoadedConfig& config() const { return *config_; }
  const schema::Schema& schema() const { return *schema_; }
  // In the order of the configuration.
  const std::vector<std::unique_ptr<Frontend>>& frontends() const { return frontends_; }
  // By name.
  const std::map<std::string, std::shared_ptr<upstream::Cluster>>& clusters() const { return clusters_; }
  // The public keys of all frontends' identities as a JWK set, for services: what /jwks.json answers.
  std::string IdentityKeys() const;
  // What stands before each of them, by the same names.
  const std::map<std::string, std::shared_ptr<upstream::Safeguards>>& safeguards() const { return safeguards_; }
  // The replies that are kept.
  const std::shared_ptr<upstream::ResponseCache>& cache() const { return cache_; }
  // How the calls of methods that declare a batch twin were put together, by the methods' full names.
  const std::map<std::string, std::shared_ptr<compose::GatherCounts>>& gathered() const { return gathered_; }
  // nullptr when there is none of that name.
  Frontend* FindFrontend(absl::string_view name) const;
  // How a facade method is composed; nullptr for others.
  const compose::Plan* PlanOf(const schema::Method& method) const;

 private:
  Snapshot() : projections_(compose::IsFilledByGateway) {}
  void BuildClusters(const SnapshotInputs& inputs, schema::Diagnostics& diagnostics);
  // The way of every method's calls to its cluster.
  void BuildChains(const SnapshotInputs& inputs);
  // What puts calls of several requests together, for methods that declare a batch twin.
  void BuildGatherers(const SnapshotInputs& inputs, schema::Diagnostics& diagnostics);
  // Where calls of a service's method go, whoever makes them; nullptr when no cluster serves it.
  rpc::Handler* WayOf(const schema::Method& method) const;
  void BuildComposers(const SnapshotInputs& inputs, schema::Diagnostics& diagnostics);
  // The composer of a facade's method, and before it those of the facades it is composed of, which must not be in
  // `open`; nullptr after a mistake.
  rpc::Handler* BuildComposer(const schema::Method& method, const SnapshotInputs& inputs,
                              std::vector<const schema::Method*>& open, schema::Diagnostics& diagnostics);
  Target TargetOf(const schema::Method& method) const;
  // The method's handler, behind a cache where its contract asks for one.
  rpc::Handler& Cached(const schema::Method& method, rpc::Handler& handler);
  // What its replies depend on.
  upstream::CacheKeys KeysOf(const schema::Method& method) const;
  // Adds what the plan of a facade's method takes from its caller, so that answers are kept for those alike.
  void AddDependences(const schema::Method& method, upstream::CacheKeys* keys) const;
  // A cluster, behind what introduces callers to it where some frontend does; nullptr when there is none of that name.
  rpc::Handler* HandlerOf(absl::string_view cluster) const;

  // Destroyed from the last to the first: whoever borrows comes after what it borrows.
  std::unique_ptr<const config::LoadedConfig> config_;
  std::shared_ptr<const schema::Schema> schema_;
  std::map<std::string, std::shared_ptr<upstream::Cluster>> clusters_;          // shared with later snapshots
  std::map<std::string, std::unique_ptr<access::Introduction>> introductions_;  // by the cluster's name
  std::map<std::string, std::shared_ptr<upstream::Safeguards>> safeguards_;     // shared, too
  std::shared_ptr<upstream::ResponseCache> cache_;                              // shared, too
  uint64_t epoch_ = 0;
  absl::flat_hash_map<const schema::Method*, upstream::CallChain> chains_;
  std::map<std::string, std::shared_ptr<compose::GatherCounts>> gathered_;  // shared, too
  std::vector<std::unique_ptr<const compose::GatherPlan>> gather_plans_;
  absl::flat_hash_map<const schema::Method*, std::unique_ptr<compose::Gatherer>> gatherers_;
  std::vector<std::unique_ptr<upstream::Cache>> caches_;
  compose::Projections projections_;
  absl::flat_hash_map<const schema::Method*, std::unique_ptr<const compose::Plan>> plans_;
  absl::flat_hash_map<const schema::Method*, std::unique_ptr<compose::Composer>> composers_;
  std::vector<std::shared_ptr<access::Minter>> minters_;
  KeptAccesses kept_;  // shared with later snapshots
  std::vector<std::unique_ptr<Frontend>> frontends_;
};

}  // namespace portico

#endif  // PORTICO_GATEWAY_SNAPSHOT_H_
