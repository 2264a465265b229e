// Who may call: tokens, API keys, scopes and matches, through the running gateway.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <signal.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/access/issuer.h"
#include "tests/integration/envelopes.h"
#include "tests/integration/gateway.h"
#include "tests/upstream/certificates.h"

namespace portico::integration {
namespace {

using portico::testing::Forged;
using portico::testing::GoodClaims;
using portico::testing::Jwks;
using portico::testing::SigningKey;
using portico::testing::With;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kDesk[] = R"(syntax = "proto3";

package desk.v1;

import "google/api/annotations.proto";
import "portico/annotations.proto";
import "shop/catalog/v1/catalog.proto";
import "shop/orders/v1/orders.proto";

service Desk {
  option (portico.facade) = true;

  rpc GetOrders(GetOrdersRequest) returns (Orders) {
    option (google.api.http) = {
      get: "/desk/customers/{customer_id}/orders"
      additional_bindings { post: "/desk/orders" body: "*" }
    };
    option (portico.policy) = { auth: { scopes: "orders.read" match: "claim.sub = request.customer_id" } };
  }

  rpc GetBook(GetBookRequest) returns (Book) {
    option (google.api.http) = { get: "/desk/books/{product_id}" };
    option (portico.policy) = { auth: { public: true } };
  }

  rpc GetProfile(GetProfileRequest) returns (Profile) {
    option (portico.policy) = { auth: { match: "claim.sub = request.customer_id" } };
  }

  rpc GetTokensProfile(GetProfileRequest) returns (Profile) {
    option (portico.policy) = {
      auth: { match: "claim.sub = request.customer_id" match: "claim.iss = \"https://issuer.example\"" }
    };
  }
}

message GetProfileRequest { oneof who { string customer_id = 1; string email = 2; } }
message Profile {
  string customer_id = 1;
  string email = 2;
  shop.catalog.v1.Product reads = 3 [(portico.fetch) = {
    method: "shop.catalog.v1.CatalogService/GetProduct" bind: "product_id = \"pojos-in-action\"" }];
}

message GetOrdersRequest { string customer_id = 1; }
message Orders {
  string customer_id = 1;
  repeated shop.orders.v1.Order orders = 2 [(portico.fetch) = {
    method: "shop.orders.v1.OrderService/ListOrders" bind: "customer_id = claim.sub" select: "orders" required: true }];
}
message GetBookRequest { string product_id = 1; }
message Book {
  shop.catalog.v1.Product product = 1 [(portico.fetch) = {
    method: "shop.catalog.v1.CatalogService/GetProduct" bind: "product_id = request.product_id" required: true }];
}
)";

constexpr char kApiKey[] = "Zq3-the-key-of-acme-7fXw";
constexpr char kOrders[] = "/desk/customers/cust-000001/orders";
constexpr char kBook[] = "/desk/books/pojos-in-action";
constexpr char kPlain[] = "/v1/products/pojos-in-action";  // has no policy: the frontend's default holds

Headers Bearer(const std::string& token) {
  return {{"Authorization", "Bearer " + token}};
}

// Of a key: what `portico hash-key` says.
std::string HashOf(const TempFolder& folder, const std::string& key) {
  const std::string file = folder.Write("key.txt", key + "\n");
  const Finished hashed = RunToEnd({"/bin/sh", "-c", absl::StrCat(PORTICO_BINARY, " hash-key < ", file)});
  EXPECT_EQ(hashed.exit, 0) << hashed.error;
  return hashed.out.substr(0, hashed.out.find('\n'));
}

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    shop_.StartAll();
    folder_.Write("desk/desk.proto", kDesk);
    folder_.Write("jwks.json", Jwks({key_}).dump());
    folder_.Write("keys.yaml", absl::StrCat("keys:\n  - { name: acme, sha256: ", HashOf(folder_, kApiKey), " }\n"));
    gateway_ = std::make_unique<Gateway>(folder_.Write(
        "portico.yaml",
        absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/proto\n  - protos: desk\n", shop_.Clusters(),
                     "frontends:\n  - name: web\n    listen: 127.0.0.1:0\n    expose: [\"*\"]\n"
                     "    auth: { default: required, jwt: { keys: jwks.json, issuer: \"",
                     portico::testing::kIssuer, "\", audience: ", portico::testing::kAudience,
                     ", leeway: 30s }, api_keys: keys.yaml }\nadmin: { listen: 127.0.0.1:0 }\n")));
  }

  Answer Ask(const std::string& target, const Headers& headers) { return Get(gateway_->address(), target, headers); }

  // Asks until every worker answers so.
  void AwaitStatus(const std::string& target, const Headers& headers, int status) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    int last = 0;
    for (int in_a_row = 0; in_a_row < kOfAllWorkers; in_a_row = last == status ? in_a_row + 1 : 0) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << target << " is still " << last;
      last = Ask(target, headers).status;
      if (last != status) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  const SigningKey key_{"k1", "RS256"};
  TempFolder folder_;
  Shop shop_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(AccessTest, ForgedTokensAreRefusedWithTheReason) {
  ASSERT_EQ(Ask(kPlain, Bearer(key_.Sign(GoodClaims()))).status, 200);
  for (const Forged& forged : portico::testing::ForgedTokens(key_)) {
    const Answer answer = Ask(kPlain, Bearer(forged.token));
    EXPECT_EQ(answer.status, 401) << forged.name;
    EXPECT_THAT(answer.Header("WWW-Authenticate"),
                HasSubstr(absl::StrCat("Bearer error=\"invalid_token\", error_description=\"", forged.reason, "\"")))
        << forged.name;
    EXPECT_EQ(answer.json()["code"], 16) << forged.name;
  }
}

TEST_F(AccessTest, WhatTheContractAsksFor) {
  const std::string customer = key_.Sign(GoodClaims());
  EXPECT_EQ(Ask(kBook, {}).status, 200);
  EXPECT_EQ(Ask("/nowhere", {}).status, 404);
  const Answer nobody = Ask(kPlain, {});
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(nobody.Header("WWW-Authenticate"), "Bearer, ApiKey header=\"X-Api-Key\"");
  EXPECT_EQ(Ask(kOrders, {}).status, 401);
  const Answer own = Ask(kOrders, Bearer(customer));
  EXPECT_EQ(own.status, 200) << own.body;
  EXPECT_EQ(own.json()["customerId"], "cust-000001");
  const Answer unscoped = Ask(kOrders, Bearer(key_.Sign(With(GoodClaims(), "scope", "profile"))));
  EXPECT_EQ(unscoped.status, 403);
  EXPECT_THAT(unscoped.Header("WWW-Authenticate"),
              HasSubstr("Bearer error=\"insufficient_scope\", scope=\"orders.read\""));
  EXPECT_EQ(Ask(kOrders, Bearer(key_.Sign(With(GoodClaims(), "scp", "none")))).status, 200);
}

TEST_F(AccessTest, OnlyOnesOwnOrders) {
  const Headers ann = Bearer(key_.Sign(GoodClaims()));
  for (const char* target : {"/desk/customers/cust-000002/orders", "/desk/customers/cust%2D000002/orders",
                             "/desk/customers/cust-000001%00/orders", "/desk/customers/CUST-000001/orders",
                             "/desk/customers/cust-000001%20/orders"}) {
    EXPECT_EQ(Ask(target, ann).status, 403) << target;
  }
  EXPECT_EQ(Ask("/desk/customers/cust%2D000001/orders", ann).status, 200);
  EXPECT_EQ(Ask("/desk/customers/cust-000002/orders?customer_id=cust-000001", ann).status, 400);
  EXPECT_EQ(Ask("/desk/customers/cust-000002/orders?customerId=cust-000001", ann).status, 400);
  const struct {
    const char* body;
    int status;
  } bodies[] = {
      {R"({"customer_id":"cust-000001"})", 200},
      {R"({"customerId":"cust-00000\u0031"})", 200},
      {R"({"customerId":"cust-000002"})", 403},
      {R"({})", 403},
      {R"({"customerId":""})", 403},
      {R"({"customerId":null})", 403},
      {R"({"customerId":"cust-000001","customer_id":"cust-000002"})", 400},
      {R"({"customerId":"cust-000002","customerId":"cust-000001"})", 400},
  };
  Headers json = ann;
  json.emplace_back("Content-Type", "application/json");
  for (const auto& c : bodies) {
    EXPECT_EQ(Send(gateway_->address(), "POST", "/desk/orders", json, c.body).status, c.status) << c.body;
  }
  // The same by another protocol.
  const std::string method = "/desk.v1.Desk/GetOrders";
  Headers connect = json;
  connect.emplace_back("Connect-Protocol-Version", "1");
  EXPECT_EQ(Send(gateway_->address(), "POST", method, connect, R"({"customerId":"cust-000001"})").status, 200);
  EXPECT_EQ(Send(gateway_->address(), "POST", method, connect, R"({"customerId":"cust-000002"})").status, 403);
  connect.erase(connect.begin());
  EXPECT_EQ(Send(gateway_->address(), "POST", method, connect, R"({"customerId":"cust-000001"})").status, 401);
}

// Who sends wire bytes may send two members of a oneof; services see the last one.
TEST_F(AccessTest, TheLastMemberOfAOneofIsMatched) {
  const std::string own(
      "\x0a\x0b"
      "cust-000001",
      13),
      email(
          "\x12\x03"
          "bob",
          5);
  const struct {
    const char* name;
    std::string message;
    int status;
    const char* grpc_status;
  } cases[] = {{"own", own, 200, "grpc-status: 0"},
               {"own, then another's", own + email, 403, "grpc-status: 7"},
               {"another's, then own", email + own, 200, "grpc-status: 0"}};
  const std::string method = "/desk.v1.Desk/GetProfile";
  for (const auto& c : cases) {
    Headers connect = Bearer(key_.Sign(GoodClaims())), grpc_web = connect;
    connect.emplace_back("Content-Type", "application/proto");
    connect.emplace_back("Connect-Protocol-Version", "1");
    EXPECT_EQ(Send(gateway_->address(), "POST", method, connect, c.message).status, c.status) << c.name;
    grpc_web.emplace_back("Content-Type", "application/grpc-web+proto");
    const Answer answer = Send(gateway_->address(), "POST", method, grpc_web, Envelope(0, c.message));
    // In the trailers, or in the head where there is nothing else.
    EXPECT_THAT(absl::StrCat(answer.body, "grpc-status: ", answer.Header("grpc-status")), HasSubstr(c.grpc_status))
        << c.name;
  }
}

// A key's name is a subject as a token's is; a contract may ask for who vouches for it.
TEST_F(AccessTest, AMatchOnTheIssuerKeepsKeysOut) {
  const struct {
    Headers headers;
    int for_all, for_tokens;
  } cases[] = {{{{"X-Api-Key", kApiKey}}, 200, 403}, {Bearer(key_.Sign(With(GoodClaims(), "sub", "acme"))), 200, 200}};
  for (const auto& c : cases) {
    Headers headers = c.headers;
    headers.emplace_back("Content-Type", "application/json");
    const auto status = [&](const char* method) {
      return Send(gateway_->address(), "POST", method, headers, R"({"customerId":"acme"})").status;
    };
    EXPECT_EQ(status("/desk.v1.Desk/GetProfile"), c.for_all);
    EXPECT_EQ(status("/desk.v1.Desk/GetTokensProfile"), c.for_tokens);
  }
}

TEST_F(AccessTest, ARevokedKeyIsRefused) {
  const Headers acme = {{"X-Api-Key", kApiKey}};
  ASSERT_EQ(Ask(kPlain, acme).status, 200);
  EXPECT_EQ(Ask(kOrders, acme).status, 403);
  const Answer wrong = Ask(kPlain, {{"X-Api-Key", "guess"}});
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.json()["message"], "the API key is not known");
  folder_.Write("keys.yaml", absl::StrCat("keys:\n  - { name: acme, sha256: ", HashOf(folder_, "another-key"), " }\n"));
  AwaitStatus(kPlain, acme, 401);
  EXPECT_EQ(Ask(kPlain, {{"X-Api-Key", "another-key"}}).status, 200);
}

// As issuers do it: the next key is published before it signs, and the one before goes when nothing is signed with it
// any more.
TEST_F(AccessTest, KeysRotateUnderLoad) {
  std::mutex mutex;
  std::string current = key_.Sign(GoodClaims());
  std::atomic<bool> stop{false};
  std::atomic<int> good{0}, bad{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      while (!stop) {
        const std::string token = [&] {
          const std::lock_guard<std::mutex> lock(mutex);
          return current;
        }();
        (Ask(kPlain, Bearer(token)).status == 200 ? good : bad)++;
      }
    });
  }
  std::string before = current;
  SigningKey last = key_;
  int which = 2;
  for (const char* algorithm : {"ES256", "EdDSA", "PS256"}) {
    const SigningKey next(absl::StrCat("k", which++), algorithm);
    folder_.Write("jwks.json", Jwks({last, next}).dump());
    const std::string token = next.Sign(GoodClaims());
    AwaitStatus(kPlain, Bearer(token), 200);
    {
      const std::lock_guard<std::mutex> lock(mutex);
      before = std::exchange(current, token);
    }
    const int seen = good;
    while (good < seen + 20 && bad == 0) std::this_thread::yield();  // nobody still has the old one in hand
    folder_.Write("jwks.json", Jwks({next}).dump());
    AwaitStatus(kPlain, Bearer(before), 401);
    last = next;
  }
  stop = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(bad, 0);
  EXPECT_GT(good, 60);
}

// An issuer who changes keys at once: nobody has seen the next one when the first token is signed with it. Then it is
// gone, and its keys with the tokens of before go on.
TEST(KeyUrlTest, KeysFromAnHttpsUrlRotateUnderLoad) {
  TempFolder folder;
  const auto authority = upstream::Certificate::Authority("test CA");
  const auto certificate = upstream::Certificate::SignedBy(authority, "issuer", "IP:127.0.0.1");
  folder.Write("ca.pem", authority.cert());
  std::mutex mutex;
  SigningKey last("k1", "ES256");
  std::string published = Jwks({last}).dump();
  std::string current = last.Sign(GoodClaims());
  httplib::SSLServer issuer(folder.Write("issuer.pem", certificate.cert()).c_str(),
                            folder.Write("issuer.key", certificate.key()).c_str());
  issuer.Get("/jwks.json", [&](const httplib::Request&, httplib::Response& response) {
    const std::lock_guard<std::mutex> lock(mutex);
    response.set_header("Cache-Control", "max-age=1");
    response.set_content(published, "application/jwk-set+json");
  });
  const int port = issuer.bind_to_any_port("127.0.0.1");
  std::thread serving([&] { issuer.listen_after_bind(); });
  const ShopBehindGateway shop(absl::StrCat(
      "    auth: { default: required, jwt: { keys: \"https://127.0.0.1:", port, "/jwks.json\", ca: ", folder.path(),
      "/ca.pem, issuer: \"", portico::testing::kIssuer, "\", audience: ", portico::testing::kAudience, " } }\n"));
  const auto ask = [&](const std::string& token) { return Get(shop.address(), kPlain, Bearer(token)).status; };
  std::atomic<bool> stop{false};
  std::atomic<int> good{0}, bad{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      while (!stop) {
        const std::string token = [&] {
          const std::lock_guard<std::mutex> lock(mutex);
          return current;
        }();
        (ask(token) == 200 ? good : bad)++;
      }
    });
  }
  std::string before;
  int which = 2;
  for (const char* algorithm : {"EdDSA", "RS256", "ES256"}) {
    const int seen = good;
    while (good < seen + 20 && bad == 0) std::this_thread::yield();
    const SigningKey next(absl::StrCat("k", which++), algorithm);
    const std::string token = next.Sign(GoodClaims());
    const std::lock_guard<std::mutex> lock(mutex);
    published = Jwks({last, next}).dump();
    before = std::exchange(current, token);
    last = next;
  }
  const int seen = good;
  while (good < seen + 40 && bad == 0) std::this_thread::yield();  // nobody still has the old one in hand
  {
    const std::lock_guard<std::mutex> lock(mutex);
    published = Jwks({last}).dump();
  }
  // A key that was withdrawn is believed no longer than the issuer's max-age.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (ask(before) != 401 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(ask(before), 401);
  issuer.stop();
  serving.join();
  const int then = good;
  while (good < then + 20 && bad == 0) std::this_thread::yield();
  EXPECT_EQ(ask(SigningKey("k9", "ES256").Sign(GoodClaims())), 401);
  stop = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(bad, 0);
}

// Each request on a connection of its own, and so on any worker: they count together.
TEST(RateLimitTest, IsTheWholeProcesss) {
  const ShopBehindGateway shop("    rate_limit: { by: address, rate: 0.001, burst: 10 }\n");
  for (int i = 9; i >= 0; --i) {
    const Answer answer = Get(shop.address(), kPlain);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.Header("RateLimit-Remaining"), absl::StrCat(i));
  }
  const Answer refused = Get(shop.address(), kPlain);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.json()["code"], 8);
  EXPECT_EQ(refused.Header("RateLimit-Limit"), "10");
  EXPECT_GT(std::stoi(refused.Header("Retry-After")), 900);
}

// Otherwise every reload would let all clients burst.
TEST(RateLimitTest, SurvivesAReloadThatDoesNotChangeIt) {
  const ShopBehindGateway shop("    rate_limit: { by: address, rate: 0.001, burst: 5 }\n");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Get(shop.address(), kPlain).status, 200);
  const auto reloaded = [](const std::string& line) { return line.find("\"reloaded\"") != std::string::npos; };
  shop.gateway->process().Signal(SIGHUP);
  ASSERT_TRUE(shop.gateway->process().ErrorLine(reloaded));
  for (int i = 0; i < kOfAllWorkers; ++i) EXPECT_EQ(Get(shop.address(), kPlain).status, 429);
}

TEST_F(AccessTest, SecretsAreShownNowhere) {
  const std::string token = key_.Sign(GoodClaims());
  std::string forged = token;
  forged[forged.size() - 8] = forged[forged.size() - 8] == 'A' ? 'B' : 'A';
  std::string shown;
  for (const Headers& headers :
       {Bearer(token), Bearer(forged), Headers{{"X-Api-Key", kApiKey}}, Headers{{"X-Api-Key", "wrong-secret-key"}}}) {
    for (const char* target : {kPlain, kOrders, "/nowhere"}) {
      const Answer answer = Ask(target, headers);
      shown += answer.body + answer.Header("WWW-Authenticate");
    }
  }
  // A key where its hash belongs: the mistake is told, the key is not.
  folder_.Write("keys.yaml", "keys:\n  - { name: acme, sha256: secret-in-the-wrong-place }\n");
  ASSERT_TRUE(gateway_->process().ErrorLine(
      [](const std::string& line) { return line.find("reload_failed") != std::string::npos; }));
  for (const char* page : {"/metrics", "/routes", "/clusters", "/config", "/readyz", "/healthz"}) {
    shown += Get(gateway_->admin(), page).body;
  }
  gateway_->process().Signal(SIGTERM);
  gateway_->process().Wait();
  shown += gateway_->process().Out() + gateway_->process().Error();
  EXPECT_THAT(shown, HasSubstr("keys[0].sha256"));
  for (const std::string& secret :
       {token.substr(token.rfind('.') + 1, 40), token.substr(token.find('.') + 1, 40), std::string(kApiKey),
        std::string("wrong-secret-key"), std::string("secret-in-the-wrong-place")}) {
    EXPECT_THAT(shown, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace portico::integration
