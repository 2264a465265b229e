// Calls of many clients' requests become few: how often the service was called is what the service says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/access/issuer.h"
#include "tests/access/pem.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using ::testing::HasSubstr;

constexpr int kClients = 60;

class GatheringTest : public ::testing::Test {
 protected:
  // `frontend_more` is what the frontend has besides, as a flow mapping's entries: ", auth: {...}".
  void Start(const std::string& frontend_more = "") {
    server_ = std::make_unique<Process>(std::vector<std::string>{CALLS_SERVER, "--listen", "127.0.0.1:0"});
    const auto line = server_->ErrorLine([](const std::string& text) { return absl::StrContains(text, "listening"); });
    ASSERT_TRUE(line.has_value());
    const std::string address = Json::parse(*line)["address"];
    config_ =
        folder_.Write("portico.yaml", absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR,
                                                   "/tests/integration/protos\n  - protos: ", PORTICO_SOURCE_DIR,
                                                   "/proto\nworkers: 1\nclusters:\n  calls: { target: '", address,
                                                   "', services: [shop.calls.v1.CallService] }\n  counts: { target: '",
                                                   address, "', services: [shop.calls.v1.CountService] }\nfrontends:\n",
                                                   "  - { name: web, listen: '127.0.0.1:0', expose: ['shop.calls.*']",
                                                   frontend_more, " }\nadmin: { listen: 127.0.0.1:0 }\n"));
    gateway_ = std::make_unique<Gateway>(config_);
    // The connection to the service is there.
    GetUntil(gateway_->address(), "/v1/count/none", [](const Answer& answer) { return answer.status == 200; });
    ASSERT_EQ(Get(gateway_->address(), "/v1/read/none").status, 200);
  }

  int Count(const std::string& method) {
    return Get(gateway_->address(), absl::StrCat("/v1/count/", method)).json().value("calls", 0);
  }

  // Each on a connection of its own. They are all there before the gateway sees the first: it is stopped meanwhile.
  std::vector<Answer> AskAtOnce(const std::vector<std::string>& requests) {
    std::vector<Connection> connections;
    for (size_t i = 0; i < requests.size(); ++i) {
      connections.emplace_back(gateway_->address());
      connections.back().Send(RequestText("GET", "/v1/count/none"));
      EXPECT_TRUE(connections.back().Receive().has_value());
    }
    gateway_->process().Freeze();
    for (size_t i = 0; i < requests.size(); ++i) EXPECT_TRUE(connections[i].Send(requests[i]));
    gateway_->process().Signal(SIGCONT);
    std::vector<Answer> answers;
    for (Connection& connection : connections) {
      std::optional<Answer> answer = connection.Receive();
      EXPECT_TRUE(answer.has_value());
      answers.push_back(std::move(answer).value_or(Answer()));
    }
    return answers;
  }

  TempFolder folder_;
  std::string config_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(GatheringTest, PagesOfManyClientsNeedFewCalls) {
  Start();
  std::vector<std::string> requests;
  for (int i = 0; i < kClients; ++i) requests.push_back(RequestText("GET", absl::StrCat("/v1/item-pages/p", i)));
  const std::vector<Answer> answers = AskAtOnce(requests);
  for (int i = 0; i < kClients; ++i) {
    EXPECT_EQ(answers[static_cast<size_t>(i)].status, 200);
    EXPECT_EQ(answers[static_cast<size_t>(i)].json()["item"]["key"], absl::StrCat("p", i));
  }
  const int calls = Count("BatchGetItems") + Count("GetItem");
  RecordProperty("calls", calls);
  EXPECT_LE(calls, kClients / 4);
  const std::string metrics = Get(gateway_->admin(), "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr(absl::StrCat("portico_gathered_keys_count{rpc=\"shop.calls.v1.CallService/GetItem\"} ",
                                              Count("BatchGetItems"), "\n")));
  EXPECT_THAT(metrics,
              HasSubstr(absl::StrCat("portico_gathered_callers_total{rpc=\"shop.calls.v1.CallService/GetItem\"} ",
                                     kClients - Count("GetItem"), "\n")));
  const Finished explain = RunToEnd({PORTICO_BINARY, "explain", config_, "GET", "/v1/item-pages/p"});
  EXPECT_THAT(explain.out, HasSubstr("gathered into shop.calls.v1.CallService/BatchGetItems")) << explain.error;
}

TEST_F(GatheringTest, PlainRoutesAreGatheredTooAndEachClientGetsItsOwnAnswer) {
  Start();
  std::vector<std::string> requests;
  for (int i = 0; i < kClients; ++i) {
    const char* const kind = i % 10 == 0 ? "missing" : "i";
    requests.push_back(RequestText("GET", absl::StrCat("/v1/items/", kind, i % 20)));
  }
  const std::vector<Answer> answers = AskAtOnce(requests);
  for (int i = 0; i < kClients; ++i) {
    const Answer& answer = answers[static_cast<size_t>(i)];
    if (i % 10 == 0) {
      EXPECT_EQ(answer.status, 404) << answer.body;
      EXPECT_EQ(answer.json()["code"], 5);
    } else {
      EXPECT_EQ(answer.status, 200);
      EXPECT_EQ(answer.json()["key"], absl::StrCat("i", i % 20));
    }
  }
  EXPECT_LE(Count("BatchGetItems") + Count("GetItem"), kClients / 4);
}

TEST_F(GatheringTest, AKeyThatTheServiceRefusesIsRefusedToWhoAskedForIt) {
  Start();
  std::vector<std::string> requests;
  for (int i = 0; i < 10; ++i)
    requests.push_back(RequestText("GET", absl::StrCat("/v1/items/", i == 3 ? "bad" : "i", i)));
  const std::vector<Answer> answers = AskAtOnce(requests);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(answers[static_cast<size_t>(i)].status, i == 3 ? 400 : 200) << answers[static_cast<size_t>(i)].body;
  }
  EXPECT_EQ(answers[3].json()["message"], "a bad key");
}

// Which calls each caller's answers came from: "batch 3", or nothing for a call of its own.
using CallsByCaller = std::map<std::string, std::set<int>>;

TEST_F(GatheringTest, TwoForwardedIdentitiesNeverShareACall) {
  Start();
  std::vector<std::string> requests;
  for (int i = 0; i < kClients; ++i) {
    requests.push_back(RequestText("GET", absl::StrCat("/v1/items/i", i),
                                   {{"Authorization", i % 2 == 0 ? "Bearer alice" : "Bearer bob"}}));
  }
  const std::vector<Answer> answers = AskAtOnce(requests);
  // Calls of the method itself are numbered apart; the requests arrive together, so that there are none.
  ASSERT_EQ(Count("GetItem"), 0);
  CallsByCaller calls;
  for (int i = 0; i < kClients; ++i) {
    const Json item = answers[static_cast<size_t>(i)].json();
    EXPECT_EQ(item["caller"], i % 2 == 0 ? "Bearer alice" : "Bearer bob");
    EXPECT_EQ(item["key"], absl::StrCat("i", i));
    calls[item.value("caller", "")].insert(item.value("calls", 0));
  }
  for (const int call : calls["Bearer alice"]) EXPECT_EQ(calls["Bearer bob"].count(call), 0u) << call;
  EXPECT_LE(Count("BatchGetItems"), kClients / 4);
}

TEST_F(GatheringTest, TokensAreMintedForTheOneWhoseCallItIs) {
  const portico::testing::SigningKey key{"k1", "ES256"};
  folder_.Write("jwks.json", portico::testing::Jwks({key}).dump());
  folder_.Write("gateway.pem", portico::testing::NewPem("EC"));
  Start(absl::StrCat(", auth: { default: public, jwt: { keys: jwks.json, issuer: '", portico::testing::kIssuer,
                     "', audience: ", portico::testing::kAudience,
                     " } }, identity: { key: gateway.pem, issuer: portico, ttl: 60s }"));
  std::vector<std::string> bearers;
  for (const char* subject : {"alice", "bob"}) {
    bearers.push_back(
        absl::StrCat("Bearer ", key.Sign(portico::testing::With(portico::testing::GoodClaims(), "sub", subject))));
  }
  std::vector<std::string> requests;
  for (size_t i = 0; i < kClients; ++i) {
    Headers headers;
    if (i % 3 < 2) headers = {{"Authorization", bearers[i % 3]}};
    requests.push_back(RequestText("GET", absl::StrCat("/v1/items/i", i), headers));
  }
  const std::vector<Answer> answers = AskAtOnce(requests);
  for (size_t i = 0; i < kClients; ++i) {
    const Json item = answers[i].json();
    EXPECT_EQ(item["key"], absl::StrCat("i", i));
    if (i % 3 == 2) {
      EXPECT_FALSE(item.contains("caller")) << item;
      continue;
    }
    const std::vector<std::string> parts = absl::StrSplit(item.value("caller", ""), '.');
    std::string claims;
    ASSERT_TRUE(parts.size() == 3 && absl::WebSafeBase64Unescape(parts[1], &claims)) << item;
    EXPECT_EQ(Json::parse(claims)["sub"], i % 3 == 0 ? "alice" : "bob");
  }
  EXPECT_LE(Count("BatchGetItems") + Count("GetItem"), kClients / 4);
}

}  // namespace
}  // namespace portico::integration
