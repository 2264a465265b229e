#include "gateway/compose/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/schema/temp_folder.h"

namespace portico::compose {
namespace {

using ::testing::HasSubstr;

constexpr char kShop[] = R"(syntax = "proto3";
package shop;
message GetProductRequest { string product_id = 1; int32 limit = 2; Range range = 3; repeated string tags = 4; }
message Range { int64 from = 1; }
message Product { string product_id = 1; string title = 2; Money price = 3; repeated string tags = 4; Kind kind = 5; }
message Money { string currency = 1; int64 units = 2; }
enum Kind { KIND_UNSPECIFIED = 0; BOOK = 1; }
message ListItemsRequest { string product_id = 1; int32 page_size = 2; }
message ListItemsResponse { repeated Item items = 1; map<string, Item> by_name = 2; string note = 3; }
message Item { string item_id = 1; string product_id = 2; int32 rank = 3; }
message BatchRequest { repeated string product_ids = 1; string locale = 2; }
message BatchResponse { repeated Product products = 1; }
service Catalog {
  rpc GetProduct(GetProductRequest) returns (Product);
  rpc ListItems(ListItemsRequest) returns (ListItemsResponse);
  rpc BatchGet(BatchRequest) returns (BatchResponse);
  rpc Watch(GetProductRequest) returns (stream Product);
}
)";

// A facade whose answer has the given fields; they begin on line 8.
std::string Facade(const std::string& fields) {
  return absl::StrCat(R"(syntax = "proto3";
package web;
import "portico/annotations.proto";
import "shop.proto";
message PageRequest { string product_id = 1; int32 limit = 2; repeated string tags = 3; shop.Range range = 4; }
message Small { string title = 2; }
message Page {
)",
                      fields, R"(
}
service Web { option (portico.facade) = true; rpc GetPage(PageRequest) returns (Page); }
)");
}

struct Compiled {
  std::shared_ptr<const schema::Schema> schema;
  std::unique_ptr<Projections> projections = std::make_unique<Projections>(IsFilledByGateway);
  std::unique_ptr<const Plan> plan;
  schema::Diagnostics diagnostics;
};

Compiled Compile(const std::string& facade) {
  const portico::testing::TempFolder folder;
  folder.Write("shop.proto", kShop);
  folder.Write("web.proto", facade);
  Compiled compiled;
  compiled.schema =
      schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder.path(), {}}}, compiled.diagnostics);
  if (compiled.schema == nullptr) return compiled;
  compiled.plan = CompilePlan(*compiled.schema->FindMethod("web.Web/GetPage"), *compiled.schema, *compiled.projections,
                              compiled.diagnostics);
  return compiled;
}

struct Case {
  const char* name;
  const char* fields;   // of Page, from line 8 on
  const char* message;  // what the diagnostic says
  int line = 8;
};

class BrokenFetch : public ::testing::TestWithParam<Case> {};

TEST_P(BrokenFetch, IsReportedWhereItStands) {
  const Compiled compiled = Compile(Facade(GetParam().fields));
  EXPECT_EQ(compiled.plan, nullptr);
  ASSERT_EQ(compiled.diagnostics.entries().size(), 1u) << compiled.diagnostics.ToString();
  const schema::Diagnostic& diagnostic = compiled.diagnostics.entries().front();
  EXPECT_THAT(diagnostic.message, HasSubstr(GetParam().message));
  EXPECT_THAT(diagnostic.position.file, HasSubstr("web.proto"));
  EXPECT_EQ(diagnostic.position.line, GetParam().line) << diagnostic.ToString();
  EXPECT_GT(diagnostic.position.column, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BrokenFetch,
    ::testing::ValuesIn(std::vector<Case>{
        {"UnknownMethod", R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/Get" }];)",
         "fetch.method of web.Page.p: there is no method \"shop.Catalog/Get\""},
        {"StreamingMethod", R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/Watch" }];)",
         "shop.Catalog/Watch streams"},
        {"UnknownRequestField",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "id = request.product_id" }];)",
         "fetch.bind[0] of web.Page.p: shop.GetProductRequest has no field \"id\""},
        {"UnknownSource",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: ["limit = 3", "product_id = request.isbn"] }];)",
         "fetch.bind[1] of web.Page.p: web.PageRequest has no field \"isbn\""},
        {"NoEqualsSign",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id" }];)",
         "is not \"field = source\""},
        {"TypesDiffer",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = request.limit" }];)",
         "\"limit\" is int32, but \"product_id\" is string"},
        {"RepeatedIntoSingular",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = request.tags" }];)",
         "\"request.tags\" is repeated, but \"product_id\" is not"},
        {"LiteralOfAWrongType",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "limit = \"many\"" }];)",
         "fetch.bind[0] of web.Page.p: "},
        {"HeaderIntoANumber",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "limit = header.x-limit" }];)",
         "\"header.x-limit\" is text, but \"limit\" is not a string"},
        {"SelectOfNothing",
         R"(repeated shop.Item i = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "elements" }];)",
         "fetch.select of web.Page.i: shop.ListItemsResponse has no field \"elements\""},
        {"SelectOfManyIntoOne",
         R"(shop.Item i = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];)",
         "it selects many values, but the field is not repeated"},
        {"SelectOfAMap",
         R"(repeated shop.Item i = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "by_name" }];)",
         "a map cannot be selected"},
        {"WholeReplyIntoAScalar", R"(string i = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" }];)",
         "the whole reply is a message, but the field is not"},
        {"ProjectionMissesAField", R"(Small p = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" }];)",
         "shop.ListItemsResponse has no field \"title\", which web.Small declares"},
        {"Timeout", R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" timeout: "fast" }];)",
         "fetch.timeout of web.Page.p: \"fast\" is not a duration"},
        {"NeitherFetchedNorInTheRequest", R"(string title = 1;)",
         "web.Page.title: it has no fetch, and the request web.PageRequest has no field of its name"},
        {"CopyOfAnotherType", R"(string limit = 1;)", "\"limit\" is int32, but \"limit\" is string"},
        {"Cycle",
         R"(string a = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = self.b" select: "title" }];
  string b = 2 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = self.a" select: "title" }];)",
         "a cycle of parts that need each other: a -> b -> a"},
        {"NeedsItself",
         R"(string a = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = self.a" select: "title" }];)",
         "a cycle of parts that need each other: a -> a"},
        {"BatchOutsideAList",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/BatchGet" batch: { keys: "product_ids" from: "self.product_id" items: "products" item_key: "product_id" } }];)",
         "only a fetch inside an element of a list can be batched"},
        {"BoundTwice",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: ["limit = 1", "limit = 2"] }];)",
         "fetch.bind[1] of web.Page.p: \"limit\" is bound twice"},
        {"AFallbackOfAnotherType",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" fallback: '[1]' }];)",
         "fetch.fallback of web.Page.p: "},
        {"AFallbackThatIsNoJson",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" fallback: 'nothing' }];)",
         "fetch.fallback of web.Page.p: "},
        {"StaleWithoutAnAge",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" fallback: "stale" }];)",
         "fetch.fallback of web.Page.p: \"stale\" needs a fetch.stale, the greatest age"},
        {"StaleIsNoDuration",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" stale: "long" }];)",
         "fetch.stale of web.Page.p: \"long\" is not a duration such as \"5m\""},
        {"TwoOfAOneof",
         R"(oneof kind { shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" }];
    shop.Product q = 2 [(portico.fetch) = { method: "shop.Catalog/GetProduct" }]; })",
         "it is in one oneof with p, which is fetched too", 9},
        {"BuriedFetch",
         R"(Outer outer = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" }];
}
message Outer { Inner price = 3; }
message Inner {
  string currency = 1;
  shop.Product p = 9 [(portico.fetch) = { method: "shop.Catalog/GetProduct" }];)",
         "web.Outer.price: a fetch must be in the answer, or in a message that is itself fetched", 10},
        {"EndlessFetches",
         R"(repeated Deep deep = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Deep {
  string item_id = 1;
  repeated Deep deep = 2 [(portico.fetch) = { method: "shop.Catalog/ListItems" bind: "product_id = self.item_id" select: "items" }];)",
         "the calls would never end", 12},
    }),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(PlanTest, PartsKnowWhatTheyNeed) {
  const Compiled compiled = Compile(Facade(R"(
  shop.Product product = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = request.product_id" required: true }];
  repeated Related related = 2 [(portico.fetch) = { method: "shop.Catalog/ListItems" bind: ["product_id = self.product.product_id", "page_size = 3"] select: "items" timeout: "150ms" }];
  string product_id = 3;
  repeated portico.Omitted omitted = 15;
}
message Related {
  string product_id = 7;
  Small product = 2 [(portico.fetch) = { method: "shop.Catalog/BatchGet" batch: { keys: "product_ids" from: "self.product_id" items: "products" item_key: "product_id" } }];)"));
  ASSERT_NE(compiled.plan, nullptr) << compiled.diagnostics.ToString();
  const Plan& plan = *compiled.plan;
  ASSERT_EQ(plan.root.parts.size(), 2u);
  EXPECT_EQ(plan.root.parts[1].needs, std::vector<int>{0});
  EXPECT_EQ(plan.root.parts[0].needed_by, std::vector<int>{1});
  ASSERT_NE(plan.root.parts[1].elements, nullptr);
  EXPECT_EQ(plan.root.parts[1].elements->parts[0].path, "related.product");
  EXPECT_EQ(plan.part_count, 3);
  ASSERT_NE(plan.root.omitted, nullptr);
  ASSERT_EQ(plan.root.copies.size(), 1u);
  EXPECT_EQ(Explain(plan), R"(web.Web/GetPage
|- product  <-  shop.Catalog/GetProduct  required  product_id=request.product_id
`- related  <-  shop.Catalog/ListItems  optional  timeout=150ms  product_id=self.product.product_id  page_size=3  after product
   for each element:
   `- product  <-  shop.Catalog/BatchGet  optional  batch=product_ids from self.product_id
3 parts, longest chain 3 calls: product -> related -> related.product
)");
}

}  // namespace
}  // namespace portico::compose
