// Replies that are kept for one caller: whoever asks, at whichever frontend and by whichever way, gets its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/access/issuer.h"
#include "tests/access/pem.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using portico::testing::GoodClaims;
using portico::testing::Jwks;
using portico::testing::SigningKey;
using portico::testing::With;

constexpr char kDesk[] = R"(syntax = "proto3";

package desk.v1;

import "google/api/annotations.proto";
import "portico/annotations.proto";
import "shop/calls/v1/calls.proto";

service Desk {
  option (portico.facade) = true;

  // A page that is not kept, of a part that is, for its caller.
  rpc GetPage(GetRequest) returns (Page) {
    option (google.api.http) = { get: "/desk/pages/{key}" };
  }
  // The same, kept, which its policy does not call private.
  rpc GetKeptPage(GetRequest) returns (Page) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { get: "/desk/kept-pages/{key}" };
    option (portico.policy) = { cache: { max_age: "60s" } };
  }
  // Says who calls by naming the header.
  rpc GetVaryingPage(GetRequest) returns (AnyonesPage) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { get: "/desk/varying-pages/{key}" };
    option (portico.policy) = { cache: { max_age: "60s" vary: "Authorization" } };
  }
  // Depends on a header that only its plan names.
  rpc GetRegionalPage(GetRequest) returns (RegionalPage) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { get: "/desk/regional-pages/{key}" };
    option (portico.policy) = { cache: { max_age: "60s" } };
  }
}

message GetRequest { string key = 1; }
message Page {
  shop.calls.v1.Told told = 1 [(portico.fetch) = {
    method: "shop.calls.v1.CallService/Mine" bind: "key = request.key" required: true }];
}
message AnyonesPage {
  shop.calls.v1.Told told = 1 [(portico.fetch) = {
    method: "shop.calls.v1.CallService/Read" bind: "key = request.key" required: true }];
}
message RegionalPage {
  shop.calls.v1.Told told = 1 [(portico.fetch) = {
    method: "shop.calls.v1.CallService/Read" bind: ["key = request.key", "token = header.X-Region"] required: true }];
}
)";

// Who asks, and what the service is to be told of it.
struct Somebody {
  std::string frontend;
  Headers headers;
  std::string subject;
};

// Two frontends that introduce their callers to the service, each with a file of keys of its own, in which the name
// "acme" is somebody else; and one that asks nobody who it is.
class PrivateRepliesTest : public ::testing::Test {
 protected:
  PrivateRepliesTest() {
    server_ = std::make_unique<Process>(std::vector<std::string>{CALLS_SERVER, "--listen", port_.address()});
    EXPECT_TRUE(server_->ErrorLine([](const std::string& text) { return absl::StrContains(text, "listening"); }));
    folder_.Write("desk/desk.proto", kDesk);
    folder_.Write("jwks.json", Jwks({key_}).dump());
    folder_.Write("gateway.pem", portico::testing::NewPem("EC"));
    std::string frontends;
    for (const std::string name : {"web", "partners"}) {
      folder_.Write(name + ".yaml",
                    absl::StrCat("keys:\n  - { name: acme, sha256: ", HashOf("key of " + name), " }\n"));
      absl::StrAppend(&frontends, "  - name: ", name,
                      "\n    listen: 127.0.0.1:0\n    expose: [desk.v1.Desk, shop.calls.v1.CallService]\n"
                      "    auth: { default: required, api_keys: ",
                      name, ".yaml, jwt: { keys: jwks.json, issuer: \"", portico::testing::kIssuer,
                      "\", audience: ", portico::testing::kAudience,
                      " } }\n    identity: { key: gateway.pem, issuer: portico }\n");
    }
    gateway_ = std::make_unique<Gateway>(folder_.Write(
        "portico.yaml",
        absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/proto\n  - protos: ", PORTICO_SOURCE_DIR,
                     "/tests/integration/protos\n  - protos: desk\nworkers: 2\nclusters:\n  calls: { target: '",
                     port_.address(), "', services: [shop.calls.v1.CallService, shop.calls.v1.CountService] }\n",
                     "frontends:\n", frontends,
                     "  - { name: open, listen: '127.0.0.1:0', expose: [desk.v1.Desk, shop.calls.v1.CountService] }\n",
                     "admin: { listen: 127.0.0.1:0 }\n")));
    for (const std::string frontend : {"web", "partners"}) {
      for (const std::string subject : {"ann", "bob"}) {
        const std::string token = key_.Sign(With(GoodClaims(), "sub", subject));
        everybody_.push_back({frontend, {{"Authorization", "Bearer " + token}}, subject});
      }
      everybody_.push_back({frontend, {{"X-Api-Key", "key of " + frontend}}, "acme"});
    }
  }

  // Of a key: what `portico hash-key` says.
  std::string HashOf(const std::string& key) {
    const std::string file = folder_.Write("key.txt", key + "\n");
    const Finished hashed = RunToEnd({"/bin/sh", "-c", absl::StrCat(PORTICO_BINARY, " hash-key < ", file)});
    EXPECT_EQ(hashed.exit, 0) << hashed.error;
    return hashed.out.substr(0, hashed.out.find('\n'));
  }
  int Count(const std::string& key) {
    return Get(gateway_->address("open"), "/v1/count/" + key).json().value("calls", 0);
  }

  // Whom a reply is about: "SUBJECT at FRONTEND", by the token that the service was shown.
  static std::string WhomOf(const Answer& answer) {
    const Json body = answer.json();
    const std::string caller = (body.contains("told") ? body["told"] : body).value("caller", "");
    const std::vector<std::string> parts = absl::StrSplit(caller, '.');
    std::string text;
    if (parts.size() != 3 || !absl::WebSafeBase64Unescape(parts[1], &text)) return "nobody: " + answer.body;
    const Json claims = Json::parse(text, nullptr, false);
    return absl::StrCat(claims.value("sub", ""), " at ", claims.value("frontend", ""));
  }

  const SigningKey key_{"k1", "ES256"};
  TempFolder folder_;
  ReservedPort port_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Gateway> gateway_;
  std::vector<Somebody> everybody_;
};

TEST_F(PrivateRepliesTest, EverybodyGetsTheirOwn) {
  for (const std::string way : {"/v1/mine/", "/desk/pages/", "/desk/kept-pages/", "/desk/varying-pages/"}) {
    const std::string key = absl::StrReplaceAll(way, {{"/", ""}});  // the service counts by it
    std::mutex mutex;
    std::vector<std::string> wrong;
    std::vector<std::thread> clients;
    for (const Somebody& somebody : everybody_) {
      clients.emplace_back([&] {
        for (int i = 0; i < 20; ++i) {
          const Answer answer = Get(gateway_->address(somebody.frontend), way + key, somebody.headers);
          const std::string expected = absl::StrCat(somebody.subject, " at ", somebody.frontend);
          const std::string whom = WhomOf(answer);
          const bool is_public = absl::StrContains(answer.Header("Cache-Control"), "public");
          if (answer.status == 200 && whom == expected && !is_public) continue;
          const std::lock_guard<std::mutex> lock(mutex);
          wrong.push_back(absl::StrCat(expected, " was told of ", whom));
        }
      });
    }
    for (std::thread& client : clients) client.join();
    EXPECT_THAT(wrong, ::testing::IsEmpty()) << way;
    EXPECT_EQ(Count(key), 6) << way << ": once for each";
  }
}

TEST_F(PrivateRepliesTest, CachesOnTheWayAreToldWhatAPlanReads) {
  const auto ask = [&](const Headers& headers) {
    return Get(gateway_->address("open"), "/desk/regional-pages/r", headers);
  };
  const Answer north = ask({{"X-Region", "north"}});
  EXPECT_EQ(north.Header("Cache-Control"), "public, max-age=60");
  EXPECT_THAT(north.Header("Vary"), ::testing::HasSubstr("x-region"));
  EXPECT_EQ(north.json()["told"]["calls"], 1);
  EXPECT_EQ(ask({{"X-Region", "south"}}).json()["told"]["calls"], 2);
  EXPECT_EQ(ask({{"X-Region", "north"}}).json()["told"]["calls"], 1);
}

}  // namespace
}  // namespace portico::integration
