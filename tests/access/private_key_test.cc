#include "gateway/access/private_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/access/key_set.h"
#include "tests/access/pem.h"

namespace portico::access {
namespace {

using ::testing::HasSubstr;
using testing::NewPem;
using ::testing::Not;

TEST(PrivateKeyTest, WhatItSignsItsPublicHalfVerifies) {
  const struct {
    const char* type;
    const char* algorithm;
    Algorithm expected;
  } cases[] = {
      {"RSA", "RS256", Algorithm::kRs256}, {"EC", "ES256", Algorithm::kEs256}, {"ED25519", "EdDSA", Algorithm::kEdDsa}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.type);
    const auto keys = PrivateKey::ParsePem(NewPem(c.type));
    ASSERT_TRUE(keys.ok()) << keys.status();
    ASSERT_EQ(keys->size(), 1u);
    const PrivateKey& key = keys->front();
    EXPECT_EQ(key.algorithm(), c.algorithm);
    const nlohmann::json jwk = key.PublicJwk();
    EXPECT_EQ(jwk["kid"], key.id());
    EXPECT_FALSE(jwk.contains("d"));
    const auto set = KeySet::Parse(nlohmann::json({{"keys", {jwk}}}).dump());
    ASSERT_TRUE(set.ok()) << set.status();
    const PublicKey* const half = set->Find(key.id(), c.expected);
    ASSERT_NE(half, nullptr);
    // ES256 signatures whose halves begin with zeros are as long as others.
    for (int i = 0; i < 300; ++i) {
      const std::string text = "text " + std::to_string(i);
      const auto signature = key.Sign(text);
      ASSERT_TRUE(signature.ok()) << signature.status();
      ASSERT_TRUE(half->Verify(c.expected, text, *signature)) << i;
      ASSERT_FALSE(half->Verify(c.expected, text + ".", *signature)) << i;
      if (c.expected == Algorithm::kRs256 && i == 3) break;
    }
  }
}

// RFC 7638, section 3.1, is of an RSA key whose private half nobody published; RFC 8037, appendix A.3, has both.
TEST(PrivateKeyTest, TheNameIsTheThumbprint) {
  const auto keys = PrivateKey::ParsePem(
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
      "-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->front().id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  EXPECT_EQ(keys->front().PublicJwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
}

TEST(PrivateKeyTest, SeveralInOneFile) {
  const auto keys = PrivateKey::ParsePem("# the next one\n" + NewPem("EC") + "\n" + NewPem("ED25519"));
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].algorithm(), "ES256");
  EXPECT_EQ((*keys)[1].algorithm(), "EdDSA");
}

TEST(PrivateKeyTest, WhatIsNoKeyIsRefusedWithoutBeingShown) {
  const std::string good = NewPem("EC");
  std::string broken = good;
  broken.replace(40, 8, "!!!!!!!!");
  std::string many;
  for (size_t i = 0; i <= PrivateKey::kMostKeys; ++i) many += good;
  const struct {
    const char* name;
    std::string pem;
    const char* message;
  } cases[] = {
      {"Nothing", "", "no private key"},
      {"NoPem", "secret-that-is-no-pem", "no private key"},
      {"PublicKey", testing::PublicPem("EC"), "no private key"},
      {"Broken", broken, "broken"},
      {"CutOff", good.substr(0, good.size() / 2), "broken"},
      {"BrokenBehindAGoodOne", good + broken, "broken"},
      {"BehindAPassword", testing::EncryptedPem("EC"), "behind a password"},
      {"ShortRsa", NewPem("RSA1024"), "1024 bits"},
      {"OtherCurve", NewPem("P-384"), "none of EC on P-256"},
      {"OtherType", NewPem("X25519"), "none of EC on P-256"},
      {"TooMany", many, "more than 10"},
  };
  for (const auto& c : cases) {
    const auto keys = PrivateKey::ParsePem(c.pem);
    ASSERT_FALSE(keys.ok()) << c.name;
    EXPECT_THAT(std::string(keys.status().message()), HasSubstr(c.message)) << c.name;
    EXPECT_THAT(std::string(keys.status().message()), Not(HasSubstr("secret"))) << c.name;
  }
}

}  // namespace
}  // namespace portico::access
