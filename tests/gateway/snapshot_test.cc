#include "gateway/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "tests/schema/temp_folder.h"

namespace portico {
namespace {

using ::testing::HasSubstr;

constexpr char kService[] = R"(syntax = "proto3";
package t;
import "google/api/annotations.proto";
message Request { string id = 1; }
message Thing { string id = 1; }
service Things { rpc Get(Request) returns (Thing) { option (google.api.http) = { get: "/v1/things/{id}" }; } }
)";
constexpr char kFacade[] = R"(syntax = "proto3";
package w;
import "google/api/annotations.proto";
import "portico/annotations.proto";
import "t.proto";
message Page { t.Thing thing = 1 [(portico.fetch) = { method: "t.Things/Get" bind: "id = request.id" }]; }
service Web {
  option (portico.facade) = true;
  rpc GetPage(t.Request) returns (Page) { option (google.api.http) = { get: "/v1/pages/{id}" }; }
}
)";

class SnapshotTest : public ::testing::Test {
 protected:
  SnapshotTest() {
    folder_.Write("proto/t.proto", kService);
    folder_.Write("proto/w.proto", kFacade);
  }

  std::shared_ptr<const Snapshot> Build(const std::string& config, const Snapshot* previous = nullptr) {
    const std::string path = folder_.Write("portico.yaml", config);
    diagnostics_ = {};
    SnapshotInputs inputs;
    inputs.previous = previous;
    return Snapshot::Build(path, inputs, diagnostics_);
  }

  portico::testing::TempFolder folder_;
  schema::Diagnostics diagnostics_;
};

constexpr char kBoth[] = R"(contracts: [ { protos: proto } ]
clusters: { things: { target: 'h:1', services: [ t.Things ] } }
frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ w.Web, t.Things ] } ]
)";

TEST_F(SnapshotTest, RoutesOfServicesAndFacades) {
  const auto snapshot = Build(kBoth);
  ASSERT_NE(snapshot, nullptr) << diagnostics_.ToString();
  const Frontend& frontend = *snapshot->frontends().front();
  const Route* page = frontend.Find("GET", "/v1/pages/7");
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->target, "facade");
  EXPECT_NE(snapshot->PlanOf(page->endpoint.method()), nullptr);
  EXPECT_EQ(frontend.Find("GET", "/v1/things/7")->target, "things");
  EXPECT_EQ(frontend.Find("POST", "/v1/things/7"), nullptr);
}

TEST_F(SnapshotTest, CertificatesThatCannotBeUsedAreFoundWithoutWorkers) {
  const std::string bad = folder_.Write("bad.pem", "this is no certificate");
  for (const std::string& tls : {"{ ca: '" + bad + "' }", "{ cert: '" + bad + "', key: '" + bad + "' }"}) {
    for (const char* transport : {"http2", "grpc"}) {
      const auto snapshot = Build("contracts: [ { protos: proto } ]\nclusters: { things: { target: 'h:1', transport: " +
                                  std::string(transport) + ", services: [ t.Things ], tls: " + tls +
                                  " } }\nfrontends: [ { name: web, listen: '127.0.0.1:0', expose: [ t.Things ] } ]\n");
      EXPECT_EQ(snapshot, nullptr);
      EXPECT_THAT(diagnostics_.ToString(), HasSubstr("cannot be used")) << tls << " " << transport;
    }
  }
}

TEST_F(SnapshotTest, AnExposedFacadeNeedsTheClustersOfItsParts) {
  EXPECT_EQ(Build("contracts: [ { protos: proto } ]\n"
                  "frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ w.Web ] } ]\n"),
            nullptr);
  ASSERT_EQ(diagnostics_.entries().size(), 1u) << diagnostics_.ToString();
  EXPECT_THAT(diagnostics_.ToString(), HasSubstr("w.proto:6:"));
  EXPECT_THAT(diagnostics_.ToString(), HasSubstr("no cluster serves t.Things"));
}

// One folder of contracts, several gateways.
TEST_F(SnapshotTest, AFacadeThatIsNotExposedNeedsNone) {
  folder_.Write("proto/u.proto", R"(syntax = "proto3"; package u;
message Empty {}
service Other { rpc Do(Empty) returns (Empty); })");
  EXPECT_NE(Build("contracts: [ { protos: proto } ]\n"
                  "clusters: { other: { target: 'h:1', services: [ u.Other ] } }\n"
                  "frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ u.Other ] } ]\n"),
            nullptr)
      << diagnostics_.ToString();
}

// An editor that was interrupted, or a disk that was full, must not take a gateway's listeners away.
TEST_F(SnapshotTest, AConfigurationThatServesNothingIsAMistake) {
  const std::string contracts = "contracts: [ { protos: proto } ]\n";
  const std::string frontends = "frontends: [ { name: web, listen: '127.0.0.1:0', expose: [] } ]\n";
  const struct {
    std::string config;
    std::vector<std::string> mistakes;  // after the path
  } rows[] = {
      {"", {":1:1: \"contracts\" is missing", ":1:1: \"frontends\" is missing"}},
      {"# cut off\n", {":1:1: \"contracts\" is missing", ":1:1: \"frontends\" is missing"}},
      {contracts, {":1:1: \"frontends\" is missing"}},
      {frontends, {":1:1: \"contracts\" is missing"}},
      {contracts + "frontends: []\n", {":2:1: frontends: there must be at least one"}},
      {contracts + frontends, {}},
  };
  for (const auto& row : rows) {
    diagnostics_ = {};
    EXPECT_EQ(Build(row.config) != nullptr, row.mistakes.empty()) << row.config;
    std::vector<std::string> expected;
    for (const std::string& mistake : row.mistakes) expected.push_back(folder_.Path("portico.yaml") + mistake);
    std::vector<std::string> found;
    for (const schema::Diagnostic& mistake : diagnostics_.entries()) found.push_back(mistake.ToString());
    EXPECT_EQ(found, expected) << row.config;
  }
}

TEST_F(SnapshotTest, UnchangedClustersAreTakenOver) {
  const auto first = Build(kBoth);
  ASSERT_NE(first, nullptr) << diagnostics_.ToString();
  const auto same = Build(kBoth, first.get());
  ASSERT_NE(same, nullptr) << diagnostics_.ToString();
  EXPECT_EQ(same->clusters().at("things"), first->clusters().at("things"));
  std::string moved = kBoth;
  moved.replace(moved.find("h:1"), 3, "h:2");
  const auto other = Build(moved, first.get());
  ASSERT_NE(other, nullptr) << diagnostics_.ToString();
  EXPECT_NE(other->clusters().at("things"), first->clusters().at("things"));
}

TEST_F(SnapshotTest, AFacadeOfAFacadeIsComposedUnlessTheyNeedEachOther) {
  constexpr char kPortal[] = R"(syntax = "proto3";
package p;
import "portico/annotations.proto";
import "t.proto";
import "w.proto";
message Front { w.Page page = 1 [(portico.fetch) = { method: "w.Web/GetPage" bind: "id = request.id" }]; %s }
service Portal { option (portico.facade) = true; rpc GetFront(t.Request) returns (Front); }
)";
  constexpr char kConfig[] = R"(contracts: [ { protos: proto } ]
clusters: { things: { target: 'h:1', services: [ t.Things ] } }
frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ p.Portal ] } ]
)";
  const auto portal = [&](const std::string& more) {
    std::string text = kPortal;
    return text.replace(text.find("%s"), 2, more);
  };
  folder_.Write("proto/p.proto", portal(""));
  const auto snapshot = Build(kConfig);
  ASSERT_NE(snapshot, nullptr) << diagnostics_.ToString();
  EXPECT_EQ(snapshot->frontends().front()->routes().size(), 1u);

  folder_.Write("proto/p.proto", portal(R"(Small small = 2 [(portico.fetch) = { method: "p.Portal/GetFront" }]; }
message Small {)"));
  EXPECT_EQ(Build(kConfig), nullptr);
  EXPECT_THAT(diagnostics_.ToString(),
              HasSubstr("fetch.method of small: p.Portal/GetFront is composed of this part itself"));
}

std::string Guarded(const std::string& auth) {
  return R"(syntax = "proto3";
package t;
import "portico/annotations.proto";
message Owner { string name = 1; repeated string names = 2; double weight = 3; }
message Request { string id = 1; Owner owner = 2; repeated Owner owners = 3; }
message Thing { string id = 1; }
service Things {
  rpc Get(Request) returns (Thing) { option (portico.policy) = { auth: { )" +
         auth + R"( } }; }
}
)";
}

// A method whose batch twin is of another service.
constexpr char kTwins[] = R"(syntax = "proto3";
package g;
import "portico/annotations.proto";
message Request { string id = 1; }
message Requests { repeated string ids = 1; }
message Thing { string id = 1; }
message Things { repeated Thing things = 1; }
service One {
  rpc Get(Request) returns (Thing) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (portico.policy) = { gather: { method: "g.Many/Get"
      batch: { keys: "ids" from: "request.id" items: "things" item_key: "KEY" } } };
  }
}
service Many { rpc Get(Requests) returns (Things); }
)";

TEST_F(SnapshotTest, WhatIsGatheredIsCountedOnAcrossSnapshots) {
  folder_.Write("proto/g.proto", absl::StrReplaceAll(kTwins, {{"KEY", "id"}}));
  const std::string config =
      "contracts: [ { protos: proto } ]\n"
      "clusters: { one: { target: 'h:1', services: [ g.One ] }, many: { target: 'h:2', services: [ g.Many ]MORE } }\n"
      "frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ g.One ] } ]\n";
  const auto first = Build(absl::StrReplaceAll(config, {{"MORE", ""}}));
  ASSERT_NE(first, nullptr) << diagnostics_.ToString();
  ASSERT_EQ(first->gathered().count("g.One/Get"), 1u);
  const auto second = Build(absl::StrReplaceAll(config, {{"MORE", ", timeout: 1s"}}), first.get());
  ASSERT_NE(second, nullptr) << diagnostics_.ToString();
  EXPECT_EQ(second->gathered(), first->gathered());
  // Every call goes to the server that its header chooses.
  const auto hashed = Build(absl::StrReplaceAll(config, {{"MORE", ", balance: { hash: header.x-user }"}}));
  ASSERT_NE(hashed, nullptr) << diagnostics_.ToString();
  EXPECT_TRUE(hashed->gathered().empty());
}

TEST_F(SnapshotTest, ABatchTwinIsCheckedWhenItLoads) {
  folder_.Write("proto/g.proto", absl::StrReplaceAll(kTwins, {{"KEY", "id"}}));
  const std::string one =
      "contracts: [ { protos: proto } ]\nclusters: { one: { target: 'h:1', services: [ g.One ] } }\n"
      "frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ g.One ] } ]\n";
  EXPECT_EQ(Build(one), nullptr);
  EXPECT_THAT(diagnostics_.ToString(),
              HasSubstr("g.proto:11:5: policy.gather.method of g.One/Get: no cluster serves g.Many"));
  // Also of a method that no cluster serves.
  folder_.Write("proto/g.proto", absl::StrReplaceAll(kTwins, {{"KEY", "none"}}));
  EXPECT_EQ(Build(kBoth), nullptr);
  EXPECT_THAT(diagnostics_.ToString(), HasSubstr("g.proto:11:5: policy.gather.batch.item_key of g.One/Get: "));
}

TEST_F(SnapshotTest, WhatGuardsAMethodIsCheckedWhenItLoads) {
  const struct {
    const char* auth;
    const char* mistake;
  } cases[] = {
      {"public: true scopes: 'a'", "policy.auth of t.Things/Get: public does not go with scopes or match"},
      {"match: 'claim.sub'",
       "policy.auth.match[0] of t.Things/Get: \"claim.sub\" is not \"claim.NAME = request.PATH\""},
      {"match: 'claim.sub = request.owner.name' match: 'claim.sub = request.nome'",
       "policy.auth.match[1] of t.Things/Get: t.Request has no field \"nome\""},
      {"match: 'claim.sub = request.owners.name'",
       "\"request.owners.name\" is no single string, whole number or boolean"},
      {"match: 'claim.sub = request.owner'", "\"request.owner\" is no single string, whole number or boolean"},
      {"match: 'claim.sub = request.owner.weight'", "\"request.owner.weight\" is no single string"},
      {"match: 'claim.sub = '", "one side is empty"},
      {"match: 'claim. = request.id'", "\"claim.\" names nothing"},
      {"match: 'request.id = request.id'", "says nothing of who calls"},
      {"match: 'claim.sub = root'", "\"root\" is none of claim.NAME, request.PATH and a JSON string"},
  };
  for (const auto& c : cases) {
    folder_.Write("proto/t.proto", Guarded(c.auth));
    EXPECT_EQ(Build(kBoth), nullptr) << c.auth;
    EXPECT_THAT(diagnostics_.ToString(), HasSubstr("t.proto:8:"));
    EXPECT_THAT(diagnostics_.ToString(), HasSubstr(c.mistake));
  }
}

TEST_F(SnapshotTest, AGuardedMethodNeedsAFrontendThatFindsOutWhoCalls) {
  for (const char* auth : {"scopes: 'things'", "match: 'claim.sub = request.id'"}) {
    folder_.Write("proto/t.proto", Guarded(auth));
    EXPECT_EQ(Build(kBoth), nullptr);
    EXPECT_THAT(diagnostics_.ToString(), HasSubstr("t.proto:8:"));
    EXPECT_THAT(diagnostics_.ToString(), HasSubstr("policy.auth of t.Things/Get: nobody could call it, since the "
                                                   "frontend \"web\" has neither auth.jwt nor auth.api_keys"));
  }
  folder_.Write("keys.yaml", "keys: []\n");
  std::string config = kBoth;
  config.replace(config.find("expose:"), 0, "auth: { api_keys: keys.yaml }, ");
  EXPECT_NE(Build(config), nullptr) << diagnostics_.ToString();
}

TEST_F(SnapshotTest, FilesOfKeysAreCheckedWhenItLoads) {
  folder_.Write("jwks.json", "{\"keys\": []}");
  folder_.Write("keys.yaml", "keys: [ { name: a, sha256: the-key } ]\n");
  std::string config = kBoth;
  config.replace(config.find("expose:"), 0, "auth: { jwt: { keys: jwks.json }, api_keys: keys.yaml }, ");
  EXPECT_EQ(Build(config), nullptr);
  EXPECT_THAT(diagnostics_.ToString(), HasSubstr("portico.yaml:3:71: "));
  EXPECT_THAT(diagnostics_.ToString(), HasSubstr("jwks.json: it has no key for RS256, PS256, ES256 or EdDSA"));
  EXPECT_THAT(diagnostics_.ToString(), HasSubstr("keys.yaml:1:28: keys[0].sha256: expected the 64 hexadecimal digits"));
  config.replace(config.find("jwks.json"), 9, "none.json");
  EXPECT_EQ(Build(config), nullptr);
  EXPECT_THAT(diagnostics_.ToString(), HasSubstr("none.json"));
}

TEST_F(SnapshotTest, NamesThatReflectionHasNotTaughtYetAreNoMistakes) {
  const std::string config =
      "contracts: [ { reflection: things } ]\n"
      "clusters: { things: { target: 'h:1', services: [ '*' ] } }\n"
      "frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ 't.*', t.Things ] } ]\n";
  const auto snapshot = Build(config);
  ASSERT_NE(snapshot, nullptr) << diagnostics_.ToString();
  EXPECT_TRUE(snapshot->frontends().front()->routes().empty());
}

}  // namespace
}  // namespace portico
