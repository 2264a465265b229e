// Which calls a page makes: the same one once, and none that would come in too late.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/compose/fake_services.h"

namespace portico::compose {
namespace {

using ::testing::HasSubstr;

constexpr char kContracts[] = R"(syntax = "proto3";
package web;
import "portico/annotations.proto";

message Request { string product_id = 1; }
message Product { string product_id = 1; string title = 2; string seller_id = 3; }
message Items { repeated Item items = 1; }
message Item { string product_id = 1; }
service Shop {
  rpc GetProduct(Request) returns (Product);
  rpc ListItems(Request) returns (Items);
  rpc GetSlow(Request) returns (Product);
}
message SamePage {
  Product product = 1 [(portico.fetch) = { method: "web.Shop/GetProduct" bind: "product_id = request.product_id" }];
  string title = 2 [(portico.fetch) = { method: "web.Shop/GetProduct" bind: "product_id = request.product_id" select: "title" }];
  Product other = 3 [(portico.fetch) = { method: "web.Shop/GetProduct" bind: 'product_id = "other"' }];
  Product again = 4 [(portico.fetch) = { method: "web.Shop/GetProduct" bind: "product_id = self.other.product_id" }];
  Product impatient = 5 [(portico.fetch) = { method: "web.Shop/GetProduct" bind: "product_id = request.product_id" timeout: "3s" }];
  repeated Part items = 6 [(portico.fetch) = { method: "web.Shop/ListItems" select: "items" }];
  repeated portico.Omitted omitted = 15;
}
message Part {
  string product_id = 1;
  Product product = 2 [(portico.fetch) = { method: "web.Shop/GetProduct" bind: "product_id = self.product_id" concurrency: 1 }];
}
message SlowPage {
  Product product = 1 [(portico.fetch) = { method: "web.Shop/GetProduct" }];
  Product slow = 2 [(portico.fetch) = { method: "web.Shop/GetSlow" }];
  repeated portico.Omitted omitted = 15;
}
message LongPage {
  repeated Part first = 1 [(portico.fetch) = { method: "web.Shop/ListItems" select: "items" }];
  repeated Part second = 2 [(portico.fetch) = { method: "web.Shop/ListItems" select: "items" when: "self.first" }];
  repeated portico.Omitted omitted = 15;
}
message StrictPage {
  repeated StrictPart items = 1 [(portico.fetch) = { method: "web.Shop/ListItems" select: "items" }];
}
message StrictPart {
  string product_id = 1;
  Product product = 2 [(portico.fetch) = { method: "web.Shop/GetProduct" bind: "product_id = self.product_id" required: true }];
}
service Web {
  option (portico.facade) = true;
  rpc GetLong(Request) returns (LongPage);
  rpc GetStrict(Request) returns (StrictPage);
  rpc GetSame(Request) returns (SamePage);
  rpc GetSlow(Request) returns (SlowPage) { option (portico.policy) = { timeout: "40ms" }; }
}
)";

class CallsTest : public ::testing::Test {
 protected:
  CallsTest() { folder_.Write("web.proto", kContracts); }
  portico::testing::TempFolder folder_;
};

absl::StatusOr<std::string> Echo(const std::string& request) {
  return request;
}

TEST_F(CallsTest, TheSameCallIsMadeOnce) {
  Page page(folder_, "web.Web/GetSame");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetProduct", Echo);
  page.services().On(
      "web.Shop/ListItems",
      R"({"items": [{"productId": "a"}, {"productId": "p"}, {"productId": "a"}, {"productId": "other"}]})");
  EXPECT_EQ(page.Get(R"({"productId": "p"})"),
            R"({"product":{"productId":"p"},"other":{"productId":"other"},"again":{"productId":"other"},)"
            R"("impatient":{"productId":"p"},"items":[{"productId":"a","product":{"productId":"a"}},)"
            R"({"productId":"p","product":{"productId":"p"}},{"productId":"a","product":{"productId":"a"}},)"
            R"({"productId":"other","product":{"productId":"other"}}]})");
  // p, other, a; and p with another timeout.
  EXPECT_EQ(page.services().Count("web.Shop/GetProduct"), 4);
}

TEST_F(CallsTest, AFailureIsSharedToo) {
  Page page(folder_, "web.Web/GetSame");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetProduct", [](const std::string&) { return absl::NotFoundError("none"); });
  page.services().On("web.Shop/ListItems", R"({"items": [{"productId": "p"}, {"productId": "p"}]})");
  EXPECT_EQ(page.Get(R"({"productId": "p"})"),
            R"({"items":[{"productId":"p"},{"productId":"p"}],"omitted":[{"part":"product","reason":"not_found"},)"
            R"({"part":"title","reason":"not_found"},{"part":"other","reason":"not_found"},)"
            R"({"part":"again","reason":"dependency"},{"part":"impatient","reason":"not_found"},)"
            R"({"part":"items.product","reason":"not_found"}]})");
  EXPECT_EQ(page.services().Count("web.Shop/GetProduct"), 3);
}

// A reply of ListItems.
std::string ItemsOf(size_t count) {
  std::string json = "{\"items\": [";
  for (size_t i = 0; i < count; ++i) absl::StrAppend(&json, i == 0 ? "" : ",", "{\"productId\": \"p", i, "\"}");
  return json + "]}";
}

TEST_F(CallsTest, NothingIsFetchedForMoreElementsThanThereMayBe) {
  for (const size_t more : {size_t{0}, size_t{3}}) {
    SCOPED_TRACE(more);
    Page page(folder_, "web.Web/GetLong");
    ASSERT_TRUE(page.ok()) << page.mistakes();
    page.services().On("web.Shop/GetProduct", Echo);
    page.services().On("web.Shop/ListItems", ItemsOf(kMostElements / 2 + more));
    const std::string answer = page.Get("{}");
    // Both lists are there as a whole. What goes with them was fetched for the first, and for most of the second.
    const std::string last = absl::StrCat("{\"productId\":\"p", kMostElements / 2 + more - 1, "\"");
    EXPECT_THAT(answer, HasSubstr(absl::StrCat(last, ",\"product\":{\"productId\":\"p")));
    EXPECT_EQ(absl::StrContains(answer, absl::StrCat(last, "}],\"omitted\"")), more > 0);
    EXPECT_EQ(absl::StrContains(answer, R"("omitted":[{"part":"second.product","reason":"shed"}])"), more > 0);
    size_t fetched = 0;
    for (size_t at = answer.find("\"product\""); at != std::string::npos; at = answer.find("\"product\"", at + 1))
      ++fetched;
    EXPECT_EQ(fetched, kMostElements);
  }
}

TEST_F(CallsTest, WhatIsRequiredForTooManyElementsFailsThePage) {
  Page page(folder_, "web.Web/GetStrict");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetProduct", Echo);
  page.services().On("web.Shop/ListItems", ItemsOf(kMostElements + 1));
  page.Get("{}");
  EXPECT_EQ(page.status().code(), absl::StatusCode::kResourceExhausted) << page.status();
  EXPECT_EQ(page.services().Count("web.Shop/GetProduct"), 0);
}

TEST_F(CallsTest, AnAnswerHasNoMoreBytesThanItMayHave) {
  constexpr size_t kEach = size_t{1} << 20;
  const std::string large = absl::StrCat(R"({"productId": "large", "title": ")", std::string(kEach, 'x'), "\"}");
  std::string items;
  for (size_t i = 0; i < kMostBytes / kEach + 10; ++i) {
    absl::StrAppend(&items, i == 0 ? "" : ",", R"({"productId": "p"})");
  }
  for (const std::string method : {"web.Web/GetLong", "web.Web/GetStrict"}) {
    Page page(folder_, method);
    ASSERT_TRUE(page.ok()) << page.mistakes();
    page.services().On("web.Shop/GetProduct", large);
    page.services().On("web.Shop/ListItems", absl::StrCat(R"({"items": [)", items, "]}"));
    // One reply is put into all of them.
    const bool strict = method == "web.Web/GetStrict";
    const std::string answer = page.Get("{}", strict ? "items" : "first.product.productId");
    EXPECT_EQ(page.services().Count("web.Shop/GetProduct"), 1);
    if (strict) {
      EXPECT_EQ(page.status().code(), absl::StatusCode::kResourceExhausted);
      continue;
    }
    EXPECT_EQ(page.omitted(), "first.product;reason=shed");
    size_t there = 0;
    for (size_t at = answer.find("large"); at != std::string::npos; at = answer.find("large", at + 1)) ++there;
    EXPECT_EQ(there, kMostBytes / kEach - 1);
  }
}

TEST_F(CallsTest, APartThatIsAlwaysLateIsNotWaitedForAnyMore) {
  Page page(folder_, "web.Web/GetSlow");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetProduct", R"({"title": "here"})");
  page.services().On("web.Shop/GetSlow", R"({"title": "late"})", /*held=*/true);
  const std::string without = R"({"product":{"title":"here"},"omitted":[{"part":"slow","reason":"deadline"}]})";
  for (int i = 0; i < 16; ++i) {
    page.NewContext();
    EXPECT_EQ(page.Get("{}"), without);
  }
  EXPECT_EQ(page.services().Count("web.Shop/GetSlow"), 16);
  // From now on it is known to take the whole time there is. It is tried now and then all the same.
  int tried = 0;
  for (int i = 0; i < 16; ++i) {
    const int before = page.services().Count("web.Shop/GetSlow");
    page.NewContext();
    page.Start("{}");
    if (page.services().Count("web.Shop/GetSlow") > before) {
      ++tried;
      page.Wait();
    } else {
      EXPECT_TRUE(page.answered()) << "nothing is waited for";
    }
    EXPECT_EQ(page.answer(), without);
  }
  EXPECT_EQ(tried, 2);
}

}  // namespace
}  // namespace portico::compose
