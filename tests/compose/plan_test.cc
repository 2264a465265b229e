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
message Range { int64 from = 1; oneof end { int64 to = 2; int64 length = 3; } }
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
  rpc Import(stream Product) returns (Product);
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
         "fetch.method of web.Page.p: shop.Catalog/Watch streams, but web.Web/GetPage does not"},
        {"MethodThatTakesAStream", R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/Import" }];)",
         "fetch.method of web.Page.p: shop.Catalog/Import takes a stream of requests"},
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
        {"TwoOfAOneofBound",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: ["range.to = 1", "range.length = 2"] }];)",
         "fetch.bind[1] of web.Page.p: \"range.length\" is in one oneof with \"to\", which is bound too"},
        {"MisspeltSource",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = reqest.product_id" }];)",
         "fetch.bind[0] of web.Page.p: \"reqest.product_id\" is no source: request.PATH, self.PATH, claim.NAME"},
        {"AClaimWithASpace",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" when: "claim.a b" }];)",
         "fetch.when of web.Page.p: \"claim.a b\" names nothing"},
        {"TwoListsOfWhatIsLeftOut", R"(repeated portico.Omitted a = 1;
  repeated portico.Omitted b = 2;)",
         "web.Page.b: a says already what is left out", 9},
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
         R"(Outer outer = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" }];
}
message Outer { map<string, Inner> by_name = 3; }
message Inner {
  string item_id = 1;
  shop.Product p = 9 [(portico.fetch) = { method: "shop.Catalog/GetProduct" }];)",
         "web.Outer.by_name: a fetch must be in the answer, or in a message that is itself fetched", 10},
        {"UnknownSelf",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = self.nothing" }];)",
         "fetch.bind[0] of web.Page.p: web.Page has no field \"nothing\""},
        {"NamelessClaim",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = claim." }];)",
         "fetch.bind[0] of web.Page.p: \"claim.\" names nothing"},
        {"NoSource",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id =" }];)",
         "fetch.bind[0] of web.Page.p: there is no source"},
        {"NoTarget",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "= request.product_id" }];)",
         "there is no field before"},
        {"MessagesOfDifferentTypes",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "range = self.q" }];
  shop.Money q = 2 [(portico.fetch) = { method: "shop.Catalog/GetProduct" select: "price" }];)",
         "\"self.q\" is shop.Money, but \"range\" is shop.Range"},
        {"ALiteralCondition",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" when: "true" }];)",
         "fetch.when of web.Page.p: \"true\" is no source"},
        {"AMap",
         R"(map<string, shop.Item> p = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "by_name" }];)",
         "fetch of web.Page.p: a map cannot be fetched"},
        {"SelectOfAnotherScalar",
         R"(int32 p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" select: "title" }];)",
         "fetch.select of web.Page.p: "},
        {"ThreeThatNeedEachOther",
         R"(string a = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = self.b" select: "title" }];
  string b = 2 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = self.c" select: "title" }];
  string c = 3 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = self.a" select: "title" }];)",
         "a cycle of parts that need each other: a -> b -> c -> a"},
        {"FetchesThatLeadToEachOther",
         R"(repeated Deep deep = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Deep {
  string item_id = 1;
  repeated Deeper deeper = 2 [(portico.fetch) = { method: "shop.Catalog/ListItems" bind: "product_id = self.item_id" select: "items" }];
}
message Deeper {
  string item_id = 1;
  repeated Deep deep = 2 [(portico.fetch) = { method: "shop.Catalog/ListItems" bind: "product_id = self.item_id" select: "items" }];)",
         "the calls would never end", 16},
        {"NoBoundToSpeakOf",
         R"(repeated Item items = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Item {
  string product_id = 2;
  Small p = 3 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = self.product_id" concurrency: 100000 }];)",
         "fetch.concurrency of web.Item.p: 100000 calls at once are as good as no bound, 1000 are the most", 12},
        {"BatchKeysOfNothing",
         R"(repeated Item items = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Item {
  string product_id = 2;
  Small p = 3 [(portico.fetch) = { method: "shop.Catalog/BatchGet" batch: { keys: "ids" from: "self.product_id" items: "products" item_key: "product_id" } }];)",
         "fetch.batch.keys of web.Item.p: shop.BatchRequest has no field \"ids\"", 12},
        {"BatchKeyThatIsOne",
         R"(repeated Item items = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Item {
  string product_id = 2;
  Small p = 3 [(portico.fetch) = { method: "shop.Catalog/BatchGet" batch: { keys: "locale" from: "self.product_id" items: "products" item_key: "product_id" } }];)",
         "fetch.batch.keys of web.Item.p: \"locale\" is not a repeated scalar", 12},
        {"BatchFromElsewhere",
         R"(repeated Item items = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Item {
  string product_id = 2;
  Small p = 3 [(portico.fetch) = { method: "shop.Catalog/BatchGet" batch: { keys: "product_ids" from: "request.product_id" items: "products" item_key: "product_id" } }];)",
         "fetch.batch.from of web.Item.p: a batch's key must be self.PATH", 12},
        {"BatchItemsThatAreNone",
         R"(repeated Item items = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Item {
  string product_id = 2;
  Small p = 3 [(portico.fetch) = { method: "shop.Catalog/BatchGet" batch: { keys: "product_ids" from: "self.product_id" items: "things" item_key: "product_id" } }];)",
         "fetch.batch.items of web.Item.p: shop.BatchResponse has no field \"things\"", 12},
        {"BatchItemKeyOfNothing",
         R"(repeated Item items = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Item {
  string product_id = 2;
  Small p = 3 [(portico.fetch) = { method: "shop.Catalog/BatchGet" batch: { keys: "product_ids" from: "self.product_id" items: "products" item_key: "id" } }];)",
         "fetch.batch.item_key of web.Item.p: shop.Product has no field \"id\"", 12},
        {"BatchItemKeyOfAnotherType",
         R"(repeated Item items = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Item {
  string product_id = 2;
  Small p = 3 [(portico.fetch) = { method: "shop.Catalog/BatchGet" batch: { keys: "product_ids" from: "self.product_id" items: "products" item_key: "kind" } }];)",
         "fetch.batch.item_key of web.Item.p: ", 12},
        {"BatchThatDiffers",
         R"(repeated Item items = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Item {
  string product_id = 2;
  Small p = 3 [(portico.fetch) = { method: "shop.Catalog/BatchGet" bind: "locale = self.product_id" batch: { keys: "product_ids" from: "self.product_id" items: "products" item_key: "product_id" } }];)",
         "fetch.bind of web.Item.p: \"self.product_id\" differs between the elements of a batch", 12},
        {"BatchKeysThatAreBound",
         R"(repeated Item items = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Item {
  string product_id = 2;
  Small p = 3 [(portico.fetch) = { method: "shop.Catalog/BatchGet" bind: 'product_ids = ["x"]' batch: { keys: "product_ids" from: "self.product_id" items: "products" item_key: "product_id" } }];)",
         "fetch.bind of web.Item.p: \"product_ids\" holds the batch's keys", 12},
        {"EndlessFetches",
         R"(repeated Deep deep = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Deep {
  string item_id = 1;
  repeated Deep deep = 2 [(portico.fetch) = { method: "shop.Catalog/ListItems" bind: "product_id = self.item_id" select: "items" }];)",
         "the calls would never end", 12},
    }),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

// A facade whose method streams.
std::string StreamingFacade(const std::string& fields) {
  std::string facade = Facade(fields);
  const std::string unary = "returns (Page)";
  return facade.replace(facade.find(unary), unary.size(), "returns (stream Page)");
}

class BrokenStream : public ::testing::TestWithParam<Case> {};

TEST_P(BrokenStream, IsReportedWhereItStands) {
  const Compiled compiled = Compile(StreamingFacade(GetParam().fields));
  EXPECT_EQ(compiled.plan, nullptr);
  ASSERT_EQ(compiled.diagnostics.entries().size(), 1u) << compiled.diagnostics.ToString();
  const schema::Diagnostic& diagnostic = compiled.diagnostics.entries().front();
  EXPECT_THAT(diagnostic.message, HasSubstr(GetParam().message));
  EXPECT_EQ(diagnostic.position.line, GetParam().line) << diagnostic.ToString();
  EXPECT_GT(diagnostic.position.column, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BrokenStream,
    ::testing::ValuesIn(std::vector<Case>{
        {"Timeout", R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/Watch" timeout: "1s" }];)",
         "fetch.timeout of web.Page.p: a stream lasts as long as its client"},
        {"Fallback", R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/Watch" fallback: "{}" }];)",
         "fetch.fallback of web.Page.p: nothing can stand in for a stream"},
        {"Stale", R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/Watch" stale: "1m" }];)",
         "fetch.stale of web.Page.p: nothing can stand in for a stream"},
        {"Concurrency", R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/Watch" concurrency: 2 }];)",
         "fetch.concurrency of web.Page.p: a stream is one call"},
        {"Batch",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/Watch" batch: { keys: "tags" from: "self.x" items: "y" item_key: "z" } }];)",
         "fetch.batch of web.Page.p: a stream cannot be batched"},
        {"NeededByAnother",
         R"(shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/Watch" }];
  shop.Product q = 2 [(portico.fetch) = { method: "shop.Catalog/GetProduct" bind: "product_id = self.p.product_id" }];)",
         "it needs p, which is a stream and never has its last value", 9},
        {"WithinAnElement",
         R"(repeated Item items = 1 [(portico.fetch) = { method: "shop.Catalog/ListItems" select: "items" }];
}
message Item {
  string product_id = 2;
  shop.Product p = 3 [(portico.fetch) = { method: "shop.Catalog/Watch" bind: "product_id = self.product_id" }];)",
         "shop.Catalog/Watch streams: only a field of the answer itself can be a stream", 12},
        {"FetchesForItsMessages",
         R"(Rich p = 1 [(portico.fetch) = { method: "shop.Catalog/Watch" }];
}
message Rich {
  string title = 2;
  shop.Product p = 3 [(portico.fetch) = { method: "shop.Catalog/GetProduct" }];)",
         "shop.Catalog/Watch streams, and nothing is fetched for its messages: web.Rich has a fetch"},
    }),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(PlanTest, StreamsStandBesideOrdinaryParts) {
  const Compiled compiled = Compile(StreamingFacade(R"(
  shop.Product p = 1 [(portico.fetch) = { method: "shop.Catalog/GetProduct" required: true }];
  Small news = 2 [(portico.fetch) = { method: "shop.Catalog/Watch" bind: "product_id = self.p.product_id" }];
  string product_id = 3;)"));
  ASSERT_NE(compiled.plan, nullptr) << compiled.diagnostics.ToString();
  EXPECT_TRUE(compiled.plan->streams());
  EXPECT_FALSE(compiled.plan->root.parts[0].stream);
  EXPECT_TRUE(compiled.plan->root.parts[0].awaited);
  EXPECT_TRUE(compiled.plan->root.parts[1].stream);
  EXPECT_FALSE(compiled.plan->root.parts[1].awaited);
}

TEST(PlanTest, AFacadeTakesNoStreamOfRequests) {
  std::string facade = Facade("string product_id = 1;");
  const std::string one = "GetPage(PageRequest)";
  facade.replace(facade.find(one), one.size(), "GetPage(stream PageRequest)");
  const Compiled compiled = Compile(facade);
  EXPECT_EQ(compiled.plan, nullptr);
  EXPECT_THAT(compiled.diagnostics.ToString(),
              HasSubstr("web.Web/GetPage: a facade method takes one request, not a stream of them"));
}

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
  EXPECT_EQ(Explain(plan), R"(web.Web/GetPage  timeout=30s (the default)
|- product  <-  shop.Catalog/GetProduct  required  product_id=request.product_id
`- related  <-  shop.Catalog/ListItems  optional  timeout=150ms  product_id=self.product.product_id  page_size=3  after product
   for each element:
   `- product  <-  shop.Catalog/BatchGet  optional  batch=product_ids from self.product_id
3 parts, longest chain 3 calls: product -> related -> related.product
)");
}

}  // namespace
}  // namespace portico::compose
