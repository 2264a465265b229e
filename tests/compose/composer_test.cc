#include "gateway/compose/composer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/rpc/status.h"
#include "tests/compose/fake_services.h"

namespace portico::compose {
namespace {

using ::testing::HasSubstr;

constexpr char kContracts[] = R"(syntax = "proto3";
package web;
import "portico/annotations.proto";
import "google/protobuf/struct.proto";

message GetProductRequest { string product_id = 1; }
message Product { string product_id = 1; string title = 2; string seller_id = 3; int32 secret = 4; Size size = 5; }
message Size { int32 width = 1; int32 height = 2; }
message ListReviewsRequest { string product_id = 1; int32 page_size = 2; string locale = 3; Filter filter = 4; }
message Filter { repeated string tags = 1; int32 stars = 2; }
message Reviews { repeated Review reviews = 1; int32 total = 2; repeated int32 histogram = 3; }
message Review { string text = 1; string author = 2; }
message GetSellerRequest { string seller_id = 1; }
message Seller { string name = 1; }
message ListOrdersRequest { string customer_id = 1; string product_id = 2; }
message Orders { repeated Order orders = 1; }
message Order { string order_id = 1; }
message ListRelatedRequest { string product_id = 1; }
message RelatedReply { repeated Item items = 1; }
message Item { string product_id = 9; int32 score = 2; }
message BatchRequest { repeated string product_ids = 1; }
message BatchReply { repeated Product products = 1; }
service Shop {
  rpc GetProduct(GetProductRequest) returns (Product);
  rpc ListReviews(ListReviewsRequest) returns (Reviews);
  rpc GetSeller(GetSellerRequest) returns (Seller);
  rpc ListOrders(ListOrdersRequest) returns (Orders);
  rpc ListRelated(ListRelatedRequest) returns (RelatedReply);
  rpc BatchGet(BatchRequest) returns (BatchReply);
}

message PageRequest {
  string product_id = 1; string customer_id = 2; repeated string tags = 3; bool include = 4; int32 limit = 5;
  map<string, int32> labels = 6;
}
message Page {
  string product_id = 1;
  SmallProduct product = 2 [(portico.fetch) = {
    method: "web.Shop/GetProduct" bind: "product_id = request.product_id" required: true }];
  repeated Review reviews = 3 [(portico.fetch) = {
    method: "web.Shop/ListReviews" select: "reviews"
    bind: ["product_id = request.product_id", "page_size = 3", "locale = header.accept-language",
           "filter.tags = request.tags", "filter.stars = 4"] }];
  Seller seller = 4 [(portico.fetch) = { method: "web.Shop/GetSeller" bind: "seller_id = self.product.seller_id" }];
  repeated Order orders = 5 [(portico.fetch) = {
    method: "web.Shop/ListOrders" when: "request.customer_id" select: "orders"
    bind: ["customer_id = request.customer_id", "product_id = request.product_id"] }];
  repeated portico.Omitted omitted = 15;
}
message SmallProduct { string title = 1; string seller_id = 2; SmallSize size = 3; }
message SmallSize { int32 height = 9; }

message CountPage {
  int32 total = 1 [(portico.fetch) = { method: "web.Shop/ListReviews" select: "total" }];
  repeated int32 histogram = 2 [(portico.fetch) = { method: "web.Shop/ListReviews" select: "histogram" }];
  Reviews all = 3 [(portico.fetch) = { method: "web.Shop/ListReviews" }];
  repeated string authors = 4 [(portico.fetch) = { method: "web.Shop/ListReviews" select: "reviews.author" }];
}

message ClaimPage {
  Orders orders = 1 [(portico.fetch) = { method: "web.Shop/ListOrders" bind: "customer_id = claim.sub" }];
  Orders mine = 2 [(portico.fetch) = { method: "web.Shop/ListOrders" when: "claim.sub" bind: "customer_id = claim.sub" }];
  repeated portico.Omitted omitted = 15;
}
message RequiredClaimPage {
  Orders orders = 1 [(portico.fetch) = { method: "web.Shop/ListOrders" bind: "customer_id = claim.sub" required: true }];
}

message ListPage {
  repeated Related related = 1 [(portico.fetch) = {
    method: "web.Shop/ListRelated" bind: "product_id = request.product_id" select: "items" }];
  repeated portico.Omitted omitted = 15;
}
message Related {
  string product_id = 1;
  SmallProduct product = 2 [(portico.fetch) = { method: "web.Shop/GetProduct" bind: "product_id = self.product_id" concurrency: 2 }];
  Seller seller = 3 [(portico.fetch) = { method: "web.Shop/GetSeller" bind: "seller_id = self.product.seller_id" }];
}
message BatchPage {
  repeated BatchRelated related = 1 [(portico.fetch) = {
    method: "web.Shop/ListRelated" bind: "product_id = request.product_id" select: "items" }];
  repeated portico.Omitted omitted = 15;
}
message BatchRelated {
  string product_id = 1;
  SmallProduct product = 2 [(portico.fetch) = { method: "web.Shop/BatchGet"
    batch: { keys: "product_ids" from: "self.product_id" items: "products" item_key: "product_id" } }];
}

message RequiredBatchPage {
  repeated RequiredRelated related = 1 [(portico.fetch) = {
    method: "web.Shop/ListRelated" bind: "product_id = request.product_id" select: "items" }];
}
message RequiredRelated {
  string product_id = 1;
  Detailed product = 2 [(portico.fetch) = { method: "web.Shop/BatchGet" required: true
    batch: { keys: "product_ids" from: "self.product_id" items: "products" item_key: "product_id" } }];
}
message Detailed {
  string seller_id = 3;
  Seller seller = 4 [(portico.fetch) = { method: "web.Shop/GetSeller" bind: "seller_id = self.seller_id" }];
}
message ConditionPage {
  Reviews included = 1 [(portico.fetch) = { method: "web.Shop/ListReviews" when: "request.include" }];
  Reviews limited = 2 [(portico.fetch) = {
    method: "web.Shop/ListReviews" when: "request.limit" bind: "page_size = request.limit" }];
  Reviews filtered = 3 [(portico.fetch) = { method: "web.Shop/ListReviews" bind: "filter.tags = request.tags" }];
  map<string, int32> labels = 6;
}

service Web {
  option (portico.facade) = true;
  rpc GetRequiredBatch(PageRequest) returns (RequiredBatchPage);
  rpc GetConditions(PageRequest) returns (ConditionPage);
  rpc GetPage(PageRequest) returns (Page);
  rpc GetCounts(PageRequest) returns (CountPage);
  rpc GetClaims(PageRequest) returns (ClaimPage);
  rpc GetRequiredClaims(PageRequest) returns (RequiredClaimPage);
  rpc GetList(PageRequest) returns (ListPage);
  rpc GetBatch(PageRequest) returns (BatchPage);
}
)";

constexpr char kProduct[] =
    R"({"productId":"p","title":"Book","sellerId":"s","secret":7,"size":{"width":1,"height":2}})";

class ComposerTest : public ::testing::Test {
 protected:
  portico::testing::TempFolder folder_;
};

#define MAKE_PAGE(page, method)           \
  folder_.Write("web.proto", kContracts); \
  Page page(folder_, method);             \
  ASSERT_TRUE(page.ok()) << page.mistakes()

TEST_F(ComposerTest, PartsBecomeOneAnswer) {
  MAKE_PAGE(page, "web.Web/GetPage");
  const FixedAttributes headers({{"accept-language", "de"}});
  page.context().set_headers(&headers);
  page.services().On("web.Shop/GetProduct", kProduct);
  page.services().On("web.Shop/ListReviews",
                     R"({"reviews":[{"text":"good"},{"text":"bad","author":"Ann"}],"total":9})");
  page.services().On("web.Shop/GetSeller", R"({"name":"Sam"})");
  page.services().On("web.Shop/ListOrders", R"({"orders":[{"orderId":"o1"}]})");
  EXPECT_EQ(page.Get(R"({"productId":"p","customerId":"c","tags":["a","b"]})"),
            R"({"productId":"p","product":{"title":"Book","sellerId":"s","size":{"height":2}},)"
            R"("reviews":[{"text":"good"},{"text":"bad","author":"Ann"}],"seller":{"name":"Sam"},)"
            R"("orders":[{"orderId":"o1"}]})");
  EXPECT_EQ(page.omitted(), "");
  for (const FakeServices::Record& call : page.services().calls()) {
    if (call.method == "web.Shop/ListReviews") {
      EXPECT_EQ(call.request, R"({"productId":"p","pageSize":3,"locale":"de","filter":{"tags":["a","b"],"stars":4}})");
      // Two binds lead into `filter`, which is one piece: some parsers take the last of several for the whole.
      EXPECT_THAT(call.wire, HasSubstr("\x22\x08\x0a\x01"
                                       "a\x0a\x01"
                                       "b\x10\x04"));
    }
    if (call.method == "web.Shop/GetSeller") EXPECT_EQ(call.request, R"({"sellerId":"s"})");
  }
}

TEST_F(ComposerTest, EverythingThatNeedsNothingStartsAtOnceAndTheRestWhenItCan) {
  MAKE_PAGE(page, "web.Web/GetPage");
  page.services().On("web.Shop/GetProduct", kProduct, /*held=*/true);
  page.services().On("web.Shop/ListReviews", "{}", /*held=*/true);
  page.services().On("web.Shop/ListOrders", "{}", /*held=*/true);
  page.services().On("web.Shop/GetSeller", "{}", /*held=*/true);
  page.Start(R"({"productId":"p","customerId":"c"})");
  EXPECT_EQ(page.services().greatest_in_flight(), 3);
  EXPECT_EQ(page.services().Count("web.Shop/GetSeller"), 0);
  page.services().Release("web.Shop/GetProduct");
  page.Poll();
  EXPECT_EQ(page.services().Count("web.Shop/GetSeller"), 1) << "though reviews and orders are not in";
  page.services().Release("web.Shop/ListReviews");
  page.services().Release("web.Shop/ListOrders");
  page.services().Release("web.Shop/GetSeller");
  page.Wait();
  EXPECT_EQ(page.answer(),
            R"({"productId":"p","product":{"title":"Book","sellerId":"s","size":{"height":2}},"seller":{}})");
}

TEST_F(ComposerTest, AnOptionalPartThatFailsIsLeftOutAndNamed) {
  MAKE_PAGE(page, "web.Web/GetPage");
  page.services().On("web.Shop/GetProduct", kProduct);
  page.services().On("web.Shop/ListReviews", [](const std::string&) { return absl::NotFoundError("none"); });
  page.services().OnWire("web.Shop/GetSeller", "\x0a\x05Sa");  // cut off
  EXPECT_EQ(page.Get(R"({"productId":"p","customerId":"c"})"),
            R"({"productId":"p","product":{"title":"Book","sellerId":"s","size":{"height":2}},)"
            R"("omitted":[{"part":"reviews","reason":"not_found"},{"part":"seller","reason":"malformed"},)"
            R"({"part":"orders","reason":"unavailable"}]})");
  EXPECT_EQ(page.omitted(), "reviews;reason=not_found, seller;reason=malformed, orders;reason=unavailable");
}

TEST_F(ComposerTest, ARequiredPartThatFailsIsThePagesFailureAndCancelsTheOthers) {
  MAKE_PAGE(page, "web.Web/GetPage");
  page.services().On("web.Shop/ListReviews", "{}", /*held=*/true);
  page.services().On("web.Shop/GetProduct", [](const std::string&) { return absl::NotFoundError("no such product"); });
  page.Start(R"({"productId":"p"})");
  ASSERT_TRUE(page.answered());
  EXPECT_EQ(page.status(), absl::NotFoundError("no such product"));
  page.Poll();
  for (const FakeServices::Record& call : page.services().calls()) {
    if (call.method == "web.Shop/ListReviews") EXPECT_TRUE(call.cancelled && call.done);
  }
}

TEST_F(ComposerTest, AMalformedReplyOfARequiredPartIs502) {
  MAKE_PAGE(page, "web.Web/GetPage");
  page.services().OnWire("web.Shop/GetProduct", "\x12\x02\xff\xfe");  // a title that is not UTF-8
  page.Get(R"({"productId":"p"})");
  EXPECT_EQ(rpc::HttpStatusOf(page.status()), 502) << page.answer();
}

TEST_F(ComposerTest, APartWhoseInputFailedIsOmittedAsDependency) {
  MAKE_PAGE(page, "web.Web/GetList");
  page.services().On("web.Shop/ListRelated", R"({"items":[{"productId":"a"}]})");
  EXPECT_EQ(page.Get(R"({"productId":"p"})"),
            R"({"related":[{"productId":"a"}],"omitted":[{"part":"related.product","reason":"unavailable"},)"
            R"({"part":"related.seller","reason":"dependency"}]})");
  EXPECT_EQ(page.services().Count("web.Shop/GetSeller"), 0);
}

TEST_F(ComposerTest, AnAbsentSelfSkipsThePartWithoutNamingIt) {
  MAKE_PAGE(page, "web.Web/GetPage");
  page.services().On("web.Shop/GetProduct", R"({"title":"Book"})");  // no seller
  page.services().On("web.Shop/ListReviews", "{}");
  EXPECT_EQ(page.Get(R"({"productId":"p"})"), R"({"productId":"p","product":{"title":"Book"}})");
  EXPECT_EQ(page.services().Count("web.Shop/GetSeller"), 0);
  EXPECT_EQ(page.services().Count("web.Shop/ListOrders"), 0) << "`when` is empty";
}

TEST_F(ComposerTest, ScalarsListsAndWholeReplies) {
  MAKE_PAGE(page, "web.Web/GetCounts");
  page.services().On("web.Shop/ListReviews",
                     R"({"reviews":[{"author":"Ann"},{"text":"x"},{"author":"Bob"}],"total":3,"histogram":[1,2,3]})");
  EXPECT_EQ(page.Get("{}"),
            R"({"total":3,"histogram":[1,2,3],"all":{"reviews":[{"author":"Ann"},{"text":"x"},{"author":"Bob"}],)"
            R"("total":3,"histogram":[1,2,3]},"authors":["Ann","Bob"]})");
}

TEST_F(ComposerTest, AnEmptyReplyIsAPresentEmptyMessage) {
  MAKE_PAGE(page, "web.Web/GetCounts");
  page.services().On("web.Shop/ListReviews", "{}");
  EXPECT_EQ(page.Get("{}"), R"({"all":{}})");
  EXPECT_EQ(page.omitted(), "");
}

TEST_F(ComposerTest, WithoutAClaimThePartIsDeniedUnlessItsConditionSkipsIt) {
  MAKE_PAGE(page, "web.Web/GetClaims");
  page.services().On("web.Shop/ListOrders", R"({"orders":[{"orderId":"o"}]})");
  EXPECT_EQ(page.Get("{}"), R"({"omitted":[{"part":"orders","reason":"denied"}]})");
  EXPECT_TRUE(page.services().calls().empty());
}

TEST_F(ComposerTest, AClaimIsBound) {
  MAKE_PAGE(page, "web.Web/GetClaims");
  const FixedAttributes claims({{"sub", "c7"}});
  page.context().set_claims(&claims);
  page.services().On("web.Shop/ListOrders", R"({"orders":[{"orderId":"o"}]})");
  EXPECT_EQ(page.Get("{}"), R"({"orders":{"orders":[{"orderId":"o"}]},"mine":{"orders":[{"orderId":"o"}]}})");
  EXPECT_EQ(page.services().calls().front().request, R"({"customerId":"c7"})");
}

TEST_F(ComposerTest, ARequiredPartWithoutItsClaimIsUnauthenticated) {
  MAKE_PAGE(page, "web.Web/GetRequiredClaims");
  page.Get("{}");
  EXPECT_EQ(page.status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(ComposerTest, AtTheDeadlineTheAnswerIsWhatThereIs) {
  MAKE_PAGE(page, "web.Web/GetPage");
  page.services().On("web.Shop/GetProduct", R"({"title":"Book","sellerId":"s"})");
  page.services().On("web.Shop/ListReviews", "{}", /*held=*/true);
  page.services().On("web.Shop/GetSeller", R"({"name":"Sam"})");
  page.context().ShortenDeadline(net::Clock::now() + std::chrono::milliseconds(20));
  EXPECT_EQ(page.Get(R"({"productId":"p"})"),
            R"({"productId":"p","product":{"title":"Book","sellerId":"s"},"seller":{"name":"Sam"},)"
            R"("omitted":[{"part":"reviews","reason":"deadline"}]})");
}

TEST_F(ComposerTest, WithoutARequiredPartTheDeadlineIsThePagesFailure) {
  MAKE_PAGE(page, "web.Web/GetPage");
  page.services().On("web.Shop/GetProduct", kProduct, /*held=*/true);
  page.context().ShortenDeadline(net::Clock::now() + std::chrono::milliseconds(20));
  page.Get(R"({"productId":"p"})");
  EXPECT_EQ(page.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(ComposerTest, AClientThatLeavesCancelsEveryCall) {
  MAKE_PAGE(page, "web.Web/GetPage");
  page.services().On("web.Shop/GetProduct", kProduct, /*held=*/true);
  page.services().On("web.Shop/ListReviews", "{}", /*held=*/true);
  page.Start(R"({"productId":"p"})");
  page.context().Cancel();
  page.Wait();
  EXPECT_EQ(page.status().code(), absl::StatusCode::kCancelled);
  page.Poll();
  EXPECT_EQ(page.services().calls().size(), 2u);
  for (const FakeServices::Record& call : page.services().calls())
    EXPECT_TRUE(call.cancelled && call.done) << call.method;
}

TEST_F(ComposerTest, SelectionPrunesTheCalls) {
  MAKE_PAGE(page, "web.Web/GetPage");
  page.services().On("web.Shop/ListReviews", R"({"reviews":[{"text":"good","author":"Ann"}]})");
  EXPECT_EQ(page.Get(R"({"productId":"p"})", "reviews.text"), R"({"reviews":[{"text":"good"}]})");
  ASSERT_EQ(page.services().calls().size(), 1u) << "not even the required part";
}

TEST_F(ComposerTest, SelectionKeepsWhatASelectedPartNeeds) {
  MAKE_PAGE(page, "web.Web/GetPage");
  page.services().On("web.Shop/GetProduct", kProduct);
  page.services().On("web.Shop/GetSeller", R"({"name":"Sam"})");
  EXPECT_EQ(page.Get(R"({"productId":"p"})", "seller"), R"({"seller":{"name":"Sam"}})");
  EXPECT_EQ(page.services().calls().size(), 2u);
}

TEST_F(ComposerTest, FetchesInsideAListRunPerElementWithinTheirBound) {
  MAKE_PAGE(page, "web.Web/GetList");
  page.services().On(
      "web.Shop/ListRelated",
      R"({"items":[{"productId":"a","score":1},{"productId":"b"},{"productId":"c"},{"productId":"d"},{}]})");
  page.services().On(
      "web.Shop/GetProduct",
      [](const std::string& request) -> absl::StatusOr<std::string> {
        if (request == R"({"productId":"c"})") return absl::NotFoundError("gone");
        return R"({"title":"of )" + request.substr(14, 1) + R"("})";
      },
      /*held=*/true);
  page.Start(R"({"productId":"p"})");
  EXPECT_EQ(page.services().Count("web.Shop/GetProduct"), 2);
  for (int i = 0; i < 4; ++i) {
    page.services().Release("web.Shop/GetProduct");
    page.Poll();
  }
  page.Wait();
  EXPECT_EQ(page.services().greatest_in_flight(), 2);
  EXPECT_EQ(
      page.answer(),
      R"({"related":[{"productId":"a","product":{"title":"of a"}},{"productId":"b","product":{"title":"of b"}},)"
      R"({"productId":"c"},{"productId":"d","product":{"title":"of d"}},{}],)"
      R"("omitted":[{"part":"related.product","reason":"not_found"},{"part":"related.seller","reason":"dependency"}]})");
}

TEST_F(ComposerTest, ABatchIsOneCallForAllElements) {
  MAKE_PAGE(page, "web.Web/GetBatch");
  page.services().On("web.Shop/ListRelated",
                     R"({"items":[{"productId":"a"},{"productId":"b"},{"productId":"a"},{"productId":"x"},{}]})");
  page.services().On("web.Shop/BatchGet",
                     R"({"products":[{"productId":"b","title":"B"},{"productId":"a","title":"A"}]})");
  EXPECT_EQ(page.Get(R"({"productId":"p"})"),
            R"({"related":[{"productId":"a","product":{"title":"A"}},{"productId":"b","product":{"title":"B"}},)"
            R"({"productId":"a","product":{"title":"A"}},{"productId":"x"},{}],)"
            R"("omitted":[{"part":"related.product","reason":"not_found"}]})");
  ASSERT_EQ(page.services().calls().size(), 2u);
  EXPECT_EQ(page.services().calls().back().request, R"({"productIds":["a","b","x"]})");
}

TEST_F(ComposerTest, ABatchThatFailsLeavesItsPartOutOfEveryElement) {
  MAKE_PAGE(page, "web.Web/GetBatch");
  page.services().On("web.Shop/ListRelated", R"({"items":[{"productId":"a"},{"productId":"b"}]})");
  EXPECT_EQ(page.Get(R"({"productId":"p"})"), R"({"related":[{"productId":"a"},{"productId":"b"}],)"
                                              R"("omitted":[{"part":"related.product","reason":"unavailable"}]})");
}

// The client's answer is on its way, and its request gone, while the batch's other elements would still be looked at.
TEST_F(ComposerTest, ARequiredElementOfABatchEndsThePageAtOnce) {
  MAKE_PAGE(page, "web.Web/GetRequiredBatch");
  page.services().On("web.Shop/ListRelated", R"({"items":[{"productId":"x"},{"productId":"a"},{"productId":"b"}]})");
  page.services().On("web.Shop/BatchGet",
                     R"({"products":[{"productId":"a","sellerId":"s"},{"productId":"b","sellerId":"t"}]})");
  page.Get(R"({"productId":"p"})", "related.product.seller.name");
  EXPECT_EQ(page.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(page.services().Count("web.Shop/GetSeller"), 0);
}

TEST_F(ComposerTest, FetchesInsideABatchedItem) {
  MAKE_PAGE(page, "web.Web/GetRequiredBatch");
  page.services().On("web.Shop/ListRelated", R"({"items":[{"productId":"a"},{"productId":"b"}]})");
  page.services().On("web.Shop/BatchGet",
                     R"({"products":[{"productId":"a","sellerId":"s"},{"productId":"b","sellerId":"t"}]})");
  page.services().On("web.Shop/GetSeller", [](const std::string& request) -> absl::StatusOr<std::string> {
    return R"({"name":"of )" + request.substr(13, 1) + R"("})";
  });
  EXPECT_EQ(page.Get(R"({"productId":"p"})"),
            R"({"related":[{"productId":"a","product":{"sellerId":"s","seller":{"name":"of s"}}},)"
            R"({"productId":"b","product":{"sellerId":"t","seller":{"name":"of t"}}}]})");
}

TEST_F(ComposerTest, ADefaultIsAsGoodAsAbsent) {
  MAKE_PAGE(page, "web.Web/GetConditions");
  page.services().On("web.Shop/ListReviews", R"({"total":1})");
  EXPECT_EQ(page.Get(R"({"labels":{"a":1}})"), R"({"filtered":{"total":1},"labels":{"a":1}})");
  ASSERT_EQ(page.services().calls().size(), 1u);
  EXPECT_EQ(page.services().calls().front().request, "{}") << "an absent source leaves no empty message behind";
}

TEST_F(ComposerTest, AHeaderThatIsNoUtf8IsAsGoodAsAbsent) {
  MAKE_PAGE(page, "web.Web/GetPage");
  const FixedAttributes headers({{"accept-language", "d\xff"}});
  page.context().set_headers(&headers);
  page.services().On("web.Shop/GetProduct", R"({"title":"T"})");
  page.services().On("web.Shop/ListReviews", "{}");
  EXPECT_EQ(page.Get(R"({"productId":"p"})"), R"({"productId":"p","product":{"title":"T"}})");
}

TEST_F(ComposerTest, PiecesOfASingularMessageAreMerged) {
  MAKE_PAGE(page, "web.Web/GetPage");
  // title, then size twice: width and height apart.
  page.services().OnWire("web.Shop/GetProduct", std::string("\x12\x01T\x2a\x02\x08\x01\x2a\x02\x10\x02", 11));
  page.services().On("web.Shop/ListReviews", "{}");
  EXPECT_EQ(page.Get(R"({"productId":"p"})"), R"({"productId":"p","product":{"title":"T","size":{"height":2}}})");
}

}  // namespace
}  // namespace portico::compose
