#include "gateway/upstream/balancer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace portico::upstream {
namespace {

using Policy = BalanceOptions::Policy;

struct Fleet final : Candidates {
  explicit Fleet(int count) {
    for (int i = 0; i < count; ++i) servers.push_back({"10.0.0." + std::to_string(i) + ":5101"});
  }
  struct One {
    std::string address;
    bool up = true;
    uint32_t calls = 0;
  };
  size_t size() const override { return servers.size(); }
  bool usable(size_t index) const override { return servers[index].up; }
  uint32_t load(size_t index) const override { return servers[index].calls; }
  uint64_t hash(size_t index) const override { return Balancer::HashOf(servers[index].address); }

  std::vector<One> servers;
};

std::vector<int> Counts(Balancer& balancer, const Fleet& fleet, int calls) {
  std::vector<int> counts(fleet.size());
  for (int i = 0; i < calls; ++i) ++counts[balancer.Pick(fleet, nullptr)];
  return counts;
}

TEST(BalancerTest, NobodyThereAndNobodyUsable) {
  const uint64_t key = 7;
  for (const Policy policy : {Policy::kRoundRobin, Policy::kLeastRequest, Policy::kHash}) {
    Balancer balancer(policy, 0);
    EXPECT_EQ(balancer.Pick(Fleet(0), &key), Balancer::kNone);
    Fleet down(3);
    for (auto& server : down.servers) server.up = false;
    EXPECT_EQ(balancer.Pick(down, &key), Balancer::kNone);
    down.servers[2].up = true;
    for (int i = 0; i < 20; ++i) EXPECT_EQ(balancer.Pick(down, &key), 2u);
  }
}

TEST(BalancerTest, RoundRobinIsEvenAlsoWhenServersAreDown) {
  Balancer balancer(Policy::kRoundRobin, 3);
  Fleet fleet(5);
  EXPECT_EQ(Counts(balancer, fleet, 500), (std::vector<int>{100, 100, 100, 100, 100}));
  fleet.servers[1].up = fleet.servers[2].up = false;
  EXPECT_EQ(Counts(balancer, fleet, 300), (std::vector<int>{100, 0, 0, 100, 100}));
}

TEST(BalancerTest, WorkersBeginAtDifferentServers) {
  std::set<size_t> first;
  for (size_t worker = 0; worker < 4; ++worker)
    first.insert(Balancer(Policy::kRoundRobin, worker).Pick(Fleet(4), nullptr));
  EXPECT_EQ(first.size(), 4u);
}

TEST(BalancerTest, LeastRequestLeavesBusyServersAlone) {
  Balancer balancer(Policy::kLeastRequest, 0);
  Fleet fleet(4);
  fleet.servers[0].calls = 100;
  const std::vector<int> counts = Counts(balancer, fleet, 4000);
  // It is taken only when chance names nobody else.
  EXPECT_LT(counts[0], 100);
  for (size_t i = 1; i < 4; ++i) EXPECT_NEAR(counts[i], 1333, 300);
}

// Calls that stay: two choices keep the fullest server close to the emptiest.
TEST(BalancerTest, LeastRequestKeepsTheLoadEven) {
  Balancer balancer(Policy::kLeastRequest, 1);
  Fleet fleet(20);
  for (int i = 0; i < 2000; ++i) ++fleet.servers[balancer.Pick(fleet, nullptr)].calls;
  const auto [least, most] = std::minmax_element(fleet.servers.begin(), fleet.servers.end(),
                                                 [](const auto& a, const auto& b) { return a.calls < b.calls; });
  EXPECT_LE(most->calls - least->calls, 8u);
}

std::map<int, std::string> Places(const Fleet& fleet, int keys) {
  Balancer balancer(Policy::kHash, 0);
  std::map<int, std::string> places;
  for (int i = 0; i < keys; ++i) {
    const uint64_t key = Balancer::HashOf("customer-" + std::to_string(i));
    places[i] = fleet.servers[balancer.Pick(fleet, &key)].address;
  }
  return places;
}

TEST(BalancerTest, HashSharesKeysOutEvenly) {
  std::map<std::string, int> counts;
  for (const auto& [key, address] : Places(Fleet(10), 10000)) ++counts[address];
  ASSERT_EQ(counts.size(), 10u);
  for (const auto& [address, count] : counts) EXPECT_NEAR(count, 1000, 150) << address;
}

TEST(BalancerTest, OnlyTheKeysOfAServerThatLeavesMove) {
  Fleet fleet(10);
  const std::map<int, std::string> before = Places(fleet, 5000);
  const std::string gone = fleet.servers[4].address;
  for (const bool removed : {false, true}) {  // out of reach; no longer named
    fleet.servers[4].up = false;
    if (removed) fleet.servers.erase(fleet.servers.begin() + 4);
    std::set<std::string> heirs;
    for (const auto& [key, address] : Places(fleet, 5000)) {
      if (before.at(key) == gone) {
        EXPECT_NE(address, gone);
        heirs.insert(address);
      } else {
        EXPECT_EQ(address, before.at(key));
      }
    }
    EXPECT_EQ(heirs.size(), 9u);
  }
}

TEST(BalancerTest, TheOrderOfServersDoesNotMatterToHash) {
  Fleet fleet(10);
  const std::map<int, std::string> before = Places(fleet, 1000);
  std::reverse(fleet.servers.begin(), fleet.servers.end());
  EXPECT_EQ(Places(fleet, 1000), before);
}

TEST(BalancerTest, HashWithoutAKeyGoesRoundRobin) {
  Balancer balancer(Policy::kHash, 0);
  EXPECT_EQ(Counts(balancer, Fleet(4), 40), (std::vector<int>{10, 10, 10, 10}));
}

// Gateways of other versions and machines choose alike.
TEST(BalancerTest, HashesStayWhatTheyAre) {
  EXPECT_EQ(Balancer::HashOf("127.0.0.1:5101"), Balancer::HashOf(std::string("127.0.0.1:5101")));
  EXPECT_EQ(Balancer::HashOf(""), 0xf52a15e9a9b5e89bu);
}

}  // namespace
}  // namespace portico::upstream
