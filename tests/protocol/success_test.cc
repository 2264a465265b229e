#include "gateway/protocol/success.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/protocol/rest_fixture.h"

namespace portico::protocol {
namespace {

constexpr char kContracts[] = R"(syntax = "proto3";
package t;
import "google/api/annotations.proto";
import "google/protobuf/empty.proto";
import "portico/annotations.proto";
message Item { string id = 1; int64 number = 2; Shelf shelf = 3; string name = 4; Kind kind = 5; }
message Shelf { string id = 1; }
enum Kind { NONE = 0; BOOK = 1; }
service Items {
  rpc Create(Item) returns (Item) {
    option (google.api.http) = { post: "/v1/items" body: "*" };
    option (portico.policy) = { success: { code: 201 location: "/v1/items/{id}" } };
  }
  rpc Delete(Item) returns (google.protobuf.Empty) {
    option (google.api.http) = { delete: "/v1/items" };
    option (portico.policy) = { success: { code: 204 } };
  }
  rpc Remove(Item) returns (google.protobuf.Empty) { option (google.api.http) = { post: "/v1/remove" }; }
}
)";

class SuccessTest : public RestFixture {
 protected:
  SuccessTest() : RestFixture(kContracts) {}
};

TEST_F(SuccessTest, CodeAndLocation) {
  service_.reply.message = Wire(R"({"id":"a/b \u00e4"})");
  const http::Response created = Call("Create", "", "{}");
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(Header(created, "Location"), "/v1/items/a%2Fb%20%C3%A4");
  service_.reply.message = "";
  EXPECT_EQ(Header(Call("Create", "", "{}"), "Location"), "(none)") << "the reply does not say where";
  service_.failure = absl::NotFoundError("");
  EXPECT_EQ(Header(Call("Create", "", "{}"), "Location"), "(none)");
}

TEST_F(SuccessTest, NoContent) {
  const http::Response deleted = Call("Delete");
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.body, "");
  EXPECT_EQ(Header(deleted, "Content-Type"), "(none)");
  EXPECT_EQ(Call("Remove").status, 200) << "only when the contract says so";
  EXPECT_EQ(Call("Remove").body, "{}");
}

TEST_F(SuccessTest, TheServiceMayChooseTheCode) {
  const struct {
    const char* code;
    int expected;
  } kRows[] = {{"202", 202}, {"301", 301}, {"404", 404}, {"599", 599}, {"100", 201}, {"199", 201},
               {"600", 201}, {"0", 201},   {"", 201},    {"+20", 201}, {"2e2", 201}, {"202 ", 201}};
  for (const auto& row : kRows) {
    service_.reply.headers = {{"x-http-code", row.code}, {"cost", "3"}};
    service_.reply.trailers = {};
    const http::Response response = Call("Create", "", "{}");
    EXPECT_EQ(response.status, row.expected) << row.code;
    EXPECT_EQ(Header(response, "Grpc-Metadata-X-Http-Code"), "(none)");
    EXPECT_EQ(Header(response, "Grpc-Metadata-Cost"), "3");
    std::swap(service_.reply.headers, service_.reply.trailers);
    EXPECT_EQ(Call("Create", "", "{}").status, row.expected) << row.code << " in the trailers";
  }
  service_.reply.headers = {{"x-http-code", "204"}};
  service_.reply.trailers = {};
  EXPECT_EQ(Call("Create", "", "{}").body, "");
}

TEST_F(SuccessTest, TheServiceMayChooseTheCodeOfAFailure) {
  service_.failure = absl::FailedPreconditionError("paid?");
  service_.failure_metadata = {{{"x-http-code", "402"}}, {}};
  const http::Response response = Call("Create", "", "{}");
  EXPECT_EQ(response.status, 402);
  EXPECT_EQ(response.body, R"({"code":9,"message":"paid?"})");
  EXPECT_EQ(Header(response, "Grpc-Metadata-X-Http-Code"), "(none)");
  service_.failure_metadata = {{{"x-http-code", "200"}}, {}};
  EXPECT_EQ(Call("Create", "", "{}").status, 400) << "a failure is no success";
}

// The Location that a template makes of a reply, or why the template is none.
std::string LocationOf(const std::string& location, const std::string& json) {
  testing::TempFolder folder;
  folder.Write("t.proto", absl::StrCat(R"(syntax = "proto3";
package t;
import "portico/annotations.proto";
message Item {
  string id = 1; int64 number = 2; Shelf shelf = 3; string name = 4; Kind kind = 5; repeated string tags = 6;
  bytes data = 7; map<string, string> labels = 8; bool new = 9;
}
message Shelf { string id = 1; Shelf inner = 2; }
enum Kind { NONE = 0; BOOK = 1; }
service S {
  rpc M(Item) returns (Item) { option (portico.policy) = { success: { location: ")",
                                       location, R"(" } }; }
}
)"));
  schema::Diagnostics diagnostics;
  const auto schema =
      schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder.path(), {}}}, diagnostics);
  if (schema == nullptr) return diagnostics.ToString();
  CheckSuccess(*schema, diagnostics);
  if (!diagnostics.empty()) {
    const std::string text = diagnostics.ToString();
    const std::string place = absl::StrCat(folder.path(), "/t.proto:11:32: policy.success.location of t.S/M: ");
    EXPECT_EQ(text.substr(0, place.size()), place);
    return text.substr(std::min(text.size(), place.size()));
  }
  const absl::StatusOr<Success> success = Success::Compile(*schema->FindMethod("t.S/M"), *schema);
  std::string wire;
  EXPECT_TRUE(transcode::JsonToWire(*schema->FindMessage("t.Item"), *schema, json, {}, &wire, nullptr).ok());
  return success->Location(wire);
}

TEST(LocationTest, Templates) {
  const struct {
    const char* location;
    const char* json;
    const char* expected;
  } kRows[] = {
      {"/v1/items/{id}", R"({"id":"7"})", "/v1/items/7"},
      {"/v1/{number}/x", R"({"number":"-9007199254740993"})", "/v1/-9007199254740993/x"},
      {"/v1/shelves/{shelf.id}/items/{id}:open", R"({"id":"7","shelf":{"id":"s"}})", "/v1/shelves/s/items/7:open"},
      {"/v1/{shelf.inner.id}", R"({"shelf":{"inner":{"id":"deep"}}})", "/v1/deep"},
      {"/v1/{kind}/{new}", R"({"kind":"BOOK","new":true})", "/v1/BOOK/true"},
      {"/v1/{name=shelves/*/items/*}", R"({"name":"shelves/a b/items/c?"})", "/v1/shelves/a%20b/items/c%3F"},
      {"/v1/{name=files/**}", R"({"name":"files/a/b/c"})", "/v1/files/a/b/c"},
      {"/v1/fixed", "{}", "/v1/fixed"},
      {"/v1/a%20b,c/{id}", R"({"id":"~._-"})", "/v1/a%20b,c/~._-"},
      {"/v1/{id}", R"({"id":"../x\r\nSet-Cookie: a"})", "/v1/..%2Fx%0D%0ASet-Cookie%3A%20a"},
      // What the reply does not have, or has otherwise, is no place.
      {"/v1/{id}", "{}", ""},
      {"/v1/{shelf.id}", "{}", ""},
      {"/v1/{name=shelves/*}", R"({"name":"racks/a"})", ""},
      {"/v1/{name=shelves/*}", R"({"name":"shelves/a/b"})", ""},
      {"/v1/{name=shelves/*}", R"({"name":"shelves/"})", ""},
      {"/v1/{name=**}", R"({"name":"a//b"})", ""},
      {"/v1/{name=a/**/b}", R"({"name":"a/x/y/b"})", "/v1/a/x/y/b"},
      {"/v1/{name=a/**/b}", R"({"name":"a/b"})", "/v1/a/b"},
      {"/v1/{name=a/**/a}", R"({"name":"a"})", ""},
      {"/v1/{name=a/**/b}", R"({"name":"a/x/y"})", ""},
      // Mistakes.
      {"v1", "", "bad template \"v1\": column 1: "},
      {"/v1/*", "", "bad template \"/v1/*\": a wildcard outside of a variable\n"},
      {"/v1/{nothing}", "", "variable {nothing} at column 5: t.Item has no field \"nothing\"\n"},
      {"/v1/{id.x}", "", "variable {id.x} at column 5: id is not a message\n"},
      {"/v1/{tags}", "", "variable {tags} at column 5: tags is repeated\n"},
      {"/v1/{labels}", "", "variable {labels} at column 5: labels is a map\n"},
      {"/v1/{shelf}", "", "variable {shelf} at column 5: shelf is neither a scalar with a text nor an enum\n"},
      {"/v1/{data}", "", "variable {data} at column 5: data is neither a scalar with a text nor an enum\n"},
  };
  for (const auto& row : kRows) {
    const std::string location = LocationOf(row.location, row.json);
    if (absl::string_view(row.location) == "v1") {
      EXPECT_THAT(location, ::testing::StartsWith(row.expected));
    } else {
      EXPECT_EQ(location, row.expected) << row.location << " " << row.json;
    }
  }
}

}  // namespace
}  // namespace portico::protocol
