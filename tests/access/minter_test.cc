#include "gateway/access/minter.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gateway/access/base64url.h"
#include "gateway/access/identity.h"
#include "gateway/access/introduction.h"
#include "gateway/access/token_verifier.h"
#include "gateway/net/worker.h"
#include "tests/access/pem.h"

namespace portico::access {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1900000000);

std::shared_ptr<const Caller> CallerOf(const std::string& subject, const std::string& scopes) {
  return std::make_shared<const Caller>(Caller::Claims{{"sub", subject}, {"secret", "claim"}}, scopes,
                                        absl::InfiniteFuture());
}

class MinterTest : public ::testing::Test {
 protected:
  static Minter New(const std::string& pem) {
    return Minter(*PrivateKey::ParsePem(pem), MintPolicy{"portico", "web", absl::Seconds(60), 2});
  }
  static TokenVerifier VerifierOf(const Minter& minter, const std::string& audience) {
    nlohmann::json set = {{"keys", minter.PublicJwks()}};
    return TokenVerifier(*KeySet::Parse(set.dump()), TokenPolicy{"portico", audience, absl::ZeroDuration()});
  }
  static std::string Mint(Minter& minter, const Caller& caller, absl::string_view audience, absl::Time now = kNow,
                          int worker = 0) {
    const auto credential = minter.CredentialFor(caller, audience, worker, now);
    EXPECT_TRUE(credential.ok()) << credential.status();
    EXPECT_EQ((*credential)->substr(0, 7), "Bearer ");
    return (*credential)->substr(7);
  }
};

TEST_F(MinterTest, AServiceCanVerifyIt) {
  for (const char* type : {"RSA", "EC", "ED25519"}) {
    Minter minter = New(testing::NewPem(type));
    const std::string token = Mint(minter, *CallerOf("cust-000001", "orders.read profile"), "orders");
    const auto seen = VerifierOf(minter, "orders").Verify(token, kNow + absl::Seconds(59));
    ASSERT_TRUE(seen.ok()) << type << ": " << seen.status();
    EXPECT_EQ((*seen)->subject(), "cust-000001");
    EXPECT_TRUE((*seen)->HasScope("orders.read"));
    absl::string_view frontend;
    EXPECT_TRUE((*seen)->Find("frontend", &frontend));
    EXPECT_EQ(frontend, "web");
    // Other claims of the caller's token are not the services' business.
    EXPECT_FALSE((*seen)->Find("secret", &frontend));
    EXPECT_FALSE(VerifierOf(minter, "orders").Verify(token, kNow + absl::Seconds(60)).ok()) << "it has expired";
    EXPECT_FALSE(VerifierOf(minter, "catalog").Verify(token, kNow).ok()) << "it is for another cluster";
  }
}

TEST_F(MinterTest, OneForEachCallerAndClusterUntilShortlyBeforeItExpires) {
  Minter minter = New(testing::NewPem("EC"));
  const auto ann = CallerOf("ann", "a");
  const std::string token = Mint(minter, *ann, "orders");
  // ES256 signs differently every time.
  EXPECT_EQ(Mint(minter, *CallerOf("ann", "a"), "orders", kNow + absl::Seconds(44)), token);
  EXPECT_NE(Mint(minter, *ann, "orders", kNow + absl::Seconds(45)), token);
  EXPECT_NE(Mint(minter, *ann, "orders", kNow, 1), token) << "each worker has its own";
  std::vector<std::string> all;
  const struct {
    const char* subject;
    const char* scopes;
    const char* audience;
  } cases[] = {{"ann", "a", "o"}, {"anna", "", "o"}, {"ann", "", "o"}, {"an", "na", "o"}, {"ann", "a", "oo"}};
  for (const auto& c : cases) all.push_back(Mint(minter, *CallerOf(c.subject, c.scopes), c.audience));
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(all[i], all[j]) << i << " " << j;
    const auto seen = VerifierOf(minter, cases[i].audience).Verify(all[i], kNow);
    ASSERT_TRUE(seen.ok());
    EXPECT_EQ((*seen)->subject(), cases[i].subject);
    EXPECT_EQ((*seen)->scopes(), cases[i].scopes);
  }
}

TEST_F(MinterTest, TheFirstKeySignsAndAllArePublished) {
  const std::string next = testing::NewPem("ED25519"), current = testing::NewPem("EC");
  Minter minter = New(current + next);
  const std::string token = Mint(minter, *CallerOf("ann", ""), "orders");
  const auto jwks = minter.PublicJwks();
  ASSERT_EQ(jwks.size(), 2u);
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  EXPECT_EQ(nlohmann::json::parse(*DecodeBase64Url(parts[0]))["kid"], jwks[0]["kid"]);
  // The others' services know the next one's tokens already.
  Minter later = New(next);
  EXPECT_TRUE(VerifierOf(minter, "orders").Verify(Mint(later, *CallerOf("ann", ""), "orders"), kNow).ok());
}

// Remembers what it was called with.
class Service final : public rpc::Handler {
 public:
  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method&, rpc::Payload, rpc::Context& context) override {
    metadata = context.metadata();
    co_return rpc::Reply();
  }
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method&, rpc::Context& context) override {
    metadata = context.metadata();
    co_return absl::UnimplementedError("only looked at");
  }
  rpc::Metadata metadata;
};

class IntroductionTest : public MinterTest {
 protected:
  // What the cluster "orders" gets to see.
  rpc::Metadata Seen(const rpc::Attributes* claims, rpc::Metadata metadata, bool stream = false) {
    rpc::Context context(worker_, net::kNoDeadline);
    context.set_claims(claims);
    context.set_metadata(std::make_shared<const rpc::Metadata>(std::move(metadata)));
    Service service;
    Introduction introduction("orders", service);
    const schema::Method method;
    const auto run = [](Introduction& to, const schema::Method& what, rpc::Context& whose, bool open) -> Async<void> {
      if (open) {
        static_cast<void>(co_await to.Open(what, whose));
      } else {
        static_cast<void>(co_await to.Call(what, {}, whose));
      }
    };
    worker_.Spawn(run(introduction, method, context, stream));
    worker_.context().restart();
    worker_.context().poll();
    return service.metadata;
  }
  net::Worker worker_{0};
};

// Of a unary call, and of a stream.
class IntroducedTest : public IntroductionTest, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Calls, IntroducedTest, ::testing::Bool());

TEST_P(IntroducedTest, TheGatewaysTokenTakesThePlaceOfAnyOther) {
  Minter minter = New(testing::NewPem("EC"));
  const Identity identity(CallerOf("ann", "a"), &minter);
  const rpc::Metadata seen =
      Seen(&identity, {{"authorization", "Bearer theirs"}, {"x-tag", "1"}, {"authorization", "Basic x"}}, GetParam());
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].first, "x-tag");
  EXPECT_EQ(seen[1].first, "authorization");
  EXPECT_TRUE(VerifierOf(minter, "orders").Verify(seen[1].second.substr(7), absl::Now()).ok());
}

TEST_F(IntroductionTest, WhereThereIsNoneTheMetadataStayAsTheyAre) {
  const rpc::Metadata theirs = {{"authorization", "Bearer theirs"}};
  const Identity untold(CallerOf("ann", "a"), nullptr);
  EXPECT_EQ(Seen(&untold, theirs), theirs);
}

TEST_F(IntroductionTest, NobodyGetsNone) {
  EXPECT_EQ(Seen(nullptr, {{"x-tag", "1"}}), (rpc::Metadata{{"x-tag", "1"}}));
}

TEST(IdentityTest, IsTheCallersClaimsAndTheFrontend) {
  Minter minter(*PrivateKey::ParsePem(testing::NewPem("EC")), MintPolicy{"portico", "web", absl::Seconds(60), 1});
  const auto ann = std::make_shared<const Caller>(Caller::Claims{{"sub", "ann"}, {"portico.frontend", "made up"}},
                                                  "a b", absl::InfiniteFuture());
  const auto find = [](const Identity& identity, absl::string_view name) {
    absl::string_view value;
    return identity.Find(name, &value) ? std::string(value) : "absent";
  };
  EXPECT_EQ(find(Identity(ann, &minter), "sub"), "ann");
  EXPECT_EQ(find(Identity(ann, &minter), "portico.frontend"), "web");
  EXPECT_EQ(find(Identity(ann, nullptr), "portico.frontend"), "made up");
  // As `scope` even where the token had `scp`.
  EXPECT_EQ(find(Identity(ann, &minter), "scope"), "a b");
}

}  // namespace
}  // namespace portico::access
