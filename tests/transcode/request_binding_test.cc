#include "gateway/transcode/request_binding.h"

#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "gateway/transcode/field_error.h"
#include "gateway/transcode/message_pieces.h"
#include "gateway/transcode/wire_to_json.h"
#include "tests/transcode/test_contracts.h"

namespace portico::transcode {
namespace {

const TestContracts& Contracts() {
  return TestContracts::Get();
}

struct Call {
  const char* name;
  std::vector<std::string> path_fields;
  const char* body_selector;
  std::vector<absl::string_view> path_values;
  const char* query;
  const char* body;
  const char* expected;  // the message as text, or the error's message
  const char* verb = "POST";
  UnknownFields unknown_fields = UnknownFields::kReject;
  const char* warnings = "";
  const char* content_type = "application/json";
};

void PrintTo(const Call& c, std::ostream* out) {
  *out << c.query << " " << c.body;
}

class Bound : public testing::TestWithParam<Call> {};

TEST_P(Bound, GivesTheMessageOrTheError) {
  const Call& c = GetParam();
  const auto binding = RequestBinding::Compile(Contracts().Table("tests.Request"), Contracts().types(),
                                               {c.verb, c.path_fields, c.body_selector});
  ASSERT_TRUE(binding.ok()) << binding.status();
  ReadOptions options;
  options.unknown_fields = c.unknown_fields;
  RequestBinding::Output output;
  const absl::Status status = binding->Bind({c.path_values, c.query, c.body, c.content_type}, options, &output);
  if (!status.ok()) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), c.expected);
    return;
  }
  EXPECT_EQ(Contracts().Text("tests.Request", output.wire), c.expected);
  EXPECT_EQ(absl::StrJoin(output.warnings, " "), c.warnings);
  std::string joined = output.wire;
  JoinPieces(Contracts().Table("tests.Request"), 0, &joined);
  EXPECT_EQ(joined, output.wire) << "a message is in pieces";
}

const Call kCalls[] = {
    {"Path", {"name"}, "", {"a b"}, "", "", "name: \"a b\""},
    {"PathNested", {"product.product_id"}, "", {"p1"}, "", "", "product { product_id: \"p1\" }"},
    {"PathNumber", {"number"}, "", {"-5"}, "", "", "number: -5"},
    {"PathBadNumber", {"number"}, "", {"x"}, "", "", "number: not an int64: \"x\""},
    {"PathBadUtf8", {"name"}, "", {"\xff"}, "", "", "name: the text is not UTF-8"},
    {"WholeBody", {}, "*", {}, "", R"({"name": "n", "pageSize": 3})", "name: \"n\" page_size: 3"},
    {"WholeBodyAndPathWins", {"name"}, "*", {"path"}, "", R"({"name": "body"})", "name: \"path\""},
    {"PathZeroWins", {"number"}, "*", {"0"}, "", R"({"number": 5})", ""},
    {"WholeBodyEmpty", {"name"}, "*", {"x"}, "", "", "name: \"x\""},
    {"WholeBodyTakesNoQuery",
     {},
     "*",
     {},
     "page_size=1",
     "{}",
     "page_size: the whole request comes from the body, not from the query"},
    {"WholeBodyWarnsOfQuery", {}, "*", {}, "page_size=1", "{}", "", "POST", UnknownFields::kWarn, "page_size"},
    {"FieldBody", {}, "product", {}, "pageSize=2", R"({"title": "t"})", "product { title: \"t\" } page_size: 2"},
    {"FieldBodyMergesWithPath",
     {"product.product_id"},
     "product",
     {"p"},
     "",
     R"({"title": "t", "productId": "other"})",
     "product { product_id: \"p\" title: \"t\" }"},
    // Parsers that take the last piece of a message for the whole (protobufjs) would lose the rest.
    {"WholeBodyMergesWithPath",
     {"product.product_id", "product.detail.name"},
     "*",
     {"p", "n"},
     "",
     R"({"product": {"title": "t", "detail": {"count": 3}}, "name": "x"})",
     "name: \"x\" product { product_id: \"p\" title: \"t\" detail { name: \"n\" count: 3 } }"},
    {"PathGivesPartsOfOneMessage",
     {"product.product_id", "product.detail.name"},
     "",
     {"p", "n"},
     "",
     "",
     "product { product_id: \"p\" detail { name: \"n\" } }"},
    {"PathAndQueryGivePartsOfOneMessage",
     {"product.product_id"},
     "",
     {"p"},
     "product.title=t&product.detail.name=n&product.detail.count=2",
     "",
     "product { product_id: \"p\" title: \"t\" detail { name: \"n\" count: 2 } }"},
    {"QueryGivesPartsOfOneMessage",
     {},
     "",
     {},
     "product.title=t&product.tags=a&page_size=1&product.tags=b",
     "",
     "product { title: \"t\" tags: \"a\" tags: \"b\" } page_size: 1"},
    {"QueryGivesOneRepeatedFieldOfAMessage",
     {},
     "",
     {},
     "product.tags=a&product.tags=b",
     "",
     "product { tags: \"a\" tags: \"b\" }"},
    {"PatchMergesWithPathBesideItsMask",
     {"product.product_id"},
     "product",
     {"p"},
     "",
     R"({"detail": {"count": 1}})",
     "product { product_id: \"p\" detail { count: 1 } } update_mask { paths: \"detail.count\" }",
     "PATCH"},
    {"FieldBodyRepeated", {}, "words", {}, "", R"(["a", "b"])", "words: \"a\" words: \"b\""},
    {"FieldBodyScalar", {}, "page_size", {}, "", "7", "page_size: 7"},
    {"FieldBodyErrorPath",
     {},
     "product",
     {},
     "",
     R"({"detail": {"count": "x"}})",
     "product.detail.count: not an int32: \"x\""},
    {"BodyUnmappedEmpty", {}, "", {}, "", "{ }", ""},
    {"BodyUnmapped", {}, "", {}, "", R"({"name": 1})", "name: the method takes no body, only path and query"},
    {"BodyUnmappedWarned", {}, "", {}, "", R"({"name": 1, "x": []})", "", "POST", UnknownFields::kWarn, "name x"},
    {"BodyUnmappedMalformed",
     {},
     "",
     {},
     "",
     "{",
     "malformed JSON: line 1, column 2: the JSON text ends within an object",
     "POST",
     UnknownFields::kIgnore},
    {"BodyOfAnotherType",
     {},
     "*",
     {},
     "",
     "a=b",
     "the body must be application/json, not text/plain",
     "POST",
     UnknownFields::kReject,
     "",
     "text/plain"},
    {"BodyOfAnotherCharset",
     {},
     "*",
     {},
     "",
     "{}",
     "the body must be application/json, not application/json; charset=latin1",
     "POST",
     UnknownFields::kReject,
     "",
     "application/json; charset=latin1"},
    {"BodyOfJsonSuffix",
     {},
     "*",
     {},
     "",
     "{}",
     "",
     "POST",
     UnknownFields::kReject,
     "",
     "application/merge-patch+json; charset=\"UTF-8\""},
    {"BodyOfUtf8WithoutAHyphen",
     {},
     "*",
     {},
     "",
     "{}",
     "",
     "POST",
     UnknownFields::kReject,
     "",
     "application/json; charset=utf8"},
    {"BodyOfAscii", {}, "*", {}, "", "{}", "", "POST", UnknownFields::kReject, "", "application/json;charset=US-ASCII"},
    {"BodyWithoutType", {}, "*", {}, "", "{}", "", "POST", UnknownFields::kReject, "", ""},
    {"QueryDecoded", {}, "", {}, "name=a%20b+c%26%C3%A9", "", "name: \"a b c&\\303\\251\""},
    {"QueryRepeated",
     {},
     "",
     {},
     "words=a&words=b&colors=BLUE&colors=1",
     "",
     "colors: BLUE colors: GREEN words: \"a\" words: \"b\""},
    {"QueryNested",
     {},
     "",
     {},
     "all.inner.child.name=x&all.anInt32=5",
     "",
     "all { an_int32: 5 inner { child { name: \"x\" } } }"},
    {"QueryWellKnown",
     {},
     "",
     {},
     "update_mask=title,list_price,barBaz&all.timestamp=1970-01-01T00:00:01Z&all.duration=1.5s&all.int64_value=7"
     "&all.a_bytes=AQ&all.a_bool=true&all.a_double=NaN",
     "",
     "update_mask { paths: \"title\" paths: \"list_price\" paths: \"bar_baz\" } all { a_double: nan a_bool: true "
     "a_bytes: \"\\001\" timestamp { seconds: 1 } duration { seconds: 1 nanos: 500000000 } int64_value { value: 7 } }"},
    {"QueryEmptyPieces", {}, "", {}, "&&page_size=1&", "", "page_size: 1"},
    {"QueryTwice", {}, "", {}, "page_size=1&pageSize=1", "", "page_size: comes twice"},
    {"QueryNestedTwice", {}, "", {}, "all.an_int32=1&all.anInt32=2", "", "all.an_int32: comes twice"},
    {"QueryOneof", {}, "", {}, "left=a&right=1", "", "right: is of the same oneof as left"},
    {"QueryNestedOneof",
     {},
     "",
     {},
     "all.choice_uint32=1&all.choice_inner.name=a",
     "",
     "all.choice_inner.name: is of the same oneof as all.choice_uint32"},
    {"QueryOfPathField", {"name"}, "", {"x"}, "name=y", "", "name: comes from the path, not from the query"},
    {"QueryOfBodyField",
     {},
     "product",
     {},
     "product.title=y",
     "{}",
     "product.title: comes from the body, not from the query"},
    {"QueryUnknown", {}, "", {}, "nome=y", "", "nome: unknown field of tests.Request"},
    {"QueryUnknownNested", {}, "", {}, "product.nome=y", "", "product.nome: unknown field of tests.Request"},
    {"QueryUnknownWarned", {}, "", {}, "nome=y&page_size=1", "", "page_size: 1", "GET", UnknownFields::kWarn, "nome"},
    {"QueryUnknownIgnored", {}, "", {}, "nome=y", "", "", "GET", UnknownFields::kIgnore},
    {"QueryMessage", {}, "", {}, "product=x", "", "product: the query cannot give a tests.Product"},
    {"QueryMap", {}, "", {}, "labels=x", "", "labels: is a map: give labels[KEY]=VALUE"},
    {"QueryMapEntries",
     {},
     "",
     {},
     "labels[a]=1&labels[b.c]=2&labels[]=3&labels%5Bd%5D%5D=4&page_size=5",
     "",
     "page_size: 5 labels { key: \"\" value: \"3\" } labels { key: \"a\" value: \"1\" } "
     "labels { key: \"b.c\" value: \"2\" } labels { key: \"d]\" value: \"4\" }"},
    {"QueryMapNested",
     {},
     "",
     {},
     "all.ints[-1]=7&all.colors[x]=GREEN&all.colors[y]=2&all.doubles[1e1]=NaN&all.blobs[3]=AQI%3D&all.self.strings[k]=",
     "",
     "all { self { strings { key: \"k\" value: \"\" } } ints { key: -1 value: 7 } colors { key: \"x\" value: GREEN } "
     "colors { key: \"y\" value: BLUE } doubles { key: 10 value: nan } blobs { key: 3 value: \"\\001\\002\" } }"},
    {"QueryMapTwice", {}, "", {}, "labels[a]=1&labels[a]=2", "", "labels[a]: comes twice"},
    {"QueryMapTwiceByNumber", {}, "", {}, "all.ints[1]=1&all.ints[1.0]=2", "", "all.ints[1.0]: comes twice"},
    {"QueryMapBadKey", {}, "", {}, "all.ints[x]=1", "", "all.ints[x]: the key is not an int32: \"x\""},
    {"QueryMapBadValue", {}, "", {}, "all.ints[1]=x", "", "all.ints[1]: not an int64: \"x\""},
    {"QueryMapKeyNotUtf8", {}, "", {}, "labels[%ff]=x", "", "labels[\ufffd]: the key is not UTF-8"},
    {"QueryMapOfMessages",
     {},
     "",
     {},
     "all.inners[true]=x",
     "",
     "all.inners[true]: the query cannot give a tests.Inner"},
    {"QueryKeyOfNoMap", {}, "", {}, "words[0]=x", "", "words[0]: words is no map"},
    {"QueryKeyUnclosed", {}, "", {}, "labels[a=x", "", "labels[a: unknown field of tests.Request"},
    {"QueryKeyOfUnknown", {}, "", {}, "nome[a]=x", "", "nome[a]: unknown field of tests.Request"},
    {"QueryMapFromPathBody", {}, "labels", {}, "labels[a]=x", "{}", "labels: comes from the body, not from the query"},
    {"QueryJsonValues",
     {},
     "",
     {},
     "all.struct=%7B%22a%22:[1]%7D&all.value=null&all.list=[true]",
     "",
     "all { struct { fields { key: \"a\" value { list_value { values { number_value: 1 } } } } } value { null_value: "
     "NULL_VALUE } list { values { bool_value: true } } }"},
    {"QueryStruct", {}, "", {}, "all.struct=x", "", "struct: malformed JSON: line 1, column 1: expected a value"},
    {"QueryThroughRepeated",
     {},
     "",
     {},
     "products.title=x",
     "",
     "products.title: products is repeated, the query cannot give parts of it"},
    {"QueryThroughWellKnown",
     {},
     "",
     {},
     "update_mask.paths=x",
     "",
     "update_mask.paths: update_mask of type google.protobuf.FieldMask must be given as a whole"},
    {"QueryBadNumber", {}, "", {}, "page_size=", "", "page_size: not an int32: \"\""},
    {"QueryBadBool", {}, "", {}, "all.a_bool=1", "", "all.a_bool: neither true nor false: \"1\""},
    {"QueryBadEnum", {}, "", {}, "colors=PINK", "", "colors: not a value of tests.Color: \"PINK\""},
    {"QueryBadEscape", {}, "", {}, "name=%2", "", "the query has a percent sign without two hexadecimal digits"},
    {"QueryBadUtf8", {}, "", {}, "name=%ff", "", "name: the text is not UTF-8"},
    {"PatchDerivesTheMask",
     {"product.product_id"},
     "product",
     {"p"},
     "",
     R"({"title": "t", "detail": {"child": {"name": "x"}, "numbers": [1]}, "tags": null, "productId": "p"})",
     "product { product_id: \"p\" title: \"t\" detail { child { name: \"x\" } numbers: 1 } } update_mask { paths: "
     "\"title\" "
     "paths: \"detail.child.name\" paths: \"detail.numbers\" paths: \"tags\" }",
     "PATCH"},
    // A typo must not clear all of the message it is in.
    {"PatchOfAnUnknownFieldNamesNothing",
     {},
     "product",
     {},
     "",
     R"({"title": "t", "detail": {"nmae": "x", "child": {"cuont": 1}}})",
     "product { title: \"t\" detail { child { } } } update_mask { paths: \"title\" }",
     "PATCH",
     UnknownFields::kIgnore},
    {"PatchOfAnEmptyMessageNamesIt",
     {},
     "product",
     {},
     "",
     R"({"detail": {"child": {}}})",
     "product { detail { child { } } } update_mask { paths: \"detail.child\" }",
     "PATCH"},
    {"PatchKeepsTheClientsMask",
     {},
     "product",
     {},
     "updateMask=title",
     R"({"title": "t", "price": 1})",
     "product { title: \"t\" price: 1 } update_mask { paths: \"title\" }",
     "PATCH"},
};

INSTANTIATE_TEST_SUITE_P(HttpRule, Bound, testing::ValuesIn(kCalls),
                         [](const auto& param_info) { return param_info.param.name; });

TEST(RequestBinding, FieldsAndPrettyAreReservedUnlessTheMessageHasThem) {
  const auto bind = [](const char* type, const char* query, RequestBinding::Output* output) {
    const auto binding = RequestBinding::Compile(Contracts().Table(type), Contracts().types(), {"GET", {}, ""});
    return binding->Bind({{}, query, "", ""}, {}, output);
  };
  RequestBinding::Output output;
  ASSERT_TRUE(bind("tests.Request", "fields=a%2Cb&pretty", &output).ok());
  EXPECT_EQ(output.fields, "a,b");
  EXPECT_TRUE(output.pretty);
  EXPECT_EQ(output.wire, "");
  output = {};
  ASSERT_TRUE(bind("tests.Request", "pretty=false", &output).ok());
  EXPECT_FALSE(output.pretty);
  EXPECT_FALSE(output.fields.has_value());
  output = {};
  ASSERT_TRUE(bind("tests.Reserved", "fields=own&pretty=true&$fields=x&$pretty=1", &output).ok());
  EXPECT_EQ(Contracts().Text("tests.Reserved", output.wire), "fields: \"own\" pretty: true");
  EXPECT_EQ(output.fields, "x");
  EXPECT_TRUE(output.pretty);
}

TEST(RequestBinding, ARepeatedPathVariableTakesValuesBetweenCommas) {
  const auto binding =
      RequestBinding::Compile(Contracts().Table("tests.Request"), Contracts().types(), {"GET", {"words"}, ""});
  ASSERT_TRUE(binding.ok()) << binding.status();
  const std::pair<const char*, const char*> cases[] = {
      {"one", R"({"words":["one"]})"},
      {"one,two,,four", R"({"words":["one","two","","four"]})"},
  };
  for (const auto& [value, json] : cases) {
    const absl::string_view values[] = {value};
    RequestBinding::Output output;
    ASSERT_TRUE(binding->Bind({values, "", "", ""}, {}, &output).ok());
    std::string written;
    ASSERT_TRUE(WireToJson(Contracts().Table("tests.Request"), Contracts().types(), output.wire, {}, &written).ok());
    EXPECT_EQ(written, json);
  }
}

TEST(RequestBinding, ForeignContentTypesAreMarkedAs415) {
  const auto binding =
      RequestBinding::Compile(Contracts().Table("tests.Request"), Contracts().types(), {"POST", {}, "*"});
  RequestBinding::Output output;
  const absl::Status status = binding->Bind({{}, "", "x", "text/plain"}, {}, &output);
  EXPECT_EQ(status.GetPayload(kHttpStatusKey).value(), "415");
}

TEST(RequestBinding, RulesThatDoNotFitAreRejected) {
  const auto compile = [](std::vector<std::string> path, const char* body) {
    return std::string(
        RequestBinding::Compile(Contracts().Table("tests.Request"), Contracts().types(), {"GET", path, body})
            .status()
            .message());
  };
  EXPECT_EQ(compile({"nome"}, ""), "path variable \"nome\": tests.Request has no such field");
  EXPECT_EQ(compile({"product"}, ""), "path variable \"product\": not a field that one string can give");
  EXPECT_EQ(compile({"products"}, ""), "path variable \"products\": not a field that one string can give");
  EXPECT_EQ(compile({"products.title"}, ""), "path variable \"products.title\": leads through a repeated field");
  EXPECT_EQ(compile({"name", "name"}, ""), "path variable \"name\": comes twice");
  EXPECT_EQ(compile({}, "nome"), "body: tests.Request has no field \"nome\"");
  EXPECT_EQ(compile({"name"}, "name"), "body: \"name\" is a path variable already");
  EXPECT_EQ(compile({"product.product_id"}, "product"), "");
}

// A form has a field for each part of a message.
TEST(RequestBinding, FormsGiveMessagesInOnePiece) {
  const auto binding = RequestBinding::Compile(Contracts().Table("tests.Request"), Contracts().types(),
                                               {"POST", {"product.product_id"}, "product"});
  ASSERT_TRUE(binding.ok()) << binding.status();
  std::vector<FormField> form(3);
  form[0].name = "title";
  form[0].value = "t";
  form[1].name = "detail.name";
  form[1].value = "n";
  form[2].name = "detail.count";
  form[2].value = "2";
  RequestBinding::Input input;
  const std::vector<absl::string_view> values = {"p"};
  input.path_values = values;
  input.form = &form;
  RequestBinding::Output output;
  ASSERT_TRUE(binding->Bind(input, {}, &output).ok());
  const std::string expected =
      Contracts().Wire("tests.Request", R"(product { title: "t" detail { name: "n" count: 2 } product_id: "p" })");
  EXPECT_EQ(Contracts().Text("tests.Request", output.wire), Contracts().Text("tests.Request", expected));
  EXPECT_EQ(output.wire.size(), expected.size()) << "a message is in pieces";
}

}  // namespace
}  // namespace portico::transcode
