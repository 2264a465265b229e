// Must show 2 of resilience: what guards a service's calls, by the calls that the service counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;

constexpr int kUnavailable = 14;

// The service of shop.calls.v1, and a gateway before it. What is to be guarded is the cluster "calls"; "counts" is the
// same server, for asking how many calls there were.
class SafeguardsTest : public ::testing::Test {
 protected:
  // `cluster_more` is what the cluster "calls" has besides, `frontend_more` the frontend, both as flow mappings'
  // entries: ", breaker: {...}".
  void Start(const std::string& cluster_more, const std::string& frontend_more = "", int workers = 2) {
    StartServer();
    const std::string& address = port_.address();
    gateway_ = std::make_unique<Gateway>(folder_.Write(
        "portico.yaml",
        absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/tests/integration/protos\n  - protos: ",
                     PORTICO_SOURCE_DIR, "/proto\nworkers: ", workers, "\nclusters:\n  calls: { target: '", address,
                     "', services: [shop.calls.v1.CallService], transport: ", TestedTransport(), cluster_more,
                     " }\n  counts: { target: '", address, "', services: [shop.calls.v1.CountService] }\nfrontends:\n",
                     "  - { name: web, listen: '127.0.0.1:0', expose: ['shop.calls.*']", frontend_more,
                     " }\nadmin: { listen: 127.0.0.1:0 }\n")));
  }
  // At the same address each time.
  void StartServer() {
    server_ = std::make_unique<Process>(std::vector<std::string>{CALLS_SERVER, "--listen", port_.address()});
    ASSERT_TRUE(server_->ErrorLine([](const std::string& text) { return absl::StrContains(text, "listening"); }));
  }
  Answer Ask(const std::string& target) { return Get(gateway_->address(), target); }
  // Whether it comes true within ten seconds.
  static bool Eventually(const std::function<bool()>& wanted) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!wanted()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  int Count(const std::string& key) { return Ask(absl::StrCat("/v1/count/", key)).json().value("calls", 0); }

  TempFolder folder_;
  ReservedPort port_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(SafeguardsTest, AnOpenBreakerSparesTheService) {
  Start(", breaker: { min_calls: 10, open_for: 1s, probes: 2 }");
  for (int i = 0; i < 100; ++i) {
    const Answer answer = Ask("/v1/read/down?fail=14");
    EXPECT_EQ(answer.status, 503);
    if (i < 10) {
      EXPECT_EQ(answer.json()["message"], "as told") << i;
    } else if (Count("down") == 10) {
      EXPECT_EQ(answer.Header("Retry-After"), "1") << i;
      EXPECT_EQ(answer.json()["code"], kUnavailable);
    }
  }
  // Of a hundred calls, ten and whatever probes there were meanwhile.
  EXPECT_LE(Count("down"), 40);
  EXPECT_THAT(Get(gateway_->admin(), "/metrics").body,
              HasSubstr("portico_breaker_opened_total{cluster=\"calls\",rpc=\"shop.calls.v1.CallService/Read\"}"));
  const Json clusters = Get(gateway_->admin(), "/clusters").json();
  ASSERT_TRUE(clusters[0].contains("breakers")) << clusters;
  EXPECT_THAT(clusters[0]["breakers"].dump(), HasSubstr("\"rpc\":\"shop.calls.v1.CallService/Read\""));
  // Other methods are not held up by it, and it lets go once the service is well.
  EXPECT_EQ(Ask("/v1/hedged/other").status, 200);
  GetUntil(
      gateway_->address(), "/v1/read/down", [](const Answer& answer) { return answer.status == 200; }, 10);
  const Json after = Get(gateway_->admin(), "/clusters").json();
  for (const Json& breaker : after[0]["breakers"]) EXPECT_EQ(breaker["state"], "closed");
}

TEST_F(SafeguardsTest, APageLacksWhatABreakerHoldsBack) {
  Start(", breaker: { min_calls: 10, open_for: 300s, failure_ratio: 0.1 }");
  for (int i = 0; i < 20; ++i) Ask("/v1/extra/gone?fail=14");
  ASSERT_EQ(Count("gone"), 10);
  const Answer page = Ask("/v1/pages/p0?extra_key=e");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.json()["needed"]["calls"], 1);
  EXPECT_EQ(page.Header("Portico-Omitted"), "extra;reason=breaker_open");
  EXPECT_EQ(Count("e"), 0);
  for (int i = 0; i < 20; ++i) Ask("/v1/read/down?fail=14");
  ASSERT_EQ(Count("down"), 9) << "the page's call was the tenth";
  // What the page needs is held back.
  const Answer failure = Ask("/v1/pages/p?extra_key=e");
  EXPECT_EQ(failure.status, 503);
  EXPECT_THAT(failure.Header("Retry-After"), testing::AnyOf("300", "299", "298", "297"));
  EXPECT_EQ(Count("p"), 0);
}

TEST_F(SafeguardsTest, RetriesOnlyWhatMayHappenTwice) {
  Start(", retry: { attempts: 3, backoff: 1ms }", "", 1);
  EXPECT_EQ(Ask("/v1/read/again?fail=14&fail_first=2").json()["calls"], 3);
  EXPECT_EQ(Ask("/v1/read/never?fail=5").status, 404);
  EXPECT_EQ(Count("never"), 1);
  EXPECT_EQ(Post(gateway_->address(), "/v1/write/w", {{"fail", 14}}).status, 503);
  EXPECT_EQ(Count("w"), 1);
  EXPECT_EQ(Post(gateway_->address(), "/v1/once/no-token", {{"fail", 14}}).status, 503);
  EXPECT_EQ(Count("no-token"), 1);
  EXPECT_EQ(Post(gateway_->address(), "/v1/once/token", {{"fail", 14}, {"fail_first", 2}, {"token", "t"}}).status, 200);
  EXPECT_EQ(Count("token"), 3);
  const Answer pushed_back = Ask("/v1/read/pushed?fail=14&pushback=-1");
  EXPECT_EQ(pushed_back.status, 503);
  EXPECT_EQ(pushed_back.Header("Grpc-Trailer-Grpc-Retry-Pushback-Ms"), "");
  EXPECT_EQ(Count("pushed"), 1);
}

TEST_F(SafeguardsTest, TheRetryBudgetBoundsWhatAnOutageCosts) {
  Start(", retry: { attempts: 5, backoff: 1ms, budget: 0.2 }");
  for (int i = 0; i < 200; ++i) EXPECT_EQ(Ask("/v1/read/down?fail=14").status, 503);
  EXPECT_GE(Count("down"), 200 + 10);
  EXPECT_LE(Count("down"), 200 + 10 + 40);
  EXPECT_THAT(Get(gateway_->admin(), "/metrics").body, HasSubstr("portico_retries_over_budget_total"));
}

TEST_F(SafeguardsTest, AWriteThatReachedNobodyIsSentAgain) {
  Start(", retry: { attempts: 10, backoff: 200ms, max_backoff: 400ms }", "", 1);
  server_->Signal(SIGKILL);
  ASSERT_TRUE(server_->Wait().has_value());
  // Nobody listens: all attempts fail, and the client hears so.
  EXPECT_EQ(Post(gateway_->address(), "/v1/write/w", {{"key", "w"}}).status, 503);
  EXPECT_THAT(Get(gateway_->admin(), "/metrics").body,
              testing::Not(HasSubstr("portico_retries_total{cluster=\"calls\"} 0")));
}

TEST_F(SafeguardsTest, AWriteThatReachedNobodyIsDoneOnceWhenTheServerIsBack) {
  Start(", timeout: 60s, retry: { attempts: 10, backoff: 2s, max_backoff: 4s }", "", 1);
  const auto retries = [&] { return Get(gateway_->admin(), "/clusters").json()[0]["budget"].value("retries", 0); };
  server_->Signal(SIGKILL);
  ASSERT_TRUE(server_->Wait().has_value());
  Answer answer;
  std::thread client([&] { answer = Post(gateway_->address(), "/v1/write/w", {{"key", "w"}}); });
  // In vain, twice at least.
  EXPECT_TRUE(Eventually([&] { return retries() > 0; }));
  StartServer();
  client.join();
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["calls"], 1);
  EXPECT_EQ(Count("w"), 1);
}

TEST_F(SafeguardsTest, ASlowCallIsHedgedAndTheFirstAnswerTaken) {
  Start("");
  // The first call takes long; the second, 30 ms later, answers.
  const Answer answer = Ask("/v1/hedged/slow?delay_ms=20000&delay_first=1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["calls"], 2);
  EXPECT_EQ(Count("slow"), 2);
}

TEST_F(SafeguardsTest, BeyondMaxConcurrentCallsAreRefusedAndTheServiceSpared) {
  Start(", max_concurrent: 5");
  std::vector<std::thread> clients;
  std::vector<int> statuses(5);
  for (size_t i = 0; i < statuses.size(); ++i) {
    clients.emplace_back([&, i] { statuses[i] = Ask("/v1/read/held?delay_ms=3000").status; });
  }
  EXPECT_TRUE(Eventually([&] { return Count("held") == 5; }));
  const Answer refused = Ask("/v1/read/more");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  EXPECT_EQ(Count("more"), 0);
  for (std::thread& client : clients) client.join();
  EXPECT_THAT(statuses, testing::Each(200));
  EXPECT_EQ(Ask("/v1/read/more").status, 200);
}

TEST_F(SafeguardsTest, ClustersTellWhatGuardsThem) {
  Start(
      ", max_concurrent: 5, retry: { attempts: 4, on: [UNAVAILABLE, ABORTED], budget: 0.5, backoff: 1ms, "
      "max_backoff: 2ms }",
      "", 1);
  const Json idle = Get(gateway_->admin(), "/clusters").json();
  ASSERT_EQ(idle.size(), 2u);
  const Json calls = idle[0];
  EXPECT_EQ(calls["cluster"], "calls");
  EXPECT_EQ(calls["retry"],
            Json({{"attempts", 4}, {"on", {"UNAVAILABLE", "ABORTED"}}, {"backoff", "1ms"}, {"max_backoff", "2ms"}}));
  EXPECT_EQ(calls["hedges"],
            Json::array({{{"rpc", "shop.calls.v1.CallService/Hedged"}, {"after", "30ms"}, {"max", 2}}}));
  EXPECT_EQ(calls["budget"],
            Json({{"ratio", 0.5}, {"tokens", 10.0}, {"retries", 0}, {"hedges", 0}, {"over_budget", 0}}));
  EXPECT_EQ(calls["limit"], Json({{"max_concurrent", 5}, {"in_flight", 0}, {"shed", 0}}));
  for (const char* absent : {"breakers", "retry", "hedges", "budget", "limit"}) {
    EXPECT_FALSE(idle[1].contains(absent)) << absent;
  }

  // Five calls fill it, and one more is shed.
  std::vector<std::thread> clients;
  for (int i = 0; i < 5; ++i) clients.emplace_back([&] { Ask("/v1/read/held?delay_ms=3000"); });
  GetUntil(gateway_->admin(), "/clusters",
           [](const Answer& answer) { return answer.json()[0]["limit"]["in_flight"] == 5; });
  EXPECT_EQ(Ask("/v1/read/more").status, 503);
  EXPECT_EQ(Get(gateway_->admin(), "/clusters").json()[0]["limit"]["shed"], 1);
  for (std::thread& client : clients) client.join();
  GetUntil(gateway_->admin(), "/clusters",
           [](const Answer& answer) { return answer.json()[0]["limit"]["in_flight"] == 0; });

  // A call that fails takes three tokens for three retries; a slow one pays for its hedge.
  const double before = Get(gateway_->admin(), "/clusters").json()[0]["budget"]["tokens"];
  EXPECT_EQ(Ask("/v1/read/down?fail=14").status, 503);
  const Json failed = Get(gateway_->admin(), "/clusters").json()[0]["budget"];
  EXPECT_EQ(failed["retries"], 3);
  EXPECT_DOUBLE_EQ(failed["tokens"], before + 0.5 - 3);
  EXPECT_EQ(Ask("/v1/hedged/slow?delay_ms=20000&delay_first=1").status, 200);
  const Json hedged = Get(gateway_->admin(), "/clusters").json()[0]["budget"];
  EXPECT_EQ(hedged["hedges"], 1);
  EXPECT_DOUBLE_EQ(hedged["tokens"], before + 0.5 - 3 + 0.5 - 1);
}

TEST_F(SafeguardsTest, OptionalPartsAreShedBeforeRequestsAreRefused) {
  Start("", ", limits: { in_flight: 5 }");
  std::vector<std::thread> clients;
  const std::string address = gateway_->address();
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] { Get(address, "/v1/read/held?delay_ms=3000"); });
  }
  // With four of five in flight a page lacks what it can do without, and is served.
  // (The request before may not have left yet when its answer is here: then this one is refused.)
  const Answer page = GetUntil(address, "/v1/pages/p?extra_key=e", [](const Answer& answer) {
    return answer.status == 200 && !answer.Header("Portico-Omitted").empty();
  });
  EXPECT_EQ(page.Header("Portico-Omitted"), "extra;reason=shed");
  // With five nothing more is.
  clients.emplace_back([&] {
    while (Get(address, "/v1/read/held?delay_ms=3000").status != 200) continue;
  });
  const Answer refused = GetUntil(address, "/v1/read/more", [](const Answer& answer) { return answer.status == 503; });
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  for (std::thread& client : clients) client.join();
}

TEST_F(SafeguardsTest, WhatIsKeptIsAskedOnceAndAnswered304) {
  Start("");
  const Answer first = Ask("/v1/kept/k");
  EXPECT_EQ(first.json()["calls"], 1);
  EXPECT_EQ(first.Header("Cache-Control"), "public, max-age=60");
  EXPECT_THAT(first.Header("Vary"), HasSubstr("accept-language"));
  const std::string etag = first.Header("ETag");
  ASSERT_EQ(etag.size(), 34u);
  // On each worker's own connections.
  for (int i = 0; i < kOfAllWorkers; ++i) EXPECT_EQ(Ask("/v1/kept/k").body, first.body);
  EXPECT_EQ(Count("k"), 1);
  for (const std::string& tags : {etag, "W/" + etag, "\"other\", " + etag, std::string("*")}) {
    const Answer unchanged = Get(gateway_->address(), "/v1/kept/k", {{"If-None-Match", tags}});
    EXPECT_EQ(unchanged.status, 304) << tags;
    EXPECT_EQ(unchanged.body, "");
    EXPECT_EQ(unchanged.Header("ETag"), etag);
    EXPECT_EQ(unchanged.Header("Cache-Control"), "public, max-age=60");
  }
  EXPECT_EQ(Get(gateway_->address(), "/v1/kept/k", {{"If-None-Match", "\"other\""}}).status, 200);
  EXPECT_EQ(Get(gateway_->address(), "/v1/kept/k", {{"Accept-Language", "de"}}).json()["calls"], 2);
  // A write makes it stale, for all.
  EXPECT_EQ(Post(gateway_->address(), "/v1/change/c", {{"key", "c"}}).status, 200);
  const Answer anew = Get(gateway_->address(), "/v1/kept/k", {{"If-None-Match", etag}});
  EXPECT_EQ(anew.status, 200);
  EXPECT_EQ(anew.json()["calls"], 3);
  EXPECT_NE(anew.Header("ETag"), etag);
  EXPECT_EQ(Ask("/v1/kept/broken?fail=5").Header("ETag"), "");
  EXPECT_THAT(Get(gateway_->admin(), "/metrics").body, HasSubstr("portico_cache_hits_total"));
}

TEST_F(SafeguardsTest, NobodyChoosesByMetadataWhatIsKeptForOthers) {
  Start("");
  const std::string connect =
      "/shop.calls.v1.CallService/Kept?connect=v1&encoding=json&message=%7B%22key%22%3A%22k%22%7D";
  const struct {
    const char* name;
    std::string target;
    Headers headers;
    int calls;
    const char* cache_control;
  } cases[] = {
      {"metadata of a header's name",
       "/v1/kept/k",
       {{"Grpc-Metadata-Accept-Language", "de"}},
       1,
       "private, max-age=60"},
      {"who sends nothing", "/v1/kept/k", {}, 2, "public, max-age=60"},
      {"two lines of a header",
       "/v1/kept/k",
       {{"Accept-Language", "en"}, {"Accept-Language", "de"}},
       3,
       "public, max-age=60"},
      {"the first of them", "/v1/kept/k", {{"Accept-Language", "en"}}, 4, "public, max-age=60"},
      {"metadata that nobody names", "/v1/kept/k", {{"Grpc-Metadata-X-Tenant", "1"}}, 5, "private, max-age=60"},
      {"the same by Connect", connect, {{"X-Tenant", "1"}}, 5, "private, max-age=60"},
      {"another by Connect", connect, {{"X-Tenant", "2"}}, 6, "private, max-age=60"},
      {"who sends nothing by Connect", connect, {{"User-Agent", "a browser"}}, 2, "public, max-age=60"},
      {"who sends nothing still", "/v1/kept/k", {{"X-Tenant", "1"}}, 2, "public, max-age=60"},
  };
  for (const auto& c : cases) {
    const Answer answer = Get(gateway_->address(), c.target, c.headers);
    ASSERT_EQ(answer.status, 200) << c.name << ": " << answer.body;
    EXPECT_EQ(answer.json()["calls"], c.calls) << c.name;
    EXPECT_EQ(answer.Header("Cache-Control"), c.cache_control) << c.name;
  }
}

TEST_F(SafeguardsTest, AClientMayTurnDownWhatIsKept) {
  Start("");
  const auto calls = [&](const std::string& key, const std::string& cache_control) {
    const Answer answer = Get(gateway_->address(), "/v1/kept/" + key, {{"Cache-Control", cache_control}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json().value("calls", 0);
  };
  const Answer nothing = Get(gateway_->address(), "/v1/kept/a", {{"Cache-Control", "only-if-cached"}});
  EXPECT_EQ(nothing.status, 504);
  EXPECT_THAT(nothing.json().value("message", ""), HasSubstr("only-if-cached"));
  EXPECT_EQ(Count("a"), 0);
  EXPECT_EQ(calls("a", "no-store"), 1);
  EXPECT_EQ(calls("a", ""), 2) << "nothing was kept";
  EXPECT_EQ(calls("a", "only-if-cached"), 2);
  EXPECT_EQ(calls("a", "max-age=600"), 2);
  EXPECT_EQ(calls("a", "No-Cache"), 3);
  EXPECT_EQ(calls("a", ""), 3) << "the new answer was kept";
  EXPECT_EQ(calls("a", "max-age=0"), 4) << "what browsers send to reload";
  EXPECT_EQ(Count("a"), 4);
  // What does not come from a cache has no age, and the same tag for the same bytes.
  const Answer kept = Ask("/v1/kept/a");
  const Answer unchanged = Get(gateway_->address(), "/v1/kept/a",
                               {{"Cache-Control", "only-if-cached"}, {"If-None-Match", kept.Header("ETag")}});
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.body, "");
  // Pages are kept in the same way.
  EXPECT_EQ(Ask("/v1/kept-pages/p").json()["needed"]["calls"], 1);
  EXPECT_EQ(Ask("/v1/kept-pages/p").json()["needed"]["calls"], 1);
  const Answer page = Get(gateway_->address(), "/v1/kept-pages/p", {{"Cache-Control", "no-cache"}});
  EXPECT_EQ(page.json()["needed"]["calls"], 2);
}

TEST_F(SafeguardsTest, PagesAreKeptWhenTheyLackNothing) {
  Start("");
  const Answer lacking = Ask("/v1/kept-pages/p?extra_key=e&extra_fail=14");
  EXPECT_EQ(lacking.Header("Portico-Omitted"), "extra;reason=unavailable");
  EXPECT_EQ(lacking.Header("Cache-Control"), "no-store");
  Ask("/v1/kept-pages/p?extra_key=e&extra_fail=14");
  EXPECT_EQ(Count("p"), 2);
  const Answer whole = Ask("/v1/kept-pages/q?extra_key=e");
  EXPECT_EQ(whole.Header("Cache-Control"), "public, max-age=60");
  EXPECT_EQ(Ask("/v1/kept-pages/q?extra_key=e").body, whole.body);
  EXPECT_EQ(Ask("/v1/kept-pages/q?extra_key=e&fields=needed").json()["needed"]["calls"], 1);
  EXPECT_EQ(Count("q"), 1);
}

TEST_F(SafeguardsTest, PrivateRepliesAreNeverSharedBetweenCallers) {
  Start("");
  std::vector<std::thread> clients;
  std::atomic<int> wrong{0};
  const std::string address = gateway_->address();
  for (int caller = 0; caller < 8; ++caller) {
    clients.emplace_back([&, caller] {
      const std::string token = absl::StrCat("Bearer ", caller);
      for (int i = 0; i < 50; ++i) {
        const Answer answer = Get(address, "/v1/mine/m", {{"Authorization", token}});
        wrong += answer.status != 200 || answer.json()["caller"] != token ||
                 answer.Header("Cache-Control") != "private, max-age=60";
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(Count("m"), 8) << "once for each caller";
  EXPECT_EQ(Ask("/v1/mine/m").json().value("caller", ""), "") << "nor with who says nothing";
}

TEST_F(SafeguardsTest, IdenticalReadsAtOnceAreOneCall) {
  Start("");
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  const std::string address = gateway_->address();
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back([&] { right += Get(address, "/v1/kept/slow?delay_ms=1000").json().value("calls", 0) == 1; });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 20);
  EXPECT_EQ(Count("slow"), 1);
}

}  // namespace
}  // namespace portico::integration
