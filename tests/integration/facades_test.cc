// Backends for Frontends: what phones and partners get, from the configuration of tools/demo.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/integration/demo.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::Not;

class FacadesTest : public testing::Test {
 protected:
  FacadesTest() {
    shop_.StartAll();
    gateway_ = std::make_unique<Gateway>(folder_.Write("portico.yaml", DemoConfig(shop_)));
  }

  Answer Mobile(const std::string& target) { return Get(gateway_->address("mobile"), target); }
  Answer Partner(const std::string& target) {
    return Get(gateway_->address("partner"), target, {{"X-Api-Key", kPartnerKey}});
  }

  // The ids of all products, as the catalog lists them.
  std::vector<std::string> AllProducts() {
    std::vector<std::string> ids;
    std::string token;
    do {
      const Json page =
          Get(gateway_->address("web"), absl::StrCat("/v1/products?page_size=100&page_token=", token)).json();
      for (const Json& product : page["products"]) ids.push_back(product["productId"]);
      token = page.value("nextPageToken", "");
    } while (!token.empty() && ids.size() < 10000);
    return ids;
  }

  TempFolder folder_;
  Shop shop_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(FacadesTest, TheScreenOfAProduct) {
  const Answer answer = Mobile("/mobile/v1/products/pojos-in-action");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Content-Type"), "application/json");
  EXPECT_EQ(answer.Header("Portico-Omitted"), "");
  EXPECT_EQ(answer.body,
            R"({"title":"POJOs in Action","authors":["Chris Richardson"],"imageUrl":"/covers/pojos-in-action.svg",)"
            R"("price":{"currencyCode":"USD","units":35,"nanos":960000000},"availability":"IN_STOCK",)"
            R"("rating":{"averageRating":4.421052631578948,"reviewCount":19},)"
            R"("reviews":[{"rating":4,"title":"Nearly perfect","authorName":"Yusuf Ekwueme"},)"
            R"({"rating":4,"title":"Well worth it","authorName":"Freya Okafor"},)"
            R"({"rating":5,"title":"A classic","authorName":"Dalia Yilmaz"}]})");
}

TEST_F(FacadesTest, NoScreenIsLargerThanTwoKilobytes) {
  const std::vector<std::string> ids = AllProducts();
  ASSERT_GE(ids.size(), 300u);
  size_t largest = 0;
  for (const std::string& id : ids) {
    const Answer answer = Mobile(absl::StrCat("/mobile/v1/products/", id));
    ASSERT_EQ(answer.status, 200) << id << ": " << answer.body;
    EXPECT_EQ(answer.Header("Portico-Omitted"), "") << id;
    EXPECT_LE(answer.body.size(), 2000u) << id << ": " << answer.body;
    largest = std::max(largest, answer.body.size());
  }
  RecordProperty("largest", static_cast<int>(largest));
}

TEST_F(FacadesTest, AScreenIsShownWithoutWhatIsDown) {
  shop_.Kill("reviews");
  shop_.Kill("inventory");
  const Answer answer = Mobile("/mobile/v1/products/pojos-in-action");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Portico-Omitted"),
            "availability;reason=unavailable, rating;reason=unavailable, reviews;reason=unavailable");
  const Json screen = answer.json();
  EXPECT_EQ(screen["title"], "POJOs in Action");
  EXPECT_EQ(screen["price"]["units"], 35);
  EXPECT_EQ(screen["omitted"].size(), 3u);
  EXPECT_EQ(Mobile("/mobile/v1/products/none").status, 404);
}

TEST_F(FacadesTest, APartnersListHasEveryField) {
  const Answer answer = Partner("/partner/v1/products?page_size=1");
  EXPECT_EQ(answer.status, 200);
  Json list = answer.json();
  EXPECT_NE(list["next_page_token"], "");
  list.erase("next_page_token");
  EXPECT_EQ(list.dump(), Json::parse(R"({"products":[{"product_id":"a-bicycle-through-anatolia",
      "title":"A Bicycle Through Anatolia","authors":["Noemi Drummond"],"publisher":"Meridian Row",
      "isbn":"9797747101596","page_count":240,"publish_date":"2011-12-07","category":"TRAVEL",
      "price":{"list_price":{"currency_code":"USD","units":"68","nanos":950000000},
               "price":{"currency_code":"USD","units":"65","nanos":500000000}},
      "stock":{"availability":"OUT_OF_STOCK","restock_date":"2024-05-06"}}],"omitted":[]})")
                             .dump());
  const Answer one = Partner("/partner/v1/products/pojos-in-action");
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(one.body, R"({"product_id":"pojos-in-action","title":"POJOs in Action","authors":["Chris Richardson"],)"
                      R"("publisher":"Manning","isbn":"1932394583","page_count":592,"publish_date":"2006-01-31",)"
                      R"("category":"ARCHITECTURE","price":{"list_price":{"currency_code":"USD","units":"44",)"
                      R"("nanos":950000000},"price":{"currency_code":"USD","units":"35","nanos":960000000}},)"
                      R"("stock":{"availability":"IN_STOCK","restock_date":""}})");
}

// All keys of a document, at whatever depth.
void KeysOf(const Json& json, std::set<std::string>& keys) {
  if (!json.is_structured()) return;
  for (const auto& item : json.items()) {
    if (json.is_object()) keys.insert(item.key());
    KeysOf(item.value(), keys);
  }
}

TEST_F(FacadesTest, APartnerPagesThroughAllProductsAndSeesNoCustomer) {
  std::vector<std::string> ids;
  std::set<std::string> keys;
  std::string token;
  do {
    const Answer answer = Partner(absl::StrCat("/partner/v1/products?page_size=70&page_token=", token));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.Header("Portico-Omitted"), "");
    const Json page = answer.json();
    KeysOf(page, keys);
    for (const Json& product : page["products"]) {
      ids.push_back(product["product_id"]);
      EXPECT_TRUE(product["price"].is_object()) << product;
      EXPECT_TRUE(product["stock"].is_object()) << product;
    }
    token = page["next_page_token"];
  } while (!token.empty() && ids.size() < 10000);
  EXPECT_EQ(ids, AllProducts());
  const std::vector<std::string> promised = {
      "products",     "next_page_token", "omitted",  "product_id",   "title",       "authors",       "publisher",
      "isbn",         "page_count",      "category", "price",        "list_price",  "currency_code", "units",
      "publish_date", "nanos",           "stock",    "availability", "restock_date"};
  EXPECT_THAT(std::vector<std::string>(keys.begin(), keys.end()), IsSubsetOf(promised));
  EXPECT_EQ(Partner("/partner/v1/products?page_size=1000").json()["products"].size(), 100u);
}

TEST_F(FacadesTest, PartnersNeedAKey) {
  const std::string& address = gateway_->address("partner");
  for (const char* target : {"/partner/v1/products", "/partner/v1/products/pojos-in-action"}) {
    for (const Headers& headers : {Headers{}, Headers{{"X-Api-Key", "guess"}}, Headers{{"X-Api-Key", ""}},
                                   Headers{{"Authorization", absl::StrCat("Bearer ", kPartnerKey)}}}) {
      const Answer answer = Get(address, target, headers);
      EXPECT_EQ(answer.status, 401) << answer.body;
      EXPECT_EQ(answer.Header("Content-Type"), "application/problem+json");
      EXPECT_THAT(answer.body, Not(HasSubstr("isbn")));
    }
  }
  const Answer missing = Partner("/partner/v1/products/none");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.json()["status"], 404) << missing.body;
  EXPECT_EQ(Partner("/partner/v1/products").Header("RateLimit-Limit"), "100");
}

}  // namespace
}  // namespace portico::integration
