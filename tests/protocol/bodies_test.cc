// Bodies that are not JSON: google.api.HttpBody both ways, forms; and what a client is told about types.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/protocol/rest_fixture.h"

namespace portico::protocol {
namespace {

using ::testing::HasSubstr;

constexpr char kContracts[] = R"(syntax = "proto3";
package t;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "google/protobuf/field_mask.proto";
message Upload { string id = 1; google.api.HttpBody file = 2; int32 size = 3; }
message Page { string title = 1; google.api.HttpBody body = 2; string pretty = 3; }
message Item {
  string id = 1; int32 size = 2; repeated string tags = 3; Part part = 4; bytes photo = 5; string photo_filename = 6;
  string photo_content_type = 7; repeated bytes papers = 8; repeated string papers_filename = 9; string note = 10;
  google.api.HttpBody manual = 11; map<string, string> labels = 12;
}
message Part { string name = 1; bytes seal = 2; int32 count = 3; }
message Change { Item item = 1; google.protobuf.FieldMask update_mask = 2; }
service Items {
  rpc Put(google.api.HttpBody) returns (Item) { option (google.api.http) = { put: "/v1/raw" body: "*" }; }
  rpc Store(Upload) returns (Item) { option (google.api.http) = { post: "/v1/files/{id}" body: "file" }; }
  rpc Read(Item) returns (google.api.HttpBody) { option (google.api.http) = { get: "/v1/files/{id}" }; }
  rpc Show(Item) returns (Page) { option (google.api.http) = { get: "/v1/pages/{id}" response_body: "body" }; }
  rpc Whole(Item) returns (Page) { option (google.api.http) = { get: "/v1/whole/{id}" }; }
  rpc Add(Item) returns (Item) { option (google.api.http) = { post: "/v1/items" body: "*" }; }
  rpc AddAt(Item) returns (Item) { option (google.api.http) = { post: "/v1/items/{id}" body: "*" }; }
  rpc AddPart(Item) returns (Item) { option (google.api.http) = { post: "/v1/items/{id}/part" body: "part" }; }
  rpc Update(Change) returns (Item) { option (google.api.http) = { patch: "/v1/items/{item.id}" body: "item" }; }
  rpc Tags(Item) returns (Item) { option (google.api.http) = { post: "/v1/items/{id}/tags" body: "tags" }; }
  rpc Get(Item) returns (Item) { option (google.api.http) = { get: "/v1/items/{id}" }; }
}
)";

class BodiesTest : public RestFixture {
 protected:
  BodiesTest() : RestFixture(kContracts) {}
};

// A JPEG is no UTF-8.
const std::string kBytes("\xff\xd8\xff\x00{\"", 6);

TEST_F(BodiesTest, ARawBodyIsTheRequest) {
  Call("Put", "", kBytes, "image/jpeg");
  EXPECT_EQ(Asked("google.api.HttpBody"), R"({"contentType":"image/jpeg","data":"/9j/AHsi"})");
  Call("Put", "", R"({"data":"x"})", "application/json");
  EXPECT_EQ(Asked("google.api.HttpBody"), R"({"contentType":"application/json","data":"eyJkYXRhIjoieCJ9"})")
      << "JSON too is passed through as it is";
}

TEST_F(BodiesTest, ARawBodyIsAFieldOfTheRequest) {
  const std::string large(1000, 'x');
  Call("Store", "size=7", large, "text/plain; charset=utf-8");
  EXPECT_THAT(Asked("t.Upload"),
              HasSubstr(R"({"id":"i1","file":{"contentType":"text/plain; charset=utf-8","data":"eHh4)"));
  EXPECT_THAT(Asked("t.Upload"), HasSubstr(R"("size":7})"));
  EXPECT_EQ(Call("Store", "file.data=AAAA", "x", "text/plain").status, 400) << "not from the query";
}

TEST_F(BodiesTest, ARawBodyMayLackTypeOrContent) {
  Call("Store", "", "x", "");
  EXPECT_EQ(Asked("t.Upload"), R"({"id":"i1","file":{"data":"eA=="}})");
  request_.headers.Set("Content-Type", "image/png");
  Call("Store");
  EXPECT_EQ(Asked("t.Upload"), R"({"id":"i1","file":{"contentType":"image/png"}})");
  EXPECT_EQ(Call("Store", "", "x", "image/\xff").status, 415) << "not a string of proto3";
}

TEST_F(BodiesTest, ARawReplyIsTheAnswer) {
  service_.reply.message = Wire(R"({"contentType":"image/jpeg","data":"/9j/AHsi"})", "google.api.HttpBody");
  service_.reply.headers = {{"cost", "3"}};
  const http::Response response = Call("Read", "pretty");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, kBytes) << "pretty is for JSON";
  EXPECT_EQ(Header(response, "Content-Type"), "image/jpeg");
  EXPECT_EQ(Header(response, "Grpc-Metadata-Cost"), "3");
}

TEST_F(BodiesTest, ARawReplyInAField) {
  service_.reply.message =
      Wire(R"({"title":"t","body":{"contentType":"text/html","data":"PGI+"},"pretty":"p"})", "t.Page");
  EXPECT_EQ(Call("Show").body, "<b>");
  EXPECT_EQ(Header(Call("Show"), "Content-Type"), "text/html");
  // Occurrences of a message merge.
  service_.reply.message += Wire(R"({"body":{"contentType":"text/css"}})", "t.Page");
  EXPECT_EQ(Call("Show").body, "<b>");
  EXPECT_EQ(Header(Call("Show"), "Content-Type"), "text/css");
  service_.reply.message = "";
  EXPECT_EQ(Call("Show").body, "");
  EXPECT_EQ(Header(Call("Show"), "Content-Type"), "application/octet-stream");
}

TEST_F(BodiesTest, WithinAMessageItIsJson) {
  service_.reply.message = Wire(R"({"body":{"contentType":"text/html","data":"PGI+"}})", "t.Page");
  EXPECT_EQ(Call("Whole").body, R"({"body":{"contentType":"text/html","data":"PGI+"}})");
}

TEST_F(BodiesTest, ARawReplyThatIsMalformedIs502) {
  for (const char* wire : {"\x12\x05x", "\x0b",
                           "\x0a\x06"
                           "a\r\nB:x",
                           "\xff"}) {
    service_.reply.message = wire;
    EXPECT_EQ(Call("Read").status, 502) << ::testing::PrintToString(wire);
  }
}

TEST_F(BodiesTest, FieldsOfARawReplyAreAMistake) {
  EXPECT_EQ(Call("Read", "fields=data").status, 400);
  EXPECT_EQ(Call("Read", "fields=*").status, 200);
}

struct FormRow {
  const char* name;
  const char* method;
  std::string content_type;
  std::string body;
  std::string expected;  // what the service is asked, or the error's message
  int status = 200;
};

constexpr char kUrlencoded[] = "application/x-www-form-urlencoded";
constexpr char kMultipart[] = "multipart/form-data; boundary=b";

std::string Parts(const std::vector<std::string>& parts) {
  std::string body;
  for (const std::string& part : parts) {
    absl::StrAppend(&body, "--b\r\nContent-Disposition: form-data; ", absl::StrReplaceAll(part, {{"|", "\r\n"}}),
                    "\r\n");
  }
  return body + "--b--\r\n";
}

const FormRow kForms[] = {
    {"Urlencoded", "Add", kUrlencoded, "id=a+b&size=3&tags=x&tags=y%26&part.name=p",
     R"({"id":"a b","size":3,"tags":["x","y&"],"part":{"name":"p"}})"},
    {"WithACharset", "Add", "Application/X-WWW-Form-Urlencoded; charset=utf-8", "_charset_=UTF-8&id=%C3%A4",
     "{\"id\":\"\xc3\xa4\"}"},
    {"JsonNames", "Add", kUrlencoded, "photoFilename=x", R"({"photoFilename":"x"})"},
    {"ReservedNamesAreOrdinary", "Add", kUrlencoded, "pretty=1", "pretty: unknown field of t.Item", 400},
    {"NotAgainstThePath", "AddAt", kUrlencoded, "id=other", "id: comes from the path", 400},
    {"Twice", "Add", kUrlencoded, "id=1&id=2", "id: comes twice", 400},
    {"Unknown", "Add", kUrlencoded, "colour=red", "colour: unknown field of t.Item", 400},
    {"WrongValue", "Add", kUrlencoded, "size=big", "size: not an int32", 400},
    {"BadEscape", "Add", kUrlencoded, "size=%2", "percent sign", 400},
    {"IntoAField", "AddPart", kUrlencoded, "name=p&count=2", R"({"id":"i1","part":{"name":"p","count":2}})"},
    {"IntoAFieldUnknown", "AddPart", kUrlencoded, "size=2", "part.size: unknown field", 400},
    {"JsonInDisguise", "Add", kUrlencoded, R"({"id":"x"})", "must then be application/json", 415},
    {"AFormDerivesTheMask", "Update", kUrlencoded, "size=3&part.name=p",
     R"({"item":{"id":"i1","size":3,"part":{"name":"p"}},"updateMask":"size,part.name"})"},
    {"NoFormIntoAList", "Tags", kUrlencoded, "a=b", "the body must be application/json", 415},
    {"NoFormWithoutABody", "Get", kUrlencoded, "a=b", "the body must be application/json", 415},
    {"TextParts", "Add", kMultipart, Parts({"name=id||a b", "name=tags||x", "name=tags|Content-Type: text/plain||y"}),
     R"({"id":"a b","tags":["x","y"]})"},
    {"AFile", "Add", kMultipart, Parts({"name=photo; filename=\"me.jpg\"|Content-Type: image/jpeg||" + kBytes}),
     R"({"photo":"/9j/AHsi","photoFilename":"me.jpg","photoContentType":"image/jpeg"})"},
    {"AFileWithoutFieldsForItsName", "AddPart", kMultipart, Parts({"name=seal; filename=s||abc", "name=name||n"}),
     R"({"id":"i1","part":{"name":"n","seal":"YWJj"}})"},
    {"SeveralFiles", "Add", kMultipart, Parts({"name=papers; filename=a||1", "name=papers; filename=b||2"}),
     R"({"papers":["MQ==","Mg=="],"papersFilename":["a","b"]})"},
    {"BytesWithoutAFileNameAreBase64", "Add", kMultipart, Parts({"name=photo||YWJj"}), R"({"photo":"YWJj"})"},
    {"BytesOfAType", "Add", kMultipart, Parts({"name=photo|Content-Type: application/octet-stream||abc"}),
     R"({"photo":"YWJj","photoContentType":"application/octet-stream"})"},
    {"AFileIntoAnHttpBody", "Add", kMultipart, Parts({"name=manual; filename=m|Content-Type: text/html||<b>"}),
     R"({"manual":{"contentType":"text/html","data":"PGI+"}})"},
    {"AFileIntoAString", "Add", kMultipart, Parts({"name=note; filename=n||text"}), R"({"note":"text"})"},
    {"AFileIntoANumber", "Add", kMultipart, Parts({"name=size; filename=n||1"}), "size: a file", 400},
    {"AFileNobodyChose", "Add", kMultipart,
     Parts({"name=photo; filename=\"\"|Content-Type: application/octet-stream||"}), "{}"},
    {"JsonParts", "Add", kMultipart,
     Parts({"name=part|Content-Type: application/json||{\"name\":\"p\",\"count\":1}",
            "name=labels|Content-Type: application/json||{\"a\":\"b\"}"}),
     R"({"part":{"name":"p","count":1},"labels":{"a":"b"}})"},
    {"WrongJsonPart", "Add", kMultipart, Parts({"name=part|Content-Type: application/json||{\"name\":1}"}),
     "part.name: expected", 400},
    {"AFileTwice", "Add", kMultipart, Parts({"name=photo; filename=a||1", "name=photo; filename=b||2"}),
     "photo: comes twice", 400},
    {"AnUnknownFile", "Add", kMultipart, Parts({"name=film; filename=a||1"}), "film: unknown field", 400},
    {"CutOff", "Add", kMultipart, "--b\r\nContent-Disposition: form-data; name=id\r\n\r\nx", "its last delimiter", 400},
    {"NoBoundary", "Add", "multipart/form-data", "--b--", "no boundary", 400},
    {"AnotherMultipart", "Add", "multipart/mixed; boundary=b", "--b--", "the body must be application/json", 415},
};

void PrintTo(const FormRow& row, std::ostream* out) {
  *out << row.name;
}

class FormTest : public BodiesTest, public ::testing::WithParamInterface<FormRow> {};

TEST_P(FormTest, BecomesTheRequest) {
  const FormRow& row = GetParam();
  const http::Response response = Call(row.method, "", row.body, row.content_type);
  EXPECT_EQ(response.status, row.status) << response.body;
  if (row.status != 200) {
    EXPECT_THAT(response.body, HasSubstr(row.expected));
    EXPECT_FALSE(service_.asked.has_value());
  } else {
    EXPECT_EQ(Asked(absl::string_view(row.method) == "Update" ? "t.Change" : "t.Item"), row.expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, FormTest, ::testing::ValuesIn(kForms),
                         [](const ::testing::TestParamInfo<FormRow>& row) { return row.param.name; });

TEST_F(BodiesTest, UnknownFormFieldsFollowTheOption) {
  options_.read.unknown_fields = transcode::UnknownFields::kWarn;
  EXPECT_EQ(Header(Call("Add", "", "colour=red&id=1", kUrlencoded), "Portico-Warning"), "colour");
  EXPECT_EQ(Asked("t.Item"), R"({"id":"1"})");
}

TEST_F(BodiesTest, A415SaysWhatWouldDo) {
  EXPECT_EQ(Header(Call("Add", "", "x", "text/xml"), "Accept"),
            "application/json, application/x-www-form-urlencoded, multipart/form-data");
  EXPECT_EQ(Header(Call("Tags", "", "x", "text/xml"), "Accept"), "application/json");
}

TEST_F(BodiesTest, AcceptThatExcludesJsonIs406) {
  const struct {
    const char* accept;
    int status;
  } kRows[] = {{"application/json", 200},
               {"*/*", 200},
               {"application/*", 200},
               {"text/html, */*;q=0.1", 200},
               {"", 200},
               {"application/problem+json", 200},
               {"text/html", 406},
               {"application/json;q=0", 406},
               {"text/*", 406},
               {"*/*, application/json;q=0", 406}};
  for (const auto& row : kRows) {
    service_.asked.reset();
    request_.headers.Set("Accept", row.accept);
    EXPECT_EQ(Call("Get").status, row.status) << row.accept;
    EXPECT_EQ(service_.asked.has_value(), row.status == 200) << "found out before the call";
    EXPECT_EQ(Call("Read").status, 200) << "of a raw reply the type is the service's";
  }
}

TEST_F(BodiesTest, ErrorsAreAsTheClientWantsThem) {
  service_.failure = absl::NotFoundError("no item");
  request_.headers.Set("Accept", "application/json, application/problem+json");
  const http::Response problem = Call("Read", "$pretty");
  EXPECT_EQ(Header(problem, "Content-Type"), "application/problem+json");
  EXPECT_EQ(Header(problem, "Vary"), "Accept");
  EXPECT_EQ(problem.body,
            "{\n  \"type\": \"about:blank\",\n  \"title\": \"Not Found\",\n  \"status\": 404,\n"
            "  \"detail\": \"no item\",\n  \"code\": \"NOT_FOUND\"\n}\n");
  request_.headers.Set("Accept", "*/*");
  EXPECT_EQ(Call("Get", "pretty").body, "{\n  \"code\": 5,\n  \"message\": \"no item\"\n}\n");
  EXPECT_EQ(Call("Get", "pretty=false&fields=id").body, R"({"code":5,"message":"no item"})")
      << "fields= is for what was asked for";
}

}  // namespace
}  // namespace portico::protocol
