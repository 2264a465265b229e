// `explain=1` of the admin server: what a request led to, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::Contains;
using testing::HasSubstr;

class ExplainTest : public testing::Test {
 protected:
  ExplainTest() : behind_("", "20ms") {}

  Answer Explain(const std::string& target) { return Get(behind_.gateway->admin(), target); }

  static const Json* CallOf(const Json& trace, const std::string& part) {
    for (const Json& call : trace["calls"]) {
      if (call.value("part", "") == part) return &call;
    }
    return nullptr;
  }

  ShopBehindGateway behind_;
};

TEST_F(ExplainTest, ThePagesCallsAreTimed) {
  const Answer answer = Explain("/v1/products/pojos-in-action/page?explain=1");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json trace = answer.json();
  EXPECT_EQ(trace["frontend"], "web");
  EXPECT_EQ(trace["request"], "GET /v1/products/pojos-in-action/page");
  EXPECT_EQ(trace["rpc"], "shop.web.v1.WebStore/GetProductPage");
  EXPECT_EQ(trace["status"], 200);
  EXPECT_GT(trace["bytes"], 1000);
  for (const Json& call : trace["calls"]) {
    EXPECT_EQ(call["status"], "OK") << call;
    EXPECT_GT(call["bytes"], 0) << call;
    EXPECT_GE(call["start_ms"].get<double>(), 0) << call;
    EXPECT_GE(call["end_ms"].get<double>(), call["start_ms"].get<double>() + 19) << call;
    EXPECT_LE(call["end_ms"].get<double>(), trace["duration_ms"].get<double>()) << call;
  }
  const Json* const list = CallOf(trace, "also_bought");
  const Json* const cards = CallOf(trace, "also_bought.product");
  ASSERT_NE(list, nullptr) << trace;
  ASSERT_NE(cards, nullptr) << trace;
  EXPECT_EQ((*cards)["batched"], true);
  EXPECT_GE((*cards)["start_ms"].get<double>(), (*list)["end_ms"].get<double>()) << "it needs the list";
  EXPECT_THAT(trace["parts"], Contains(Json({{"part", "purchases"}, {"outcome", "skipped"}, {"times", 1}})));
  EXPECT_EQ(CallOf(trace, "purchases"), nullptr);
}

TEST_F(ExplainTest, WhatIsOmittedSaysWhy) {
  behind_.shop.Kill("sellers");
  const Json trace = Explain("/v1/products/pojos-in-action/page?explain=1&frontend=web&fields=sellers,price").json();
  EXPECT_EQ(trace["status"], 200) << trace;
  EXPECT_EQ(trace["calls"].size(), 2u) << "only what is asked for: " << trace;
  ASSERT_NE(CallOf(trace, "sellers"), nullptr);
  EXPECT_EQ((*CallOf(trace, "sellers"))["status"], "UNAVAILABLE");
  EXPECT_THAT(trace["parts"],
              Contains(Json({{"part", "sellers"}, {"outcome", "omitted"}, {"reason", "unavailable"}, {"times", 1}})));
}

TEST_F(ExplainTest, AFailureIsShown) {
  const Json trace = Explain("/v1/products/none/page?explain=1").json();
  EXPECT_EQ(trace["status"], 404);
  EXPECT_EQ(trace["error"]["code"], 5) << trace;
  ASSERT_NE(CallOf(trace, "product"), nullptr);
  EXPECT_EQ((*CallOf(trace, "product"))["status"], "NOT_FOUND");
}

TEST_F(ExplainTest, ACallThatIsNotComposedIsOneEntry) {
  const Json trace = Explain("/v1/products/pojos-in-action?explain=1").json();
  EXPECT_EQ(trace["target"], "catalog");
  ASSERT_EQ(trace["calls"].size(), 1u);
  EXPECT_EQ(trace["calls"][0]["rpc"], "shop.catalog.v1.CatalogService/GetProduct");
  EXPECT_GE(trace["calls"][0]["end_ms"].get<double>(), 19);
}

TEST_F(ExplainTest, WhatCannotBeExplainedSaysSo) {
  EXPECT_EQ(Explain("/v1/nothing?explain=1").status, 404);
  EXPECT_EQ(Explain("/v1/products/pojos-in-action?explain=1&frontend=none").status, 404);
  const Answer stream = Explain("/v1/products/pojos-in-action/price:watch?explain=1");
  EXPECT_EQ(stream.status, 400);
  EXPECT_THAT(stream.body, HasSubstr("WatchPrice streams"));
  EXPECT_EQ(Explain("/healthz").body, "ok\n");
}

}  // namespace
}  // namespace portico::integration
