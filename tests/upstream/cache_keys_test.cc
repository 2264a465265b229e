#include "gateway/upstream/cache_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/net/worker.h"

namespace portico::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Headers, of which one name may be there several times.
class Fields final : public rpc::Attributes {
 public:
  Fields(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}
  bool Find(absl::string_view name, absl::string_view* value) const override {
    for (const auto& [own, field] : fields_) {
      if (own != name) continue;
      *value = field;
      return true;
    }
    return false;
  }
  void ForEach(absl::string_view name, absl::FunctionRef<void(absl::string_view)> visit) const override {
    for (const auto& [own, field] : fields_) {
      if (own == name) visit(field);
    }
  }

 private:
  const std::vector<std::pair<std::string, std::string>> fields_;
};

CacheKeys Varying(const std::vector<std::string>& headers) {
  CacheKeys keys;
  for (const std::string& header : headers) keys.AddHeader(header);
  return keys;
}

struct Caller {
  Fields headers;
  rpc::Metadata metadata = {};
  Fields claims = {};
};

class CacheKeysTest : public ::testing::Test {
 protected:
  // With a context that is this caller's.
  template <class Use>
  auto With(const Caller& caller, const Use& use) {
    rpc::Context context(worker_, net::kNoDeadline);
    context.set_headers(&caller.headers);
    context.set_claims(&caller.claims);
    context.set_metadata(std::make_shared<const rpc::Metadata>(caller.metadata));
    return use(context);
  }
  std::string KeyOf(const CacheKeys& keys, const Caller& caller) {
    return With(caller, [&](const rpc::Context& context) {
      std::string key;
      keys.AppendTo(context, &key);
      return key;
    });
  }

  net::Worker worker_{0};
};

TEST_F(CacheKeysTest, WhatTellsCallsApart) {
  const CacheKeys none, language = Varying({"Accept-Language"}), two = Varying({"a", "b"});
  const CacheKeys token = Varying({"Authorization"}), api_key = Varying({"x-api-key"}), cookie = Varying({"Cookie"});
  const struct {
    const char* name;
    const CacheKeys& keys;
    Caller one;
    Caller other;
    bool apart;
  } cases[] = {
      {"a header that is named", language, {{{"accept-language", "de"}}}, {{{"accept-language", "en"}}}, true},
      {"one that is not", none, {{{"accept-language", "de"}}}, {{{"accept-language", "en"}}}, false},
      {"a second line of it",
       language,
       {{{"accept-language", "en"}}},
       {{{"accept-language", "en"}, {"accept-language", "de"}}},
       true},
      {"lines in another order",
       language,
       {{{"accept-language", "en"}, {"accept-language", "de"}}},
       {{{"accept-language", "de"}, {"accept-language", "en"}}},
       true},
      {"empty and absent", language, {{{"accept-language", ""}}}, {{}}, true},
      {"metadata of a header's name", language, {{}}, {{}, {{"accept-language", "de"}}}, true},
      {"metadata beside the header",
       language,
       {{{"accept-language", "en"}}, {{"accept-language", "en"}}},
       {{{"accept-language", "en"}}, {{"accept-language", "en"}, {"accept-language", "de"}}},
       true},
      {"values that move from one header to the next", two, {{{"a", "x"}}}, {{{"b", "x"}}}, true},
      {"metadata that nobody names", none, {{}}, {{}, {{"x-tenant", "1"}}}, true},
      {"their values", none, {{}, {{"x-tenant", "1"}}}, {{}, {{"x-tenant", "2"}}}, true},
      {"where name and value meet", none, {{}, {{"x-a", "bc"}}}, {{}, {{"x-ab", "c"}}}, true},
      {"ids", none, {{}, {{"x-request-id", "1"}, {"traceparent", "2"}}}, {{}, {{"x-request-id", "3"}}}, false},
      {"what requests differ in anyway",
       none,
       {{}, {{"authorization", "a"}, {"accept-language", "de"}, {"x-user-agent", "grpc-web-javascript/0.1"}}},
       {{}, {{"authorization", "b"}, {"x-forwarded-for", "10.0.0.1"}}},
       false},
      {"claims where nothing asks for them", none, {{}, {}, {{"sub", "ann"}}}, {{}, {}, {{"sub", "bob"}}}, false},
      // What is proven by a header is known by its claims, also where the header itself is taken away.
      {"who calls, by authorization", token, {{}, {}, {{"sub", "ann"}}}, {{}, {}, {{"sub", "bob"}}}, true},
      {"who calls, by an API key", api_key, {{}, {}, {{"sub", "acme"}}}, {{}, {}, {{"sub", "other"}}}, true},
      {"who calls, by cookies", cookie, {{}, {}, {{"sub", "ann"}}}, {{}, {}, {{"sub", "bob"}}}, true},
      {"a token that nobody verified", token, {{{"authorization", "a"}}}, {{{"authorization", "b"}}}, true},
      {"a second cookie", cookie, {{{"cookie", "a=1"}}}, {{{"cookie", "a=1"}, {"cookie", "b=2"}}}, true},
      {"the same caller", token, {{}, {}, {{"sub", "ann"}}}, {{}, {}, {{"sub", "ann"}}}, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(KeyOf(c.keys, c.one) != KeyOf(c.keys, c.other), c.apart) << c.name;
    EXPECT_EQ(KeyOf(c.keys, c.one), KeyOf(c.keys, c.one)) << c.name;
  }
}

TEST_F(CacheKeysTest, HeadersAreNamedOnceAndInLowerCase) {
  EXPECT_THAT(Varying({"Accept-Language", "X-A", "accept-language"}).headers, ElementsAre("accept-language", "x-a"));
  EXPECT_FALSE(Varying({"accept-language"}).identity);
  for (const char* who : {"authorization", "Authorization", "X-Api-Key", "cookie"}) {
    EXPECT_TRUE(Varying({who}).identity) << who;
  }
}

// What Vary cannot say: the header that caches know is another one.
TEST_F(CacheKeysTest, MetadataThatNoNamedHeaderBrought) {
  const CacheKeys language = Varying({"accept-language"});
  const auto unnamed = [&](const Caller& caller) {
    return With(caller, [&](const rpc::Context& context) {
      std::vector<std::string> names;
      for (const absl::string_view name : language.Unnamed(context)) names.emplace_back(name);
      return names;
    });
  };
  EXPECT_THAT(unnamed({{}}), IsEmpty());
  EXPECT_THAT(unnamed({{{"accept-language", "de"}}, {{"accept-language", "de"}}}), IsEmpty());
  EXPECT_THAT(unnamed({{}, {{"authorization", "a"}, {"x-request-id", "1"}}}), IsEmpty());
  EXPECT_THAT(unnamed({{}, {{"accept-language", "de"}}}), ElementsAre("accept-language"));
  EXPECT_THAT(unnamed({{{"accept-language", "en"}}, {{"accept-language", "en"}, {"accept-language", "de"}}}),
              ElementsAre("accept-language"));
  EXPECT_THAT(unnamed({{}, {{"x-tenant", "1"}}}), ElementsAre("x-tenant"));
}

}  // namespace
}  // namespace portico::upstream
