#include "gateway/middleware/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "portico/annotations.pb.h"
#include "tests/access/issuer.h"
#include "tests/middleware/answering.h"

namespace portico::middleware {
namespace {

using testing::GoodClaims;
using testing::SigningKey;

constexpr char kKey[] = "key-of-acme";

// Answers like the method, and looks at who calls.
class Method final : public http::Handler {
 public:
  Async<http::Response> Handle(http::Request& request) override {
    absl::string_view sub;
    const rpc::Attributes* claims = request.context.claims();
    caller = claims == nullptr ? "nobody" : claims->Find("sub", &sub) ? std::string(sub) : "nameless";
    co_return http::Response();
  }
  std::string caller = "not called";
};

class AuthTest : public ::testing::Test {
 protected:
  AuthPolicy Policy(bool tokens, bool keys, bool required = false) {
    AuthPolicy policy;
    policy.required = required;
    if (tokens) {
      policy.tokens = std::make_unique<access::TokenVerifier>(
          *access::KeySet::Parse(testing::Jwks({key_}).dump()),
          access::TokenPolicy{testing::kIssuer, testing::kAudience, absl::ZeroDuration()});
    }
    schema::Diagnostics diagnostics;
    const std::string file = "keys: [ { name: acme, sha256: " + access::HashOfApiKey(kKey) + ", scopes: [read] } ]";
    if (keys) policy.api_keys = access::ApiKeys::Parse(file, "keys.yaml", diagnostics);
    return policy;
  }

  using Headers = std::vector<std::pair<std::string, std::string>>;
  // Status, challenges, and who the method was called by.
  std::string Ask(Auth& auth, const std::string& method_policy, const Headers& headers) {
    schema::Method method;
    auto policy = std::make_shared<portico::Policy>();
    if (method_policy == "public") policy->mutable_auth()->set_public_(true);
    if (method_policy == "match") policy->mutable_auth()->add_match("claim.sub = request.id");
    if (method_policy == "scopes") {
      policy->mutable_auth()->add_scopes("read");
      policy->mutable_auth()->add_scopes("write");
    }
    method.policy = policy;
    http::Request request(worker_, net::kNoDeadline);
    if (method_policy != "none") request.rpc = &method;
    for (const auto& [name, value] : headers) request.headers.Add(name, value);
    Method next;
    const http::Response response = Answer(auth, request, next);
    std::string result = absl::StrCat(response.status, " ", next.caller);
    for (absl::string_view rest = response.headers.wire(); !rest.empty();) {
      const size_t end = rest.find("\r\n");
      const absl::string_view line = rest.substr(0, end);
      if (line.find("WWW-Authenticate: ") == 0) absl::StrAppend(&result, " | ", line.substr(18));
      rest.remove_prefix(end + 2);
    }
    return result;
  }

  const SigningKey key_{"k", "EdDSA"};
  const std::string good_ = "Bearer " + key_.Sign(testing::With(GoodClaims(), "scope", "read write"));
  const std::string reader_ = "Bearer " + key_.Sign(testing::With(GoodClaims(), "scope", "read"));
  const std::string expired_ = "Bearer " + key_.Sign(testing::With(GoodClaims(), "exp", 1000));
  net::Worker worker_{0};
  const http::ErrorRenderer errors_{http::ErrorFormat::kStatus, nullptr};
};

TEST_F(AuthTest, WhoMayCall) {
  Auth open(Policy(true, true), errors_), closed(Policy(true, true, true), errors_);
  Auth tokens(Policy(true, false, true), errors_), keys(Policy(false, true, true), errors_);
  const std::string both = " | Bearer | ApiKey header=\"X-Api-Key\"";
  const std::string expired =
      "401 not called | Bearer error=\"invalid_token\", error_description=\"the token has expired\"";
  const std::string scope = "403 not called | Bearer error=\"insufficient_scope\", scope=\"read write\"";
  const struct {
    const char* name;
    Auth& auth;
    const char* policy;
    Headers headers;
    std::string answer;
  } cases[] = {
      {"nobody, by default", open, "", {}, "200 nobody"},
      {"nobody where somebody is required", closed, "", {}, "401 not called" + both},
      {"nobody, and the contract says public", closed, "public", {}, "200 nobody"},
      {"nobody where scopes are asked for", open, "scopes", {}, "401 not called" + both},
      {"nobody where a match is asked for", open, "match", {}, "401 not called" + both},
      {"nobody, and no method", closed, "none", {}, "200 nobody"},
      {"a bad token, and no method", closed, "none", {{"Authorization", expired_}}, "200 nobody"},
      {"a token", closed, "", {{"Authorization", good_}}, "200 cust-000001"},
      {"a token, spelled otherwise", closed, "", {{"authorization", "bEARER" + good_.substr(6)}}, "200 cust-000001"},
      {"a token where nobody asks", open, "public", {{"Authorization", good_}}, "200 cust-000001"},
      {"a bad token where nobody asks", tokens, "public", {{"Authorization", expired_}}, expired},
      {"a token without a scope", tokens, "scopes", {{"Authorization", reader_}}, scope},
      {"a token with the scopes", tokens, "scopes", {{"Authorization", good_}}, "200 cust-000001"},
      {"another scheme", tokens, "", {{"Authorization", "Basic YTpi"}}, "401 not called | Bearer"},
      {"another scheme where nobody asks", tokens, "public", {{"Authorization", "Basic YTpi"}}, "200 nobody"},
      {"a scheme that begins alike", tokens, "", {{"Authorization", "Bearers x"}}, "401 not called | Bearer"},
      {"two tokens",
       tokens,
       "",
       {{"Authorization", good_}, {"Authorization", good_}},
       "401 not called | Bearer error=\"invalid_token\", error_description=\"there is more than one Authorization\""},
      {"a key", closed, "", {{"x-api-key", kKey}}, "200 acme"},
      {"a key without a scope", keys, "scopes", {{"X-Api-Key", kKey}}, "403 not called"},
      {"a wrong key where nobody asks",
       keys,
       "public",
       {{"X-Api-Key", "x"}},
       "401 not called | ApiKey header=\"X-Api-Key\""},
      {"an empty key", keys, "", {{"X-Api-Key", ""}}, "401 not called | ApiKey header=\"X-Api-Key\""},
      {"a key where keys are not looked at", tokens, "", {{"X-Api-Key", kKey}}, "401 not called | Bearer"},
      {"a token where tokens are not looked at",
       keys,
       "",
       {{"Authorization", good_}},
       "401 not called | ApiKey header=\"X-Api-Key\""},
  };
  for (const auto& c : cases) EXPECT_EQ(Ask(c.auth, c.policy, c.headers), c.answer) << c.name;
  EXPECT_THAT(Ask(closed, "", {{"Authorization", good_}, {"X-Api-Key", kKey}}),
              ::testing::HasSubstr("there is a token and an API key"));
}

// What is cached is the whole token: neither its beginning nor another signature of the same claims gets in by it.
TEST_F(AuthTest, AKnownTokenVouchesForItselfAlone) {
  Auth auth(Policy(true, false, true), errors_);
  ASSERT_EQ(Ask(auth, "", {{"Authorization", good_}}), "200 cust-000001");
  EXPECT_EQ(Ask(auth, "", {{"Authorization", good_}}), "200 cust-000001");
  std::string changed = good_;
  changed[changed.size() - 5] = changed[changed.size() - 5] == 'A' ? 'B' : 'A';
  EXPECT_THAT(Ask(auth, "", {{"Authorization", changed}}), ::testing::HasSubstr("the token's signature is wrong"));
  EXPECT_THAT(Ask(auth, "", {{"Authorization", good_.substr(0, good_.rfind('.') + 1)}}),
              ::testing::HasSubstr("the token's signature is wrong"));
}

// A call that outlives its request (a part nobody waits for any more) still has its caller's claims.
TEST_F(AuthTest, ClaimsLiveAsLongAsAnyContextHasThem) {
  auto auth = std::make_unique<Auth>(Policy(true, false, true), errors_);
  schema::Method method;
  method.policy = std::make_shared<portico::Policy>();
  auto request = std::make_unique<http::Request>(worker_, net::kNoDeadline);
  request->rpc = &method;
  request->headers.Add("Authorization", good_);
  const auto snapshot = std::make_shared<int>(1);
  request->context.set_pin(snapshot);
  Method next;
  Answer(*auth, *request, next);
  auto child = std::make_unique<rpc::Context>(request->context, net::kNoDeadline);
  request.reset();
  auth.reset();
  absl::string_view sub;
  EXPECT_TRUE(child->claims()->Find("sub", &sub));
  EXPECT_EQ(sub, "cust-000001");
  EXPECT_EQ(snapshot.use_count(), 2);
  child.reset();
  EXPECT_EQ(snapshot.use_count(), 1);
}

}  // namespace
}  // namespace portico::middleware
