#include "gateway/access/api_keys.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace portico::access {
namespace {

TEST(ApiKeysTest, FindsWhoseKeyItIs) {
  schema::Diagnostics diagnostics;
  const std::string file =
      absl::StrCat("keys:\n  - { name: acme, sha256: ", HashOfApiKey("key-one"), ", scopes: [catalog.read, prices] }\n",
                   "  - { name: acme, sha256: ", HashOfApiKey("key-two"), " }\n");
  const auto keys = ApiKeys::Parse(file, "keys.yaml", diagnostics);
  ASSERT_NE(keys, nullptr) << diagnostics.ToString();
  const auto caller = keys->Find("key-one");
  ASSERT_NE(caller, nullptr);
  EXPECT_EQ(caller->subject(), "acme");
  EXPECT_TRUE(caller->HasScope("prices"));
  ASSERT_NE(keys->Find("key-two"), nullptr);
  EXPECT_FALSE(keys->Find("key-two")->HasScope("prices"));
  absl::string_view issuer;
  EXPECT_FALSE(caller->Find("iss", &issuer)) << "no issuer vouches for a key: a match on claim.iss is for tokens alone";
  for (const std::string& wrong :
       {std::string(), std::string("key-on"), std::string("key-one "), std::string("KEY-ONE"), HashOfApiKey("key-one"),
        std::string(ApiKeys::kMostBytes + 1, 'x')}) {
    EXPECT_EQ(keys->Find(wrong), nullptr) << wrong;
  }
}

TEST(ApiKeysTest, TheHashIsSha256) {
  EXPECT_EQ(HashOfApiKey("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ApiKeysTest, MistakesHaveTheirPlaceAndTellNoSecret) {
  const std::string hash(64, 'a');
  const struct {
    std::string file;
    const char* mistake;
  } cases[] = {
      {"keys: [ { name: acme, sha256: my-secret-key } ]\n",
       "keys.yaml:1:31: keys[0].sha256: expected the 64 hexadecimal digits that `portico hash-key` prints\n"},
      {"keys: [ { name: acme } ]\n",
       "keys.yaml:1:9: keys[0].sha256: expected the 64 hexadecimal digits that `portico hash-key` prints\n"},
      {absl::StrCat("keys: [ { sha256: ", hash, " } ]\n"), "keys.yaml:1:9: keys[0]: \"name\" is missing\n"},
      {absl::StrCat("keys: [ { name: a, sha256: ", hash, ", scopes: ['a b'] } ]\n"),
       "keys.yaml:1:103: keys[0].scopes[0]: \"a b\" is no scope\n"},
      {absl::StrCat("keys:\n  - { name: a, sha256: ", hash, " }\n  - { name: b, sha256: ", hash, " }\n"),
       "keys.yaml:3:24: keys[1].sha256: another entry has this hash\n"},
  };
  for (const auto& c : cases) {
    schema::Diagnostics diagnostics;
    EXPECT_EQ(ApiKeys::Parse(c.file, "keys.yaml", diagnostics), nullptr) << c.file;
    EXPECT_EQ(diagnostics.ToString(), c.mistake);
  }
}

}  // namespace
}  // namespace portico::access
