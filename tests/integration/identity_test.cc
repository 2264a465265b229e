// How services learn who calls: by the tokens the gateway mints, and by nothing that a client sends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/access/issuer.h"
#include "tests/access/pem.h"
#include "tests/integration/gateway.h"
#include "tests/integration/websocket_client.h"

namespace portico::integration {
namespace {

using portico::testing::GoodClaims;
using portico::testing::Jwks;
using portico::testing::SigningKey;
using portico::testing::With;
using ::testing::HasSubstr;
using ::testing::Not;

// One call to each of two clusters.
constexpr char kFacade[] = R"(syntax = "proto3";

package desk.v1;

import "google/api/annotations.proto";
import "portico/annotations.proto";
import "shop/files/v1/files.proto";
import "shop/orders/v1/orders.proto";

service Desk {
  option (portico.facade) = true;

  rpc GetDesk(GetDeskRequest) returns (DeskPage) {
    option (google.api.http) = { get: "/desk" };
  }
}

message GetDeskRequest {}
message DeskPage {
  repeated shop.orders.v1.Order orders = 1 [(portico.fetch) = {
    method: "shop.orders.v1.OrderService/ListOrders" bind: "customer_id = claim.sub" select: "orders" required: true }];
  repeated string metadata = 2 [(portico.fetch) = {
    method: "shop.files.v1.FileService/Reflect" select: "metadata" required: true }];
}
)";

constexpr char kReflect[] = "/v1/reflect";
constexpr char kOwnOrders[] = "/v1/customers/cust-000001/orders";

class IdentityTest : public ::testing::Test {
 protected:
  IdentityTest() {
    folder_.Write("desk/desk.proto", kFacade);
    folder_.Write("jwks.json", Jwks({key_}).dump());
    folder_.Write("gateway.pem", portico::testing::NewPem("EC"));
    const std::string auth = absl::StrCat("    auth: { jwt: { keys: jwks.json, issuer: \"", portico::testing::kIssuer,
                                          "\", audience: ", portico::testing::kAudience, " } }\n");
    const std::string frontend =
        "    listen: 127.0.0.1:0\n    expose: [desk.v1.Desk, shop.files.v1.FileService, shop.orders.v1.OrderService]\n";
    gateway_ = std::make_unique<Gateway>(folder_.Write(
        "portico.yaml",
        absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/proto\n  - protos: ", PORTICO_SOURCE_DIR,
                     "/tests/integration/protos\n  - protos: desk\nclusters:\n  files: { target: \"",
                     files_port_.address(), "\", services: [shop.files.v1.FileService], transport: ", TestedTransport(),
                     " }\n  orders: { target: \"", orders_port_.address(),
                     "\", services: [shop.orders.v1.OrderService], transport: ", TestedTransport(),
                     " }\nfrontends:\n  - name: web\n", frontend, auth,
                     "    identity: { key: gateway.pem, issuer: portico, ttl: 60s }\n  - name: plain\n", frontend, auth,
                     "  - name: bare\n    security_headers: none\n", frontend, auth,
                     "  - name: open\n    listen: 127.0.0.1:0\n    expose: [shop.files.v1.FileService]\n",
                     "admin: { listen: 127.0.0.1:0 }\n")));
    files_ = std::make_unique<Process>(std::vector<std::string>{FILES_SERVER, "--listen", files_port_.address()});
    orders_ = std::make_unique<Process>(std::vector<std::string>{
        std::string(SHOP_BIN_DIR) + "/shop-orders", "--listen", orders_port_.address(), "--data", data_.path(),
        "--identity-keys", absl::StrCat("http://", gateway_->admin(), "/jwks.json"), "--identity-issuer", "portico"});
    for (Process* process : {files_.get(), orders_.get()}) {
      EXPECT_TRUE(process->ErrorLine([](const std::string& line) { return line.find("listening") != line.npos; }))
          << process->Error();
    }
    for (const char* frontend_name : {"web", "plain"}) {
      const auto reached = [](const Answer& answer) { return answer.status != 503; };
      GetUntil(gateway_->address(frontend_name), kReflect, reached, kOfAllWorkers);
      GetUntil(gateway_->address(frontend_name), kOwnOrders, reached, kOfAllWorkers);
    }
  }

  Answer Ask(const std::string& target, const Headers& headers, const std::string& frontend = "web") {
    return Get(gateway_->address(frontend), target, headers);
  }

  // What the service "files" is told under a key, separated by " | ".
  static std::string Told(const Json& metadata, const std::string& key) {
    std::string told;
    for (const Json& entry : metadata) {
      const std::string text = entry.get<std::string>();
      if (text.compare(0, key.size() + 2, key + ": ") == 0)
        told += (told.empty() ? "" : " | ") + text.substr(key.size() + 2);
    }
    return told;
  }
  static Json ClaimsOf(const std::string& authorization) {
    const std::vector<std::string> parts = absl::StrSplit(authorization, '.');
    std::string claims;
    EXPECT_EQ(authorization.substr(0, 7), "Bearer ");
    EXPECT_TRUE(parts.size() == 3 && absl::WebSafeBase64Unescape(parts[1], &claims)) << authorization;
    return Json::parse(claims, nullptr, false);
  }

  const SigningKey key_{"k1", "ES256"};
  const std::string token_ = key_.Sign(GoodClaims());  // of cust-000001
  const Headers bearer_ = {{"Authorization", "Bearer " + token_}};
  TempFolder folder_, data_;
  ReservedPort files_port_, orders_port_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Process> files_, orders_;
};

TEST_F(IdentityTest, AServiceGetsATokenOfTheGatewayForItself) {
  const Answer answer = Ask(kReflect, bearer_);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, Not(HasSubstr(token_)));
  const Json claims = ClaimsOf(Told(answer.json()["metadata"], "authorization"));
  EXPECT_EQ(claims["iss"], "portico");
  EXPECT_EQ(claims["aud"], "files");
  EXPECT_EQ(claims["sub"], "cust-000001");
  EXPECT_EQ(claims["frontend"], "web");
  EXPECT_EQ(claims["scope"], GoodClaims()["scope"]);
  EXPECT_EQ(claims["exp"].get<int64_t>() - claims["iat"].get<int64_t>(), 60);
  const Answer jwks = Get(gateway_->admin(), "/jwks.json");
  EXPECT_EQ(jwks.status, 200);
  EXPECT_EQ(jwks.json()["keys"].size(), 1u);
  EXPECT_THAT(jwks.body, Not(HasSubstr("\"d\"")));
}

TEST_F(IdentityTest, TheOrderServiceVerifiesIt) {
  EXPECT_EQ(Ask(kOwnOrders, bearer_).status, 200);
  EXPECT_EQ(Ask("/v1/customers/cust-000002/orders", bearer_).status, 403);
  EXPECT_EQ(Ask(kOwnOrders, {}).status, 401);
  // The client's own token, handed on, is of another issuer and for another audience.
  EXPECT_EQ(Ask(kOwnOrders, bearer_, "plain").status, 401);
  // The token for one cluster, shown to another.
  const std::string stolen = Told(Ask(kReflect, bearer_).json()["metadata"], "authorization");
  const Answer replayed = Ask(kOwnOrders, {{"Grpc-Metadata-Authorization", stolen}}, "plain");
  EXPECT_EQ(replayed.status, 401);
}

TEST_F(IdentityTest, EachCallOfAComposedAnswerHasATokenForItsCluster) {
  const Answer answer = Ask("/desk", bearer_);
  ASSERT_EQ(answer.status, 200) << answer.body;  // the order service takes none for another audience
  EXPECT_EQ(ClaimsOf(Told(answer.json()["metadata"], "authorization"))["aud"], "files");
}

// A frontend that asks nobody hands on what services can verify, and nothing in a proxy's name.
TEST_F(IdentityTest, WithoutAuthCredentialsAreHandedOnAndClaimsAreNot) {
  const Headers headers = {{"Authorization", "Bearer shown"},    {"Grpc-Metadata-Authorization", "Bearer shown-too"},
                           {"Grpc-Metadata-X-Api-Key", "shown"}, {"Grpc-Metadata-X-Forwarded-User", "made-up"},
                           {"X-Forwarded-User", "made-up"},      {"Remote-Groups", "made-up"}};
  const struct {
    const char* name;
    Headers protocol;
    absl::string_view body;
  } cases[] = {
      {"REST", {}, ""},
      {"Connect", {{"Content-Type", "application/json"}, {"Connect-Protocol-Version", "1"}}, "{}"},
      {"gRPC-Web", {{"Content-Type", "application/grpc-web+proto"}}, absl::string_view("\0\0\0\0\0", 5)},
  };
  for (const auto& c : cases) {
    Headers sent = headers;
    sent.insert(sent.end(), c.protocol.begin(), c.protocol.end());
    const Answer answer = c.protocol.empty() ? Ask(kReflect, sent, "open")
                                             : Send(gateway_->address("open"), "POST",
                                                    "/shop.files.v1.FileService/Reflect", sent, c.body);
    ASSERT_EQ(answer.status, 200) << c.name << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("authorization: Bearer shown")) << c.name;
    EXPECT_THAT(answer.body, Not(HasSubstr("made-up"))) << c.name;
    if (c.protocol.empty()) {
      EXPECT_EQ(Told(answer.json()["metadata"], "x-api-key"), "shown");
    }
  }
}

TEST_F(IdentityTest, WhatAClientSaysOfItselfReachesNobody) {
  const Headers made_up = {{"Grpc-Metadata-Authorization", "Bearer made-up"},
                           {"Grpc-Metadata-X-User-Id", "made-up"},
                           {"X-Forwarded-User", "made-up"},
                           {"X-User-Id", "made-up"},
                           {"X-Api-Key", "made-up"},
                           {"Grpc-Metadata-Cookie", "made-up"},
                           {"Grpc-Metadata-Remote-Groups", "made-up"},
                           {"Remote-Email", "made-up"},
                           {"Cf-Access-Authenticated-User-Email", "made-up"},
                           {"Grpc-Metadata-Tailscale-User-Login", "made-up"},
                           {"OIDC-Claim-Sub", "made-up"},
                           {"Impersonate-User", "made-up"},
                           {"X-Jwt-Claim-Sub", "made-up"},
                           {"Grpc-Metadata-X-Tag", "kept"},
                           {"X-Plain", "kept"}};
  Headers with_token = made_up;
  with_token.insert(with_token.end(), bearer_.begin(), bearer_.end());
  Headers with_password = made_up;
  with_password.emplace_back("Authorization", "Basic bWFkZTp1cA==");
  for (const Headers& headers : {made_up, with_token, with_password}) {
    for (const std::string frontend : {"web", "plain"}) {
      const Answer rest = Ask(kReflect, headers, frontend);
      ASSERT_EQ(rest.status, 200) << rest.body;
      EXPECT_THAT(rest.body, Not(HasSubstr("made-up"))) << frontend;
      EXPECT_EQ(Told(rest.json()["metadata"], "x-tag"), "kept");
      Headers connect = headers;
      connect.emplace_back("Content-Type", "application/json");
      connect.emplace_back("Connect-Protocol-Version", "1");
      const Answer other =
          Send(gateway_->address(frontend), "POST", "/shop.files.v1.FileService/Reflect", connect, "{}");
      ASSERT_EQ(other.status, 200) << other.body;
      EXPECT_THAT(other.body, Not(HasSubstr("made-up"))) << frontend;
      Headers grpc_web = headers;
      grpc_web.emplace_back("Content-Type", "application/grpc-web+proto");
      const Answer third = Send(gateway_->address(frontend), "POST", "/shop.files.v1.FileService/Reflect", grpc_web,
                                absl::string_view("\0\0\0\0\0", 5));
      ASSERT_EQ(third.status, 200);
      EXPECT_THAT(third.body, HasSubstr("x-plain: kept"));
      EXPECT_THAT(third.body, Not(HasSubstr("made-up"))) << frontend;
    }
  }
  // The protocols of browsers that carry a stream, and an RPC by GET.
  for (const Headers& headers : {made_up, with_token, with_password}) {
    for (const std::string frontend : {"web", "plain"}) {
      std::string lines;
      for (const auto& [name, value] : headers) absl::StrAppend(&lines, name, ": ", value, "\r\n");
      WebSocketClient socket(gateway_->address(frontend));
      ASSERT_TRUE(socket.Open("/v1/reflect:each", lines));
      for (int message = 0; message < 2; ++message) {
        socket.Send(Frame(kText, "{}"));
        const std::string told = socket.Next().payload;
        EXPECT_THAT(told, HasSubstr("x-tag: kept"));
        EXPECT_THAT(told, Not(HasSubstr("made-up"))) << frontend;
      }
      struct Protocol {
        const char* content_type;
        absl::string_view message;
      };
      const Protocol protocols[] = {{"application/connect+json", absl::string_view("\0\0\0\0\2{}", 7)},
                                    {"application/connect+proto", absl::string_view("\0\0\0\0\0", 5)},
                                    {"application/grpc-web+json", absl::string_view("\0\0\0\0\2{}", 7)},
                                    {"application/grpc-web+proto", absl::string_view("\0\0\0\0\0", 5)}};
      for (const Protocol& protocol : protocols) {
        Headers more = headers;
        more.emplace_back("Content-Type", protocol.content_type);
        if (absl::StrContains(protocol.content_type, "connect")) more.emplace_back("Connect-Protocol-Version", "1");
        const Answer answer =
            Send(gateway_->address(frontend), "POST", "/shop.files.v1.FileService/ReflectEach", more, protocol.message);
        ASSERT_EQ(answer.status, 200) << protocol.content_type << answer.body;
        EXPECT_THAT(answer.body, HasSubstr("x-plain: kept")) << protocol.content_type;
        EXPECT_THAT(answer.body, Not(HasSubstr("made-up"))) << protocol.content_type << " " << frontend;
      }
      Headers text = headers;
      text.emplace_back("Content-Type", "application/grpc-web-text+proto");
      const Answer answer =
          Send(gateway_->address(frontend), "POST", "/shop.files.v1.FileService/Reflect", text, "AAAAAAA=");
      ASSERT_EQ(answer.status, 200);
      std::string told;
      // Each frame is padded by itself.
      ASSERT_TRUE(absl::Base64Unescape(answer.body.substr(0, answer.body.find('=')), &told)) << answer.body;
      EXPECT_THAT(told, HasSubstr("x-plain: kept"));
      EXPECT_THAT(told, Not(HasSubstr("made-up"))) << frontend;
    }
  }
  // With an identity there is a token of the gateway's or none.
  EXPECT_EQ(Told(Ask(kReflect, made_up).json()["metadata"], "authorization"), "");
  EXPECT_EQ(Told(Ask(kReflect, with_password).json()["metadata"], "authorization"), "");
  EXPECT_EQ(ClaimsOf(Told(Ask(kReflect, with_token).json()["metadata"], "authorization"))["sub"], "cust-000001");
  // Without one, what the client shows is handed on.
  EXPECT_EQ(Told(Ask(kReflect, with_token, "plain").json()["metadata"], "authorization"), "Bearer " + token_);
}

TEST_F(IdentityTest, SecurityHeadersAreLeftToAProxyThatSetsItsOwn) {
  struct Request {
    const char* target;
    bool token;
    int status;
  };
  const Request requests[] = {
      {kReflect, true, 200}, {kReflect, false, 200}, {"/v1/reflect?x=1", false, 400}, {"/nowhere", false, 404}};
  for (const Request& request : requests) {
    const Headers headers = request.token ? bearer_ : Headers{};
    const Answer standard = Ask(request.target, headers, "plain");
    const Answer bare = Ask(request.target, headers, "bare");
    EXPECT_EQ(standard.status, request.status);
    EXPECT_EQ(bare.status, request.status);
    EXPECT_EQ(standard.Header("X-Content-Type-Options"), "nosniff") << request.target;
    EXPECT_EQ(standard.Header("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'");
    EXPECT_EQ(standard.Header("Referrer-Policy"), "no-referrer");
    for (const char* header : {"X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"}) {
      EXPECT_EQ(bare.Header(header), "") << request.target;
    }
  }
  EXPECT_EQ(Ask("/desk", bearer_, "plain").Header("Cache-Control"), "no-store");
  EXPECT_EQ(Ask("/desk", bearer_, "bare").Header("Cache-Control"), "");
}

TEST_F(IdentityTest, SecretsAreShownNowhere) {
  const std::string minted = Told(Ask(kReflect, bearer_).json()["metadata"], "authorization");
  const std::string pem = portico::testing::NewPem("EC");
  const std::string secret = pem.substr(pem.find('\n') + 41, 40);
  std::string shown;
  for (const char* target : {kOwnOrders, "/v1/customers/cust-000002/orders", "/nowhere"}) {
    for (const Headers& headers : {bearer_, Headers{{"Authorization", "Basic c2VjcmV0LXBhc3N3b3Jk"}}}) {
      const Answer answer = Ask(target, headers);
      shown += answer.body;
      for (const auto& [name, value] : answer.headers) shown += value + "\n";
      EXPECT_EQ(answer.Header("X-Content-Type-Options"), "nosniff");
    }
  }
  EXPECT_EQ(Ask(kOwnOrders, bearer_).Header("Cache-Control"), "no-store");
  // A key that is broken: the mistake is told, the key is not.
  folder_.Write("gateway.pem", pem.substr(0, pem.size() / 2 + 30));
  ASSERT_TRUE(gateway_->process().ErrorLine(
      [](const std::string& line) { return line.find("reload_failed") != std::string::npos; }));
  for (const char* page : {"/metrics", "/routes", "/clusters", "/config", "/jwks.json"}) {
    shown += Get(gateway_->admin(), page).body;
  }
  gateway_->process().Signal(SIGTERM);
  gateway_->process().Wait();
  shown += gateway_->process().Out() + gateway_->process().Error() + orders_->Error();
  EXPECT_THAT(shown, HasSubstr("a private key in it is broken"));
  for (const std::string& hidden : {secret, minted.substr(minted.rfind('.') + 1), token_.substr(token_.rfind('.') + 1),
                                    std::string("c2VjcmV0LXBhc3N3b3Jk")}) {
    EXPECT_THAT(shown, Not(HasSubstr(hidden)));
  }
}

// The next key stands behind the present one first, so that services know it before it signs.
TEST_F(IdentityTest, TheKeyIsChangedWithoutARefusal) {
  const std::string old_pem = portico::testing::NewPem("ED25519"), next_pem = portico::testing::NewPem("EC");
  const std::vector<std::pair<std::string, size_t>> steps = {
      {old_pem, 1}, {old_pem + next_pem, 2}, {next_pem + old_pem, 2}, {next_pem, 1}};
  for (const auto& [pem, count] : steps) {
    folder_.Write("gateway.pem", pem);
    ASSERT_TRUE(
        gateway_->process().ErrorLine([](const std::string& line) { return line.find("\"reloaded\"") != line.npos; }));
    GetUntil(gateway_->admin(), "/jwks.json",
             [n = count](const Answer& answer) { return answer.json()["keys"].size() == n; });
    GetUntil(gateway_->address(), kReflect, [](const Answer& answer) { return answer.status == 200; });
    for (int i = 0; i < 30; ++i) {
      const Answer answer = Ask(kOwnOrders, bearer_);
      EXPECT_EQ(answer.status, 200) << answer.body;
    }
  }
}

}  // namespace
}  // namespace portico::integration
