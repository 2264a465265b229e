// Must show 2: the composed page takes the time of its longest chain of calls, lives without its optional parts, and
// fails clearly without its required one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using Clock = std::chrono::steady_clock;

constexpr char kPage[] = "/v1/products/pojos-in-action/page?customer_id=1";

// The shortest of a few requests: the machine may be busy with something else during one, hardly during all.
milliseconds Fastest(const std::string& address, const std::string& target) {
  milliseconds fastest = milliseconds::max();
  for (int i = 0; i < 5; ++i) {
    const auto begin = Clock::now();
    const Answer answer = Get(address, target);
    const auto taken = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.Header("Portico-Omitted"), "");
    fastest = std::min(fastest, taken);
  }
  return fastest;
}

// What is bought with a product is known first, then what these products are.
TEST(ComposedPageTest, FourteenCallsTakeTheTimeOfTwo) {
  const ShopBehindGateway behind("", "100ms");
  const milliseconds taken = Fastest(behind.address(), kPage);
  RecordProperty("milliseconds", static_cast<int>(taken.count()));
  EXPECT_GE(taken, milliseconds(200));
  EXPECT_LT(taken, milliseconds(500)) << "the sum is 1,400 ms";
}

// product -> its price -> more of that: three calls in a row, and three more beside each of them.
constexpr char kChain[] = R"(syntax = "proto3";
package chain.v1;
import "google/api/annotations.proto";
import "portico/annotations.proto";
import "shop/catalog/v1/catalog.proto";
import "shop/pricing/v1/pricing.proto";
import "shop/reviews/v1/reviews.proto";
service Chain {
  option (portico.facade) = true;
  rpc GetChain(GetChainRequest) returns (ChainPage) { option (google.api.http) = { get: "/v1/chain/{product_id}" }; }
}
message GetChainRequest { string product_id = 1; }
message ChainPage {
  shop.catalog.v1.Product product = 1 [(portico.fetch) = {
    method: "shop.catalog.v1.CatalogService/GetProduct" bind: "product_id = request.product_id" required: true }];
  shop.pricing.v1.Price price = 2 [(portico.fetch) = {
    method: "shop.pricing.v1.PricingService/GetPrice" bind: "product_id = self.product.product_id" }];
  shop.reviews.v1.ReviewSummary summary = 3 [(portico.fetch) = {
    method: "shop.reviews.v1.ReviewService/GetReviewSummary" bind: "product_id = self.price.product_id" }];
  shop.reviews.v1.ReviewSummary beside = 4 [(portico.fetch) = {
    method: "shop.reviews.v1.ReviewService/GetReviewSummary" bind: "product_id = self.product.isbn" }];
  repeated shop.pricing.v1.Offer offers = 5 [(portico.fetch) = {
    method: "shop.pricing.v1.PricingService/ListOffers" bind: "product_id = request.product_id" select: "offers" }];
  repeated shop.reviews.v1.Review reviews = 6 [(portico.fetch) = {
    method: "shop.reviews.v1.ReviewService/ListReviews" bind: "product_id = request.product_id" select: "reviews" }];
  repeated portico.Omitted omitted = 15;
}
)";

TEST(ComposedPageTest, DependentCallsTakeTheTimeOfTheLongestChain) {
  TempFolder folder;
  Shop shop;
  shop.StartAll("100ms");
  folder.Write("protos/chain/v1/chain.proto", kChain);
  std::string config = ShopConfig(shop);
  config.insert(sizeof "contracts:", "  - protos: protos\n");
  const std::string path = folder.Write("portico.yaml", config);
  const Finished explain = RunToEnd({PORTICO_BINARY, "explain", path, "GET", "/v1/chain/pojos-in-action"});
  EXPECT_THAT(explain.out, HasSubstr("longest chain 3 calls: product -> price -> summary")) << explain.error;
  const Gateway gateway(path);
  const milliseconds taken = Fastest(gateway.address(), "/v1/chain/pojos-in-action");
  RecordProperty("milliseconds", static_cast<int>(taken.count()));
  EXPECT_GE(taken, milliseconds(300));
  EXPECT_LT(taken, milliseconds(500)) << "the sum is 600 ms";
}

// A part that the page lacks: its name, and where it would be in the JSON.
struct LostPart {
  std::string name;
  std::string field;
  std::string inner = "";  // within every element of `field`

  void RemoveFrom(Json& page) const {
    if (inner.empty()) {
      page.erase(field);
    } else {
      for (Json& element : page[field]) element.erase(inner);
    }
  }
};

TEST(ComposedPageTest, EveryOptionalServiceInTurnMayBeDown) {
  ShopBehindGateway behind;
  const Json whole = Get(behind.address(), kPage).json();
  ASSERT_EQ(whole.size(), 10u);
  const struct {
    const char* service;
    std::vector<LostPart> lost;
  } cases[] = {
      {"pricing",
       {{"price", "price"},
        {"offers", "offers"},
        {"bought_together.price", "boughtTogether", "price"},
        {"also_bought.price", "alsoBought", "price"}}},
      {"reviews", {{"reviews", "reviews"}, {"review_summary", "reviewSummary"}}},
      {"orders", {{"purchases", "purchases"}}},
      {"inventory", {{"availability", "availability"}}},
      {"recommendations", {{"bought_together", "boughtTogether"}, {"also_bought", "alsoBought"}}},
      {"sellers", {{"sellers", "sellers"}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.service);
    behind.shop.Kill(c.service);
    const Answer answer = Get(behind.address(), kPage);
    ASSERT_EQ(answer.status, 200) << answer.body;
    std::string header;
    Json wanted = whole;
    wanted["omitted"] = Json::array();
    for (const LostPart& part : c.lost) {
      absl::StrAppend(&header, header.empty() ? "" : ", ", part.name, ";reason=unavailable");
      wanted["omitted"].push_back({{"part", part.name}, {"reason", "unavailable"}});
      part.RemoveFrom(wanted);
    }
    EXPECT_EQ(answer.Header("Portico-Omitted"), header);
    EXPECT_EQ(answer.json(), wanted);
    behind.shop.Start(c.service);
    const Answer again = GetUntil(
        behind.address(), kPage, [](const Answer& page) { return page.Header("Portico-Omitted").empty(); },
        kOfAllWorkers);
    EXPECT_EQ(again.json(), whole) << "and comes back by itself";
  }
}

TEST(ComposedPageTest, AllOptionalServicesMayBeDownAtOnce) {
  ShopBehindGateway behind;
  for (const char* service : {"pricing", "reviews", "orders", "inventory", "recommendations", "sellers"}) {
    behind.shop.Kill(service);
  }
  const Answer answer = Get(behind.address(), kPage);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["product"]["title"], "POJOs in Action");
  EXPECT_EQ(answer.json()["omitted"].size(), 9u);
  EXPECT_EQ(answer.json().size(), 2u);
}

TEST(ComposedPageTest, WithoutTheCatalogThereIsNoPage) {
  ShopBehindGateway behind;
  behind.shop.Kill("catalog");
  for (const char* target : {kPage, "/v1/products/pojos-in-action"}) {
    SCOPED_TRACE(target);
    const Answer answer = Get(behind.address(), target);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.Header("Content-Type"), "application/json");
    const Json error = answer.json();
    EXPECT_EQ(error["code"], 14) << answer.body;
    EXPECT_FALSE(error.value("message", "").empty());
    // Where things run is no business of a client's.
    EXPECT_THAT(answer.body, Not(HasSubstr("127.0.0.1")));
    EXPECT_THAT(answer.body, Not(HasSubstr("ipv4")));
    const std::string& address = behind.shop.address("catalog");
    EXPECT_THAT(answer.body, Not(HasSubstr(address.substr(address.rfind(':') + 1))));
  }
  behind.shop.Start("catalog");
  GetUntil(behind.address(), kPage, [](const Answer& page) { return page.status == 200; });
}

TEST(ComposedPageTest, ASlowOptionalPartIsLeftOutAtTheDeadline) {
  ShopBehindGateway behind;
  behind.shop.Kill("reviews");
  behind.shop.Start("reviews", "20s");
  const auto begin = Clock::now();
  // Once more if the connection to the service that was down has not been made again yet.
  const Answer answer = GetUntil(behind.address(), kPage, [](const Answer& page) {
    return page.Header("Portico-Omitted").find("unavailable") == std::string::npos;
  });
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("Portico-Omitted"), "reviews;reason=deadline, review_summary;reason=deadline");
  EXPECT_TRUE(answer.json().contains("purchases"));
  EXPECT_GE(Clock::now() - begin, milliseconds(2000)) << "the page's own timeout";
  EXPECT_LT(Clock::now() - begin, milliseconds(10000));
}

TEST(ComposedPageTest, ASlowRequiredPartIsADeadlineExceeded) {
  ShopBehindGateway behind;
  behind.shop.Kill("catalog");
  behind.shop.Start("catalog", "20s");
  // A worker that has not noticed yet that the service is back answers 503.
  Clock::time_point begin;
  const auto send = [&](const Headers& headers) {
    Answer answer;
    const auto give_up = Clock::now() + kPatience;
    do {
      begin = Clock::now();
      answer = Get(behind.address(), kPage, headers);
    } while (answer.status == 503 && Clock::now() < give_up);
    return answer;
  };
  const Answer answer = send({});
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.json()["code"], 4);
  EXPECT_EQ(send({{"X-Request-Timeout", "200ms"}}).status, 504) << "the client's own deadline";
  EXPECT_LT(Clock::now() - begin, milliseconds(1900)) << "the page's own timeout is 2 s";
}

}  // namespace
}  // namespace portico::integration
