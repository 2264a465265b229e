#include "gateway/upstream/cache.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/status.h"
#include "portico/annotations.pb.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/fake_service.h"

namespace portico::upstream {
namespace {

class Named final : public rpc::Attributes {
 public:
  Named(std::initializer_list<std::pair<const std::string, std::string>> values) : values_(values) {}
  bool Find(absl::string_view name, absl::string_view* value) const override {
    const auto found = values_.find(std::string(name));
    if (found == values_.end()) return false;
    *value = found->second;
    return true;
  }

 private:
  const std::map<std::string, std::string> values_;
};

class CacheTest : public CallingTest {
 protected:
  CacheTest() { Policy("1h"); }

  void Policy(const std::string& max_age, bool is_private = false, const std::vector<std::string>& vary = {}) {
    auto policy = std::make_shared<portico::Policy>();
    policy->mutable_cache()->set_max_age(max_age);
    keys_ = CacheKeys();
    policy->mutable_cache()->set_private_(is_private);
    for (const std::string& header : vary) policy->mutable_cache()->add_vary(header);
    keys_.Add(policy->cache());
    method_.policy = policy;
  }
  Cache Make(rpc::Handler& next, uint64_t epoch = 1) { return Cache(epoch, method_, keys_, store_, next); }
  static FakeService::Answer Numbers() {
    return [](int call, absl::string_view, rpc::Context&) { return std::to_string(call); };
  }
  std::string Ask(rpc::Handler& handler, const std::string& request = "x") {
    rpc::Context context(worker(), In(5000));
    context.set_frontend(frontend_);
    const absl::StatusOr<rpc::Reply> reply = Call(handler, request, context);
    return reply.ok() ? reply->message : reply.status().ToString();
  }
  // On behalf of somebody.
  std::string AskAs(rpc::Handler& handler, const rpc::Attributes* claims, const rpc::Attributes* headers = nullptr,
                    const rpc::Metadata& metadata = {}) {
    rpc::Context context(worker(), In(5000));
    context.set_frontend(frontend_);
    context.set_claims(claims);
    context.set_headers(headers);
    context.set_metadata(std::make_shared<rpc::Metadata>(metadata));
    const absl::StatusOr<rpc::Reply> reply = Call(handler, "x", context);
    return reply.ok() ? reply->message : reply.status().ToString();
  }

  std::string frontend_ = "web";  // that calls come in by
  CacheKeys keys_;
  ResponseCache store_;
};

TEST_F(CacheTest, TheSameRequestIsAskedOnce) {
  FakeService service(Numbers());
  Cache cache = Make(service);
  EXPECT_EQ(Ask(cache, "a"), "1");
  EXPECT_EQ(Ask(cache, "a"), "1");
  EXPECT_EQ(Ask(cache, "b"), "2");
  EXPECT_EQ(Ask(cache, "a"), "1");
  EXPECT_EQ(service.calls(), 2);
  EXPECT_EQ(store_.counts().hits, 2u);
}

TEST_F(CacheTest, FrontendsAndSnapshotsShareNothing) {
  FakeService service(Numbers());
  Cache cache = Make(service);
  Cache later = Make(service, 2);
  EXPECT_EQ(Ask(cache), "1");
  frontend_ = "mobile";
  EXPECT_EQ(Ask(cache), "2");
  EXPECT_EQ(Ask(later), "3");
  frontend_ = "web";
  EXPECT_EQ(Ask(later), "4");
  EXPECT_EQ(Ask(cache), "1");
}

// Each has a file of API keys of its own, in which a name may be another's.
TEST_F(CacheTest, TheSameNameAtAnotherFrontendIsSomebodyElse) {
  Policy("1h", true);
  FakeService service(Numbers());
  Cache cache = Make(service);
  const Named acme{{"sub", "acme"}};
  EXPECT_EQ(AskAs(cache, &acme), "1");
  frontend_ = "partners";
  EXPECT_EQ(AskAs(cache, &acme), "2");
  EXPECT_EQ(AskAs(cache, &acme), "2");
}

// By metadata that others do not send a client must not choose what is kept for them.
TEST_F(CacheTest, WhatAClientsMetadataBringIsNotKeptForOthers) {
  const struct {
    const char* name;
    const char* method;
    std::vector<std::string> vary;
    rpc::Metadata metadata;
  } cases[] = {
      {"named by the policy", "a", {"accept-language"}, {{"accept-language", "de"}}},
      {"named in other letters", "b", {"X-Region"}, {{"x-region", "eu"}}},
      {"named by nobody", "c", {}, {{"x-tenant", "1"}}},
      {"a host to build links of", "d", {}, {{"x-forwarded-host", "evil.test"}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    method_.full_name = c.method;
    Policy("1h", false, c.vary);
    FakeService service(Numbers());
    Cache cache = Make(service);
    EXPECT_EQ(AskAs(cache, nullptr, nullptr, c.metadata), "1");
    EXPECT_EQ(AskAs(cache, nullptr), "2");
    EXPECT_EQ(AskAs(cache, nullptr, nullptr, c.metadata), "1");
  }
}

TEST_F(CacheTest, WhatIsTooOldIsAskedAgain) {
  Policy("1ms");
  FakeService service(Numbers());
  Cache cache = Make(service);
  EXPECT_EQ(Ask(cache), "1");
  const net::Deadline later = In(3);
  RunUntil([&] { return net::Clock::now() > later; });
  EXPECT_EQ(Ask(cache), "2");
}

TEST_F(CacheTest, FailuresAreNotKept) {
  FakeService service([](int call, absl::string_view, rpc::Context&) -> absl::StatusOr<std::string> {
    if (call == 1) return absl::UnavailableError("down");
    return "well";
  });
  Cache cache = Make(service);
  EXPECT_NE(Ask(cache), "well");
  EXPECT_EQ(Ask(cache), "well");
}

TEST_F(CacheTest, HeadersInVaryTellRequestsApart) {
  Policy("1h", false, {"accept-language"});
  FakeService service(Numbers());
  Cache cache = Make(service);
  const Named german{{"accept-language", "de"}}, english{{"accept-language", "en"}}, empty{{"accept-language", ""}};
  EXPECT_EQ(AskAs(cache, nullptr, &german), "1");
  EXPECT_EQ(AskAs(cache, nullptr, &english), "2");
  EXPECT_EQ(AskAs(cache, nullptr, &empty), "3");
  EXPECT_EQ(AskAs(cache, nullptr), "4");
  EXPECT_EQ(AskAs(cache, nullptr, &german), "1");
}

struct AskedCase {
  const char* name;
  const char* cache_control;
  const char* empty;  // the answer when nothing is kept
  const char* kept;   // when "1" is kept
  const char* after;  // what others get afterwards
};

TEST_F(CacheTest, WhatTheClientAsksOfCachesIsHeeded) {
  const AskedCase cases[] = {
      {"NothingSpecial", "max-stale=5", "1", "1", "1"},
      {"NoCacheIsAskedAgainAndKept", "no-cache", "1", "2", "2"},
      {"MaxAgeOfNothing", "max-age=0", "1", "2", "2"},
      {"MaxAge", "max-age=600", "1", "1", "1"},
      {"MinFresh", "min-fresh=600", "1", "1", "1"},
      {"MinFreshBeyondTheAge", "min-fresh=3601", "1", "2", "2"},
      {"NoStoreIsAnsweredByWhatIsKept", "no-store", "1", "1", "1"},
      {"NoStoreAndNoCacheKeepNothing", "no-cache, no-store", "1", "2", "1"},
      {"OnlyIfCached", "only-if-cached", "DEADLINE_EXCEEDED", "1", "1"},
      {"OnlyIfCachedButNotFromACache", "only-if-cached, no-cache", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "1"},
  };
  for (const AskedCase& c : cases) {
    SCOPED_TRACE(c.name);
    const Named asking{{"cache-control", c.cache_control}};
    {
      FakeService service(Numbers());
      frontend_ = absl::StrCat("empty ", c.name);
      Cache cache = Make(service);
      EXPECT_EQ(AskAs(cache, nullptr, &asking).substr(0, std::string(c.empty).size()), c.empty);
    }
    FakeService service(Numbers());
    frontend_ = c.name;
    Cache cache = Make(service);
    EXPECT_EQ(AskAs(cache, nullptr), "1");
    EXPECT_EQ(AskAs(cache, nullptr, &asking).substr(0, std::string(c.kept).size()), c.kept);
    EXPECT_EQ(AskAs(cache, nullptr), c.after);
  }
}

TEST_F(CacheTest, WhatMustNotBeKeptIsNot) {
  FakeService service(Numbers());
  Cache cache = Make(service);
  const Named no_store{{"cache-control", "no-store"}};
  EXPECT_EQ(AskAs(cache, nullptr, &no_store), "1");
  EXPECT_EQ(AskAs(cache, nullptr, &no_store), "2");
  EXPECT_EQ(AskAs(cache, nullptr), "3");
  EXPECT_EQ(AskAs(cache, nullptr, &no_store), "3");
}

TEST_F(CacheTest, AFailureOfANewCallLeavesWhatIsKept) {
  FakeService service([](int call, absl::string_view, rpc::Context&) -> absl::StatusOr<std::string> {
    if (call == 2) return absl::UnavailableError("down");
    return std::to_string(call);
  });
  Cache cache = Make(service);
  const Named no_cache{{"cache-control", "no-cache"}};
  EXPECT_EQ(AskAs(cache, nullptr), "1");
  EXPECT_EQ(AskAs(cache, nullptr, &no_cache), "UNAVAILABLE: down");
  EXPECT_EQ(AskAs(cache, nullptr), "1");
}

TEST_F(CacheTest, PrivateRepliesAreNeverSharedBetweenIdentities) {
  Policy("1h", true);
  FakeService service(Numbers());
  Cache cache = Make(service);
  const Named alice{{"iss", "i"}, {"sub", "alice"}}, bob{{"iss", "i"}, {"sub", "bob"}};
  const Named other_issuer{{"iss", "j"}, {"sub", "alice"}}, wider{{"iss", "i"}, {"sub", "alice"}, {"scope", "admin"}};
  const Named nobody{}, shifted{{"iss", "ia"}, {"sub", "lice"}};
  const Named token{{"authorization", "Bearer a"}}, other_token{{"authorization", "Bearer b"}};
  const Named key{{"x-api-key", "k"}}, cookie{{"cookie", "session=1"}};
  std::vector<std::function<std::string()>> identities = {
      [&] { return AskAs(cache, &alice); },
      [&] { return AskAs(cache, &bob); },
      [&] { return AskAs(cache, &other_issuer); },
      [&] { return AskAs(cache, &wider); },
      [&] { return AskAs(cache, &shifted); },
      [&] { return AskAs(cache, &nobody); },
      [&] { return AskAs(cache, nullptr); },
      [&] { return AskAs(cache, nullptr, &token); },
      [&] { return AskAs(cache, nullptr, &other_token); },
      [&] { return AskAs(cache, &alice, &other_token); },
      [&] { return AskAs(cache, nullptr, &key); },
      [&] { return AskAs(cache, nullptr, &cookie); },
      [&] {
        return AskAs(cache, nullptr, nullptr, {{"authorization", "Bearer a"}});
      },
      [&] {
        return AskAs(cache, nullptr, nullptr, {{"x-tenant", "1"}});
      },
      [&] {
        return AskAs(cache, nullptr, nullptr, {{"x-tenant1", ""}});
      },
  };
  for (size_t i = 0; i < identities.size(); ++i) EXPECT_EQ(identities[i](), std::to_string(i + 1)) << i;
  for (size_t i = 0; i < identities.size(); ++i) EXPECT_EQ(identities[i](), std::to_string(i + 1)) << i;
  // What differs in every request tells nobody apart.
  EXPECT_EQ(AskAs(cache, nullptr, nullptr, {{"traceparent", "00-1"}, {"x-request-id", "7"}}), "7");
}

TEST_F(CacheTest, ClaimsThatAPlanReadsTellCallersApart) {
  keys_.identity = true;
  keys_.claims = {"tenant"};
  FakeService service(Numbers());
  Cache cache = Make(service);
  const Named one{{"sub", "alice"}, {"tenant", "1"}}, two{{"sub", "alice"}, {"tenant", "2"}};
  EXPECT_EQ(AskAs(cache, &one), "1");
  EXPECT_EQ(AskAs(cache, &two), "2");
  EXPECT_EQ(AskAs(cache, &one), "1");
}

TEST_F(CacheTest, IdenticalCallsAtOnceAreOneCall) {
  FakeService service(Numbers());
  service.HoldIf([](int call) { return call == 1; });
  Cache cache = Make(service);
  std::vector<std::unique_ptr<rpc::Context>> contexts;
  std::vector<std::unique_ptr<Result>> replies;
  for (int i = 0; i < 10; ++i) {
    contexts.push_back(std::make_unique<rpc::Context>(worker(), In(5000)));
    replies.push_back(std::make_unique<Result>());
    Begin(cache, "x", *contexts.back(), *replies.back());
  }
  EXPECT_TRUE(RunUntil([&] { return service.calls() == 1; }));
  worker().context().poll();  // the others wait by now
  service.Release(1);
  EXPECT_TRUE(
      RunUntil([&] { return std::all_of(replies.begin(), replies.end(), [](auto& r) { return r->has_value(); }); }));
  for (const auto& reply : replies) EXPECT_EQ((**reply)->message, "1");
  EXPECT_EQ(service.calls(), 1);
  EXPECT_EQ(store_.counts().coalesced, 9u);
}

TEST_F(CacheTest, WhenTheOneWhoCallsLeavesTheOthersAreServedAllTheSame) {
  FakeService service(Numbers());
  service.HoldIf([](int call) { return call == 1; });
  Cache cache = Make(service);
  rpc::Context first(worker(), In(60000)), second(worker(), In(60000));
  Result first_reply, second_reply;
  Begin(cache, "x", first, first_reply);
  Begin(cache, "x", second, second_reply);
  EXPECT_TRUE(RunUntil([&] { return service.calls() == 1; }));
  worker().context().poll();
  first.Cancel();
  EXPECT_TRUE(RunUntil([&] { return second_reply.has_value(); }));
  EXPECT_EQ((*second_reply)->message, "2");
}

TEST_F(CacheTest, WhoWaitsHasADeadlineOfItsOwn) {
  FakeService service(Numbers());
  service.HoldIf([](int call) { return call == 1; });
  Cache cache = Make(service);
  rpc::Context patient(worker(), In(60000)), hurried(worker(), In(20));
  Result late, early;
  Begin(cache, "x", patient, late);
  EXPECT_TRUE(RunUntil([&] { return service.calls() == 1; }));
  Begin(cache, "x", hurried, early);
  EXPECT_TRUE(RunUntil([&] { return early.has_value(); }));
  EXPECT_TRUE(absl::IsDeadlineExceeded(early->status()));
  service.Release(1);
  EXPECT_TRUE(RunUntil([&] { return late.has_value(); }));
  EXPECT_EQ((*late)->message, "1");
}

TEST_F(CacheTest, ADenialOfOneIsNotTheOthers) {
  FakeService service([](int call, absl::string_view, rpc::Context&) -> absl::StatusOr<std::string> {
    if (call == 1) return absl::PermissionDeniedError("not you");
    return std::to_string(call);
  });
  service.HoldIf([](int call) { return call == 1; });
  Cache cache = Make(service);
  rpc::Context first(worker(), In(60000)), second(worker(), In(60000));
  Result first_reply, second_reply;
  Begin(cache, "x", first, first_reply);
  Begin(cache, "x", second, second_reply);
  EXPECT_TRUE(RunUntil([&] { return service.calls() == 1; }));
  worker().context().poll();
  service.Release(1);
  EXPECT_TRUE(RunUntil([&] { return first_reply.has_value() && second_reply.has_value(); }));
  EXPECT_TRUE(absl::IsPermissionDenied(first_reply->status()));
  EXPECT_EQ((*second_reply)->message, "2");
}

TEST_F(CacheTest, WritesMakeRepliesStale) {
  FakeService service(Numbers());
  Cache cache = Make(service);
  EXPECT_EQ(Ask(cache), "1");
  struct Case {
    absl::Status outcome;
    bool stale;
  };
  int expected = 1;
  for (const Case& c :
       {Case{absl::OkStatus(), true}, Case{absl::UnavailableError("nobody knows"), true},
        Case{absl::DeadlineExceededError(""), true}, Case{absl::InvalidArgumentError("not done"), false},
        Case{absl::PermissionDeniedError("not done"), false}, Case{rpc::NotSent("not done"), false}}) {
    SCOPED_TRACE(c.outcome.ToString());
    FakeService writer([&](int, absl::string_view, rpc::Context&) -> absl::StatusOr<std::string> {
      if (!c.outcome.ok()) return c.outcome;
      return "done";
    });
    Invalidation write({&store_.GenerationOf(method_.full_name)}, writer);
    Ask(write, "w");
    expected += c.stale;
    EXPECT_EQ(Ask(cache), std::to_string(expected));
  }
}

TEST_F(CacheTest, AReadThatBeganBeforeAWriteIsNotKept) {
  FakeService service(Numbers());
  service.HoldIf([](int call) { return call == 1; });
  Cache cache = Make(service);
  rpc::Context context(worker(), In(60000));
  Result reply;
  Begin(cache, "x", context, reply);
  EXPECT_TRUE(RunUntil([&] { return service.calls() == 1; }));
  FakeService writer(absl::StatusOr<std::string>("done"));
  Invalidation write({&store_.GenerationOf(method_.full_name)}, writer);
  Ask(write, "w");
  EXPECT_EQ(Ask(cache), "2") << "and nobody waits for what began before";
  service.Release(1);
  EXPECT_TRUE(RunUntil([&] { return reply.has_value(); }));
  EXPECT_EQ(Ask(cache), "2");
}

TEST_F(CacheTest, MemoryIsBounded) {
  ResponseCache small(size_t{1} << 20);
  FakeService service([](int, absl::string_view, rpc::Context&) { return std::string(4000, 'x'); });
  Cache cache(1, method_, keys_, small, service);
  for (int i = 0; i < 1000; ++i) Ask(cache, std::to_string(i));
  EXPECT_LE(small.bytes(), size_t{1} << 20);
  EXPECT_GE(small.bytes(), size_t{1} << 19);
  EXPECT_EQ(service.calls(), 1000);
  Ask(cache, "999");
  EXPECT_EQ(service.calls(), 1000) << "the last is there";
  Ask(cache, "0");
  EXPECT_EQ(service.calls(), 1001) << "the first is not";
}

}  // namespace
}  // namespace portico::upstream
