// A facade's method may be composed of another facade's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/compose/fake_services.h"

namespace portico::compose {
namespace {

constexpr char kContracts[] = R"(syntax = "proto3";
package web;
import "portico/annotations.proto";

message Request { string product_id = 1; }
message Product { string title = 1; }
service Shop {
  rpc GetProduct(Request) returns (Product);
  rpc GetRelated(Request) returns (Product);
}
message Page {
  Product product = 1 [(portico.fetch) = { method: "web.Shop/GetProduct" required: true }];
  Product related = 2 [(portico.fetch) = { method: "web.Shop/GetRelated" }];
  repeated portico.Omitted omitted = 15;
}
message Small { Product product = 1; }
message Title { string title = 1; }
message PageOfParts {
  Title related = 1 [(portico.fetch) = { method: "web.Web/GetPage" select: "related" }];
  string title = 2 [(portico.fetch) = { method: "web.Web/GetPage" bind: 'product_id = "x"' select: "related.title" }];
  string product = 3 [(portico.fetch) = { method: "web.Web/GetPage" bind: 'product_id = "y"' select: "product.title" }];
  repeated portico.Omitted omitted = 15;
}
message Outer {
  Page page = 1 [(portico.fetch) = { method: "web.Web/GetPage" }];
  Small small = 2 [(portico.fetch) = { method: "web.Web/GetPage" bind: "product_id = request.product_id" }];
  repeated portico.Omitted omitted = 15;
}
service Web { option (portico.facade) = true; rpc GetPage(Request) returns (Page); }
service Portal {
  option (portico.facade) = true;
  rpc GetOuter(Request) returns (Outer);
  rpc GetParts(Request) returns (PageOfParts);
}
)";

TEST(FacadeOfFacadeTest, ItsPartsAreTakenAsTheyAreAndNamedByTheirWholePath) {
  portico::testing::TempFolder folder;
  folder.Write("web.proto", kContracts);
  Page inner(folder, "web.Web/GetPage");
  ASSERT_TRUE(inner.ok()) << inner.mistakes();
  Page outer(folder, "web.Portal/GetOuter", &inner.composer());
  ASSERT_TRUE(outer.ok()) << outer.mistakes();
  inner.services().On("web.Shop/GetProduct", R"({"title": "Book"})");
  EXPECT_EQ(outer.Get(R"({"productId": "p"})"),
            R"({"page":{"product":{"title":"Book"},"omitted":[{"part":"related","reason":"unavailable"}]},)"
            R"("small":{"product":{"title":"Book"}},"omitted":[{"part":"page.related","reason":"unavailable"}]})")
      << "what a projection leaves out is not named";
  EXPECT_EQ(outer.omitted(), "page.related;reason=unavailable");
}

TEST(FacadeOfFacadeTest, WhatIsSelectedIsNamedByItsOwnPath) {
  portico::testing::TempFolder folder;
  folder.Write("web.proto", kContracts);
  Page inner(folder, "web.Web/GetPage");
  ASSERT_TRUE(inner.ok()) << inner.mistakes();
  Page outer(folder, "web.Portal/GetParts", &inner.composer());
  ASSERT_TRUE(outer.ok()) << outer.mistakes();
  inner.services().On("web.Shop/GetProduct", R"({"title": "Book"})");
  outer.Get("{}");
  EXPECT_EQ(outer.omitted(), "related;reason=unavailable, title;reason=unavailable");
}

}  // namespace
}  // namespace portico::compose
