// A facade's method may be composed of another facade's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/compose/trace.h"
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
message Chosen {
  Small solo = 1 [(portico.fetch) = { method: "web.Web/GetSolo" }];
  string title = 2 [(portico.fetch) = { method: "web.Web/GetTitle" select: "related.title" }];
  Page whole = 3 [(portico.fetch) = { method: "web.Web/GetPage" bind: "product_id = request.product_id" }];
  Small source = 4 [(portico.fetch) = { method: "web.Web/GetSource" }];
  Product needs = 5 [(portico.fetch) = { method: "web.Web/GetNeeded" bind: "product_id = self.source.product.title" select: "product" }];
}
service Web { option (portico.facade) = true; rpc GetPage(Request) returns (Page);
  rpc GetSolo(Request) returns (Page); rpc GetTitle(Request) returns (Page); rpc GetSource(Request) returns (Page);
  rpc GetNeeded(Request) returns (Page); }
service Portal {
  option (portico.facade) = true;
  rpc GetOuter(Request) returns (Outer);
  rpc GetChosen(Request) returns (Chosen);
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

TEST(FacadeOfFacadeTest, OnlyWhatIsShownIsCalled) {
  portico::testing::TempFolder folder;
  folder.Write("web.proto", kContracts);
  Page inner(folder, "web.Web/GetPage");
  ASSERT_TRUE(inner.ok()) << inner.mistakes();
  inner.services().On("web.Shop/GetProduct", R"({"title": "Book"})");
  inner.services().On("web.Shop/GetRelated", R"({"title": "Other"})");
  const struct {
    const char* fields;
    const char* answer;
    int products;
    int related;
  } cases[] = {
      // Of the projection, which has a product only, nothing else is wanted; so it is of what is selected.
      {"solo", R"({"solo":{"product":{"title":"Book"}}})", 1, 0},
      {"title", R"({"title":"Other"})", 0, 1},
      {"whole", R"({"whole":{"product":{"title":"Book"},"related":{"title":"Other"}}})", 1, 1},
      {"whole.related", R"({"whole":{"related":{"title":"Other"}}})", 0, 1},
      {"whole.related.title", R"({"whole":{"related":{"title":"Other"}}})", 0, 1},
      {"needs", R"({"needs":{"title":"Book"}})", 2, 0},
      // What another part needs of it is asked for, too.
      {"needs.title,source.product", R"({"source":{"product":{"title":"Book"}},"needs":{"title":"Book"}})", 2, 0},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.fields);
    Page outer(folder, "web.Portal/GetChosen", &inner.composer());
    ASSERT_TRUE(outer.ok()) << outer.mistakes();
    const int products = inner.services().Count("web.Shop/GetProduct");
    const int related = inner.services().Count("web.Shop/GetRelated");
    EXPECT_EQ(outer.Get(R"({"productId": "p"})", one.fields), one.answer);
    EXPECT_EQ(inner.services().Count("web.Shop/GetProduct") - products, one.products);
    EXPECT_EQ(inner.services().Count("web.Shop/GetRelated") - related, one.related);
  }
}

TEST(FacadeOfFacadeTest, ItsCallsAreInTheTrace) {
  portico::testing::TempFolder folder;
  folder.Write("web.proto", kContracts);
  Page inner(folder, "web.Web/GetPage");
  Page outer(folder, "web.Portal/GetOuter", &inner.composer());
  ASSERT_TRUE(inner.ok() && outer.ok());
  inner.services().On("web.Shop/GetProduct", R"({"title": "Book"})");
  Trace trace;
  outer.context().set_trace(&trace);
  outer.Get("{}", "page");
  std::vector<std::string> parts;
  for (const Trace::Call& call : trace.calls()) parts.push_back(call.part);
  EXPECT_THAT(parts, ::testing::UnorderedElementsAre("page", "page.product", "page.related"));
  ASSERT_EQ(trace.notes().size(), 1u);
  EXPECT_EQ(trace.notes().front().part, "page.related");
}

}  // namespace
}  // namespace portico::compose
