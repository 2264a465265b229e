#include "gateway/cluster_status.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "gateway/admin/safeguard_metrics.h"
#include "gateway/config/config_check.h"
#include "gateway/event_log.h"
#include "gateway/upstream/call_policy.h"

namespace portico {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using upstream::Health;
using upstream::Outlier;

nlohmann::ordered_json ToJson(const upstream::Server& server, bool health, net::Deadline now) {
  nlohmann::ordered_json json = {{"address", server.address}};
  if (health) {
    switch (server.health.state()) {
      case Health::State::kUnknown:
        json["health"] = "unknown";
        break;
      case Health::State::kHealthy:
        json["health"] = "healthy";
        break;
      case Health::State::kUnhealthy:
        json["health"] = "unhealthy";
        break;
    }
  }
  const Outlier::State outlier = server.outlier.At(now);
  json["ejected"] = outlier == Outlier::State::kOut;
  if (outlier == Outlier::State::kOnTrial) json["ejected"] = "on trial";
  return json;
}

// The methods of a cluster's services that are hedged.
std::vector<admin::HedgedMethod> HedgedMethodsOf(absl::string_view cluster, const Snapshot& snapshot) {
  std::vector<admin::HedgedMethod> hedged;
  for (const schema::Service* service : snapshot.schema().services()) {
    if (config::ClusterOf(*service, snapshot.config().config) != cluster) continue;
    for (const auto& method : service->methods) {
      const upstream::CallPolicy policy = upstream::CallPolicyOf(*method);
      if (policy.hedge.has_value()) hedged.push_back({method->full_name, *policy.hedge});
    }
  }
  return hedged;
}

bool IsChecked(const upstream::Cluster& cluster) {
  return cluster.options().health.interval > net::Clock::duration::zero();
}

class Collector final : public prometheus::Collectable {
 public:
  explicit Collector(std::function<std::shared_ptr<const Snapshot>()> snapshot) : snapshot_(std::move(snapshot)) {}

  std::vector<MetricFamily> Collect() const override {
    MetricFamily servers{
        "portico_cluster_servers", "Servers of a cluster, by what is known of them", MetricType::Gauge, {}};
    MetricFamily changes{
        "portico_cluster_server_changes_total", "How often the set of servers was another", MetricType::Counter, {}};
    MetricFamily failures{"portico_cluster_discovery_failures_total",
                          "How often the source of the addresses failed or named none",
                          MetricType::Counter,
                          {}};
    MetricFamily ejections{
        "portico_cluster_ejections_total", "How often a server was left out", MetricType::Counter, {}};
    const std::shared_ptr<const Snapshot> snapshot = snapshot_();
    const net::Deadline now = net::Clock::now();
    for (const auto& [name, cluster] : snapshot->clusters()) {
      const upstream::Members::Status status = cluster->status();
      size_t unhealthy = 0;
      size_t ejected = 0;
      for (const auto& server : status.servers) {
        if (server->outlier.At(now) == Outlier::State::kOut) {
          ++ejected;
        } else if (IsChecked(*cluster) && server->health.state() == Health::State::kUnhealthy) {
          ++unhealthy;
        }
      }
      Add(&servers, name, static_cast<double>(status.servers.size() - unhealthy - ejected), "usable");
      Add(&servers, name, static_cast<double>(unhealthy), "unhealthy");
      Add(&servers, name, static_cast<double>(ejected), "ejected");
      Add(&changes, name, static_cast<double>(status.changes));
      Add(&failures, name, static_cast<double>(status.failures));
      Add(&ejections, name, static_cast<double>(status.ejections));
    }
    return {servers, changes, failures, ejections};
  }

 private:
  static void Add(MetricFamily* family, const std::string& cluster, double value, const char* state = nullptr) {
    prometheus::ClientMetric metric;
    metric.label = {{"cluster", cluster}};
    if (state != nullptr) metric.label.push_back({"state", state});
    (family->type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family->metric.push_back(std::move(metric));
  }

  const std::function<std::shared_ptr<const Snapshot>()> snapshot_;
};

}  // namespace

std::string ClustersJson(const Snapshot& snapshot) {
  nlohmann::ordered_json clusters = nlohmann::ordered_json::array();
  const net::Deadline now = net::Clock::now();
  for (const auto& [name, cluster] : snapshot.clusters()) {
    const config::Cluster& config = snapshot.config().config.clusters().at(name);
    const upstream::Members::Status status = cluster->status();
    std::vector<std::string> addresses;
    nlohmann::ordered_json servers = nlohmann::ordered_json::array();
    for (const auto& server : status.servers) {
      addresses.push_back(server->address);
      servers.push_back(ToJson(*server, IsChecked(*cluster), now));
    }
    nlohmann::ordered_json json = {
        {"cluster", name},
        {"target", config.target()},
        {"services", std::vector<std::string>(config.services().begin(), config.services().end())},
        {"addresses", std::move(addresses)},
        {"servers", std::move(servers)}};
    json.update(nlohmann::ordered_json::parse(
        admin::SafeguardsJson(*snapshot.safeguards().at(name), HedgedMethodsOf(name, snapshot))));
    if (!status.failure.empty()) json["discovery_failure"] = status.failure;
    clusters.push_back(std::move(json));
  }
  return clusters.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::shared_ptr<prometheus::Collectable> ClusterMetrics(std::function<std::shared_ptr<const Snapshot>()> snapshot) {
  return std::make_shared<Collector>(std::move(snapshot));
}

void LogClusterEvent(const upstream::ClusterEvent& event) {
  nlohmann::ordered_json line = {{"event", event.event}, {"cluster", event.cluster}};
  if (!event.server.empty()) line["server"] = event.server;
  if (!event.message.empty()) line["message"] = event.message;
  LogEvent(line);
}

void LogUnreached(const std::string& target, const std::string& why) {
  LogEvent({{"event", "unreached"}, {"target", target}, {"message", why}});
}

}  // namespace portico
