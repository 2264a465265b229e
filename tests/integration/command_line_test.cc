// Must show 1, too: what the other commands of `portico` say about the demo's configuration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::SizeIs;

const char kDemo[] = PORTICO_SOURCE_DIR "/tools/demo.yaml";

Finished Portico(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), PORTICO_BINARY);
  return RunToEnd(std::move(arguments));
}

TEST(CommandLineTest, CheckIsSilentWhenAllIsWell) {
  const Finished check = Portico({"check", kDemo});
  EXPECT_EQ(check.exit, 0);
  EXPECT_EQ(check.out + check.error, "");
}

TEST(CommandLineTest, RoutesAreTabSeparated) {
  const Finished routes = Portico({"routes", kDemo});
  EXPECT_EQ(routes.exit, 0);
  EXPECT_EQ(routes.error, "");
  const std::vector<std::string> lines = absl::StrSplit(routes.out, '\n', absl::SkipEmpty());
  for (const std::string& line : lines) {
    EXPECT_THAT(std::vector<std::string>(absl::StrSplit(line, '\t')), SizeIs(5)) << line;
  }
  const std::vector<std::string> some = {
      "web\tGET\t/v1/products/{product_id}\tshop.catalog.v1.CatalogService/GetProduct\tcatalog",
      "web\tGET\t/v1/products/{product_id}/price\tshop.pricing.v1.PricingService/GetPrice\tpricing",
      "web\tPOST\t/v1/products/{product_id}/reviews\tshop.reviews.v1.ReviewService/CreateReview\treviews",
      "web\tGET\t/v1/customers/{customer_id}/orders\tshop.orders.v1.OrderService/ListOrders\torders",
      "web\tGET\t/v1/products/{product_id}/page\tshop.web.v1.WebStore/GetProductPage\tfacade"};
  EXPECT_THAT(some, IsSubsetOf(lines));
}

TEST(CommandLineTest, ExplainShowsThePlanAndItsLongestChain) {
  const Finished explain = Portico({"explain", kDemo, "GET", "/v1/products/pojos-in-action/page"});
  EXPECT_EQ(explain.exit, 0);
  EXPECT_THAT(explain.out, HasSubstr("GET /v1/products/{product_id}/page"));
  EXPECT_THAT(explain.out, HasSubstr("shop.web.v1.WebStore/GetProductPage"));
  for (const char* call : {"CatalogService/GetProduct", "PricingService/GetPrice", "PricingService/ListOffers",
                           "ReviewService/ListReviews", "ReviewService/GetReviewSummary", "OrderService/ListOrders"}) {
    EXPECT_THAT(explain.out, HasSubstr(call));
  }
  EXPECT_THAT(explain.out, HasSubstr("longest chain 2 calls"));
}

TEST(CommandLineTest, ExplainOfACallNamesTheCluster) {
  const Finished explain = Portico({"explain", kDemo, "GET", "/v1/products/pojos-in-action?pretty"});
  EXPECT_EQ(explain.exit, 0);
  EXPECT_THAT(explain.out, HasSubstr("shop.catalog.v1.CatalogService/GetProduct  <-  cluster catalog"));
}

TEST(CommandLineTest, ExplainOfNothingFails) {
  const Finished explain = Portico({"explain", kDemo, "GET", "/v1/nothing"});
  EXPECT_EQ(explain.exit, 1);
  EXPECT_EQ(explain.out, "");
  EXPECT_THAT(explain.error, HasSubstr("/v1/nothing"));
}

TEST(CommandLineTest, MisuseIsToldFromFailure) {
  const std::vector<std::vector<std::string>> misuses = {
      {},
      {"dance"},
      {"check"},
      {"check", kDemo, kDemo},
      {"serve"},
      {"routes"},
      {"explain", kDemo},
      {"explain", kDemo, "GET"},
      {"call", kDemo, "GET"},
      {"call", kDemo, "GET", "/", "-d"},
      {"call", "--frontend"},
  };
  for (const std::vector<std::string>& arguments : misuses) {
    const Finished finished = Portico(arguments);
    EXPECT_EQ(finished.exit, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(finished.error, HasSubstr("usage: portico"));
  }
  EXPECT_EQ(Portico({"check", "/nonexistent/portico.yaml"}).exit, 1);
  EXPECT_EQ(Portico({"serve", "/nonexistent/portico.yaml"}).exit, 1);
}

// `call` finds the running gateway by its configuration, so that this one has a port of its own to name.
TEST(CommandLineTest, CallAsksTheRunningGateway) {
  TempFolder folder;
  Shop shop;
  shop.StartAll();
  const ReservedPort port;
  std::string config = ShopConfig(shop);
  const std::string anywhere = "listen: 127.0.0.1:0";
  config.replace(config.find(anywhere), anywhere.size(), "listen: " + port.address());
  const std::string path = folder.Write("portico.yaml", config);
  {
    const Finished nobody = Portico({"call", path, "GET", "/v1/products/pojos-in-action"});
    EXPECT_EQ(nobody.exit, 1);
    EXPECT_THAT(nobody.error, HasSubstr(port.address()));
  }
  const Gateway gateway(path);
  EXPECT_EQ(gateway.address(), port.address());

  const Finished get = Portico({"call", path, "GET", "/v1/products/pojos-in-action"});
  EXPECT_EQ(get.exit, 0) << get.error;
  EXPECT_EQ(Json::parse(get.out, nullptr, false)["title"], "POJOs in Action");

  const Finished post = Portico({"call", "--frontend", "web", path, "POST", "/v1/products/pojos-in-action/reviews",
                                 "-d", R"({"rating": 4, "title": "By call"})", "-H", "X-Request-Id: from-call"});
  EXPECT_EQ(post.exit, 0) << post.error;
  EXPECT_EQ(Json::parse(post.out, nullptr, false)["title"], "By call");

  const Finished missing = Portico({"call", path, "GET", "/v1/products/none"});
  EXPECT_EQ(missing.exit, 1);
  EXPECT_EQ(Json::parse(missing.out, nullptr, false)["code"], 5) << "the answer is on stdout all the same";

  EXPECT_EQ(Portico({"call", "--frontend", "mobile", path, "GET", "/"}).exit, 1);
}

}  // namespace
}  // namespace portico::integration
