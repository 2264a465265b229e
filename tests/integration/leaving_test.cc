// A client that leaves takes its calls with it, all the way to the services.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// So slow that nothing here waits for it; clusters have more patience than that, or it would be the deadline that
// shows.
class LeavingTest : public testing::Test {
 protected:
  LeavingTest() {
    shop_.StartAll();
    for (const char* service : {"catalog", "reviews"}) {
      shop_.Kill(service);
      shop_.Start(service, "60s");
    }
    const std::string clusters = shop_.Clusters();
    std::string config = ShopConfig(shop_);
    config.replace(config.find(clusters), clusters.size(), shop_.Clusters("    timeout: 60s\n"));
    gateway_ = std::make_unique<Gateway>(folder_.Write("portico.yaml", config));
  }

  void WaitForInFlight(int count) {
    const std::string line = absl::StrCat("portico_requests_in_flight{frontend=\"web\"} ", count, "\n");
    GetUntil(gateway_->admin(), "/metrics", [&](const Answer& answer) { return absl::StrContains(answer.body, line); });
  }

  // Sends a request and leaves as soon as it is being answered. The log line about it.
  Json Leave(const std::string& request) {
    Connection connection(gateway_->address());
    EXPECT_TRUE(connection.Send(request));
    WaitForInFlight(1);
    connection.Close();
    WaitForInFlight(0);
    return gateway_->LogLine([](const Json& line) { return line["status"] == 499; });
  }

  TempFolder folder_;
  Shop shop_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(LeavingTest, EndsTheCallAtTheService) {
  const auto begin = Clock::now();
  const Json line = Leave(RequestText("POST", "/v1/products/pojos-in-action/reviews",
                                      {{"Content-Type", "application/json"}}, R"({"rating": 1, "title": "Gone"})"));
  EXPECT_EQ(line.value("rpc", ""), "shop.reviews.v1.ReviewService/CreateReview") << line;
  // A service that still had the call would use all of its 5 s of grace for it.
  EXPECT_EQ(shop_.Stop("reviews"), 0);
  EXPECT_LT(Clock::now() - begin, milliseconds(4000));
  shop_.Start("reviews");
  const Answer reviews = GetUntil(gateway_->address(), "/v1/products/pojos-in-action/reviews?page_size=1",
                                  [](const Answer& answer) { return answer.status == 200; });
  EXPECT_NE(reviews.json()["reviews"][0].value("title", ""), "Gone") << "and it was not done";
}

TEST_F(LeavingTest, EndsAllCallsOfAPage) {
  const auto begin = Clock::now();
  const Json line = Leave(RequestText("GET", "/v1/products/pojos-in-action/page"));
  EXPECT_EQ(line.value("rpc", ""), "shop.web.v1.WebStore/GetProductPage") << line;
  EXPECT_LT(line.value("duration_us", 0), 2000000) << "the page's own timeout";
  EXPECT_EQ(shop_.Stop("reviews"), 0);
  EXPECT_EQ(shop_.Stop("catalog"), 0);
  EXPECT_LT(Clock::now() - begin, milliseconds(4000));
}

TEST_F(LeavingTest, AClientThatResetsIsGoneToo) {
  {
    Connection connection(gateway_->address());
    ASSERT_TRUE(connection.Send(RequestText("GET", "/v1/products/pojos-in-action")));
    WaitForInFlight(1);
    connection.Reset();
  }
  WaitForInFlight(0);
}

TEST_F(LeavingTest, ADeadlineIsHandedToTheService) {
  const auto begin = Clock::now();
  const Answer answer = Get(gateway_->address(), "/v1/products/pojos-in-action", {{"X-Request-Timeout", "300ms"}});
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.json()["code"], 4);
  EXPECT_EQ(shop_.Stop("catalog"), 0);
  EXPECT_LT(Clock::now() - begin, milliseconds(4000)) << "the service has given up, too";
}

// Those who left do not keep the gateway from stopping.
TEST_F(LeavingTest, TheGatewayStopsAtOnce) {
  for (int i = 0; i < 8; ++i) Leave(RequestText("GET", "/v1/products/pojos-in-action"));
  const auto begin = Clock::now();
  gateway_->process().Signal(SIGTERM);
  EXPECT_EQ(gateway_->process().Wait(), 0) << gateway_->process().Error();
  EXPECT_LT(Clock::now() - begin, milliseconds(3000));
}

}  // namespace
}  // namespace portico::integration
