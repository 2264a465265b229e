// Contracts as others publish them: what their files import, declare and annotate must not keep them from loading, and
// their routes lead where google/api/http.proto says.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gateway/snapshot.h"
#include "tests/schema/temp_folder.h"

namespace portico {
namespace {

class PublicContractsTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Snapshot> Build() {
    const std::string path = folder_.Write("portico.yaml", R"(contracts: [ { protos: protos } ]
clusters: { all: { target: '127.0.0.1:1', services: [ "*" ] } }
frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ "*" ] } ]
)");
    schema::Diagnostics diagnostics;
    auto snapshot = Snapshot::Build(path, SnapshotInputs{}, diagnostics);
    EXPECT_NE(snapshot, nullptr) << diagnostics.ToString();
    return snapshot;
  }

  // The method and the template that answer, or "none".
  static std::string Find(const Snapshot& snapshot, const char* verb, const char* path) {
    const Route* route = snapshot.frontends().front()->Find(verb, path);
    return route == nullptr ? "none" : route->endpoint.method().name + " " + route->path;
  }

  testing::TempFolder folder_;
};

// A cloud API: long-running operations, resource names, files of google/ that the folder brings along, among them newer
// copies of built-in ones.
TEST_F(PublicContractsTest, CloudApi) {
  folder_.Write("protos/google/api/launch_stage.proto", R"(syntax = "proto3";
package google.api;
enum LaunchStage { LAUNCH_STAGE_UNSPECIFIED = 0; GA = 4; }
)");
  folder_.Write("protos/google/api/client.proto", R"(syntax = "proto3";
package google.api;
import "google/api/launch_stage.proto";
import "google/protobuf/descriptor.proto";
extend google.protobuf.MethodOptions { repeated string method_signature = 1051; }
extend google.protobuf.ServiceOptions {
  string default_host = 1049;
  string oauth_scopes = 1050;
  string api_version = 525000001;
}
message Publishing { LaunchStage stage = 1; }
)");
  folder_.Write("protos/google/api/routing.proto", R"(syntax = "proto3";
package google.api;
import "google/protobuf/descriptor.proto";
extend google.protobuf.MethodOptions { RoutingRule routing = 72295729; }
message RoutingRule { repeated RoutingParameter routing_parameters = 2; }
message RoutingParameter { string field = 1; string path_template = 2; }
)");
  folder_.Write("protos/google/type/date.proto", R"(syntax = "proto3";
package google.type;
message Date { int32 year = 1; int32 month = 2; int32 day = 3; }
)");
  folder_.Write("protos/google/longrunning/operations.proto", R"(syntax = "proto3";
package google.longrunning;
import "google/api/annotations.proto";
import "google/api/client.proto";
import "google/protobuf/any.proto";
import "google/protobuf/descriptor.proto";
import "google/protobuf/empty.proto";
import "google/rpc/status.proto";
extend google.protobuf.MethodOptions { OperationInfo operation_info = 1049; }
message OperationInfo { string response_type = 1; string metadata_type = 2; }
message Operation {
  string name = 1; google.protobuf.Any metadata = 2; bool done = 3;
  oneof result { google.rpc.Status error = 4; google.protobuf.Any response = 5; }
}
message GetOperationRequest { string name = 1; }
service Operations {
  option (google.api.default_host) = "longrunning.example.com";
  rpc GetOperation(GetOperationRequest) returns (Operation) {
    option (google.api.http) = { get: "/v1/{name=operations/**}" };
    option (google.api.method_signature) = "name";
  }
}
)");
  folder_.Write("protos/library/v1/library.proto", R"(syntax = "proto3";
package library.v1;
import "google/api/annotations.proto";
import "google/api/client.proto";
import "google/api/field_behavior.proto";
import "google/api/resource.proto";
import "google/api/routing.proto";
import "google/longrunning/operations.proto";
import "google/protobuf/field_mask.proto";
import "google/type/date.proto";
option (google.api.resource_definition) = { type: "library.example.com/Shelf" pattern: "projects/{project}/shelves/{shelf}" };
message Book {
  option (google.api.resource) = { type: "library.example.com/Book" pattern: "projects/{project}/shelves/{shelf}/books/{book}" };
  reserved 2, 5 to 9;
  reserved "isbn";
  string name = 1 [(google.api.field_behavior) = IDENTIFIER];
  google.type.Date published = 3;
}
message GetBookRequest { string name = 1 [(google.api.resource_reference) = { type: "library.example.com/Book" }]; }
message UpdateBookRequest { Book book = 1; google.protobuf.FieldMask update_mask = 2; }
message ImportBooksRequest { string parent = 1; message Source { repeated string uris = 1; } Source source = 2; }
message QueryRequest { string resource = 1; string path = 2; }
service Library {
  option (google.api.default_host) = "library.example.com";
  option (google.api.oauth_scopes) = "https://auth.example.com/read,https://auth.example.com/write";
  option (google.api.api_version) = "v1_20250101";
  rpc GetBook(GetBookRequest) returns (Book) {
    option (google.api.http) = {
      get: "/v1/{name=projects/*/shelves/*/books/*}"
      additional_bindings { get: "/v1/{name=books/*}" }
      additional_bindings { get: "/v1/{name=archive/**}:retrieve" }
    };
    option (google.api.routing) = { routing_parameters { field: "name" path_template: "{project=projects/*}/**" } };
  }
  rpc UpdateBook(UpdateBookRequest) returns (Book) {
    option (google.api.http) = { patch: "/v1/{book.name=projects/*/shelves/*/books/*}" body: "book" };
    option (google.api.method_signature) = "book,update_mask";
  }
  rpc ImportBooks(ImportBooksRequest) returns (google.longrunning.Operation) {
    option (google.api.http) = { post: "/v1/{parent=projects/*/shelves/*}/books:import" body: "*" };
    option (google.longrunning.operation_info) = { response_type: "Book" metadata_type: "Book" };
  }
  rpc Query(QueryRequest) returns (Book) {
    option (google.api.http) = { get: "/v1/{resource=projects/*}/files/{path=**}" response_body: "name" };
  }
  rpc Internal(GetBookRequest) returns (Book);
}
)");
  const auto snapshot = Build();
  ASSERT_NE(snapshot, nullptr);
  const std::pair<std::pair<const char*, const char*>, const char*> cases[] = {
      {{"GET", "/v1/projects/p/shelves/s/books/b"}, "GetBook /v1/{name=projects/*/shelves/*/books/*}"},
      {{"GET", "/v1/books/b"}, "GetBook /v1/{name=books/*}"},
      {{"GET", "/v1/archive/a/b/c:retrieve"}, "GetBook /v1/{name=archive/**}:retrieve"},
      {{"PATCH", "/v1/projects/p/shelves/s/books/b"}, "UpdateBook /v1/{book.name=projects/*/shelves/*/books/*}"},
      {{"POST", "/v1/projects/p/shelves/s/books:import"}, "ImportBooks /v1/{parent=projects/*/shelves/*}/books:import"},
      {{"GET", "/v1/projects/p/files/a/b"}, "Query /v1/{resource=projects/*}/files/{path=**}"},
      {{"POST", "/library.v1.Library/Internal"}, "Internal /library.v1.Library/Internal"},
      {{"GET", "/v1/operations/x"}, "none"},  // "*" never exposes google.*
  };
  for (const auto& [request, found] : cases) {
    EXPECT_EQ(Find(*snapshot, request.first, request.second), found) << request.second;
  }
}

// The shapes that contracts written for generated gateways have: dozens of variables, enums and nested fields in paths,
// repeated ones between commas, verbs of several words, streams, body and path of one message, an options file of
// their own.
TEST_F(PublicContractsTest, GatewayExamples) {
  folder_.Write("protos/openapi/options.proto", R"(syntax = "proto3";
package openapi;
import "google/protobuf/descriptor.proto";
import "google/protobuf/struct.proto";
message Swagger { string title = 1; map<string, google.protobuf.Value> extensions = 2; repeated Scheme schemes = 3; }
enum Scheme { UNKNOWN = 0; HTTP = 1; }
extend google.protobuf.FileOptions { Swagger swagger = 1042; }
extend google.protobuf.FieldOptions { Swagger field = 1042; }
extend google.protobuf.EnumOptions { Swagger of_enum = 1042; }
)");
  folder_.Write("protos/examples/everything.proto", R"(syntax = "proto3";
package examples;
import "google/api/annotations.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/wrappers.proto";
import "openapi/options.proto";
option (openapi.swagger) = {
  title: "Everything";
  schemes: HTTP;
  extensions: { key: "x-list"; value { list_value { values: { string_value: "one"; } values: { bool_value: true; } } } }
};
enum Numeric { option (openapi.of_enum) = { title: "n" }; ZERO = 0; ONE = 1; }
message Everything {
  message Nested { string name = 1; enum Deep { FALSE = 0; TRUE = 1; } Deep ok = 2; repeated Nested more = 3; }
  string uuid = 1 [(openapi.field) = { title: "id" }];
  float float_value = 2; double double_value = 3; int64 int64_value = 4; uint64 uint64_value = 5;
  fixed64 fixed64_value = 6; sfixed32 sfixed32_value = 7; sint64 sint64_value = 8; bool bool_value = 9;
  string string_value = 10; bytes bytes_value = 11; Numeric enum_value = 12; Nested single_nested = 13;
  string nonConventionalName = 14 [json_name = "odd"]; optional string maybe = 15;
  oneof one { google.protobuf.Empty nothing = 16; string something = 17; }
  map<string, Nested> mapped = 18; string STATUS = 19;
}
message Lists { repeated float floats = 1; repeated bytes blobs = 2; repeated Numeric enums = 3; repeated string words = 4; }
message Update { Everything abe = 1; google.protobuf.FieldMask update_mask = 2; }
service EverythingService {
  rpc Create(Everything) returns (Everything) {
    option (google.api.http) = {
      post: "/v1/everything/{float_value}/{double_value}/{int64_value}/separator/{uint64_value}/{fixed64_value}/{bool_value}/{string_value=strprefix/*}/{sfixed32_value}/{sint64_value}/{nonConventionalName}/{enum_value}/{bytes_value}/{maybe}/{something}/{STATUS}"
    };
  }
  rpc Lookup(Everything) returns (Everything) { option (google.api.http) = { get: "/v1/everything/{uuid}" }; }
  rpc Custom(Everything) returns (Everything) {
    option (google.api.http) = { post: "/v1/everything/{uuid}:custom" additional_bindings { post: "/v1/everything/{uuid}:custom:custom" } };
  }
  rpc Exists(Everything) returns (google.protobuf.Empty) {
    option (google.api.http) = { custom: { kind: "HEAD" path: "/v1/everything/{uuid}" } };
  }
  rpc Options(Everything) returns (google.protobuf.Empty) {
    option (google.api.http) = { custom: { kind: "OPTIONS" path: "/v1/everything/{uuid}" } };
  }
  rpc UpdateV2(Update) returns (google.protobuf.Empty) {
    option (google.api.http) = {
      put: "/v2/everything/{abe.uuid}" body: "abe"
      additional_bindings: [ { patch: "/v2/everything/{abe.uuid}" body: "abe" }, { patch: "/v2a/everything/{abe.uuid}" body: "*" } ]
    };
  }
  rpc Repeated(Lists) returns (Lists) { option (google.api.http) = { get: "/v1/lists/{floats}/{blobs}/{enums}/{words}" }; }
  rpc DeepPath(Everything) returns (Everything) {
    option (google.api.http) = { post: "/v1/deep/{single_nested.name}/{single_nested.ok}" body: "*" };
  }
  rpc BodyBesidePath(Everything) returns (Everything) {
    option (google.api.http) = { post: "/v1/post/{string_value}" body: "single_nested" response_body: "single_nested" };
  }
  rpc EnumCheck(Everything) returns (google.protobuf.StringValue) { option (google.api.http) = { get: "/v2/{enum_value}:check" }; }
  rpc NoBindings(google.protobuf.Duration) returns (google.protobuf.Empty) {}
  rpc Download(google.protobuf.Empty) returns (stream Everything) { option (google.api.http) = { get: "/v1/download" response_body: "single_nested" }; }
  rpc Upload(stream Everything) returns (google.protobuf.Empty) { option (google.api.http) = { post: "/v1/upload" body: "*" }; }
  rpc Both(stream Everything) returns (stream Everything) { option (google.api.http) = { post: "/v1/both" body: "*" }; }
}
service camelCaseServiceName { rpc Empty(google.protobuf.Empty) returns (google.protobuf.Empty) { option (google.api.http) = { get: "/v2/empty", }; } }
service WithoutBindings { rpc NoBindings(google.protobuf.Empty) returns (google.protobuf.Empty) {} }
)");
  const auto snapshot = Build();
  ASSERT_NE(snapshot, nullptr);
  const std::pair<std::pair<const char*, const char*>, const char*> cases[] = {
      {{"GET", "/v1/everything/a:b"}, "Lookup /v1/everything/{uuid}"},
      {{"HEAD", "/v1/everything/a"}, "Exists /v1/everything/{uuid}"},
      {{"OPTIONS", "/v1/everything/a"}, "Options /v1/everything/{uuid}"},
      {{"POST", "/v1/everything/a:custom"}, "Custom /v1/everything/{uuid}:custom"},
      {{"POST", "/v1/everything/a:custom:custom"}, "Custom /v1/everything/{uuid}:custom:custom"},
      {{"POST", "/v1/everything/1/2/3/separator/4/5/true/strprefix/x/6/7/y/ONE/AA/m/s/t"}, "Create "},
      {{"PATCH", "/v2/everything/a"}, "UpdateV2 /v2/everything/{abe.uuid}"},
      {{"PATCH", "/v2a/everything/a"}, "UpdateV2 /v2a/everything/{abe.uuid}"},
      {{"GET", "/v1/lists/1,2/AA/ZERO,ONE/a,b"}, "Repeated /v1/lists/{floats}/{blobs}/{enums}/{words}"},
      {{"POST", "/v1/deep/a/TRUE"}, "DeepPath /v1/deep/{single_nested.name}/{single_nested.ok}"},
      {{"GET", "/v2/ONE:check"}, "EnumCheck /v2/{enum_value}:check"},
      {{"GET", "/v2/empty"}, "Empty /v2/empty"},
      {{"POST", "/examples.EverythingService/NoBindings"}, "NoBindings /examples.EverythingService/NoBindings"},
      {{"POST", "/v1/both"}, "Both /v1/both"},
  };
  for (const auto& [request, found] : cases) {
    EXPECT_EQ(Find(*snapshot, request.first, request.second).rfind(found, 0), 0u)
        << request.second << " is answered by " << Find(*snapshot, request.first, request.second);
  }
}

TEST_F(PublicContractsTest, Proto2) {
  folder_.Write("protos/base.proto", R"(package old;
message Base { extensions 100 to max; optional int32 x = 1 [default = 3]; }
extend Base { optional string note = 100; repeated int32 marks = 101 [packed = true]; }
)");
  folder_.Write("protos/all.proto", R"(import public "base.proto";
)");
  folder_.Write("protos/old.proto", R"(syntax = "proto2";
package old;
import weak "google/protobuf/empty.proto";
import "all.proto";
import "google/api/annotations.proto";
option java_outer_classname = "Old";
option optimize_for = LITE_RUNTIME;
enum Kind { option allow_alias = true; A = 1; B = 1 [deprecated = true]; reserved 7; }
message Request {
  required string id = 1;
  optional group Part = 2 { optional string name = 1; }
  repeated group Line = 3 { optional int32 number = 1; }
  optional Base base = 4;
  optional Kind kind = 5 [default = A];
  reserved 6, 8 to 10, 4000 to max;
}
service Old {
  option deprecated = true;
  rpc Get(Request) returns (Request) { option (google.api.http) = { get: "/v1/{id}/{part.name}/{kind}" }; }
}
)");
  const auto snapshot = Build();
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(Find(*snapshot, "GET", "/v1/a/b/A"), "Get /v1/{id}/{part.name}/{kind}");
}

}  // namespace
}  // namespace portico
