// Fetches in fields of a part's message that are not fetched themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/compose/fake_services.h"

namespace portico::compose {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr char kContracts[] = R"(syntax = "proto3";
package web;
import "portico/annotations.proto";

message Request { string order_id = 1; }
message Order {
  string order_id = 1;
  oneof delivery { Shipping shipping = 2; string pickup = 4; }
  repeated Line lines = 3;
}
message Shipping { string street = 1; string carrier_id = 2; repeated string notes = 3; }
message Line { string product_id = 1; }
message Orders { repeated Order orders = 1; }
message CarrierRequest { string carrier_id = 1; }
message Carrier { string name = 1; }
message ProductsRequest { repeated string product_ids = 1; }
message Products { repeated Product products = 1; }
message Product { string product_id = 1; string title = 2; }
service Shop {
  rpc GetOrder(Request) returns (Order);
  rpc ListOrders(Request) returns (Orders);
  rpc GetCarrier(CarrierRequest) returns (Carrier);
  rpc BatchGet(ProductsRequest) returns (Products);
}

message OrderPage {
  OrderView order = 1 [(portico.fetch) = { method: "web.Shop/GetOrder" bind: "order_id = request.order_id" }];
  repeated portico.Omitted omitted = 15;
}
message OrdersPage {
  repeated OrderView orders = 1 [(portico.fetch) = { method: "web.Shop/ListOrders" select: "orders" }];
  repeated portico.Omitted omitted = 15;
}
message OrderView {
  string order_id = 1;
  oneof delivery { ShippingView shipping = 2; string pickup = 4; }
  repeated LineView lines = 7;
}
message ShippingView {
  string street = 1;
  string carrier_id = 2;
  repeated string notes = 3;
  Carrier carrier = 4 [(portico.fetch) = { method: "web.Shop/GetCarrier" bind: "carrier_id = self.carrier_id" }];
}
message LineView {
  string product_id = 1;
  Title product = 2 [(portico.fetch) = { method: "web.Shop/BatchGet"
    batch: { keys: "product_ids" from: "self.product_id" items: "products" item_key: "product_id" } }];
}
message Title { string title = 2; }
service Web {
  option (portico.facade) = true;
  rpc GetOrder(Request) returns (OrderPage);
  rpc ListOrders(Request) returns (OrdersPage);
}
)";

class InnerTest : public ::testing::Test {
 protected:
  InnerTest() { folder_.Write("web.proto", kContracts); }

  // Orders `a` and `b`; every carrier and the products x and y are known.
  void Serve(Page& page) {
    const std::string a =
        R"({"orderId": "a", "shipping": {"street": "Elm", "carrierId": "post"}, "lines": [{"productId": "x"}, {"productId": "y"}]})";
    const std::string b = R"({"orderId": "b", "lines": [{"productId": "z"}, {"productId": "x"}]})";
    page.services().On("web.Shop/GetOrder", a);
    page.services().On("web.Shop/ListOrders", absl::StrCat("{\"orders\": [", a, ",", b, "]}"));
    page.services().On("web.Shop/GetCarrier", R"({"name": "Post"})");
    page.services().On("web.Shop/BatchGet",
                       R"({"products": [{"productId": "y", "title": "Y"}, {"productId": "x", "title": "X"}]})");
  }

  portico::testing::TempFolder folder_;
};

TEST_F(InnerTest, ASingularMessageIsAListOfOne) {
  Page page(folder_, "web.Web/GetOrder");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  Serve(page);
  EXPECT_EQ(page.Get(R"({"orderId": "a"})"),
            R"({"order":{"orderId":"a","shipping":{"street":"Elm","carrierId":"post","carrier":{"name":"Post"}},)"
            R"("lines":[{"productId":"x","product":{"title":"X"}},{"productId":"y","product":{"title":"Y"}}]}})");
}

TEST_F(InnerTest, OneBatchServesTheMessagesOfAllElements) {
  Page page(folder_, "web.Web/ListOrders");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  Serve(page);
  EXPECT_EQ(page.Get("{}"),
            R"({"orders":[{"orderId":"a","shipping":{"street":"Elm","carrierId":"post","carrier":{"name":"Post"}},)"
            R"("lines":[{"productId":"x","product":{"title":"X"}},{"productId":"y","product":{"title":"Y"}}]},)"
            R"({"orderId":"b","lines":[{"productId":"z"},{"productId":"x","product":{"title":"X"}}]}],)"
            R"("omitted":[{"part":"orders.lines.product","reason":"not_found"}]})");
  EXPECT_EQ(page.services().Count("web.Shop/BatchGet"), 1);
  EXPECT_EQ(page.services().Count("web.Shop/GetCarrier"), 1) << "one order has no shipping";
}

TEST_F(InnerTest, AFailureIsNamedByItsPath) {
  Page page(folder_, "web.Web/GetOrder");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  Serve(page);
  page.services().On("web.Shop/GetCarrier", [](const std::string&) { return absl::UnavailableError("down"); });
  EXPECT_THAT(page.Get(R"({"orderId": "a"})"), HasSubstr(R"("shipping":{"street":"Elm","carrierId":"post"},)"));
  EXPECT_EQ(page.omitted(), "order.shipping.carrier;reason=unavailable");
}

TEST_F(InnerTest, WhatIsNotSelectedIsNotCalled) {
  Page page(folder_, "web.Web/GetOrder");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  Serve(page);
  EXPECT_EQ(page.Get(R"({"orderId": "a"})", "order.shipping.carrier"),
            R"({"order":{"shipping":{"carrier":{"name":"Post"}}}})");
  EXPECT_EQ(page.services().Count("web.Shop/BatchGet"), 0);
}

TEST_F(InnerTest, AMessageInPiecesIsOne) {
  Page page(folder_, "web.Web/GetOrder");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  Serve(page);
  // The carrier comes with the second piece; each has a note.
  page.services().OnWire("web.Shop/GetOrder", absl::StrCat("\x12\x08\x0a\x03"
                                                           "Elm"
                                                           "\x1a\x01"
                                                           "1",
                                                           "\x0a\x01"
                                                           "a",
                                                           "\x12\x09\x12\x04"
                                                           "post"
                                                           "\x1a\x01"
                                                           "2"));
  EXPECT_EQ(page.Get(R"({"orderId": "a"})"),
            R"({"order":{"orderId":"a","shipping":{"street":"Elm","carrierId":"post","notes":["1","2"],)"
            R"("carrier":{"name":"Post"}}}})");
}

// As for whoever parses the reply.
TEST_F(InnerTest, AMessageThatAnotherMemberOfItsOneofReplacedIsGone) {
  Page page(folder_, "web.Web/GetOrder");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  Serve(page);
  const std::string elm(
      "\x12\x05\x0a\x03"
      "Elm",
      7),
      post(
          "\x12\x06\x12\x04"
          "post",
          8),
      shop(
          "\x22\x04"
          "shop",
          6);
  const struct {
    std::string reply, answer;
    int calls;
  } cases[] = {
      {elm + post + shop, R"({"order":{"pickup":"shop"}})", 0},
      {elm + shop + post, R"({"order":{"shipping":{"carrierId":"post","carrier":{"name":"Post"}}}})", 1},
      {shop + post, R"({"order":{"shipping":{"carrierId":"post","carrier":{"name":"Post"}}}})", 2},
  };
  for (const auto& c : cases) {
    page.services().OnWire("web.Shop/GetOrder", c.reply);
    EXPECT_EQ(page.Get(R"({"orderId": "a"})"), c.answer);
    EXPECT_EQ(page.services().Count("web.Shop/GetCarrier"), c.calls);
  }
}

TEST_F(InnerTest, TheBoundOfElementsHoldsWithin) {
  Page page(folder_, "web.Web/GetOrder");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  Serve(page);
  std::string lines;
  for (size_t i = 0; i < kMostElements; ++i) absl::StrAppend(&lines, i == 0 ? "" : ",", R"({"productId": "x"})");
  page.services().On("web.Shop/GetOrder", absl::StrCat(R"({"lines": [)", lines, "]}"));
  // The order itself is one of them.
  EXPECT_THAT(page.Get("{}"), EndsWith(R"({"productId":"x","product":{"title":"X"}},{"productId":"x"}]},)"
                                       R"("omitted":[{"part":"order.lines.product","reason":"shed"}]})"));
}

TEST_F(InnerTest, IsExplained) {
  portico::schema::Diagnostics diagnostics;
  const auto schema =
      schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder_.path(), {}}}, diagnostics);
  ASSERT_NE(schema, nullptr) << diagnostics.ToString();
  Projections projections(IsFilledByGateway);
  const auto plan = CompilePlan(*schema->FindMethod("web.Web/ListOrders"), *schema, projections, diagnostics);
  ASSERT_NE(plan, nullptr) << diagnostics.ToString();
  EXPECT_EQ(Explain(*plan), R"(web.Web/ListOrders  timeout=30s (the default)
`- orders  <-  web.Shop/ListOrders  optional
   for each element:
   |- shipping:
   |  `- carrier  <-  web.Shop/GetCarrier  optional  carrier_id=self.carrier_id  concurrency=8  shared
   `- lines, for each element:
      `- product  <-  web.Shop/BatchGet  optional  batch=product_ids from self.product_id
3 parts, longest chain 2 calls: orders -> orders.shipping.carrier
)");
}

}  // namespace
}  // namespace portico::compose
