#include "gateway/schema/schema.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "portico/annotations.pb.h"
#include "tests/schema/temp_folder.h"

namespace portico::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Kind = ContractSource::Kind;

constexpr char kShop[] = R"(syntax = "proto3";
package shop.v1;
import "google/api/annotations.proto";
import "portico/annotations.proto";
import "google/protobuf/empty.proto";

service Shop {
  rpc GetBook(GetBookRequest) returns (Book) {
    option (google.api.http) = {
      get: "/v1/{name=books/*}"
      additional_bindings: { post: "/v1/books:get" body: "*" response_body: "title" }
      additional_bindings: { custom: { kind: "PURGE" path: "/v1/books" } }
    };
    option (portico.policy) = { timeout: "400ms" cache: { max_age: "5s" } };
    option idempotency_level = NO_SIDE_EFFECTS;
  }
  rpc Watch(GetBookRequest) returns (stream Book);
}
service Page {
  option (portico.facade) = true;
  rpc GetPage(GetBookRequest) returns (PageReply);
}
message GetBookRequest { string name = 1; }
message Book { string name = 1; string title = 2; }
message PageReply {
  Book book = 1 [(portico.fetch) = { method: "shop.v1.Shop/GetBook" bind: "name = request.name" required: true }];
  repeated portico.Omitted omitted = 15;
}
)";

class SchemaTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Schema> LoadFolder() { return Load({{Kind::kProtoFolder, folder_.path(), {}}}); }
  std::shared_ptr<const Schema> Load(const std::vector<ContractSource>& sources) {
    return Schema::Load(sources, diagnostics_);
  }

  testing::TempFolder folder_;
  Diagnostics diagnostics_;
};

TEST_F(SchemaTest, CompilesServicesRulesAndPolicies) {
  folder_.Write("shop/v1/shop.proto", kShop);
  const std::shared_ptr<const Schema> schema = LoadFolder();
  ASSERT_NE(schema, nullptr) << diagnostics_.ToString();

  ASSERT_EQ(schema->services().size(), 2u);
  const Service& shop = *schema->services()[0];
  EXPECT_EQ(shop.full_name, "shop.v1.Shop");
  EXPECT_FALSE(shop.facade);
  EXPECT_EQ(shop.position.ToString(), folder_.Path("shop/v1/shop.proto:7:1"));
  EXPECT_TRUE(schema->FindService("shop.v1.Page")->facade);

  const Method* get = schema->FindMethod("shop.v1.Shop/GetBook");
  ASSERT_NE(get, nullptr);
  EXPECT_EQ(get->path, "/shop.v1.Shop/GetBook");
  EXPECT_EQ(get->service, &shop);
  EXPECT_EQ(get->input->full_name, "shop.v1.GetBookRequest");
  EXPECT_EQ(get->output->full_name, "shop.v1.Book");
  EXPECT_TRUE(get->idempotent);
  EXPECT_FALSE(get->server_streaming);
  EXPECT_EQ(get->timeout, absl::Milliseconds(400));
  EXPECT_EQ(get->policy->cache().max_age(), "5s");
  EXPECT_EQ(get->position.ToString(), folder_.Path("shop/v1/shop.proto:8:3"));
  EXPECT_EQ(get->policy_position.ToString(), folder_.Path("shop/v1/shop.proto:14:5"));

  ASSERT_EQ(get->http.size(), 3u);
  EXPECT_EQ(get->http[0].verb, "GET");
  EXPECT_EQ(get->http[0].path_template, "/v1/{name=books/*}");
  EXPECT_EQ(get->http[0].position.ToString(), folder_.Path("shop/v1/shop.proto:9:5"));
  EXPECT_EQ(get->http[1].verb, "POST");
  EXPECT_EQ(get->http[1].body, "*");
  EXPECT_EQ(get->http[1].response_body, "title");
  EXPECT_EQ(get->http[1].name, "http.additional_bindings[0]");
  EXPECT_EQ(get->http[2].verb, "PURGE");

  const Method* watch = schema->FindMethod("shop.v1.Shop/Watch");
  EXPECT_TRUE(watch->server_streaming);
  EXPECT_THAT(watch->http, IsEmpty());
  EXPECT_EQ(watch->timeout, absl::InfiniteDuration());
  ASSERT_NE(watch->policy, nullptr);

  EXPECT_NE(schema->FindMessage("shop.v1.Book"), nullptr);
  EXPECT_NE(schema->FindMessage("google.rpc.BadRequest"), nullptr) << "built in, though nothing imports it";
  EXPECT_EQ(schema->FindMessage("shop.v1.Nothing"), nullptr);
  EXPECT_EQ(schema->FindMethod("shop.v1.Shop/Nothing"), nullptr);
}

TEST_F(SchemaTest, ReadsFetchOptionsAndTheirPositions) {
  folder_.Write("shop.proto", kShop);
  const std::shared_ptr<const Schema> schema = LoadFolder();
  ASSERT_NE(schema, nullptr) << diagnostics_.ToString();
  const google::protobuf::Descriptor& reply = *schema->FindMessage("shop.v1.PageReply")->descriptor;

  const std::optional<portico::Fetch> fetch = Schema::FetchOf(*reply.field(0));
  ASSERT_TRUE(fetch.has_value());
  EXPECT_EQ(fetch->method(), "shop.v1.Shop/GetBook");
  EXPECT_TRUE(fetch->required());
  EXPECT_FALSE(Schema::FetchOf(*reply.field(1)).has_value());
  EXPECT_EQ(schema->PositionOf(*reply.field(0)).ToString(), folder_.Path("shop.proto:26:3"));
  EXPECT_EQ(schema->FetchPositionOf(*reply.field(0)).ToString(), folder_.Path("shop.proto:26:18"));
  EXPECT_EQ(schema->FetchPositionOf(*reply.field(1)).ToString(), folder_.Path("shop.proto:27:3"));
}

TEST_F(SchemaTest, AnOptionWrittenFieldByFieldStandsWhereItsFirstFieldDoes) {
  folder_.Write("a.proto", R"(syntax = "proto3";
import "google/api/annotations.proto";
message M {}
service S {
  rpc Get(M) returns (M) {
    option (google.api.http).response_body = "x";
    option (google.api.http).get = "/v1/s";
  }
}
)");
  const std::shared_ptr<const Schema> schema = LoadFolder();
  ASSERT_NE(schema, nullptr) << diagnostics_.ToString();
  const Method* get = schema->FindMethod("S/Get");
  ASSERT_EQ(get->http.size(), 1u);
  EXPECT_EQ(get->http[0].position.ToString(), folder_.Path("a.proto:6:5"));
}

TEST_F(SchemaTest, ReadsDescriptorSets) {
  // The set as protoc writes it: made here from the file compiled above.
  folder_.Write("protos/shop.proto", kShop);
  const std::shared_ptr<const Schema> compiled = Load({{Kind::kProtoFolder, folder_.Path("protos"), {}}});
  ASSERT_NE(compiled, nullptr) << diagnostics_.ToString();
  const google::protobuf::FileDescriptor& file = *compiled->FindService("shop.v1.Shop")->descriptor->file();
  google::protobuf::FileDescriptorSet set;
  file.CopyTo(set.add_file());
  file.CopyJsonNameTo(set.mutable_file(0));
  const std::string without_info = folder_.Write("bare.pb", set.SerializeAsString());
  file.CopySourceCodeInfoTo(set.mutable_file(0));
  const std::string with_info = folder_.Write("full.pb", set.SerializeAsString());

  const std::shared_ptr<const Schema> full = Load({{Kind::kDescriptorSet, with_info, {}}});
  ASSERT_NE(full, nullptr) << diagnostics_.ToString();
  const Method* get = full->FindMethod("shop.v1.Shop/GetBook");
  ASSERT_EQ(get->http.size(), 3u);
  EXPECT_EQ(get->http[0].position.ToString(), with_info + "(shop.proto):9:5");
  EXPECT_EQ(get->timeout, absl::Milliseconds(400));
  EXPECT_TRUE(full->FindService("shop.v1.Page")->facade);

  const std::shared_ptr<const Schema> bare = Load({{Kind::kDescriptorSet, without_info, {}}});
  ASSERT_NE(bare, nullptr) << diagnostics_.ToString();
  EXPECT_EQ(bare->FindMethod("shop.v1.Shop/GetBook")->position.ToString(), without_info + "(shop.proto)");

  // The same service from two sources is one service when both say the same, however they were compiled.
  const std::shared_ptr<const Schema> both =
      Load({{Kind::kProtoFolder, folder_.Path("protos"), {}}, {Kind::kDescriptorSet, with_info, {}}});
  ASSERT_NE(both, nullptr) << diagnostics_.ToString();
  EXPECT_EQ(both->services().size(), 2u);
}

TEST_F(SchemaTest, ImportsAreLookedUpInTheOtherSourcesToo) {
  folder_.Write("a/uses.proto", R"(syntax = "proto3";
package uses;
import "common.proto";
service Uses { rpc Get(common.Thing) returns (common.Thing); }
)");
  folder_.Write("b/common.proto", R"(syntax = "proto3";
package common;
message Thing { string id = 1; }
service Common { rpc Get(Thing) returns (Thing); }
)");
  const std::shared_ptr<const Schema> schema =
      Load({{Kind::kProtoFolder, folder_.Path("a"), {}}, {Kind::kProtoFolder, folder_.Path("b"), {}}});
  ASSERT_NE(schema, nullptr) << diagnostics_.ToString();
  EXPECT_NE(schema->FindMethod("uses.Uses/Get")->input->FindByProtoName("id"), nullptr);
  std::vector<std::string> names;
  for (const Service* service : schema->services()) names.push_back(service->full_name);
  EXPECT_THAT(names, ElementsAre("uses.Uses", "common.Common")) << "each in the source that has the file";
}

TEST_F(SchemaTest, AFoldersOwnGoogleFilesHoldButPorticoAndGrpcAreBuiltIn) {
  folder_.Write("google/api/http.proto", R"(syntax = "proto3";
package google.api;
message HttpRule { oneof pattern { string get = 2; } string own = 100; }
)");
  folder_.Write("google/api/annotations.proto", R"(syntax = "proto3";
package google.api;
import "google/api/http.proto";
import "google/protobuf/descriptor.proto";
extend google.protobuf.MethodOptions { HttpRule http = 72295728; }
)");
  folder_.Write("portico/annotations.proto", "this is not read");
  folder_.Write("grpc/health/v1/health.proto", "neither is this");
  folder_.Write(".hidden/x.proto", "nor this");
  folder_.Write("shop.proto", R"(syntax = "proto3";
import "google/api/annotations.proto";
import "portico/annotations.proto";
import "grpc/health/v1/health.proto";
message M { portico.Omitted o = 1; grpc.health.v1.HealthCheckRequest h = 2; }
service S {
  rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/s" own: "x" }; }
}
)");
  const std::shared_ptr<const Schema> schema = LoadFolder();
  ASSERT_NE(schema, nullptr) << diagnostics_.ToString();
  EXPECT_NE(schema->FindMessage("google.api.HttpRule")->FindByProtoName("own"), nullptr);
  EXPECT_EQ(schema->FindMethod("S/Get")->http[0].path_template, "/v1/s");
  EXPECT_EQ(schema->services().size(), 1u);
}

TEST_F(SchemaTest, RulesFilesReplaceAMethodsRulesAndTheLastHolds) {
  folder_.Write("protos/shop.proto", kShop);
  const std::string rules = folder_.Write("rules.yaml", R"(type: google.api.Service
http:
  rules:
  - selector: shop.v1.Shop.GetBook
    get: /first
  - selector: shop.v1.Shop.GetBook
    put: /v2/{name=books/*}
    body: "*"
    additional_bindings:
    - get: /v2/books
  - selector: shop.v1.Shop.Watch
    custom: { kind: HEAD, path: /v2/watch }
)");
  const std::shared_ptr<const Schema> schema =
      Load({{Kind::kRules, rules, {}}, {Kind::kProtoFolder, folder_.Path("protos"), {}}});
  ASSERT_NE(schema, nullptr) << diagnostics_.ToString();
  const Method* get = schema->FindMethod("shop.v1.Shop/GetBook");
  ASSERT_EQ(get->http.size(), 2u);
  EXPECT_EQ(get->http[0].verb, "PUT");
  EXPECT_EQ(get->http[0].path_template, "/v2/{name=books/*}");
  EXPECT_EQ(get->http[0].position.ToString(), rules + ":7:10");
  EXPECT_EQ(get->http[1].path_template, "/v2/books");
  EXPECT_EQ(get->http[1].name, "http.rules[1].additional_bindings[0]");
  EXPECT_EQ(schema->FindMethod("shop.v1.Shop/Watch")->http[0].verb, "HEAD");
}

// http.proto: "All service configuration rules follow 'last one wins' order".
TEST_F(SchemaTest, FullyDecodeReservedExpansionHoldsForTheRulesOfItsFile) {
  folder_.Write("protos/shop.proto", kShop);
  const std::string first = folder_.Write("first.yaml", R"(http:
  fully_decode_reserved_expansion: true
  rules:
  - { selector: shop.v1.Shop.GetBook, get: "/v2/{name=**}" }
  - { selector: shop.v1.Shop.Watch, get: /v2/watch }
)");
  const std::string second = folder_.Write("second.yaml", R"(http:
  rules: [ { selector: shop.v1.Shop.Watch, get: /v3/watch } ]
)");
  const std::shared_ptr<const Schema> schema =
      Load({{Kind::kProtoFolder, folder_.Path("protos"), {}}, {Kind::kRules, first, {}}, {Kind::kRules, second, {}}});
  ASSERT_NE(schema, nullptr) << diagnostics_.ToString();
  EXPECT_TRUE(schema->FindMethod("shop.v1.Shop/GetBook")->http[0].fully_decoded);
  EXPECT_EQ(schema->FindMethod("shop.v1.Shop/Watch")->http[0].path_template, "/v3/watch");
  EXPECT_FALSE(schema->FindMethod("shop.v1.Shop/Watch")->http[0].fully_decoded);
}

TEST(ParseDurationTest, UnitsAndRefusals) {
  EXPECT_EQ(ParseDuration("150ms"), absl::Milliseconds(150));
  EXPECT_EQ(ParseDuration("1.5s"), absl::Milliseconds(1500));
  EXPECT_EQ(ParseDuration("2m"), absl::Minutes(2));
  EXPECT_EQ(ParseDuration("1h"), absl::Hours(1));
  EXPECT_EQ(ParseDuration("0s"), absl::ZeroDuration());
  for (const char* text : {"", "5", "s", "-1s", "+1s", " 1s", "1 s", "1s ", ".5s", "1.s", "1.2.3s", "1e3s", "inf",
                           "nan", "1us", "1d", "1S", "99999999999999h", "0x1s"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace portico::schema
