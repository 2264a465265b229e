// How many calls a page makes, counted by the services.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/faults/behind.h"

namespace portico::faults {
namespace {

using integration::Answer;
using integration::Get;
using integration::Json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class CallCountsTest : public testing::Test {
 protected:
  CallCountsTest() : behind_({{"*", "*"}}) {}

  Behind behind_;
};

constexpr char kAlsoBought[] = "/counts/products/p/also?page_size=20";

// What a batch of twenty takes: the list, and one call for each of the three kinds of parts.
const auto kFourCalls = UnorderedElementsAre(Pair("shop.recommendations.v1.RecommendationService/ListAlsoBought", 1),
                                             Pair("shop.catalog.v1.CatalogService/BatchGetProducts", 1),
                                             Pair("shop.pricing.v1.PricingService/BatchGetPrices", 1),
                                             Pair("shop.inventory.v1.InventoryService/BatchGetStock", 1));

TEST_F(CallCountsTest, SixtyPartsOfTwentyItemsAreThreeCalls) {
  const Answer answer = Get(behind_.address(), kAlsoBought);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(OmittedIn(answer), IsEmpty());
  EXPECT_THAT(behind_.services().TakeCalls(), kFourCalls);
  // The services answer in the reverse of the order in which they were asked.
  const Json items = answer.json()["items"];
  ASSERT_EQ(items.size(), 20u);
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string id = absl::StrCat("id-", i + 1);
    EXPECT_EQ(items[i]["productId"], id);
    for (const char* part : {"product", "price", "stock"}) EXPECT_EQ(items[i][part]["productId"], id) << part;
  }
}

TEST_F(CallCountsTest, AMissingItemIsMissingAlone) {
  const Answer answer = Get(behind_.address(), kAlsoBought, {{"Grpc-Metadata-Fake-Missing", "id-7"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(OmittedIn(answer), ElementsAre("items.price;reason=not_found", "items.product;reason=not_found",
                                             "items.stock;reason=not_found"));
  EXPECT_THAT(behind_.services().TakeCalls(), kFourCalls);
  const Json items = answer.json()["items"];
  ASSERT_EQ(items.size(), 20u);
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string id = absl::StrCat("id-", i + 1);
    EXPECT_EQ(items[i]["productId"], id);
    for (const char* part : {"product", "price", "stock"}) {
      EXPECT_EQ(items[i].contains(part), id != "id-7") << id << " " << part;
      if (items[i].contains(part)) EXPECT_EQ(items[i][part]["productId"], id) << part;
    }
  }
}

TEST_F(CallCountsTest, TwoFieldsAreTwoCalls) {
  const Answer answer = Get(behind_.address(), "/v1/products/p/page?customer_id=1&fields=product.title,price");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["product"], Json({{"title", "some title"}}));
  EXPECT_EQ(answer.json()["price"]["productId"], "p");
  EXPECT_EQ(answer.json().size(), 2u);
  EXPECT_THAT(behind_.services().TakeCalls(), UnorderedElementsAre(Pair("shop.catalog.v1.CatalogService/GetProduct", 1),
                                                                   Pair("shop.pricing.v1.PricingService/GetPrice", 1)));
}

TEST_F(CallCountsTest, OneFieldOfAListsElementsIsTwoCalls) {
  const Answer answer = Get(behind_.address(), absl::StrCat(kAlsoBought, "&fields=items.price"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["items"].size(), 20u);
  EXPECT_THAT(behind_.services().TakeCalls(),
              UnorderedElementsAre(Pair("shop.recommendations.v1.RecommendationService/ListAlsoBought", 1),
                                   Pair("shop.pricing.v1.PricingService/BatchGetPrices", 1)));
}

}  // namespace
}  // namespace portico::faults
