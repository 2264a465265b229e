// Ten instances of two services under load, without pauses: some die, hang, become slow, lose their connections and
// come back elsewhere, and where they are known is away for a while. No answer is wrong at any time; a second after
// each fault fewer than one in a thousand fail; and who is well again serves within two seconds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <iostream>
#include <map>

#include "absl/strings/str_cat.h"
#include "tests/integration/fault_proxy.h"
#include "tests/integration/instances.h"

namespace portico::integration {
namespace {

using std::chrono::milliseconds;
using Clock = Load::Clock;

constexpr int kConnections = 64;
constexpr milliseconds kFirstSecond(1000);
constexpr milliseconds kRecovery(2000);
// What is looked at after the first second of a fault: for so long, and so many answers.
constexpr milliseconds kWindow(1000);
constexpr int kLeastAnswers = 2000;

// A page that needs both services: it fails when one of them does.
constexpr char kStall[] = R"(syntax = "proto3";
package stall.v1;
import "google/api/annotations.proto";
import "portico/annotations.proto";
import "shop/catalog/v1/catalog.proto";
import "shop/pricing/v1/pricing.proto";

service Stall {
  option (portico.facade) = true;
  rpc GetTag(GetTagRequest) returns (Tag) {
    option (google.api.http) = { get: "/v1/tags/{product_id}" };
  }
}
message GetTagRequest { string product_id = 1; }
message Tag {
  shop.catalog.v1.Product product = 1 [(portico.fetch) = {
    method: "shop.catalog.v1.CatalogService/GetProduct" bind: "product_id = request.product_id" required: true }];
  shop.pricing.v1.Price price = 2 [(portico.fetch) = {
    method: "shop.pricing.v1.PricingService/GetPrice" bind: "product_id = request.product_id" required: true }];
}
)";

std::string Config(const Etcd& etcd, const std::string& contracts) {
  const auto cluster = [&](const char* name, const char* service, const char* balance) {
    return absl::StrCat("  ", name, ":\n    target: '", etcd.Target(name), "'\n    services: [ ", service,
                        " ]\n    transport: ", TestedTransport(), "\n    balance: ", balance,
                        "\n    timeout: 400ms\n"
                        "    health: { interval: 200ms }\n"
                        "    eject: { failures: 5, for: 500ms, max_percent: 50 }\n"
                        "    retry: { attempts: 3, on: [UNAVAILABLE], backoff: 5ms, max_backoff: 50ms }\n");
  };
  return absl::StrCat("contracts: [ { protos: ", PORTICO_SOURCE_DIR, "/proto }, { protos: ", contracts,
                      " } ]\nclusters:\n", cluster("catalog", "shop.catalog.v1.CatalogService", "round_robin"),
                      cluster("pricing", "shop.pricing.v1.PricingService", "least_request"),
                      "frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ stall.v1.Stall, "
                      "shop.catalog.v1.CatalogService, shop.pricing.v1.PricingService ] } ]\n"
                      "admin: { listen: '127.0.0.1:0' }\n");
}

int64_t Ms(Clock::duration time) {
  return std::chrono::duration_cast<milliseconds>(time).count();
}

// Five instances of a service: three that register where they listen, two that a proxy stands in front of.
class Team {
 public:
  static constexpr size_t kBehindProxies = 3;
  static constexpr size_t kSize = 5;

  Team(std::string service, const Etcd& etcd) : service_(std::move(service)), target_(etcd.Target(service_)) {
    for (size_t i = 0; i < kSize; ++i) {
      if (i < kBehindProxies) {
        Restart(i);
      } else {
        const ReservedPort& port = *ports_.emplace_back(std::make_unique<ReservedPort>());
        const FaultProxy& proxy = *proxies_.emplace_back(std::make_unique<FaultProxy>(port.address()));
        instances_[i] = std::make_unique<Instance>(
            service_, target_, std::vector<std::string>{"--listen", port.address(), "--advertise", proxy.address()});
      }
    }
  }

  const std::string& service() const { return service_; }
  // Another process, and so on another port.
  void Restart(size_t i) { instances_[i] = std::make_unique<Instance>(service_, target_); }
  void Kill(size_t i) { instances_[i] = nullptr; }
  Instance& instance(size_t i) { return *instances_[i]; }
  FaultProxy& proxy(size_t i) { return *proxies_[i - kBehindProxies]; }
  // What the gateway knows it by.
  std::string address(size_t i) {
    const std::string& own = instances_[i]->address();
    return i < kBehindProxies ? own : proxy(i).address();
  }
  std::set<std::string> addresses() {
    std::set<std::string> all;
    for (size_t i = 0; i < kSize; ++i) all.insert(address(i));
    return all;
  }

 private:
  const std::string service_;
  const std::string target_;
  std::vector<std::unique_ptr<ReservedPort>> ports_;
  std::vector<std::unique_ptr<FaultProxy>> proxies_;
  std::unique_ptr<Instance> instances_[kSize];
};

class FailingInstancesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!Etcd::IsInstalled()) GTEST_SKIP() << "there is no etcd (tools/install-deps --test)";
    etcd_ = std::make_unique<Etcd>();
    for (const char* service : {"catalog", "pricing"}) teams_.push_back(std::make_unique<Team>(service, *etcd_));
    std::vector<std::set<std::string>> addresses;
    for (const auto& team : teams_) addresses.push_back(team->addresses());
    folder_.Write("contracts/stall.proto", kStall);
    gateway_ = std::make_unique<Gateway>(folder_.Write("portico.yaml", Config(*etcd_, folder_.path() + "/contracts")));
    for (size_t i = 0; i < teams_.size(); ++i) AwaitServers(*gateway_, teams_[i]->service(), addresses[i]);
    for (size_t i = 0; i < Team::kSize; ++i) AwaitService(i);
    load_ = std::make_unique<Load>(
        gateway_->address(), kConnections,
        std::vector<std::string>{"/v1/products/pojos-in-action", "/v1/products/pojos-in-action/price",
                                 "/v1/tags/pojos-in-action"});
    load_->Pass(kLeastAnswers);
  }

  // Something happens, to instances of both services at once; what it costs.
  void Fault(const std::string& what, const std::function<void(Team&)>& happen) {
    const Clock::time_point begin = Clock::now();
    for (const auto& team : teams_) happen(*team);
    Settle(what, begin);
  }

  void Settle(const std::string& what, Clock::time_point begin) {
    std::this_thread::sleep_until(begin + kFirstSecond);
    const int answers = load_->answers();
    load_->Pass(kLeastAnswers);
    std::this_thread::sleep_until(begin + kFirstSecond + kWindow);
    const int later = load_->answers() - answers;
    const std::vector<Clock::duration> failures = load_->FailuresSince(begin);
    const auto late = static_cast<size_t>(
        std::count_if(failures.begin(), failures.end(), [](Clock::duration at) { return at > kFirstSecond; }));
    const std::string seen =
        absl::StrCat(what, ": ", failures.size() - late, " failed in the first second, ", late, " of ", later,
                     " afterwards, the last ", failures.empty() ? 0 : Ms(failures.back()), " ms after it began");
    std::cout << seen << std::endl;
    EXPECT_LE(late * 1000, static_cast<size_t>(later)) << seen << "\n" << load_->worst();
    EXPECT_EQ(load_->wrong(), 0) << seen << "\n" << load_->worst();
  }

  // Waits until the gateway gives these instances calls: it knows them, finds them healthy, and leaves none out.
  void AwaitService(size_t i) {
    std::set<std::string> wanted;
    for (const auto& team : teams_) wanted.insert(team->address(i));
    GetUntil(gateway_->admin(), "/clusters", [&](const Answer& answer) {
      std::set<std::string> serving;
      for (const Json& cluster : answer.json()) {
        for (const Json& server : cluster["servers"]) {
          if (server["health"] == "healthy" && server["ejected"] == false) serving.insert(server["address"]);
        }
      }
      return std::includes(serving.begin(), serving.end(), wanted.begin(), wanted.end());
    });
  }

  // These instances are well again as of `begin`.
  void ExpectRecovery(const std::string& what, size_t i, Clock::time_point begin) {
    AwaitService(i);
    const Clock::duration taken = Clock::now() - begin;
    std::cout << what << ": in service after " << Ms(taken) << " ms" << std::endl;
    EXPECT_LE(taken, kRecovery) << what;
  }

  void Heal(const std::string& what, size_t i) {
    const Clock::time_point begin = Clock::now();
    for (const auto& team : teams_) team->proxy(i).Pass();
    ExpectRecovery(what, i, begin);
    Settle(what, begin);
  }

  void RestartElsewhere(const std::string& what, size_t i) {
    for (const auto& team : teams_) team->Restart(i);
    for (const auto& team : teams_) team->address(i);  // once both have registered
    const Clock::time_point begin = Clock::now();
    ExpectRecovery(what, i, begin);
    Settle(what, begin);
  }

  TempFolder folder_;
  std::unique_ptr<Etcd> etcd_;
  std::vector<std::unique_ptr<Team>> teams_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Load> load_;
};

TEST_F(FailingInstancesTest, CostNextToNothing) {
  Fault("killed", [](Team& team) { team.Kill(0); });
  RestartElsewhere("on other ports", 0);

  Fault("hung", [](Team& team) { team.instance(1).process().Signal(SIGSTOP); });
  const Clock::time_point woken = Clock::now();
  for (const auto& team : teams_) team->instance(1).process().Signal(SIGCONT);
  ExpectRecovery("woken", 1, woken);
  Settle("woken", woken);

  Fault("slow", [](Team& team) { team.proxy(3).Delay(milliseconds(40)); });
  Fault("too slow", [](Team& team) { team.proxy(3).Delay(milliseconds(500)); });
  Heal("quick again", 3);

  Fault("losing what is sent", [](Team& team) { team.proxy(4).Drop(); });
  Heal("losing nothing", 4);
  constexpr size_t kPerConnection = 100000;
  Fault("losing connections", [](Team& team) { team.proxy(3).Cut(kPerConnection); });
  Heal("keeping connections", 3);

  const Clock::time_point away = Clock::now();
  etcd_->Kill();
  Settle("etcd away", away);
  etcd_->Start();
  Settle("etcd back", Clock::now());

  // A clean stop while all is well loses nothing.
  const int failed = load_->failed();
  for (const auto& team : teams_) team->instance(2).process().Signal(SIGTERM);
  for (const auto& team : teams_) EXPECT_EQ(team->instance(2).process().Wait(), 0);
  EXPECT_EQ(load_->failed(), failed) << load_->worst();
  RestartElsewhere("stopped, and on other ports", 2);
  for (const auto& team : teams_) AwaitServers(*gateway_, team->service(), team->addresses());

  load_->End();
  EXPECT_EQ(load_->wrong(), 0) << load_->worst();
  std::cout << load_->answers() << " answers, " << load_->failed() << " failed" << std::endl;
  for (const auto& team : teams_) {
    EXPECT_GT(team->proxy(3).counts().delayed, 0u) << "else nothing was shown";
    EXPECT_GT(team->proxy(3).counts().cut, 0);
    EXPECT_GT(team->proxy(4).counts().dropped, 0u);
  }
}

}  // namespace
}  // namespace portico::integration
