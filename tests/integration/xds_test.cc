// xds:/// targets: a control plane says where the servers are, and calls follow without one being lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/integration/gateway.h"
#include "tests/upstream/certificates.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;
using testing::Not;
using Names = std::set<std::string>;

// A program that says where it listens.
struct Listening {
  explicit Listening(std::vector<std::string> command) : process(std::move(command)) {
    const auto line = process.ErrorLine([](const std::string& text) { return absl::StrContains(text, "listening"); });
    if (!line.has_value()) {
      ADD_FAILURE() << process.Error();
      return;
    }
    address = Json::parse(*line)["address"];
  }

  Process process;
  std::string address;
};

class XdsTest : public ::testing::Test {
 protected:
  XdsTest() {
    ::unsetenv("GRPC_XDS_BOOTSTRAP");
    ::unsetenv("GRPC_XDS_BOOTSTRAP_CONFIG");
    for (const char* name : {"a", "b", "c"}) {
      servers_[name] = std::make_unique<Listening>(
          std::vector<std::string>{CALLS_SERVER, "--listen", "127.0.0.1:0", "--name", name});
    }
  }
  ~XdsTest() override {
    ::unsetenv("GRPC_XDS_BOOTSTRAP");
    ::unsetenv("GRPC_XDS_BOOTSTRAP_CONFIG");
  }

  // The servers of a target, the only one, from now on.
  void Say(const Names& names, const std::string& target = "calls") {
    std::string line = target;
    for (const std::string& name : names) absl::StrAppend(&line, " ", servers_.at(name)->address);
    // In one piece: half a file would be other targets.
    const std::string file = folder_.Write("targets.new", line + "\n");
    ASSERT_EQ(std::rename(file.c_str(), (folder_.path() + "/targets").c_str()), 0);
  }

  void StartControlPlane(const std::string& listen = "127.0.0.1:0") {
    plane_ = nullptr;
    plane_ = std::make_unique<Listening>(
        std::vector<std::string>{CONTROL_PLANE, "--listen", listen, "--targets", folder_.path() + "/targets"});
  }
  static std::string Bootstrap(const std::string& plane) {
    const Json server = {{"server_uri", plane},
                         {"channel_creds", Json::array({{{"type", "insecure"}}})},
                         {"server_features", Json::array({"xds_v3"})}};
    return Json({{"xds_servers", Json::array({server})}, {"node", {{"id", "gateway"}}}}).dump();
  }

  // Writes the gateway's configuration; its path. The cluster "calls" is what the control plane says, and `more`, such
  // as
  // ", tls: {}"; "counts" is server c.
  std::string Configure(const std::string& more = "") {
    const std::string file = folder_.Write(
        "portico.new",
        absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR,
                     "/tests/integration/protos\n  - protos: ", PORTICO_SOURCE_DIR, "/proto\nworkers: 2\nclusters:\n",
                     "  calls: { target: 'xds:///calls', services: [shop.calls.v1.CallService]", more,
                     " }\n  counts: { target: '", servers_.at("c")->address,
                     "', services: [shop.calls.v1.CountService] }\nfrontends:\n",
                     "  - { name: web, listen: '127.0.0.1:0', expose: ['shop.calls.*'] }\n",
                     "admin: { listen: 127.0.0.1:0 }\n"));
    std::string path = folder_.path() + "/portico.yaml";
    EXPECT_EQ(std::rename(file.c_str(), path.c_str()), 0);
    return path;
  }
  void StartGateway(const std::string& more = "") { gateway_ = std::make_unique<Gateway>(Configure(more)); }
  Answer Ask(const std::string& target = "/v1/read/k") { return Get(gateway_->address(), target); }

  // Who answers the next thirty calls, when all do.
  Names Answering() {
    Names names;
    for (int i = 0; i < 30; ++i) {
      const Answer answer = Ask();
      EXPECT_EQ(answer.status, 200) << answer.body;
      names.insert(answer.status == 200 ? answer.json().value("server", "nobody") : "nobody");
    }
    return names;
  }
  // Whether at last those answer, and no others.
  bool AnsweringBecome(const Names& wanted) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      const Names names = Answering();
      if (names == wanted) return true;
      if (names.count("nobody") > 0) return false;
    }
    return false;
  }
  Json Event(const std::string& event) {
    const auto line = gateway_->process().ErrorLine(
        [&](const std::string& text) { return Json::parse(text, nullptr, false).value("event", "") == event; });
    return line.has_value() ? Json::parse(*line) : Json::object();
  }

  TempFolder folder_;
  std::map<std::string, std::unique_ptr<Listening>> servers_;
  std::unique_ptr<Listening> plane_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(XdsTest, CallsFollowTheControlPlaneAndNoneFails) {
  Say({"a"});
  StartControlPlane();
  ::setenv("GRPC_XDS_BOOTSTRAP_CONFIG", Bootstrap(plane_->address).c_str(), 1);
  StartGateway();
  ASSERT_TRUE(AnsweringBecome({"a"}));
  std::atomic<bool> enough{false};
  std::atomic<int> failed{0};
  std::atomic<int> calls{0};
  std::vector<std::thread> clients;
  const std::string address = gateway_->address();
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      // Some are under way whenever something changes.
      while (!enough) {
        const Answer answer = Get(address, "/v1/read/load?delay_ms=5");
        ++calls;
        if (answer.status != 200 && failed++ == 0) ADD_FAILURE() << answer.status << " " << answer.body;
      }
    });
  }
  Say({"b"});
  EXPECT_TRUE(AnsweringBecome({"b"}));
  Say({"b", "c"});
  EXPECT_TRUE(AnsweringBecome({"b", "c"}));
  // Another cluster takes over what is known.
  Configure(", timeout: 20s");
  EXPECT_EQ(Event("reloaded").value("event", ""), "reloaded");
  EXPECT_EQ(Answering(), (Names{"b", "c"}));
  Say({"c"});
  EXPECT_TRUE(AnsweringBecome({"c"}));
  enough = true;
  for (std::thread& client : clients) client.join();
  // Nobody needs the others any more.
  servers_.erase("a");
  servers_.erase("b");
  EXPECT_EQ(Answering(), Names{"c"});
  EXPECT_EQ(failed, 0) << "of " << calls;
  EXPECT_GT(calls, 20);
  EXPECT_THAT(plane_->process.Error(), Not(HasSubstr("refused")));
  const Json clusters = Get(gateway_->admin(), "/clusters").json();
  EXPECT_EQ(clusters[0]["target"], "xds:///calls") << clusters;
  EXPECT_FALSE(clusters[0].contains("discovery_failure")) << clusters;
}

TEST_F(XdsTest, CallsGoOnWithoutTheControlPlane) {
  const ReservedPort port;
  Say({"a"});
  StartControlPlane(port.address());
  ::setenv("GRPC_XDS_BOOTSTRAP_CONFIG", Bootstrap(port.address()).c_str(), 1);
  StartGateway();
  ASSERT_TRUE(AnsweringBecome({"a"}));
  plane_ = nullptr;
  EXPECT_EQ(Answering(), Names{"a"});
  // It comes back, and knows others.
  Say({"b"});
  StartControlPlane(port.address());
  EXPECT_TRUE(AnsweringBecome({"b"}));
}

TEST_F(XdsTest, WithoutABootstrapTheOthersServeAndItIsFoundWhenItComes) {
  Say({"a"});
  StartControlPlane();
  const std::string bootstrap = folder_.path() + "/bootstrap.json";
  ::setenv("GRPC_XDS_BOOTSTRAP", bootstrap.c_str(), 1);
  StartGateway();
  const Json event = Event("discovery_failed");
  EXPECT_EQ(event.value("cluster", ""), "calls");
  EXPECT_EQ(event.value("message", ""), absl::StrCat("the xDS bootstrap: cannot read ", bootstrap));
  const Answer refused = Ask();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.json().value("message", ""), "the service is unavailable") << "why is not for clients";
  EXPECT_EQ(Ask("/v1/count/k").status, 200);
  EXPECT_EQ(Get(gateway_->admin(), "/clusters").json()[0].value("discovery_failure", ""), event.value("message", "-"));
  folder_.Write("bootstrap.json", Bootstrap(plane_->address));
  GetUntil(
      gateway_->address(), "/v1/read/k", [](const Answer& answer) { return answer.status == 200; }, kOfAllWorkers);
  EXPECT_EQ(Answering(), Names{"a"});
}

TEST_F(XdsTest, WhyCallsReachNobodyIsLoggedAndNotForClients) {
  Say({"a"});
  StartControlPlane();
  ::setenv("GRPC_XDS_BOOTSTRAP_CONFIG", Bootstrap(plane_->address).c_str(), 1);
  StartGateway();
  ASSERT_TRUE(AnsweringBecome({"a"}));
  // The target is no more.
  Say({"b"}, "others");
  const Answer refused = GetUntil(
      gateway_->address(), "/v1/read/k", [](const Answer& answer) { return answer.status != 200; }, kOfAllWorkers);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.json().value("message", ""), "the service is unavailable");
  const Json event = Event("unreached");
  EXPECT_EQ(event.value("target", ""), "xds:///calls");
  EXPECT_THAT(event.value("message", ""), HasSubstr("does not exist"));
  EXPECT_EQ(Event("grpc_log").value("severity", ""), "error") << "in the library's own words, too";
  EXPECT_EQ(Ask("/v1/count/k").status, 200);
  Say({"b"});
  GetUntil(
      gateway_->address(), "/v1/read/k", [](const Answer& answer) { return answer.status == 200; }, kOfAllWorkers);
  EXPECT_EQ(Answering(), Names{"b"});
}

TEST_F(XdsTest, ServersOverTls) {
  const auto authority = upstream::Certificate::Authority("authority");
  const auto certificate = upstream::Certificate::SignedBy(authority, "calls", "DNS:calls.test");
  folder_.Write("ca.pem", authority.cert());
  folder_.Write("other.pem", upstream::Certificate::Authority("other").cert());
  servers_["t"] = std::make_unique<Listening>(std::vector<std::string>{
      CALLS_SERVER, "--listen", "127.0.0.1:0", "--name", "t", "--cert", folder_.Write("calls.pem", certificate.cert()),
      "--key", folder_.Write("calls.key", certificate.key())});
  Say({"t"});
  StartControlPlane();
  ::setenv("GRPC_XDS_BOOTSTRAP_CONFIG", Bootstrap(plane_->address).c_str(), 1);
  StartGateway(", tls: { ca: ca.pem, server_name: calls.test }");
  EXPECT_EQ(Answering(), Names{"t"});
  // Not the authority's, not the name, none at all.
  for (const char* tls : {", tls: { ca: other.pem, server_name: calls.test }", ", tls: { ca: ca.pem }", ""}) {
    StartGateway(tls);
    EXPECT_EQ(Ask().status, 503) << tls;
  }
}

// Nobody listens where the bootstrap says.
TEST_F(XdsTest, AControlPlaneThatIsNotThereHoldsUpNobody) {
  const ReservedPort port;
  ::setenv("GRPC_XDS_BOOTSTRAP_CONFIG", Bootstrap(port.address()).c_str(), 1);
  StartGateway();
  EXPECT_EQ(Ask().status, 503);
  EXPECT_EQ(Event("unreached").value("target", ""), "xds:///calls");
  EXPECT_EQ(Ask("/v1/count/k").status, 200);
  Say({"b"});
  StartControlPlane(port.address());
  GetUntil(
      gateway_->address(), "/v1/read/k", [](const Answer& answer) { return answer.status == 200; }, kOfAllWorkers);
  EXPECT_EQ(Answering(), Names{"b"});
}

}  // namespace
}  // namespace portico::integration
