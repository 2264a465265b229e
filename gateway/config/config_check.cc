#include "gateway/config/config_check.h"

#include <algorithm>
#include <map>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace portico::config {
namespace {

using schema::Method;
using schema::Schema;
using schema::Service;

constexpr absl::string_view kEverything = "*";

bool IsWildcard(absl::string_view pattern) {
  return absl::EndsWith(pattern, "*");
}

// Whether an entry of `expose` or `services` that is not everything means the method.
bool Matches(absl::string_view pattern, const Service& service, const Method& method) {
  if (absl::ConsumeSuffix(&pattern, "*")) {
    // "package." or "package.Service/": both end where a name may go on.
    return absl::StartsWith(method.full_name, pattern);
  }
  return pattern == service.full_name || pattern == method.full_name;
}

// What "*" leaves out: the services of the standard contracts themselves.
bool IsStandard(absl::string_view service) {
  return absl::StartsWith(service, "google.") || absl::StartsWith(service, "grpc.") ||
         absl::StartsWith(service, "portico.");
}

// Answers ClusterOf for many services: clusters are looked through once.
class ClusterIndex {
 public:
  explicit ClusterIndex(const Config& config) {
    for (const auto& [name, cluster] : config.clusters()) {
      for (const std::string& service : cluster.services()) {
        if (service == kEverything) {
          if (everything_.empty() || name < everything_) everything_ = name;
        } else {
          const auto [at, added] = by_service_.emplace(service, name);
          if (!added && name < at->second) at->second = name;
        }
      }
    }
  }

  absl::string_view Find(const Service& service) const {
    if (service.facade) return {};
    const auto at = by_service_.find(service.full_name);
    return at != by_service_.end() ? at->second : everything_;
  }
  bool Answers(const Service& service) const { return service.facade || !Find(service).empty(); }

 private:
  // Names live in the Config. Of two clusters that claim a service, an error, the first by name holds.
  absl::flat_hash_map<absl::string_view, absl::string_view> by_service_;
  absl::string_view everything_;
};

class ConfigChecker {
 public:
  ConfigChecker(const LoadedConfig& loaded, const Schema& schema, bool complete, schema::Diagnostics& diagnostics)
      : loaded_(loaded), schema_(schema), complete_(complete), clusters_(loaded.config), diagnostics_(diagnostics) {}

  void Run() {
    std::map<std::string, const Cluster*> sorted;
    for (const auto& [name, cluster] : loaded_.config.clusters()) sorted.emplace(name, &cluster);
    for (const auto& [name, cluster] : sorted) CheckServices(*cluster, absl::StrCat("clusters.", name));
    for (int i = 0; i < loaded_.config.frontends_size(); ++i) {
      const Frontend& frontend = loaded_.config.frontends(i);
      for (int j = 0; j < frontend.expose_size(); ++j) {
        CheckExposed(frontend.expose(j), absl::StrCat("frontends[", i, "].expose[", j, "]"));
      }
    }
  }

 private:
  void Fail(const std::string& key, const std::string& message) {
    diagnostics_.Add(loaded_.PositionOf(key), absl::StrCat(key, ": ", message));
  }

  void CheckServices(const Cluster& cluster, const std::string& cluster_key) {
    for (int i = 0; i < cluster.services_size(); ++i) {
      const std::string& name = cluster.services(i);
      const std::string key = absl::StrCat(cluster_key, ".services[", i, "]");
      const auto [other, added] = claimed_.emplace(name, key);
      if (!added) {
        Fail(key, absl::StrCat("\"", name, "\" is in ", other->second, " too, at ",
                               loaded_.PositionOf(other->second).ToString()));
      } else if (name != kEverything) {
        const Service* service = schema_.FindService(name);
        if (service == nullptr) {
          if (complete_) Fail(key, absl::StrCat("no contract has a service \"", name, "\""));
        } else if (service->facade) {
          Fail(key, absl::StrCat("\"", name, "\" is a facade: the gateway answers it, no cluster does"));
        }
      }
    }
  }

  void CheckExposed(const std::string& pattern, const std::string& key) {
    if (pattern == kEverything) return;
    const Service* named = nullptr;
    for (const Service* service : schema_.services()) {
      const bool matches = std::any_of(service->methods.begin(), service->methods.end(),
                                       [&](const auto& method) { return Matches(pattern, *service, *method); });
      // A service without methods can be named all the same.
      if (!matches && pattern != service->full_name) continue;
      named = service;
      break;
    }
    if (named == nullptr) {
      if (complete_) Fail(key, absl::StrCat("no contract has anything that \"", pattern, "\" names"));
      return;
    }
    if (!IsWildcard(pattern) && !clusters_.Answers(*named)) {
      Fail(key, absl::StrCat("no cluster serves ", named->full_name, ", and it is no facade"));
    }
  }

  const LoadedConfig& loaded_;
  const Schema& schema_;
  const bool complete_;
  ClusterIndex clusters_;
  schema::Diagnostics& diagnostics_;
  std::map<std::string, std::string> claimed_;  // service -> key
};

}  // namespace

void CheckConfig(const LoadedConfig& loaded, const Schema& schema, bool complete, schema::Diagnostics& diagnostics) {
  ConfigChecker(loaded, schema, complete, diagnostics).Run();
}

void CheckServesAnything(const LoadedConfig& loaded, schema::Diagnostics& diagnostics) {
  const std::pair<const char*, bool> needed[] = {{"contracts", loaded.config.contracts().empty()},
                                                 {"frontends", loaded.config.frontends().empty()}};
  for (const auto& [key, empty] : needed) {
    if (!empty) continue;
    if (loaded.positions.Has(key)) {
      diagnostics.Add(loaded.PositionOf(key), absl::StrCat(key, ": there must be at least one"));
    } else {
      diagnostics.Add({loaded.path, 1, 1}, absl::StrCat("\"", key, "\" is missing"));
    }
  }
}

absl::string_view ClusterOf(const Service& service, const Config& config) {
  return ClusterIndex(config).Find(service);
}

std::vector<const Method*> ResolveExposed(const Frontend& frontend, const Schema& schema, const Config& config) {
  const ClusterIndex clusters(config);
  std::vector<const Method*> exposed;
  for (const Service* service : schema.services()) {
    if (!clusters.Answers(*service)) continue;
    for (const auto& method : service->methods) {
      const bool named =
          std::any_of(frontend.expose().begin(), frontend.expose().end(), [&](const std::string& pattern) {
            return pattern == kEverything ? !IsStandard(service->full_name) : Matches(pattern, *service, *method);
          });
      if (named) exposed.push_back(method.get());
    }
  }
  return exposed;
}

}  // namespace portico::config
