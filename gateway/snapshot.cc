#include "gateway/snapshot.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/container/flat_hash_set.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/access/match.h"
#include "gateway/cluster_safeguards.h"
#include "gateway/config/config_check.h"
#include "gateway/frontend_access.h"
#include "gateway/net/tls.h"
#include "gateway/protocol/success.h"
#include "gateway/routing/rule_check.h"
#include "gateway/upstream/call_policy.h"
#include "portico/annotations.pb.h"

namespace portico {
namespace {

// Reads a PEM file the configuration names; empty when it names none.
std::string ReadPem(const std::string& path, const schema::Position& position, schema::Diagnostics& diagnostics) {
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.good() && !file.eof()) diagnostics.Add(position, absl::StrCat("cannot read ", path));
  return content;
}

upstream::ClusterOptions::Protocol ProtocolOf(const config::Cluster& cluster) {
  using Protocol = upstream::ClusterOptions::Protocol;
  if (cluster.transport() == config::Cluster::TRANSPORT_HTTP2) return Protocol::kHttp2;
  if (cluster.transport() == config::Cluster::TRANSPORT_GRPC) return Protocol::kGrpcLibrary;
  // Only the library knows it.
  return absl::StartsWith(cluster.target(), "xds:") ? Protocol::kGrpcLibrary : Protocol::kHttp2;
}

// How servers are chosen, asked how they are, and left out.
void SetBalancing(const config::Cluster& cluster, upstream::ClusterOptions* options) {
  using Policy = upstream::BalanceOptions::Policy;
  if (cluster.balance().has_hash()) {
    options->balance = {Policy::kHash, absl::AsciiStrToLower(absl::StripPrefix(cluster.balance().hash(), "header."))};
  } else if (cluster.balance().least_request()) {
    options->balance.policy = Policy::kLeastRequest;
  }
  if (cluster.has_health()) {
    options->health.interval = absl::ToChronoNanoseconds(config::ToDuration(cluster.health().interval()));
  }
  if (cluster.has_eject()) {
    options->eject = {cluster.eject().failures(), absl::ToChronoNanoseconds(config::ToDuration(cluster.eject().for_())),
                      cluster.eject().max_percent()};
  }
}

}  // namespace

std::shared_ptr<const Snapshot> Snapshot::Build(const std::string& path, const SnapshotInputs& inputs,
                                                schema::Diagnostics& diagnostics) {
  return Build(config::LoadConfig(path, diagnostics), inputs, diagnostics);
}

std::shared_ptr<const Snapshot> Snapshot::Build(std::unique_ptr<const config::LoadedConfig> config,
                                                const SnapshotInputs& inputs, schema::Diagnostics& diagnostics) {
  if (config == nullptr) return nullptr;
  auto snapshot = std::shared_ptr<Snapshot>(new Snapshot());
  snapshot->config_ = std::move(config);
  const config::LoadedConfig& loaded = *snapshot->config_;
  config::CheckServesAnything(loaded, diagnostics);
  snapshot->schema_ = schema::Schema::Load(config::ContractSources(loaded, inputs.reflected), diagnostics);
  if (snapshot->schema_ == nullptr) return nullptr;
  const bool complete = std::all_of(
      loaded.config.contracts().begin(), loaded.config.contracts().end(), [&](const config::Contract& contract) {
        return !contract.has_reflection() || inputs.reflected.count(contract.reflection()) > 0;
      });
  routing::CheckRules(*snapshot->schema_, diagnostics);
  protocol::CheckSuccess(*snapshot->schema_, diagnostics);
  access::CheckPolicies(*snapshot->schema_, diagnostics);
  upstream::CheckCallPolicies(*snapshot->schema_, diagnostics);
  upstream::CheckCachePolicies(*snapshot->schema_, diagnostics);
  config::CheckConfig(loaded, *snapshot->schema_, complete, diagnostics);
  snapshot->BuildClusters(inputs, diagnostics);
  const auto& frontends = loaded.config.frontends();
  if (std::any_of(frontends.begin(), frontends.end(), [](const auto& frontend) { return frontend.has_identity(); })) {
    for (const auto& [name, cluster] : snapshot->clusters_) {
      snapshot->introductions_.emplace(name, std::make_unique<access::Introduction>(name, *cluster));
    }
  }
  snapshot->BuildChains(inputs);
  snapshot->BuildGatherers(inputs, diagnostics);
  snapshot->BuildComposers(inputs, diagnostics);
  // Frontends would only repeat what is wrong with the rules.
  if (!diagnostics.empty()) return nullptr;
  for (int i = 0; i < loaded.config.frontends_size(); ++i) {
    const size_t workers = inputs.workers == nullptr ? 0 : inputs.workers->size();
    KeptAccesses kept = snapshot->kept_;  // frontends may share a source of keys
    if (inputs.previous != nullptr) kept.insert(inputs.previous->kept_.begin(), inputs.previous->kept_.end());
    FrontendAccess access = BuildAccess(loaded, i, *snapshot->schema_, workers, kept, diagnostics);
    snapshot->kept_.emplace(loaded.config.frontends(i).name(), access.kept);
    if (access.minter != nullptr) snapshot->minters_.push_back(access.minter);
    std::unique_ptr<Frontend> created = Frontend::Create(
        loaded.config.frontends(i), loaded.config, *snapshot->schema_,
        [&](const schema::Method& method) {
          Target target = snapshot->TargetOf(method);
          if (target.handler == nullptr || !method.policy->has_cache()) return target;
          target.handler = &snapshot->Cached(method, *target.handler);
          target.kept_by = snapshot->KeysOf(method);
          return target;
        },
        diagnostics, std::move(access.middleware));
    if (created != nullptr) snapshot->frontends_.push_back(std::move(created));
  }
  if (!diagnostics.empty()) return nullptr;
  return snapshot;
}

std::string Snapshot::IdentityKeys() const {
  std::map<std::string, nlohmann::json> keys;  // frontends may share them
  for (const std::shared_ptr<access::Minter>& minter : minters_) {
    for (nlohmann::json& jwk : minter->PublicJwks()) keys.emplace(jwk["kid"].get<std::string>(), std::move(jwk));
  }
  nlohmann::json set = {{"keys", nlohmann::json::array()}};
  for (auto& [id, jwk] : keys) set["keys"].push_back(std::move(jwk));
  return set.dump();
}

rpc::Handler* Snapshot::HandlerOf(absl::string_view cluster) const {
  const std::string name(cluster);
  if (const auto introduced = introductions_.find(name); introduced != introductions_.end()) {
    return introduced->second.get();
  }
  const auto found = clusters_.find(name);
  return found == clusters_.end() ? nullptr : found->second.get();
}

Frontend* Snapshot::FindFrontend(absl::string_view name) const {
  for (const std::unique_ptr<Frontend>& frontend : frontends_) {
    if (frontend->name() == name) return frontend.get();
  }
  return nullptr;
}

void Snapshot::BuildClusters(const SnapshotInputs& inputs, schema::Diagnostics& diagnostics) {
  static const std::vector<std::unique_ptr<net::Worker>> kNoWorkers;
  for (const auto& [name, cluster] : config_->config.clusters()) {
    const std::string key = absl::StrCat("clusters.", name);
    upstream::ClusterOptions options;
    options.name = name;
    options.target = cluster.target();
    options.protocol = ProtocolOf(cluster);
    options.timeout = absl::ToChronoNanoseconds(config::ToDuration(cluster.timeout()));
    SetBalancing(cluster, &options);
    if (cluster.has_tls()) {
      upstream::Tls& tls = options.transport.tls;
      tls.enabled = true;
      tls.ca = ReadPem(cluster.tls().ca(), config_->PositionOf(key + ".tls.ca"), diagnostics);
      tls.cert = ReadPem(cluster.tls().cert(), config_->PositionOf(key + ".tls.cert"), diagnostics);
      tls.key = ReadPem(cluster.tls().key(), config_->PositionOf(key + ".tls.key"), diagnostics);
      tls.server_name = cluster.tls().server_name();
      // Here and not by the transports alone: `portico check` makes none.
      if (!tls.ca.empty() || !tls.cert.empty()) {
        const absl::Status usable = net::TlsContext::ForClient(tls.ca, tls.cert, tls.key).status();
        if (!usable.ok()) {
          diagnostics.Add(config_->PositionOf(key + ".tls"), std::string(usable.message()));
          continue;
        }
      }
    }
    upstream::ClusterSurroundings surroundings{inputs.discovery, inputs.cluster_events, nullptr};
    if (inputs.previous != nullptr) {
      const auto before = inputs.previous->clusters_.find(name);
      if (before != inputs.previous->clusters_.end()) {
        if (before->second->options() == options) {
          clusters_.emplace(name, before->second);
          continue;
        }
        surroundings.previous = before->second.get();
      }
    }
    upstream::TransportFactory* const factory =
        options.protocol == upstream::ClusterOptions::Protocol::kHttp2 ? inputs.http2 : inputs.grpc;
    absl::StatusOr<std::unique_ptr<upstream::Cluster>> created = upstream::Cluster::Create(
        std::move(options), factory, inputs.workers == nullptr ? kNoWorkers : *inputs.workers, surroundings);
    if (created.ok()) {
      clusters_.emplace(name, *std::move(created));
    } else {
      diagnostics.Add(config_->PositionOf(key), std::string(created.status().message()));
    }
  }
}

void Snapshot::BuildChains(const SnapshotInputs& inputs) {
  const size_t workers = inputs.workers == nullptr ? 0 : inputs.workers->size();
  cache_ = inputs.previous == nullptr ? std::make_shared<upstream::ResponseCache>() : inputs.previous->cache_;
  epoch_ = cache_->NewEpoch();
  for (const auto& [name, cluster] : clusters_) {
    upstream::SafeguardOptions options = SafeguardOptionsOf(config_->config.clusters().at(name));
    std::shared_ptr<upstream::Safeguards>& safeguards = safeguards_[name];
    if (inputs.previous != nullptr) {
      const auto before = inputs.previous->safeguards_.find(name);
      if (before != inputs.previous->safeguards_.end() && before->second->options() == options) {
        safeguards = before->second;
      }
    }
    if (safeguards == nullptr) safeguards = std::make_shared<upstream::Safeguards>(std::move(options), workers);
  }
  for (const schema::Service* service : schema_->services()) {
    if (service->facade) continue;
    const std::string cluster(config::ClusterOf(*service, config_->config));
    rpc::Handler* const handler = HandlerOf(cluster);
    if (handler == nullptr) continue;
    for (const auto& method : service->methods) {
      upstream::CallChain chain = safeguards_.at(cluster)->Chain(*method, *handler);
      std::vector<std::atomic<uint64_t>*> stale;
      for (const std::string& other : method->policy->invalidates()) stale.push_back(&cache_->GenerationOf(other));
      if (!stale.empty()) {
        chain.Prepend(std::make_unique<upstream::Invalidation>(std::move(stale), chain.first()));
      }
      chains_.emplace(method.get(), std::move(chain));
    }
  }
}

void Snapshot::BuildGatherers(const SnapshotInputs& inputs, schema::Diagnostics& diagnostics) {
  const size_t workers = inputs.workers == nullptr ? 0 : inputs.workers->size();
  for (const schema::Service* service : schema_->services()) {
    for (const auto& method : service->methods) {
      if (!method->policy->has_gather()) continue;
      std::unique_ptr<const compose::GatherPlan> plan = compose::CompileGather(*method, *schema_, diagnostics);
      const auto own = chains_.find(method.get());
      if (plan == nullptr || own == chains_.end()) continue;
      const auto twin = chains_.find(plan->twin);
      if (twin == chains_.end()) {
        diagnostics.Add(method->policy_position, absl::StrCat("policy.gather.method of ", method->full_name,
                                                              ": no cluster serves ", plan->twin->service->full_name));
        continue;
      }
      // Whose server is chosen by a header of the request keeps to that.
      const std::string cluster(config::ClusterOf(*plan->twin->service, config_->config));
      if (config_->config.clusters().at(cluster).balance().has_hash()) continue;
      std::shared_ptr<compose::GatherCounts>& counts = gathered_[method->full_name];
      if (inputs.previous != nullptr) {
        const auto before = inputs.previous->gathered_.find(method->full_name);
        if (before != inputs.previous->gathered_.end()) counts = before->second;
      }
      if (counts == nullptr) counts = std::make_shared<compose::GatherCounts>();
      gatherers_.emplace(method.get(), std::make_unique<compose::Gatherer>(*plan, own->second.first(),
                                                                           twin->second.first(), *counts, workers));
      gather_plans_.push_back(std::move(plan));
    }
  }
}

rpc::Handler* Snapshot::WayOf(const schema::Method& method) const {
  const auto gatherer = gatherers_.find(&method);
  if (gatherer != gatherers_.end()) return gatherer->second.get();
  const auto chain = chains_.find(&method);
  return chain == chains_.end() ? nullptr : &chain->second.first();
}

rpc::Handler& Snapshot::Cached(const schema::Method& method, rpc::Handler& handler) {
  if (!method.policy->has_cache()) return handler;
  caches_.push_back(std::make_unique<upstream::Cache>(epoch_, method, KeysOf(method), *cache_, handler));
  return *caches_.back();
}

upstream::CacheKeys Snapshot::KeysOf(const schema::Method& method) const {
  upstream::CacheKeys keys;
  keys.Add(method.policy->cache());
  AddDependences(method, &keys);
  return keys;
}

void Snapshot::AddDependences(const schema::Method& method, upstream::CacheKeys* keys) const {
  const auto plan = plans_.find(&method);
  if (plan == plans_.end()) return;
  const auto add = [&](const compose::Source& source) {
    if (source.kind == compose::Source::Kind::kClaim) {
      keys->identity = true;
      keys->claims.push_back(source.name);
    }
    if (source.kind == compose::Source::Kind::kHeader) keys->AddHeader(source.name);
  };
  for (const compose::Part* part : plan->second->Parts()) {
    if (part->when.has_value()) add(*part->when);
    for (const compose::Bind& bind : part->binds) add(bind.source);
    if (part->batch.has_value()) add(part->batch->from);
    const portico::Policy& own = *part->method->policy;
    keys->identity |= own.auth().match_size() > 0;
    keys->Add(own.cache());
    AddDependences(*part->method, keys);
  }
}

void Snapshot::BuildComposers(const SnapshotInputs& inputs, schema::Diagnostics& diagnostics) {
  // Every plan is checked, but only those that somebody can ask for need clusters: one folder of contracts may serve
  // several gateways.
  absl::flat_hash_set<const schema::Method*> exposed;
  for (const config::Frontend& frontend : config_->config.frontends()) {
    for (const schema::Method* method : config::ResolveExposed(frontend, *schema_, config_->config)) {
      exposed.insert(method);
    }
  }
  for (const schema::Service* service : schema_->services()) {
    if (!service->facade) continue;
    for (const auto& method : service->methods) {
      std::unique_ptr<const compose::Plan> plan = compose::CompilePlan(*method, *schema_, projections_, diagnostics);
      if (plan != nullptr) plans_.emplace(method.get(), std::move(plan));
    }
  }
  std::vector<const schema::Method*> open;
  for (const schema::Service* service : schema_->services()) {
    for (const auto& method : service->methods) {
      if (service->facade && exposed.contains(method.get())) BuildComposer(*method, inputs, open, diagnostics);
    }
  }
}

rpc::Handler* Snapshot::BuildComposer(const schema::Method& method, const SnapshotInputs& inputs,
                                      std::vector<const schema::Method*>& open, schema::Diagnostics& diagnostics) {
  const auto built = composers_.find(&method);
  if (built != composers_.end()) return built->second.get();
  const auto plan = plans_.find(&method);
  if (plan == plans_.end()) return nullptr;  // it has mistakes of its own
  open.push_back(&method);
  std::vector<rpc::Handler*> handlers;
  for (const compose::Part* part : plan->second->Parts()) {
    const schema::Service& called = *part->method->service;
    const auto mistake = [&](absl::string_view what) {
      diagnostics.Add(part->position, absl::StrCat("fetch.method of ", part->path, ": ", what));
    };
    if (!called.facade) {
      rpc::Handler* const way = WayOf(*part->method);
      if (way == nullptr) {
        mistake(absl::StrCat("no cluster serves ", called.full_name));
      } else {
        handlers.push_back(&Cached(*part->method, *way));
      }
    } else if (std::find(open.begin(), open.end(), part->method) != open.end()) {
      mistake(absl::StrCat(part->method->full_name, " is composed of this part itself: the calls would never end"));
    } else if (rpc::Handler* inner = BuildComposer(*part->method, inputs, open, diagnostics); inner != nullptr) {
      handlers.push_back(inner);
    }
  }
  open.pop_back();
  const size_t workers = inputs.workers == nullptr ? 0 : inputs.workers->size();
  return composers_.emplace(&method, std::make_unique<compose::Composer>(*plan->second, std::move(handlers), workers))
      .first->second.get();
}

Target Snapshot::TargetOf(const schema::Method& method) const {
  if (method.service->facade) {
    const auto composer = composers_.find(&method);
    return composer == composers_.end() ? Target{} : Target{composer->second.get(), "facade"};
  }
  rpc::Handler* const way = WayOf(method);
  if (way == nullptr) return {};
  return {way, std::string(config::ClusterOf(*method.service, config_->config))};
}

const compose::Plan* Snapshot::PlanOf(const schema::Method& method) const {
  const auto plan = plans_.find(&method);
  return plan == plans_.end() ? nullptr : plan->second.get();
}

}  // namespace portico
