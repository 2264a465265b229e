// Lists within lists: what is fetched for their elements is batched, and bounded, over all of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/compose/fake_services.h"

namespace portico::compose {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kContracts[] = R"(syntax = "proto3";
package web;
import "portico/annotations.proto";

message Request { string id = 1; }
message Items { repeated Item items = 1; }
message Item { string id = 1; string seller_id = 2; }
message Keys { repeated string ids = 1; string kind = 2; }
service Shop {
  rpc List(Request) returns (Items);
  rpc Get(Request) returns (Item);
  rpc BatchGet(Keys) returns (Items);
}

message BatchedPage {
  repeated Product products = 1 [(portico.fetch) = { method: "web.Shop/List" select: "items" }];
  repeated portico.Omitted omitted = 15;
}
message Product {
  string id = 1;
  Details details = 2 [(portico.fetch) = { method: "web.Shop/BatchGet" fallback: '{"sellerId": "none"}'
    batch: { keys: "ids" from: "self.id" items: "items" item_key: "id" } }];
}
message Details {
  string seller_id = 1;
  Seller seller = 2 [(portico.fetch) = { method: "web.Shop/BatchGet" bind: 'kind = "seller"'
    batch: { keys: "ids" from: "self.seller_id" items: "items" item_key: "id" } }];
}
message Seller { string id = 1; }

message TwicePage {
  repeated Twice items = 1 [(portico.fetch) = { method: "web.Shop/List" select: "items" }];
}
message Twice {
  string id = 1;
  Seller whole = 2 [(portico.fetch) = { method: "web.Shop/BatchGet"
    batch: { keys: "ids" from: "self.id" items: "items" item_key: "id" } }];
  string seller_id = 3 [(portico.fetch) = { method: "web.Shop/BatchGet" select: "seller_id" stale: "10s"
    batch: { keys: "ids" from: "self.id" items: "items" item_key: "id" } }];
}

message TreePage {
  repeated Branch branches = 1 [(portico.fetch) = { method: "web.Shop/List" select: "items" }];
  repeated portico.Omitted omitted = 15;
}
message Branch {
  string id = 1;
  repeated Leaf leaves = 2 [(portico.fetch) = { method: "web.Shop/List" bind: "id = self.id" select: "items" }];
}
message Leaf {
  string id = 1;
  Seller single = 3 [(portico.fetch) = { method: "web.Shop/Get" bind: "id = self.id" concurrency: 2 }];
  Seller batched = 2 [(portico.fetch) = { method: "web.Shop/BatchGet"
    batch: { keys: "ids" from: "self.id" items: "items" item_key: "id" } }];
}
service Web {
  option (portico.facade) = true;
  rpc GetBatched(Request) returns (BatchedPage);
  rpc GetTwice(Request) returns (TwicePage);
  rpc GetTree(Request) returns (TreePage);
}
)";

class NestingTest : public ::testing::Test {
 protected:
  NestingTest() { folder_.Write("web.proto", kContracts); }

  // A list of so many items: "PREFIX0", "PREFIX1", ..., each of a seller of its own.
  static std::string Items(const std::string& prefix, int count) {
    std::string json;
    for (int i = 0; i < count; ++i) {
      absl::StrAppend(&json, i == 0 ? "" : ",", R"({"id": ")", prefix, i, R"(", "sellerId": "s)", i, R"("})");
    }
    return absl::StrCat(R"({"items": [)", json, "]}");
  }

  portico::testing::TempFolder folder_;
};

TEST_F(NestingTest, ABatchWithinWhatABatchGaveIsOneCall) {
  Page page(folder_, "web.Web/GetBatched");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/List", Items("p", 20));
  page.services().On("web.Shop/BatchGet", [](const std::string& request) {
    return request.find("seller") == std::string::npos ? Items("p", 20) : Items("s", 20);
  });
  const std::string answer = page.Get("{}");
  EXPECT_THAT(answer, HasSubstr(R"({"id":"p19","details":{"sellerId":"s19","seller":{"id":"s19"}}})"));
  EXPECT_THAT(answer, Not(HasSubstr("omitted")));
  EXPECT_EQ(page.services().Count("web.Shop/BatchGet"), 2);
}

TEST_F(NestingTest, SoItIsWithinWhatStandsIn) {
  Page page(folder_, "web.Web/GetBatched");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/List", Items("p", 20));
  page.services().On("web.Shop/BatchGet", [](const std::string& request) -> absl::StatusOr<std::string> {
    if (request.find("seller") == std::string::npos) return absl::UnavailableError("down");
    return R"({"items": [{"id": "none"}]})";
  });
  EXPECT_THAT(page.Get("{}"), HasSubstr(R"({"id":"p19","details":{"sellerId":"none","seller":{"id":"none"}}})"));
  EXPECT_EQ(page.services().Count("web.Shop/BatchGet"), 2);
}

TEST_F(NestingTest, ListsThatComeTogetherAreOneBatch) {
  Page page(folder_, "web.Web/GetTree");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/List", [](const std::string& request) {
    return request == "{}" ? Items("b", 5) : Items(request.substr(7, 2), 3);
  });
  page.services().On("web.Shop/BatchGet", [](const std::string&) {
    std::string all = R"({"items": [{"id": "unasked"})";
    for (int b = 0; b < 5; ++b) {
      for (int i = 0; i < 3; ++i) absl::StrAppend(&all, R"(,{"id": "b)", b, i, R"("})");
    }
    return all + "]}";
  });
  const std::string answer = page.Get("{}", "branches.id,branches.leaves.id,branches.leaves.batched");
  EXPECT_THAT(answer, HasSubstr(R"({"id":"b4","leaves":[{"id":"b40","batched":{"id":"b40"}},)"));
  EXPECT_THAT(answer, Not(HasSubstr("omitted")));
  EXPECT_EQ(page.services().Count("web.Shop/BatchGet"), 1);
}

TEST_F(NestingTest, PartsWithTheSameBatchShareIt) {
  Page page(folder_, "web.Web/GetTwice");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/List", Items("p", 2));
  page.services().On("web.Shop/BatchGet", Items("p", 2));
  EXPECT_EQ(page.Get("{}"), R"({"items":[{"id":"p0","whole":{"id":"p0"},"sellerId":"s0"},)"
                            R"({"id":"p1","whole":{"id":"p1"},"sellerId":"s1"}]})");
  EXPECT_EQ(page.services().Count("web.Shop/BatchGet"), 1);
  page.services().On("web.Shop/BatchGet", [](const std::string&) { return absl::UnavailableError("down"); });
  EXPECT_EQ(page.Get("{}"), R"({"items":[{"id":"p0","sellerId":"s0"},{"id":"p1","sellerId":"s1"}]})")
      << "one of them has kept the reply that they shared";
}

TEST_F(NestingTest, TheBoundOfCallsIsOverAllLists) {
  Page page(folder_, "web.Web/GetTree");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/List", [](const std::string& request) {
    return request == "{}" ? Items("b", 5) : Items(request.substr(7, 2), 3);
  });
  page.services().On("web.Shop/Get", R"({"id": "single"})", /*held=*/true);
  page.Start("{}", "branches.leaves.single");
  for (int calls = 2; calls <= 14; calls += 2) {
    EXPECT_EQ(page.services().Count("web.Shop/Get"), calls);
    page.services().Release("web.Shop/Get");
    page.Poll();
  }
  page.services().Release("web.Shop/Get");
  page.Wait();
  EXPECT_EQ(page.services().Count("web.Shop/Get"), 15);
  EXPECT_EQ(page.services().greatest_in_flight(), 2);
  EXPECT_THAT(page.answer(), Not(HasSubstr("omitted")));
}

}  // namespace
}  // namespace portico::compose
