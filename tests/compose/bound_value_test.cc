#include "gateway/compose/bound_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/compose/fake_services.h"

namespace portico::compose {
namespace {

constexpr char kContracts[] = R"(syntax = "proto3";
package web;
import "portico/annotations.proto";

message Request { repeated Tag tags = 1; repeated string words = 2; Tag tag = 3; repeated int32 numbers = 4; }
message Tag { string text = 1; }
message Items { repeated Item items = 1; }
message Item { optional int32 id = 1; }
message Keys { repeated int32 ids = 1; }
message Named { int32 id = 1; string name = 2; }
message Names { repeated Named names = 1; }
service Shop {
  rpc Get(Request) returns (Tag);
  rpc List(Request) returns (Items);
  rpc BatchGet(Keys) returns (Names);
}
message WhenPage {
  Tag tags = 1 [(portico.fetch) = { method: "web.Shop/Get" when: "request.tags" }];
  Tag words = 2 [(portico.fetch) = { method: "web.Shop/Get" when: "request.words" }];
  Tag tag = 3 [(portico.fetch) = { method: "web.Shop/Get" when: "request.tag" }];
  Tag numbers = 4 [(portico.fetch) = { method: "web.Shop/Get" when: "request.numbers" }];
}
message BatchPage {
  repeated Element items = 1 [(portico.fetch) = { method: "web.Shop/List" select: "items" }];
  repeated portico.Omitted omitted = 15;
}
message Element {
  optional int32 id = 1;
  string name = 2 [(portico.fetch) = { method: "web.Shop/BatchGet" select: "name"
    batch: { keys: "ids" from: "self.id" items: "names" item_key: "id" } }];
}
service Web {
  option (portico.facade) = true;
  rpc GetWhen(Request) returns (WhenPage);
  rpc GetBatch(Request) returns (BatchPage);
}
)";

class BoundValueTest : public ::testing::Test {
 protected:
  BoundValueTest() { folder_.Write("web.proto", kContracts); }
  portico::testing::TempFolder folder_;
};

TEST_F(BoundValueTest, AListIsEmptyWhenNothingIsInIt) {
  Page page(folder_, "web.Web/GetWhen");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/Get", R"({"text": "called"})");
  EXPECT_EQ(page.Get("{}"), "{}");
  EXPECT_EQ(page.Get(R"({"tags": [], "words": [], "tag": {}, "numbers": []})"), "{}");
  EXPECT_EQ(page.Get(R"({"tags": [{}, {}]})"), R"({"tags":{"text":"called"}})");
  EXPECT_EQ(page.Get(R"({"words": [""]})"), R"({"words":{"text":"called"}})");
  EXPECT_EQ(page.Get(R"({"tag": {"text": "x"}})"), R"({"tag":{"text":"called"}})");
  EXPECT_EQ(page.Get(R"({"numbers": [0]})"), R"({"numbers":{"text":"called"}})");
}

TEST_F(BoundValueTest, AnItemWhoseKeyIsZeroIsFound) {
  Page page(folder_, "web.Web/GetBatch");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/List", R"({"items": [{"id": 7}, {"id": 0}, {}, {"id": 8}]})");
  page.services().On("web.Shop/BatchGet", R"({"names": [{"id": 0, "name": "zero"}, {"id": 7, "name": "seven"}]})");
  EXPECT_EQ(page.Get("{}"), R"({"items":[{"id":7,"name":"seven"},{"id":0,"name":"zero"},{},{"id":8}],)"
                            R"("omitted":[{"part":"items.name","reason":"not_found"}]})");
  EXPECT_EQ(page.services().calls().back().request, R"({"ids":[7,0,8]})");
}

}  // namespace
}  // namespace portico::compose
