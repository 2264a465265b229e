// Instances come and go, by etcd and by a file, under load: nobody's request is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/instances.h"

namespace portico::integration {
namespace {

constexpr char kProduct[] = "/v1/products/pojos-in-action";
constexpr int kConnections = 64;
constexpr int kAWhile = 2000;

std::string Config(const std::string& target, const std::string& more = "") {
  return absl::StrCat(
      "contracts: [ { protos: ", PORTICO_SOURCE_DIR, "/proto } ]\nclusters:\n  catalog:\n    target: '", target,
      "'\n    services: [ shop.catalog.v1.CatalogService ]\n    transport: ", TestedTransport(), "\n", more,
      "frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ shop.catalog.v1.CatalogService ] } ]\n",
      "admin: { listen: '127.0.0.1:0' }\n");
}

void ExpectNoneLost(Load& load) {
  load.End();
  EXPECT_EQ(load.wrong() + load.failed(), 0) << "of " << load.answers() << "; " << load.worst();
}

TEST(DiscoveryTest, InstancesComeAndGoByEtcdAndEtcdItselfIsRestarted) {
  if (!Etcd::IsInstalled()) GTEST_SKIP() << "there is no etcd (tools/install-deps --test)";
  TempFolder folder;
  Etcd etcd;
  const std::string target = etcd.Target("catalog");
  Instance first("catalog", target), second("catalog", target);
  const std::set<std::string> two = {first.address(), second.address()};
  Gateway gateway(folder.Write("portico.yaml", Config(target, "    health: { interval: 500ms }\n")));
  AwaitServers(gateway, "catalog", two);
  Load load(gateway.address(), kConnections, {kProduct});
  load.Pass(kAWhile);

  Instance third("catalog", target);
  AwaitServers(gateway, "catalog", {first.address(), second.address(), third.address()});
  load.Pass(kAWhile);
  first.Stop();
  AwaitServers(gateway, "catalog", {second.address(), third.address()});
  load.Pass(kAWhile);

  // Its last word holds while it is away.
  etcd.Kill();
  load.Pass(kAWhile);
  GetUntil(gateway.admin(), "/metrics", [](const Answer& answer) {
    return absl::StrContains(answer.body, "portico_cluster_discovery_failures_total{cluster=\"catalog\"} ") &&
           !absl::StrContains(answer.body, "portico_cluster_discovery_failures_total{cluster=\"catalog\"} 0\n");
  });
  etcd.Start();
  Instance fourth("catalog", target);
  AwaitServers(gateway, "catalog", {second.address(), third.address(), fourth.address()});
  second.Stop();
  AwaitServers(gateway, "catalog", {third.address(), fourth.address()});
  load.Pass(kAWhile);
  ExpectNoneLost(load);
}

TEST(DiscoveryTest, AFileAndAReloadUnderLoad) {
  TempFolder folder;
  const auto list = [&](const std::vector<std::string>& addresses) {
    folder.Write("next.json", Json(addresses).dump());
    std::filesystem::rename(folder.path() + "/next.json", folder.path() + "/servers.json");
  };
  Instance first("catalog"), second("catalog"), third("catalog");
  list({first.address(), second.address()});
  const std::string target = "file://" + folder.path() + "/servers.json";
  Gateway gateway(folder.Write("portico.yaml", Config(target)));
  AwaitServers(gateway, "catalog", {first.address(), second.address()});
  Load load(gateway.address(), kConnections, {kProduct});
  load.Pass(kAWhile);
  list({second.address(), third.address()});
  AwaitServers(gateway, "catalog", {second.address(), third.address()});
  load.Pass(kAWhile);
  // A list that is none changes nothing, and is told.
  list({});
  GetUntil(gateway.admin(), "/clusters", [](const Answer& answer) {
    return absl::StrContains(answer.body, "\"discovery_failure\":\"the source names no server\"");
  });
  AwaitServers(gateway, "catalog", {second.address(), third.address()});
  load.Pass(kAWhile);
  // Another configuration of the same cluster keeps its servers.
  folder.Write("portico.yaml", Config(absl::StrCat(third.address(), ",", first.address()),
                                      "    balance: least_request\n    eject: { failures: 3 }\n"));
  AwaitServers(gateway, "catalog", {third.address(), first.address()});
  load.Pass(kAWhile);
  ExpectNoneLost(load);
}

}  // namespace
}  // namespace portico::integration
