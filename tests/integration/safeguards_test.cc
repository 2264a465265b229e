// Must show 2 of resilience: what guards a service's calls, by the calls that the service counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
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
    server_ = std::make_unique<Process>(std::vector<std::string>{CALLS_SERVER, "--listen", "127.0.0.1:0"});
    const auto line = server_->ErrorLine([](const std::string& text) { return absl::StrContains(text, "listening"); });
    ASSERT_TRUE(line.has_value());
    const std::string address = Json::parse(*line)["address"];
    gateway_ = std::make_unique<Gateway>(folder_.Write(
        "portico.yaml",
        absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/tests/integration/protos\n  - protos: ",
                     PORTICO_SOURCE_DIR, "/proto\nworkers: ", workers, "\nclusters:\n  calls: { target: '", address,
                     "', services: [shop.calls.v1.CallService]", cluster_more, " }\n  counts: { target: '", address,
                     "', services: [shop.calls.v1.CountService] }\nfrontends:\n",
                     "  - { name: web, listen: '127.0.0.1:0', expose: ['shop.calls.*']", frontend_more,
                     " }\nadmin: { listen: 127.0.0.1:0 }\n")));
  }
  Answer Ask(const std::string& target) { return Get(gateway_->address(), target); }
  int Count(const std::string& key) { return Ask(absl::StrCat("/v1/count/", key)).json().value("calls", 0); }

  TempFolder folder_;
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
  EXPECT_EQ(clusters[0]["breakers"][0]["rpc"], "shop.calls.v1.CallService/Extra");
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

}  // namespace
}  // namespace portico::integration
