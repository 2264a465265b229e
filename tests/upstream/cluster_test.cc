// A cluster and the servers it goes to: sets that change, policies, servers that fail.

#include "gateway/upstream/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/file_discovery.h"
#include "gateway/upstream/hedge.h"
#include "gateway/upstream/http2_transport.h"
#include "gateway/upstream/retry.h"
#include "tests/schema/temp_folder.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/test_server.h"

namespace portico::upstream {
namespace {

using absl::StatusCode;
using ::testing::Contains;
using ::testing::HasSubstr;

class ClusterTest : public CallingTest {
 protected:
  // The last cluster's coroutines come to their end on the loop.
  ~ClusterTest() override {
    EXPECT_TRUE(RunUntil([&] { return loop_.alive.use_count() == 1; }));
  }

  std::unique_ptr<Cluster> Make(ClusterOptions options, const Cluster* previous = nullptr) {
    options.name = "shop";
    options.protocol = ClusterOptions::Protocol::kHttp2;
    ClusterSurroundings surroundings{loop_, nullptr, previous};
    surroundings.events = [this](const ClusterEvent& event) {
      events_.push_back(std::string(event.event) + " " + event.server + event.message);
    };
    return *Cluster::Create(std::move(options), &factory_, workers_, surroundings);
  }
  std::unique_ptr<Cluster> Make(const std::string& target, const Cluster* previous = nullptr) {
    ClusterOptions options;
    options.target = target;
    return Make(std::move(options), previous);
  }

  // Writes the file of addresses in place of what it was, whole.
  void List(const std::string& text) {
    folder_.Write("next", text);
    std::filesystem::rename(folder_.path() + "/next", folder_.path() + "/servers.yaml");
  }
  std::string file() const { return "file://" + folder_.path() + "/servers.yaml"; }

  static std::vector<std::string> AddressesOf(const Cluster& cluster) {
    std::vector<std::string> addresses;
    for (const auto& server : cluster.status().servers) addresses.push_back(server->address);
    return addresses;
  }
  bool BecomesAddresses(const Cluster& cluster, const std::vector<std::string>& addresses) {
    return RunUntil([&] { return AddressesOf(cluster) == addresses; });
  }

  portico::testing::TempFolder folder_;
  Http2TransportFactory factory_;
  DiscoveryLoop loop_{&worker(), &factory_, std::make_shared<int>()};
  std::vector<std::string> events_;
};

TEST_F(ClusterTest, CallsWaitForTheFirstSetOfServers) {
  TestServer server;
  List("[\"" + server.address() + "\"]");
  auto cluster = Make(file());
  EXPECT_TRUE(cluster->status().servers.empty());
  const absl::StatusOr<rpc::Reply> reply = Call(*cluster, "echo:x");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(events_, Contains("servers_changed " + server.address()));
}

TEST_F(ClusterTest, ASourceThatKnowsNothingYetHoldsUpNobody) {
  TestServer server;
  auto cluster = Make(file());
  EXPECT_EQ(Call(*cluster, "echo:x").status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(cluster->status().failure, HasSubstr("cannot read"));
  List("- " + server.address() + "\n");
  ASSERT_TRUE(BecomesAddresses(*cluster, {server.address()}));
  EXPECT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(cluster->status().failure, "");
}

TEST_F(ClusterTest, NewServersJoinAndTheCallsOfThoseThatGoFinish) {
  TestServer stays, goes, comes;
  List("[\"" + stays.address() + "\", \"" + goes.address() + "\"]");
  auto cluster = Make(file());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(stays.calls(), 5);
  EXPECT_EQ(goes.calls(), 5);
  // Calls and a stream that last.
  rpc::Context context(worker(), In(10000));
  Result hung[2];
  for (Result& result : hung) Begin(*cluster, "hang", context, result);
  ASSERT_TRUE(RunUntil([&] { return stays.calls() == 6 && goes.calls() == 6; }));

  List("[\"" + stays.address() + "\", \"" + comes.address() + "\"]");
  ASSERT_TRUE(BecomesAddresses(*cluster, {stays.address(), comes.address()}));
  bool handed_out = false;  // as all that was posted before
  worker().Post([&] { handed_out = true; });
  ASSERT_TRUE(RunUntil([&] { return handed_out; }));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(stays.calls(), 16);
  EXPECT_EQ(comes.calls(), 10);
  EXPECT_EQ(goes.calls(), 6);
  // The calls under way were not disturbed, by the one that went nor by the one that stayed.
  EXPECT_FALSE(hung[0].has_value());
  EXPECT_FALSE(hung[1].has_value());
  EXPECT_EQ(stays.cancelled() + goes.cancelled(), 0);
  context.Cancel();
  ASSERT_TRUE(RunUntil([&] { return hung[0].has_value() && hung[1].has_value(); }));
  EXPECT_TRUE(RunUntil([&] { return stays.cancelled() == 1 && goes.cancelled() == 1; }));
}

TEST_F(ClusterTest, ASourceThatFailsTakesNothingAway) {
  TestServer server;
  const std::string good = "[\"" + server.address() + "\"]";
  List(good);
  auto cluster = Make(file());
  ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  const struct {
    const char* text;
    const char* failure;
  } cases[] = {
      {"[]", "the source names no server"},
      {"{ servers: [] }", "servers.yaml:1: expected a list of addresses"},
      {"- a:1\n- [ b:2 ]\n", "servers.yaml:2: expected an address"},
      {"- a:1\n- b\n", "servers.yaml:2: \"b\" is not an address HOST:PORT"},
      {"- a:1\n- [ b:2\n", "servers.yaml:3: "},
      {"", "servers.yaml:1: expected a list of addresses"},
  };
  uint64_t failures = 0;
  for (const auto& c : cases) {
    List(c.text);
    ASSERT_TRUE(RunUntil([&] {
      const Members::Status status = cluster->status();
      return status.failures > failures && status.failure.find(c.failure) != std::string::npos;
    })) << c.text
        << ": " << cluster->status().failure;
    EXPECT_TRUE(Call(*cluster, "echo:x").ok());
    EXPECT_THAT(events_.back(), HasSubstr("discovery_failed"));
    failures = cluster->status().failures;
  }
  std::filesystem::remove(folder_.path() + "/servers.yaml");
  ASSERT_TRUE(RunUntil([&] { return cluster->status().failure.find("cannot read") != std::string::npos; }));
  EXPECT_TRUE(Call(*cluster, "echo:x").ok());
  List(good);
  ASSERT_TRUE(RunUntil([&] { return cluster->status().failure.empty(); }));
  EXPECT_EQ(cluster->status().changes, 1u);
}

TEST_F(ClusterTest, AnotherConfigurationKeepsTheConnectionsOfServersThatStay) {
  TestServer first, second;
  auto before = Make(first.address());
  ASSERT_TRUE(Call(*before, "echo:x").ok());
  List("[\"" + first.address() + "\", \"" + second.address() + "\"]");
  auto cluster = Make(file(), before.get());
  ASSERT_TRUE(BecomesAddresses(*cluster, {first.address(), second.address()}));
  bool handed_out = false;
  worker().Post([&] { handed_out = true; });
  ASSERT_TRUE(RunUntil([&] { return handed_out; }));
  EXPECT_TRUE(cluster->connected(worker()));
  before.reset();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(second.calls(), 2);

  // Where they are spoken to differently they have others.
  ClusterOptions other;
  other.target = first.address();
  other.transport.max_reply_bytes = 100;
  EXPECT_FALSE(Make(other, cluster.get())->connected(worker()));
}

TEST_F(ClusterTest, ASourceThatFailsAtFirstLeavesTheServersOfTheConfigurationBefore) {
  TestServer server;
  auto before = Make(server.address());
  auto cluster = Make(file(), before.get());
  EXPECT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_THAT(cluster->status().failure, HasSubstr("cannot read"));
}

TEST_F(ClusterTest, NoMoreServersThanThereMayBe) {
  std::string text;
  for (size_t i = 0; i < Members::kMaxServers + 10; ++i) text += "- 127.0.0.1:" + std::to_string(20000 + i) + "\n";
  List(text);
  auto cluster = Make(file());
  ASSERT_TRUE(RunUntil([&] { return !cluster->status().servers.empty(); }));
  EXPECT_EQ(cluster->status().servers.size(), Members::kMaxServers);
  EXPECT_THAT(cluster->status().failure, HasSubstr("only the first"));
}

// ---- policies

struct Header final : rpc::Attributes {
  explicit Header(std::string value) : value_(std::move(value)) {}
  bool Find(absl::string_view name, absl::string_view* value) const override {
    if (name != "x-customer") return false;
    *value = value_;
    return true;
  }
  const std::string value_;
};

TEST_F(ClusterTest, TheSameHeaderGoesToTheSameServer) {
  TestServer servers[3];
  ClusterOptions options;
  options.balance = {BalanceOptions::Policy::kHash, "x-customer"};
  for (const TestServer& server : servers) options.target += server.address() + ",";
  auto cluster = Make(options);
  int used = 0;
  for (int customer = 0; customer < 12; ++customer) {
    const Header header("customer-" + std::to_string(customer));
    const int before[] = {servers[0].calls(), servers[1].calls(), servers[2].calls()};
    for (int i = 0; i < 5; ++i) {
      rpc::Context context(worker(), In(5000));
      context.set_headers(&header);
      ASSERT_TRUE(Call(*cluster, "echo:x", context).ok());
    }
    int servers_of_customer = 0;
    for (int i = 0; i < 3; ++i) servers_of_customer += servers[i].calls() > before[i] ? 1 : 0;
    EXPECT_EQ(servers_of_customer, 1);
  }
  for (const TestServer& server : servers) used += server.calls() > 0 ? 1 : 0;
  EXPECT_GT(used, 1);
}

TEST_F(ClusterTest, LeastRequestAvoidsAServerThatHangs) {
  TestServer first, second;
  ClusterOptions options;
  options.balance.policy = BalanceOptions::Policy::kLeastRequest;
  options.target = first.address() + "," + second.address();
  auto cluster = Make(options);
  rpc::Context context(worker(), In(10000));
  Result hung;
  Begin(*cluster, "hang", context, hung);
  ASSERT_TRUE(RunUntil([&] { return first.calls() + second.calls() == 1; }));
  TestServer& busy = first.calls() == 1 ? first : second;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_LT(busy.calls(), 30);  // chance names it twice in a row now and then
  context.Cancel();
  ASSERT_TRUE(RunUntil([&] { return hung.has_value(); }));
}

// ---- attempts of one call

struct AttemptsCase {
  const char* name;
  BalanceOptions balance;
  bool hedged;
};

class AttemptsTest : public ClusterTest, public ::testing::WithParamInterface<AttemptsCase> {
 protected:
  static constexpr int kServers = 4;

  // Calls once, in so many attempts, none of which is answered well.
  void CallInVain(rpc::Handler& cluster, uint32_t attempts) {
    CallPolicy policy;
    policy.repeatable = true;
    RetryOptions options;
    options.attempts = attempts;
    options.backoff = options.max_backoff = std::chrono::milliseconds(1);
    rpc::Context context(worker(), In(10000));
    context.set_headers(&header_);
    if (!GetParam().hedged) {
      Retry retry(options, policy, std::chrono::seconds(5), {budget_, counts_}, cluster);
      EXPECT_EQ(Call(retry, "fail:14:x", context).status().code(), StatusCode::kUnavailable);
      return;
    }
    policy.hedge = {std::chrono::milliseconds(1), attempts};
    Hedge hedge(options, policy, std::chrono::seconds(5), {budget_, counts_}, cluster);
    const int before = CallsOfAll();
    Result result;
    Begin(hedge, "hang", context, result);
    EXPECT_TRUE(RunUntil([&] { return CallsOfAll() == before + static_cast<int>(attempts); }));
    context.Cancel();
    EXPECT_TRUE(RunUntil([&] { return result.has_value(); }));
  }
  int CallsOfAll() const {
    int calls = 0;
    for (const TestServer& server : servers_) calls += server.calls();
    return calls;
  }
  std::unique_ptr<Cluster> MakeOf(int servers) {
    ClusterOptions options;
    options.balance = GetParam().balance;
    for (int i = 0; i < servers; ++i) options.target += servers_[i].address() + ",";
    return Make(options);
  }

  const Header header_{"customer-1"};
  TestServer servers_[kServers];
  RetryBudget budget_{1, 1};
  RetryCounts counts_;
};

TEST_P(AttemptsTest, EachGoesToAnotherServer) {
  auto cluster = MakeOf(kServers);
  for (int round = 1; round <= 3; ++round) {
    CallInVain(*cluster, kServers);
    for (const TestServer& server : servers_) EXPECT_EQ(server.calls(), round);
  }
}

TEST_P(AttemptsTest, WhenAllHaveBeenTriedTheyAreTriedAgain) {
  auto cluster = MakeOf(2);
  CallInVain(*cluster, 5);
  EXPECT_EQ(CallsOfAll(), 5);
  EXPECT_GE(servers_[0].calls(), 1);
  EXPECT_GE(servers_[1].calls(), 1);
}

TEST_P(AttemptsTest, OneServerIsTriedAgain) {
  auto cluster = MakeOf(1);
  CallInVain(*cluster, 3);
  EXPECT_EQ(servers_[0].calls(), 3);
}

class HashedAttemptsTest : public AttemptsTest {};

// To the server that the key would move to if the first were gone: there the caller's data may be at hand.
TEST_P(HashedAttemptsTest, TheNextHighestWeightIsTheNext) {
  ClusterOptions options;
  options.balance = GetParam().balance;
  const auto server_of = [&](const TestServer* without) {
    options.target.clear();
    std::vector<int> before;
    for (const TestServer& server : servers_) {
      if (&server != without) options.target += server.address() + ",";
      before.push_back(server.calls());
    }
    auto cluster = Make(options);
    rpc::Context context(worker(), In(5000));
    context.set_headers(&header_);
    EXPECT_TRUE(Call(*cluster, "echo:x", context).ok());
    for (int i = 0; i < kServers; ++i) {
      if (servers_[i].calls() > before[static_cast<size_t>(i)]) return &servers_[i];
    }
    return servers_;
  };
  const TestServer* const first = server_of(nullptr);
  const TestServer* const second = server_of(first);
  ASSERT_NE(first, second);
  auto cluster = MakeOf(kServers);
  for (int i = 0; i < 3; ++i) CallInVain(*cluster, 2);
  for (const TestServer& server : servers_) {
    EXPECT_EQ(server.calls(), &server == first || &server == second ? 1 + 3 : 0);
  }
}

std::string NameOf(const ::testing::TestParamInfo<AttemptsCase>& instance) {
  return instance.param.name;
}

const BalanceOptions kTurns{BalanceOptions::Policy::kRoundRobin, ""};
const BalanceOptions kLeast{BalanceOptions::Policy::kLeastRequest, ""};
const BalanceOptions kHashed{BalanceOptions::Policy::kHash, "x-customer"};

INSTANTIATE_TEST_SUITE_P(Policies, AttemptsTest,
                         ::testing::Values(AttemptsCase{"RetriedRoundRobin", kTurns, false},
                                           AttemptsCase{"RetriedLeastRequest", kLeast, false},
                                           AttemptsCase{"RetriedHash", kHashed, false},
                                           AttemptsCase{"HedgedRoundRobin", kTurns, true},
                                           AttemptsCase{"HedgedLeastRequest", kLeast, true},
                                           AttemptsCase{"HedgedHash", kHashed, true}),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Policies, HashedAttemptsTest,
                         ::testing::Values(AttemptsCase{"Retried", kHashed, false},
                                           AttemptsCase{"Hedged", kHashed, true}),
                         NameOf);

// ---- servers that fail

TEST_F(ClusterTest, ServersThatKeepFailingAreLeftOutButNotTooMany) {
  TestServer servers[4];
  ClusterOptions options;
  for (const TestServer& server : servers) options.target += server.address() + ",";
  options.eject = {3, std::chrono::hours(1), 50};
  auto cluster = Make(options);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(Call(*cluster, "fail:14:x").status().code(), StatusCode::kUnavailable);
  }
  // All fail alike, and half of them are out.
  EXPECT_EQ(cluster->status().ejections, 2u);
  int left_out = 0;
  for (const auto& server : cluster->status().servers) {
    left_out += server->outlier.At(net::Clock::now()) == Outlier::State::kOut ? 1 : 0;
  }
  EXPECT_EQ(left_out, 2);
  std::vector<int> before;
  for (const TestServer& server : servers) before.push_back(server.calls());
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Call(*cluster, "echo:x").ok());
  int called = 0;
  for (int i = 0; i < 4; ++i) called += servers[i].calls() > before[static_cast<size_t>(i)] ? 1 : 0;
  EXPECT_EQ(called, 2);
}

TEST_F(ClusterTest, AServerOnTrialGetsOneCallAtATime) {
  TestServer first, second;
  ClusterOptions options;
  options.target = first.address() + "," + second.address();
  options.eject = {1, std::chrono::nanoseconds(1), 50};
  auto cluster = Make(options);
  EXPECT_EQ(Call(*cluster, "fail:14:x").status().code(), StatusCode::kUnavailable);
  ASSERT_EQ(cluster->status().ejections, 1u);
  TestServer& failed = first.calls() == 1 ? first : second;
  TestServer& other = first.calls() == 1 ? second : first;
  ASSERT_EQ(other.calls(), 0);
  // Its time is up. One hanging call is all it gets.
  rpc::Context context(worker(), In(10000));
  Result hung[10];
  for (Result& result : hung) Begin(*cluster, "hang", context, result);
  ASSERT_TRUE(RunUntil([&] { return first.calls() + second.calls() == 11; }));
  EXPECT_EQ(failed.calls(), 2);
  EXPECT_EQ(other.calls(), 9);
  context.Cancel();
  ASSERT_TRUE(RunUntil([&] {
    return std::all_of(std::begin(hung), std::end(hung), [](const Result& result) { return result.has_value(); });
  }));
  // One that succeeds brings it back.
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_THAT(events_, Contains(HasSubstr("server_returned")));
  for (const auto& server : cluster->status().servers) EXPECT_FALSE(server->outlier.suspicious());
}

TEST_F(ClusterTest, AServerAloneIsNeverLeftOut) {
  TestServer server;
  ClusterOptions options;
  options.target = server.address();
  options.eject = {1, std::chrono::hours(1), 100};
  auto cluster = Make(options);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Call(*cluster, "fail:14:x").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(server.calls(), 10);
}

bool IsHealth(const Cluster& cluster, size_t index, Health::State state) {
  return cluster.status().servers[index]->health.state() == state;
}

TEST_F(ClusterTest, AServerThatSaysItDoesNotServeGetsNoCalls) {
  TestServer first, second;
  second.health = 2;
  ClusterOptions options;
  options.target = first.address() + "," + second.address();
  options.health.interval = std::chrono::milliseconds(20);
  auto cluster = Make(options);
  ASSERT_TRUE(RunUntil([&] {
    return IsHealth(*cluster, 0, Health::State::kHealthy) && IsHealth(*cluster, 1, Health::State::kUnhealthy);
  }));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(first.calls(), 10);
  EXPECT_EQ(second.calls(), 0);
  EXPECT_THAT(events_, Contains("server_unhealthy " + second.address()));

  second.health = 1;
  ASSERT_TRUE(RunUntil([&] { return IsHealth(*cluster, 1, Health::State::kHealthy); }));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(second.calls(), 5);

  // Nobody left: rather one that says it is ill than none.
  first.health = second.health = 2;
  ASSERT_TRUE(RunUntil([&] {
    return IsHealth(*cluster, 0, Health::State::kUnhealthy) && IsHealth(*cluster, 1, Health::State::kUnhealthy);
  }));
  EXPECT_TRUE(Call(*cluster, "echo:x").ok());
}

TEST_F(ClusterTest, AServerThatHangsIsFoundOut) {
  TestServer first, second;
  ClusterOptions options;
  options.target = first.address() + "," + second.address();
  options.health.interval = std::chrono::milliseconds(50);
  auto cluster = Make(options);
  ASSERT_TRUE(RunUntil([&] {
    return IsHealth(*cluster, 0, Health::State::kHealthy) && IsHealth(*cluster, 1, Health::State::kHealthy);
  }));
  first.health = 0;
  ASSERT_TRUE(RunUntil([&] { return IsHealth(*cluster, 0, Health::State::kUnhealthy); }));
  const int before = first.calls();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(first.calls(), before);
  // Those who are no longer servers are asked no more.
  cluster.reset();
  ASSERT_TRUE(RunUntil([&] { return loop_.alive.use_count() == 1; }));
  const int checks = second.health_checks();
  const net::Deadline end = In(200);
  ASSERT_TRUE(RunUntil([&] { return net::Clock::now() > end; }));
  EXPECT_EQ(second.health_checks(), checks);
}

}  // namespace
}  // namespace portico::upstream
