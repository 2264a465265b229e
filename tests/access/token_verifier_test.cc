#include "gateway/access/token_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/access/issuer.h"

namespace portico::access {
namespace {

using testing::GoodClaims;
using ::testing::HasSubstr;
using testing::Json;
using testing::Jwks;
using testing::SigningKey;
using testing::With;
using testing::Without;

const absl::Time kNow = absl::FromUnixSeconds(1900000000);

TokenVerifier VerifierOf(const std::vector<SigningKey>& keys, absl::Duration leeway = absl::Seconds(30)) {
  return TokenVerifier(*KeySet::Parse(Jwks(keys).dump()), {testing::kIssuer, testing::kAudience, leeway});
}

std::string ClaimOf(const Caller& caller, absl::string_view name) {
  absl::string_view value;
  return caller.Find(name, &value) ? std::string(value) : "absent";
}

TEST(TokenVerifierTest, EveryAlgorithmVerifiesWhatItsKeySigned) {
  for (const char* algorithm : {"RS256", "PS256", "ES256", "EdDSA"}) {
    const SigningKey key("k", algorithm);
    const TokenVerifier verifier = VerifierOf({key});
    const auto caller = verifier.Verify(key.Sign(GoodClaims(kNow)), kNow);
    ASSERT_TRUE(caller.ok()) << algorithm << ": " << caller.status();
    EXPECT_EQ((*caller)->subject(), "cust-000001");
    EXPECT_EQ((*caller)->expires(), kNow + absl::Seconds(3630));
    // Nothing of the signature may be otherwise.
    const std::string token = key.Sign(GoodClaims(kNow));
    for (size_t i = token.rfind('.') + 1; i < token.size() - 1; ++i) {
      std::string changed = token;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(verifier.Verify(changed, kNow).ok()) << algorithm << " " << i;
    }
  }
}

TEST(TokenVerifierTest, ForgedTokensAreRefusedWithTheReason) {
  const SigningKey key("k1", "RS256");
  const TokenVerifier verifier = VerifierOf({key});
  for (const testing::Forged& forged : testing::ForgedTokens(key, kNow)) {
    const auto caller = verifier.Verify(forged.token, kNow);
    EXPECT_EQ(caller.status().code(), absl::StatusCode::kUnauthenticated) << forged.name;
    EXPECT_EQ(caller.status().message(), forged.reason) << forged.name;
  }
}

TEST(TokenVerifierTest, EveryTruncationIsRefused) {
  const SigningKey key("k1", "EdDSA");
  const TokenVerifier verifier = VerifierOf({key});
  const std::string token = key.Sign(GoodClaims(kNow));
  ASSERT_TRUE(verifier.Verify(token, kNow).ok());
  for (size_t size = 0; size < token.size(); ++size) {
    EXPECT_FALSE(verifier.Verify(token.substr(0, size), kNow).ok()) << size;
  }
}

TEST(TokenVerifierTest, LeewayGoesBothWaysAndEndsSharply) {
  const SigningKey key("k", "EdDSA");
  const TokenVerifier verifier = VerifierOf({key});
  const int64_t seconds = absl::ToUnixSeconds(kNow);
  EXPECT_TRUE(verifier.Verify(key.Sign(With(GoodClaims(kNow), "exp", seconds - 29)), kNow).ok());
  EXPECT_FALSE(verifier.Verify(key.Sign(With(GoodClaims(kNow), "exp", seconds - 30)), kNow).ok());
  EXPECT_TRUE(verifier.Verify(key.Sign(With(GoodClaims(kNow), "nbf", seconds + 30)), kNow).ok());
  EXPECT_FALSE(verifier.Verify(key.Sign(With(GoodClaims(kNow), "nbf", seconds + 31)), kNow).ok());
  EXPECT_TRUE(verifier.Verify(key.Sign(With(GoodClaims(kNow), "exp", seconds + 0.5)), kNow).ok());
}

TEST(TokenVerifierTest, WhatIsNotConfiguredIsNotAsked) {
  const SigningKey key("k", "EdDSA");
  const TokenVerifier verifier(*KeySet::Parse(Jwks({key}).dump()), {});
  EXPECT_TRUE(verifier.Verify(key.Sign(Without(Without(GoodClaims(kNow), "iss"), "aud")), kNow).ok());
}

TEST(TokenVerifierTest, ClaimsAreTexts) {
  const SigningKey key("k", "ES256");
  Json claims = GoodClaims(kNow);
  claims.update({{"aud", {"bank", "shop"}},
                 {"tier", 3},
                 {"staff", true},
                 {"roles", {"a"}},
                 {"address", {{"city", "x"}}},
                 {"nothing", nullptr}});
  const auto caller = VerifierOf({key}).Verify(key.Sign(claims), kNow);
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_EQ(ClaimOf(**caller, "tier"), "3");
  EXPECT_EQ(ClaimOf(**caller, "staff"), "true");
  EXPECT_EQ(ClaimOf(**caller, "sub"), "cust-000001");
  for (const char* name : {"roles", "address", "nothing", "aud", "other"}) EXPECT_EQ(ClaimOf(**caller, name), "absent");
}

TEST(TokenVerifierTest, Scopes) {
  const SigningKey key("k", "EdDSA");
  struct Case {
    Json scope, scp;
    bool read, write;
  };
  for (const Case& c : {Case{"read write", nullptr, true, true}, Case{"reader", nullptr, false, false},
                        Case{nullptr, "read", true, false}, Case{nullptr, {"read", "write"}, true, true},
                        Case{"", {"read"}, false, false}, Case{nullptr, nullptr, false, false}}) {
    Json claims = Without(GoodClaims(kNow), "scope");
    if (!c.scope.is_null()) claims["scope"] = c.scope;
    if (!c.scp.is_null()) claims["scp"] = c.scp;
    const auto caller = VerifierOf({key}).Verify(key.Sign(claims), kNow);
    ASSERT_TRUE(caller.ok()) << caller.status();
    EXPECT_EQ((*caller)->HasScope("read"), c.read) << claims;
    EXPECT_EQ((*caller)->HasScope("write"), c.write) << claims;
  }
}

TEST(TokenVerifierTest, ATokenWithoutAKeyIdMeansTheOnlyKey) {
  const SigningKey one("a", "EdDSA"), other("b", "EdDSA"), curve("c", "ES256");
  const std::string token = one.SignTexts(R"({"alg":"EdDSA"})", GoodClaims(kNow).dump());
  EXPECT_TRUE(VerifierOf({one, curve}).Verify(token, kNow).ok());
  EXPECT_FALSE(VerifierOf({one, other}).Verify(token, kNow).ok());
}

TEST(KeySetTest, WhatIsNoSetIsRefused) {
  const SigningKey rsa("a", "RS256"), small("b", "RS256", 1024), curve("c", "ES256"), edwards("d", "EdDSA");
  Json off_curve = curve.Jwk();
  off_curve["y"] = off_curve["x"];
  Json short_x = edwards.Jwk();
  short_x["x"] = "AAAA";
  const auto set = [](const std::vector<Json>& keys) { return Json({{"keys", keys}}).dump(); };
  const struct {
    const char* name;
    std::string text;
    const char* error;
  } cases[] = {
      {"no JSON", "-----BEGIN PUBLIC KEY-----", "it is no JWK set"},
      {"no keys", "{}", "it is no JWK set"},
      {"an empty set", set({}), "it has no key for"},
      {"others' keys", set({{{"kty", "EC"}, {"crv", "P-521"}}, With(rsa.Jwk(), "use", "enc")}), "it has no key for"},
      {"a short modulus", set({small.Jwk()}), "keys[0]: the modulus has 1024 bits"},
      {"an exponent of one", set({With(rsa.Jwk(), "e", "AQ")}), "keys[0]: the exponent is none"},
      {"a point off the curve", set({off_curve}), "keys[0]: its numbers are no public key"},
      {"half a key", set({short_x}), "keys[0]: \"x\" has 32 bytes"},
      {"no modulus", set({Without(rsa.Jwk(), "n")}), "keys[0]: \"n\" is not base64url"},
      {"a shared secret", set({{{"kty", "oct"}, {"k", "c2VjcmV0"}}}), "keys[0]: it is secret"},
      {"a private key", set({With(edwards.Jwk(), "d", "c2VjcmV0")}), "keys[0]: it is secret"},
      {"two of one name", set({rsa.Jwk(), With(rsa.Jwk(), "use", "sig")}), "keys[1]: another has this"},
  };
  for (const auto& c : cases) {
    const auto parsed = KeySet::Parse(c.text);
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(c.error)) << c.name;
    EXPECT_THAT(std::string(parsed.status().message()), ::testing::Not(HasSubstr("c2VjcmV0"))) << c.name;
  }
  EXPECT_TRUE(KeySet::Parse(set({{{"kty", "EC"}, {"crv", "P-521"}}, rsa.Jwk(), With(curve.Jwk(), "kid", "a")})).ok());
}

// RFC 7517, section 5. What is wrong with a file its operator is told; an issuer's other keys go on.
TEST(KeySetTest, OneUnusableKeyDoesNotVoidTheOthers) {
  const SigningKey good("good", "ES256"), rsa("b", "RS256"), small("b", "RS256", 1024), edwards("d", "EdDSA");
  const struct {
    const char* name;
    Json key;
    const char* in_a_file;  // the mistake; nullptr: none
  } cases[] = {
      {"of an unknown type", {{"kty", "AKP"}, {"alg", "ML-DSA-44"}, {"pub", "AAAA"}}, nullptr},
      {"on another curve", {{"kty", "EC"}, {"crv", "P-521"}}, nullptr},
      {"for encryption", With(rsa.Jwk(), "use", "enc"), nullptr},
      {"for another algorithm", With(rsa.Jwk(), "alg", "RS512"), nullptr},
      {"for another operation", With(rsa.Jwk(), "key_ops", {"encrypt"}), nullptr},
      {"too short", small.Jwk(), nullptr},
      {"too long", With(rsa.Jwk(), "n", testing::Base64Url(std::string(2048, '\xff'))), nullptr},
      {"with a long exponent", With(rsa.Jwk(), "e", testing::Base64Url(std::string(9, '\xff'))), nullptr},
      {"incomplete", Without(rsa.Jwk(), "n"), "\"n\" is not base64url"},
      {"with half a number", With(edwards.Jwk(), "x", "AAAA"), "\"x\" has 32 bytes"},
      {"without a type", Without(rsa.Jwk(), "kty"), "\"kty\" is missing"},
      {"no object", 7, "it is no JSON object"},
      {"a shared secret", {{"kty", "oct"}, {"k", "c2VjcmV0"}}, "it is secret"},
      {"private", With(edwards.Jwk(), "d", "c2VjcmV0"), "it is secret"},
  };
  for (const auto& c : cases) {
    for (const bool first : {true, false}) {
      const std::string set =
          Json({{"keys", first ? Json::array({c.key, good.Jwk()}) : Json::array({good.Jwk(), c.key})}}).dump();
      const auto published = KeySet::ParsePublished(set);
      ASSERT_TRUE(published.ok()) << c.name << ": " << published.status();
      EXPECT_NE(published->Find("good", Algorithm::kEs256), nullptr) << c.name;
      for (const SigningKey& other : {rsa, edwards}) {
        EXPECT_EQ(published->Find(other.id(), *AlgorithmOf(other.algorithm())), nullptr) << c.name;
      }
      const auto file = KeySet::Parse(set);
      EXPECT_EQ(file.ok(), c.in_a_file == nullptr) << c.name << ": " << file.status();
      if (c.in_a_file != nullptr) {
        EXPECT_THAT(std::string(file.status().message()), HasSubstr(c.in_a_file)) << c.name;
      }
    }
    const auto alone = KeySet::ParsePublished(Json({{"keys", Json::array({c.key})}}).dump());
    EXPECT_THAT(std::string(alone.status().message()), HasSubstr("it has no key for")) << c.name;
  }
}

}  // namespace
}  // namespace portico::access
