// What else may change while the gateway runs: rules, descriptor sets, frontends and where they listen, and servers of
// two versions side by side.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;

constexpr char kWrapping[] = "/v1/products/pojos-in-action/wrapping";
constexpr char kGifts[] = PORTICO_SOURCE_DIR "/tests/integration/protos/shop/gifts/v1/gifts.proto";

bool IsOk(const Answer& answer) {
  return answer.status == 200;
}
bool IsMissing(const Answer& answer) {
  return answer.status == 404;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(file.good() && !text.str().empty()) << path;
  return text.str();
}

class LiveChangesTest : public testing::Test {
 protected:
  void StartGateway(const std::string& config) {
    gateway_ = std::make_unique<Gateway>(folder_.Write("portico.yaml", config));
  }
  std::string Config(const std::string& contracts, const std::string& targets) const {
    return absl::StrCat("contracts: ", contracts, "\nclusters: { default: { target: \"", targets,
                        "\", services: [\"*\"] } }\n", kFrontend);
  }
  static std::unique_ptr<Process> StartServer(const std::string& address, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {GIFTS_SERVER, "--listen", address};
    command.insert(command.end(), more.begin(), more.end());
    auto server = std::make_unique<Process>(std::move(command));
    const auto listens = [](const std::string& line) { return absl::StrContains(line, "\"event\":\"listening\""); };
    EXPECT_TRUE(server->ErrorLine(listens).has_value()) << server->Error();
    return server;
  }
  // As a deployment would: from one moment to the next.
  void Replace(const std::string& name, const std::string& content) const {
    folder_.Write("next", content);
    std::filesystem::rename(folder_.path() + "/next", folder_.path() + "/" + name);
  }

  Answer Await(const std::string& target, const std::function<bool(const Answer&)>& wanted) {
    return GetUntil(gateway_->address(), target, wanted, kOfAllWorkers);
  }
  Json AwaitStatus(const std::function<bool(const Json&)>& wanted) {
    return GetUntil(gateway_->admin(), "/config", [&](const Answer& answer) { return wanted(answer.json()); }).json();
  }

  static constexpr char kFrontend[] =
      "frontends:\n  - { name: web, listen: 127.0.0.1:0, expose: [\"shop.*\"] }\nadmin: { listen: 127.0.0.1:0 }\n";

  TempFolder folder_;
  ReservedPort port_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(LiveChangesTest, ADescriptorSetIsReplacedEmptiedAndMended) {
  const std::unique_ptr<Process> gifts = StartServer(port_.address());
  const std::string shop = ReadFile(SHOP_CONTRACTS);
  const std::string set = ReadFile(GIFTS_CONTRACTS);
  Replace("set.pb", shop);
  StartGateway(Config("[ { descriptors: set.pb } ]", port_.address()));
  EXPECT_EQ(Get(gateway_->address(), kWrapping).status, 404);
  Replace("set.pb", set);
  Await(kWrapping, IsOk);
  for (const std::string& broken : {std::string(), set.substr(0, set.size() / 2)}) {
    Replace("set.pb", broken);
    AwaitStatus([](const Json& status) { return !status["errors"].empty(); });
    EXPECT_EQ(Await(kWrapping, IsOk).status, 200) << "served as it was";
    Replace("set.pb", set);
    AwaitStatus([](const Json& status) { return status["errors"].empty(); });
  }
  Replace("set.pb", shop);
  Await(kWrapping, IsMissing);
}

TEST_F(LiveChangesTest, RulesAreNamedBrokenAndEdited) {
  const auto rules = [](const std::string& path) {
    return absl::StrCat("http:\n  rules:\n    - { selector: shop.gifts.v1.GiftService.GetWrapping, get: \"", path,
                        "\" }\n");
  };
  const std::unique_ptr<Process> gifts = StartServer(port_.address());
  const std::string sets = absl::StrCat("{ descriptors: \"", GIFTS_CONTRACTS, "\" }");
  StartGateway(Config(absl::StrCat("[ ", sets, " ]"), port_.address()));
  Await(kWrapping, IsOk);
  // Named for the first time, and wrong: nothing that is served was read from it, and yet its mending is noticed.
  Replace("http.yaml", rules("/v1/gifts/{nobody}"));
  Replace("portico.yaml", Config(absl::StrCat("[ ", sets, ", { rules: http.yaml } ]"), port_.address()));
  const Json broken = AwaitStatus([](const Json& status) { return !status["errors"].empty(); });
  EXPECT_THAT(std::string(broken["errors"][0]["file"]), HasSubstr("http.yaml"));
  Replace("http.yaml", rules("/v1/gifts/{product_id}"));
  Await("/v1/gifts/pojos-in-action", IsOk);
  EXPECT_EQ(Get(gateway_->address(), kWrapping).status, 404);
  Replace("http.yaml", rules("/v1/other/{product_id}"));
  Await("/v1/other/pojos-in-action", IsOk);
}

TEST_F(LiveChangesTest, FilesThatSayNothingChangeNothing) {
  const std::unique_ptr<Process> gifts = StartServer(port_.address());
  const std::string config =
      Config(absl::StrCat("[ { protos: protos }, { protos: \"", PORTICO_SOURCE_DIR, "/proto\" } ]"), port_.address());
  folder_.Write("protos/shop/gifts/v1/gifts.proto", ReadFile(kGifts));
  StartGateway(config);
  Await(kWrapping, IsOk);
  const struct {
    const char* file;
    std::string before;
    std::string after;
  } rows[] = {{"portico.yaml", config, ""},
              {"portico.yaml", config, config.substr(0, config.find("frontends"))},
              {"protos/shop/gifts/v1/gifts.proto", ReadFile(kGifts), ""},
              {"protos/shop/gifts/v1/gifts.proto", ReadFile(kGifts), "\n"}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.file);
    Replace(row.file, row.after);
    const Json status = AwaitStatus([](const Json& answer) { return !answer["errors"].empty(); });
    EXPECT_EQ(status["errors"][0]["line"], 1) << status;
    EXPECT_EQ(status["errors"][0]["column"], 1) << status;
    EXPECT_EQ(Await(kWrapping, IsOk).status, 200);
    EXPECT_EQ(RunToEnd({PORTICO_BINARY, "check", folder_.path() + "/portico.yaml"}).exit, 1);
    Replace(row.file, row.before);
    AwaitStatus([](const Json& answer) { return answer["errors"].empty(); });
  }
  // A contract of proto2, of which protobuf has something to say.
  folder_.Write("protos/old.proto", "package old; message M {} service S { rpc Do(M) returns (M); }\n");
  GetUntil(gateway_->admin(), "/routes",
           [](const Answer& answer) { return absl::StrContains(answer.body, "wrapping"); });
  ASSERT_TRUE(gateway_->process()
                  .ErrorLine([](const std::string& line) { return absl::StrContains(line, "protobuf_log"); })
                  .has_value());
  EXPECT_EQ(RunToEnd({PORTICO_BINARY, "check", folder_.path() + "/portico.yaml"}).error, "");
  const std::string log = gateway_->process().Error();
  for (const absl::string_view line : absl::StrSplit(log, '\n', absl::SkipEmpty())) {
    EXPECT_TRUE(Json::accept(line)) << line;
  }
}

TEST_F(LiveChangesTest, ASlowRequestFinishesOnWhatItBeganWith) {
  const std::unique_ptr<Process> gifts = StartServer(port_.address());
  const std::string contracts = absl::StrCat("[ { descriptors: \"", GIFTS_CONTRACTS, "\" } ]");
  StartGateway(Config(contracts, port_.address()));
  Await(kWrapping, IsOk);
  gifts->Freeze();
  Connection slow(gateway_->address());
  ASSERT_TRUE(slow.Send(RequestText("GET", kWrapping)));
  GetUntil(gateway_->admin(), "/metrics", [](const Answer& answer) {
    return absl::StrContains(answer.body, "portico_requests_in_flight{frontend=\"web\"} 1\n");
  });
  // The next snapshot has another server, and no such route.
  const ReservedPort other;
  Replace("portico.yaml", absl::StrReplaceAll(Config(contracts, other.address()), {{"[\"shop.*\"]", "[]"}}));
  AwaitStatus([](const Json& status) { return status["reloads"] == 1; });
  Await(kWrapping, IsMissing);
  gifts->Signal(SIGCONT);
  const std::optional<Answer> answer = slow.Receive();
  ASSERT_TRUE(answer.has_value()) << slow.received();
  EXPECT_EQ(answer->status, 200) << answer->body;
}

TEST_F(LiveChangesTest, FrontendsAreRenamedAndChangePlaces) {
  const ReservedPort one;
  const ReservedPort two;
  const std::string spelled = absl::StrReplaceAll(two.address(), {{"127.0.0.1", "localhost"}});
  const auto config = [&](const std::string& frontends) {
    return absl::StrCat("contracts: [ { descriptors: \"", GIFTS_CONTRACTS, "\" } ]\nclusters: { d: { target: \"",
                        port_.address(), "\", services: [\"*\"] } }\nfrontends: [ ", frontends,
                        " ]\nadmin: { listen: 127.0.0.1:0 }\n");
  };
  const auto frontend = [](const std::string& name, const std::string& listen, bool exposes) {
    return absl::StrCat("{ name: ", name, ", listen: \"", listen, "\", expose: [", exposes ? "\"shop.*\"" : "", "] }");
  };
  const std::unique_ptr<Process> gifts = StartServer(port_.address());
  StartGateway(config(absl::StrCat(frontend("a", one.address(), true), ", ", frontend("b", two.address(), false))));
  const auto expect = [&](const std::string& what, const std::string& frontends, const std::string& first,
                          const std::string& second) {
    SCOPED_TRACE(what);
    const int reloads = Get(gateway_->admin(), "/config").json()["reloads"];
    Replace("portico.yaml", config(frontends));
    const Json status =
        AwaitStatus([&](const Json& answer) { return answer["reloads"] > reloads || !answer["errors"].empty(); });
    EXPECT_EQ(status["errors"], Json::array());
    EXPECT_EQ(GetUntil(first, kWrapping, IsOk, kOfAllWorkers).status, 200);
    EXPECT_EQ(GetUntil(second, kWrapping, IsMissing, kOfAllWorkers).status, 404);
  };
  expect("they change places",
         absl::StrCat(frontend("a", two.address(), true), ", ", frontend("b", one.address(), false)), two.address(),
         one.address());
  expect("one has another name",
         absl::StrCat(frontend("c", two.address(), true), ", ", frontend("b", one.address(), false)), two.address(),
         one.address());
  expect("another spelling of its address",
         absl::StrCat(frontend("c", spelled, true), ", ", frontend("b", one.address(), false)), two.address(),
         one.address());
  // An address that its user keeps is not shared.
  Replace("portico.yaml",
          config(absl::StrCat(frontend("c", spelled, true), ", ", frontend("b", two.address(), false))));
  const Json status = AwaitStatus([](const Json& answer) { return !answer["errors"].empty(); });
  EXPECT_THAT(std::string(status["errors"][0]["message"]), HasSubstr("by frontend c"));
}

TEST_F(LiveChangesTest, WhatNeedsARestartIsTold) {
  const std::string config = Config(absl::StrCat("[ { descriptors: \"", GIFTS_CONTRACTS, "\" } ]"), port_.address());
  StartGateway(config);
  EXPECT_EQ(Get(gateway_->admin(), "/config").json()["restart_needed"], Json::array());
  Replace(
      "portico.yaml",
      absl::StrReplaceAll(config, {{"admin: { listen: 127.0.0.1:0 }", "admin: { listen: 127.0.0.1:1 }\nworkers: 7"}}));
  const Json status = AwaitStatus([](const Json& answer) { return !answer["restart_needed"].empty(); });
  EXPECT_EQ(status["restart_needed"], Json({"admin.listen", "workers"}));
  Replace("portico.yaml", config);
  AwaitStatus([](const Json& answer) { return answer["restart_needed"].empty(); });
}

// During a rolling update, or while one of two is tried out.
TEST_F(LiveChangesTest, TwoVersionsBehindOneCluster) {
  const ReservedPort other;
  const std::unique_ptr<Process> old_version = StartServer(port_.address());
  const std::unique_ptr<Process> new_version = StartServer(other.address(), {"--cards"});
  StartGateway(
      Config("[ { reflection: default, refresh: 20ms } ]", absl::StrCat(port_.address(), ",", other.address())));
  GetUntil(gateway_->admin(), "/routes", [](const Answer& answer) { return absl::StrContains(answer.body, "/card"); });
  const int reloads = Get(gateway_->admin(), "/config").json()["reloads"];
  // Some two hundred conversations later.
  for (int i = 0; i < 100; ++i) Await(kWrapping, IsOk);
  EXPECT_EQ(Get(gateway_->admin(), "/config").json()["reloads"], reloads) << "contracts change back and forth";
  EXPECT_THAT(Get(gateway_->admin(), "/routes").body, HasSubstr("/card"));
}

}  // namespace
}  // namespace portico::integration
