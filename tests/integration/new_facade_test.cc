// Must show 3: a page that did not exist when the gateway was built. Its contract is in this file, and all of the
// gateway that knows of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr char kDesk[] = R"(syntax = "proto3";

package desk.v1;

import "google/api/annotations.proto";
import "portico/annotations.proto";
import "shop/catalog/v1/catalog.proto";
import "shop/pricing/v1/money.proto";
import "shop/reviews/v1/reviews.proto";

// What a bookseller looks up at the desk.
service Desk {
  option (portico.facade) = true;

  rpc LookUp(LookUpRequest) returns (LookUpAnswer) {
    option (google.api.http) = { get: "/desk/v1/books/{product_id}" };
  }

  // Has no http rule, and so the path of its name.
  rpc Find(FindRequest) returns (FindAnswer);
}

message LookUpRequest {
  string product_id = 1;
  string customer_id = 2;
  int32 most_reviews = 3;
}

message LookUpAnswer {
  // Copied from the request.
  string product_id = 1;

  Book book = 2 [(portico.fetch) = {
    method: "shop.catalog.v1.CatalogService/GetProduct"
    bind: "product_id = request.product_id"
    required: true
  }];

  // Depends on the book, and takes a part of the reply that is a message.
  Amount price = 3 [(portico.fetch) = {
    method: "shop.pricing.v1.PricingService/GetPrice"
    bind: "product_id = self.book.product_id"
    select: "price"
  }];

  // Ends in a scalar, under another number and in a wider type.
  double average_rating = 4 [(portico.fetch) = {
    method: "shop.reviews.v1.ReviewService/GetReviewSummary"
    bind: "product_id = self.book.product_id"
    select: "average_rating"
  }];

  repeated Opinion opinions = 5 [(portico.fetch) = {
    method: "shop.reviews.v1.ReviewService/ListReviews"
    bind: ["product_id = request.product_id", "page_size = request.most_reviews"]
    select: "reviews"
  }];

  repeated Purchase purchases = 6 [(portico.fetch) = {
    method: "shop.orders.v1.OrderService/ListOrders"
    when: "request.customer_id"
    bind: ["customer_id = request.customer_id", "product_id = request.product_id", "page_size = 2"]
    select: "orders"
  }];

  // A literal text, and what a header says.
  repeated Hit shelf = 7 [(portico.fetch) = {
    method: "shop.catalog.v1.CatalogService/SearchProducts"
    bind: ["query = \"java\"", "page_size = 3"]
    select: "products"
  }];
  repeated string own_orders = 8 [(portico.fetch) = {
    method: "shop.orders.v1.OrderService/ListOrders"
    when: "header.x-customer"
    bind: ["customer_id = header.x-customer", "page_size = 3"]
    select: "orders.order_id"
  }];

  repeated portico.Omitted omitted = 20;
}

// Less than a Product, and with other numbers.
message Book {
  string title = 1;
  repeated string authors = 2;
  string product_id = 3;
  shop.catalog.v1.Product.Category category = 4;
}

message Amount {
  int64 units = 1;
  string currency_code = 2;
}

// A review, and a call for each: what else its author has bought.
message Opinion {
  string author_name = 1;
  int32 rating = 2;
  string customer_id = 3;
  repeated Purchase bought = 4 [(portico.fetch) = {
    method: "shop.orders.v1.OrderService/ListOrders"
    bind: ["customer_id = self.customer_id", "page_size = 1"]
    select: "orders"
    concurrency: 2
  }];
}

// An order, with a smaller message inside.
message Purchase {
  string order_id = 1;
  repeated Line lines = 2;
}
message Line {
  int32 quantity = 1;
  string title = 2;
}

// A book found, and one call for all prices.
message Hit {
  string title = 1;
  string product_id = 2;
  Tag tag = 3 [(portico.fetch) = {
    method: "shop.pricing.v1.PricingService/BatchGetPrices"
    batch: { keys: "product_ids" from: "self.product_id" items: "prices" item_key: "product_id" }
  }];
}
message Tag {
  int32 discount_percent = 1;
  shop.pricing.v1.Money price = 2;
}

message FindRequest {
  string query = 1;
}

message FindAnswer {
  repeated Hit hits = 1 [(portico.fetch) = {
    method: "shop.catalog.v1.CatalogService/SearchProducts"
    bind: "query = request.query"
    select: "products"
  }];
}
)";

class NewFacadeTest : public testing::Test {
 protected:
  NewFacadeTest() {
    shop_.StartAll();
    folder_.Write("protos/desk/v1/desk.proto", kDesk);
    std::string config = ShopConfig(shop_);
    config.insert(sizeof "contracts:", "  - protos: protos\n");
    config_ = folder_.Write("portico.yaml", config);
    gateway_ = std::make_unique<Gateway>(config_);
  }

  Answer GetOk(const std::string& target, const Headers& headers = {}) {
    Answer answer = Get(gateway_->address(), target, headers);
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
    return answer;
  }
  const std::string& address() const { return gateway_->address(); }

  TempFolder folder_;
  Shop shop_;
  std::string config_;
  std::unique_ptr<Gateway> gateway_;
};

constexpr char kLookUp[] = "/desk/v1/books/pojos-in-action";

TEST_F(NewFacadeTest, IsComposedOfProjections) {
  const Answer answer = GetOk(absl::StrCat(kLookUp, "?most_reviews=3"));
  EXPECT_EQ(answer.Header("Portico-Omitted"), "");
  const Json page = answer.json();
  EXPECT_EQ(page["productId"], "pojos-in-action");
  EXPECT_EQ(page["book"], Json({{"title", "POJOs in Action"},
                                {"authors", {"Chris Richardson"}},
                                {"productId", "pojos-in-action"},
                                {"category", "ARCHITECTURE"}}));
  EXPECT_EQ(page["price"], Json({{"units", "35"}, {"currencyCode", "USD"}}));
  EXPECT_EQ(page["averageRating"], GetOk("/v1/products/pojos-in-action/reviews:summary").json()["averageRating"]);
  EXPECT_FALSE(page.contains("purchases")) << "nobody has said which customer";
  EXPECT_FALSE(page.contains("ownOrders"));
  EXPECT_FALSE(page.contains("omitted"));
}

TEST_F(NewFacadeTest, CallsForEachElementOfAList) {
  const Json opinions = GetOk(absl::StrCat(kLookUp, "?most_reviews=4")).json()["opinions"];
  const Json reviews = GetOk("/v1/products/pojos-in-action/reviews?page_size=4").json()["reviews"];
  ASSERT_THAT(opinions, SizeIs(4));
  for (size_t i = 0; i < opinions.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(opinions[i]["authorName"], reviews[i]["authorName"]);
    EXPECT_EQ(opinions[i]["rating"], reviews[i]["rating"]);
    EXPECT_FALSE(opinions[i].contains("body"));
    const std::string customer = opinions[i]["customerId"];
    const Json order = GetOk(absl::StrCat("/v1/customers/", customer, "/orders?page_size=1")).json()["orders"][0];
    ASSERT_THAT(opinions[i]["bought"], SizeIs(1));
    const Json& bought = opinions[i]["bought"][0];
    EXPECT_EQ(bought["orderId"], order["orderId"]) << "each author's own";
    EXPECT_EQ(bought["lines"][0],
              Json({{"quantity", order["lines"][0]["quantity"]}, {"title", order["lines"][0]["title"]}}));
    EXPECT_EQ(bought["lines"].size(), order["lines"].size());
    EXPECT_FALSE(bought.contains("total"));
  }
}

TEST_F(NewFacadeTest, OneCallForAllElementsOfAList) {
  const Json shelf = GetOk(kLookUp).json()["shelf"];
  const Json found = GetOk("/v1/products:search?query=java&page_size=3").json()["products"];
  ASSERT_FALSE(shelf.empty());
  ASSERT_EQ(shelf.size(), found.size());
  for (size_t i = 0; i < shelf.size(); ++i) {
    const std::string id = found[i]["productId"];
    EXPECT_EQ(shelf[i]["productId"], id);
    EXPECT_EQ(shelf[i]["title"], found[i]["title"]);
    const Json price = GetOk(absl::StrCat("/v1/products/", id, "/price")).json();
    EXPECT_EQ(shelf[i]["tag"]["price"], price["price"]) << id;
    EXPECT_FALSE(shelf[i]["tag"].contains("listPrice"));
  }
}

TEST_F(NewFacadeTest, WhenAndHeaders) {
  const Json page = GetOk(absl::StrCat(kLookUp, "?customer_id=1"), {{"X-Customer", "2"}}).json();
  ASSERT_THAT(page["purchases"], SizeIs(2));
  EXPECT_EQ(page["purchases"][0]["orderId"],
            GetOk("/v1/customers/1/orders?product_id=pojos-in-action").json()["orders"][0]["orderId"]);
  const Json orders = GetOk("/v1/customers/2/orders?page_size=3").json()["orders"];
  Json ids = Json::array();
  for (const Json& order : orders) ids.push_back(order["orderId"]);
  EXPECT_EQ(page["ownOrders"], ids) << "scalars out of a list of messages";
}

TEST_F(NewFacadeTest, AMethodWithoutARuleHasThePathOfItsName) {
  const Answer found = Post(address(), "/desk.v1.Desk/Find", {{"query", "pojos"}});
  ASSERT_EQ(found.status, 200) << found.body;
  EXPECT_EQ(found.json()["hits"][0]["productId"], "pojos-in-action");
  EXPECT_EQ(found.json()["hits"][0]["tag"]["price"]["units"], "35");
  EXPECT_EQ(Get(address(), "/desk.v1.Desk/Find").status, 405);
}

// The services that a selection does not need are dead: were one called, it would be named as omitted.
TEST_F(NewFacadeTest, FieldsPruneTheCalls) {
  for (const char* service : {"pricing", "reviews", "orders"}) shop_.Kill(service);
  const Answer some = GetOk(absl::StrCat(kLookUp, "?fields=book.title,shelf.title&customer_id=1"));
  EXPECT_EQ(some.Header("Portico-Omitted"), "");
  EXPECT_EQ(some.json()["book"], Json({{"title", "POJOs in Action"}}));
  EXPECT_THAT(some.json(), SizeIs(2));
  EXPECT_THAT(some.json()["shelf"][0], SizeIs(1));

  const Answer all = GetOk(absl::StrCat(kLookUp, "?customer_id=1"));
  EXPECT_THAT(all.Header("Portico-Omitted"), HasSubstr("price;reason=unavailable"));
  EXPECT_THAT(all.Header("Portico-Omitted"), HasSubstr("shelf.tag;reason=unavailable")) << "a part within a list";
  EXPECT_THAT(all.Header("Portico-Omitted"), HasSubstr("purchases;reason=unavailable"));
  EXPECT_FALSE(all.json()["shelf"].empty());
  EXPECT_EQ(all.json()["book"]["title"], "POJOs in Action");

  // Not even a required part is called when it is not asked for, and one that is needed is, without being shown.
  shop_.Kill("catalog");
  EXPECT_EQ(GetOk(absl::StrCat(kLookUp, "?fields=product_id")).json(), Json({{"productId", "pojos-in-action"}}));
  EXPECT_EQ(Get(address(), absl::StrCat(kLookUp, "?fields=price")).status, 503);
  shop_.Start("catalog");
  shop_.Start("pricing");
  const Answer price = GetUntil(address(), absl::StrCat(kLookUp, "?fields=price.units"), [](const Answer& answer) {
    return answer.status == 200 && answer.Header("Portico-Omitted").empty();
  });
  EXPECT_EQ(price.json(), Json({{"price", {{"units", "35"}}}}));
}

TEST_F(NewFacadeTest, AnUnknownSelectionIsAMistake) {
  const Answer answer = Get(address(), absl::StrCat(kLookUp, "?fields=book.nothing"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.json()["code"], 3);
}

TEST_F(NewFacadeTest, ThePlanIsExplained) {
  const Finished explain = RunToEnd({PORTICO_BINARY, "explain", config_, "GET", kLookUp});
  EXPECT_EQ(explain.exit, 0) << explain.error;
  EXPECT_THAT(explain.out, HasSubstr("after book"));
  EXPECT_THAT(explain.out, HasSubstr("longest chain 2 calls: book -> price"));
  EXPECT_THAT(explain.out, HasSubstr("for each element:"));
  EXPECT_THAT(explain.out, HasSubstr("concurrency=2"));
}

}  // namespace
}  // namespace portico::integration
