#include "gateway/upstream/dns_discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/cluster.h"
#include "gateway/upstream/http2_transport.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/name_server.h"
#include "tests/upstream/test_server.h"

namespace portico::upstream {
namespace {

using ::testing::ElementsAre;

TEST(DnsTargetTest, Forms) {
  const struct {
    const char* target;
    const char* servers;
    const char* host;
    int port;
  } good[] = {
      {"dns:///shop.test:80", "", "shop.test", 80},
      {"dns://10.0.0.1/shop.test:80", "10.0.0.1", "shop.test", 80},
      {"dns://10.0.0.1:5353/shop.test:80", "10.0.0.1:5353", "shop.test", 80},
      {"dns:///[::1]:80", "", "::1", 80},
  };
  for (const auto& c : good) {
    const absl::StatusOr<DnsTarget> target = ParseDnsTarget(c.target);
    ASSERT_TRUE(target.ok()) << c.target;
    EXPECT_EQ(target->servers, c.servers);
    EXPECT_EQ(target->host, c.host);
    EXPECT_EQ(target->port, c.port);
  }
  for (const char* bad : {"dns:", "dns:/", "dns://", "dns:///", "dns://x", "dns:///x", "dns:///x:0", "dns:///unix:x",
                          "shop.test:80", "dns:///a/b:80"}) {
    EXPECT_FALSE(ParseDnsTarget(bad).ok()) << bad;
  }
}

class DnsDiscoveryTest : public CallingTest {
 protected:
  ~DnsDiscoveryTest() override {
    watch_.reset();
    EXPECT_TRUE(RunUntil([&] { return loop_.alive.use_count() == 1; }));
  }

  void Watch(const std::string& target) {
    watch_ = *WatchName(target, loop_, [this](absl::StatusOr<Addresses> told) { told_.push_back(std::move(told)); });
  }
  std::string ShopAt(int port) const { return "dns://" + names_.address() + "/shop.test:" + std::to_string(port); }
  bool Hears(size_t answers) {
    return RunUntil([&] { return told_.size() >= answers; });
  }

  NameServer names_;
  Http2TransportFactory factory_;
  DiscoveryLoop loop_{&worker(), &factory_, std::make_shared<int>()};
  std::vector<absl::StatusOr<Addresses>> told_;
  std::unique_ptr<Discovery> watch_;
};

TEST_F(DnsDiscoveryTest, AddressesOfBothKindsInAnOrderThatStays) {
  names_.Say({"127.0.0.2", "::1", "127.0.0.1"}, 600);
  Watch(ShopAt(80));
  ASSERT_TRUE(Hears(1));
  ASSERT_TRUE(told_[0].ok()) << told_[0].status();
  EXPECT_THAT(*told_[0], ElementsAre("127.0.0.1:80", "127.0.0.2:80", "[::1]:80"));
}

TEST_F(DnsDiscoveryTest, LooksAgainWhenTheTimeToLiveIsOver) {
  names_.Say({"127.0.0.1"}, 1);
  Watch(ShopAt(80));
  ASSERT_TRUE(Hears(1));
  names_.Say({"127.0.0.3"}, 600);
  ASSERT_TRUE(Hears(2));
  EXPECT_THAT(*told_[1], ElementsAre("127.0.0.3:80"));
  // And no sooner.
  const int asked = names_.asked();
  const net::Deadline end = In(1500);
  ASSERT_TRUE(RunUntil([&] { return net::Clock::now() > end; }));
  EXPECT_EQ(names_.asked(), asked);
  // Unless no server is in reach.
  names_.Say({"127.0.0.4"}, 600);
  watch_->LookAgain();
  ASSERT_TRUE(Hears(3));
  EXPECT_THAT(*told_[2], ElementsAre("127.0.0.4:80"));
}

TEST_F(DnsDiscoveryTest, NamesThatAreNotThereAndServersThatFail) {
  for (const uint8_t code : {3, 2, 0}) {
    names_.Say({}, 600, code);
    told_.clear();
    Watch(ShopAt(80));
    ASSERT_TRUE(Hears(1));
    EXPECT_FALSE(told_[0].ok()) << int{code};
    names_.Say({"127.0.0.1"}, 600);
    ASSERT_TRUE(Hears(2));
    EXPECT_TRUE(told_[1].ok()) << told_[1].status();
  }
}

TEST_F(DnsDiscoveryTest, ASilentNameServerEndsNobodysWaitForEver) {
  Watch(ShopAt(80));
  ASSERT_TRUE(RunUntil([&] { return names_.asked() > 0; }));
  // The destructor sees to it that a question under way ends at once.
}

TEST_F(DnsDiscoveryTest, TheSystemKnowsLocalhost) {
  Watch("dns:///localhost:80");
  ASSERT_TRUE(Hears(1));
  ASSERT_TRUE(told_[0].ok()) << told_[0].status();
  EXPECT_THAT(*told_[0], ::testing::Contains("127.0.0.1:80"));
}

TEST_F(DnsDiscoveryTest, AClusterFollowsItsName) {
  TestServer first;
  const std::string port = ":" + std::to_string(first.port());
  TestServer second("127.0.0.2" + port, grpc::InsecureServerCredentials());
  TestServer third("127.0.0.3" + port, grpc::InsecureServerCredentials());
  names_.Say({"127.0.0.1", "127.0.0.2"}, 1);
  ClusterOptions options;
  options.name = "shop";
  options.target = ShopAt(first.port());
  auto cluster = *Cluster::Create(options, &factory_, workers_, {loop_, nullptr, nullptr});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(first.calls(), 5);
  EXPECT_EQ(second.calls(), 5);
  names_.Say({"127.0.0.1", "127.0.0.3"}, 600);
  while (third.calls() == 0) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  const int before = second.calls();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(second.calls(), before);
  cluster.reset();
}

// Its time to live is long, so only the look-up that calls ask for finds the other one, and at most one in a second.
TEST_F(DnsDiscoveryTest, TheOnlyAddressMayBecomeAnother) {
  TestServer first;
  TestServer second("127.0.0.2:" + std::to_string(first.port()), grpc::InsecureServerCredentials());
  names_.Say({"127.0.0.1"}, 600);
  ClusterOptions options;
  options.name = "shop";
  options.target = ShopAt(first.port());
  auto cluster = *Cluster::Create(options, &factory_, workers_, {loop_, nullptr, nullptr});
  ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  const int asked = names_.asked();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(names_.asked(), asked) << "while it answers nobody looks";
  const net::Deadline died = net::Clock::now();
  first.Stop();
  names_.Say({"127.0.0.2"}, 600);
  while (second.calls() == 0 && net::Clock::now() < died + std::chrono::seconds(10))
    Call(*cluster, "echo:x").IgnoreError();
  EXPECT_EQ(second.calls(), 1);
  EXPECT_LE(names_.asked() - asked, 1 + (net::Clock::now() - died) / std::chrono::seconds(1));
  cluster.reset();
}

}  // namespace
}  // namespace portico::upstream
