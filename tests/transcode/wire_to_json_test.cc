#include "gateway/transcode/wire_to_json.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "gateway/wire/writer.h"
#include "tests/transcode/test_contracts.h"

namespace portico::transcode {
namespace {

const TestContracts& Contracts() {
  return TestContracts::Get();
}

// The JSON, or "CODE: message".
std::string Json(const std::string& type, const std::string& wire, const WriteOptions& options = {},
                 const char* fields = nullptr) {
  std::unique_ptr<const FieldSelection> selection;
  if (fields != nullptr) selection = *FieldSelection::Compile(Contracts().Table(type), fields);
  std::string json = ">";
  const absl::Status status =
      WireToJson(Contracts().Table(type), Contracts().types(), wire, options, &json, selection.get());
  if (!status.ok()) return json == ">" ? status.ToString() : "left something behind: " + json;
  return json.substr(1);
}

struct Case {
  const char* name;
  const char* text;
  const char* json;
  const char* type = "tests.All3";
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.text;
}

class Written : public testing::TestWithParam<Case> {};

TEST_P(Written, GivesTheJson) {
  const Case& c = GetParam();
  EXPECT_EQ(Json(c.type, Contracts().Wire(c.type, c.text)), c.json);
}

// Parsers take the halves of a message, put together in any order, for the message; the last of equal ones wins.
TEST_P(Written, EveryTruncationIsAnErrorOrAMessage) {
  const Case& c = GetParam();
  const std::string wire = Contracts().Wire(c.type, c.text);
  for (size_t length = 0; length < wire.size(); ++length) {
    const std::string cut = wire.substr(0, length);
    const std::string json = Json(c.type, cut);
    const bool whole = Contracts().New(c.type)->ParsePartialFromString(cut);
    if (!whole) EXPECT_EQ(json.substr(0, 10), "DATA_LOSS:") << json;
  }
}

const Case kCases[] = {
    {"Empty", "", "{}"},
    {"Numbers",
     "an_int32: -1 an_int64: -2 a_uint32: 4294967295 a_uint64: 18446744073709551615 a_sint32: -5 a_sint64: -6 "
     "a_fixed32: 7 a_fixed64: 8 a_sfixed32: -9 a_sfixed64: -10",
     R"({"anInt32":-1,"anInt64":"-2","aUint32":4294967295,"aUint64":"18446744073709551615","aSint32":-5,"aSint64":"-6","aFixed32":7,"aFixed64":"8","aSfixed32":-9,"aSfixed64":"-10"})"},
    {"Floats", "many_double: [0, -0.0, 1, 1.5, 0.1, 100000, 1e15, 1e16, 1e300, 5e-324, nan, inf, -inf]",
     R"({"manyDouble":[0,-0,1,1.5,0.1,100000,1000000000000000,10000000000000000,1e+300,5e-324,"NaN","Infinity","-Infinity"]})"},
    {"FloatsOfSinglePrecision", "many_float: [0.1, 16777216, 3.4028235e38, 1e-45, 1234567, 0.25]",
     R"({"manyFloat":[0.1,16777216,3.4028235e+38,1e-45,1234567,0.25]})"},
    {"MinusZeroIsNoDefault", "a_double: -0.0", R"({"aDouble":-0})"},
    {"Strings", R"(a_string: "\"\\/\b\f\n\r\t\001\177é€")",
     "{\"aString\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\u00e9\u20ac\"}"},
    {"LineSeparatorsStandForThemselves", "a_string: '\u2028\u2029</script>'",
     "{\"aString\":\"\u2028\u2029</script>\"}"},
    {"Bytes", R"(many_bytes: "" many_bytes: "\001" many_bytes: "\001\002" many_bytes: "\373\377\376")",
     R"({"manyBytes":["","AQ==","AQI=","+//+"]})"},
    {"Enums", "color: BLUE many_color: [RED, GREEN, NEGATIVE]",
     R"({"color":"BLUE","manyColor":["RED","GREEN","NEGATIVE"]})"},
    {"EnumUnknown", "color: 17", R"({"color":17})"},
    {"Presence", "optional_int32: 0 optional_string: ''", R"({"optionalInt32":0,"optionalString":""})"},
    {"Oneof", "choice_uint32: 0", R"({"choiceUint32":0})"},
    {"NullValue", "choice_null: NULL_VALUE", R"({"choiceNull":null})"},
    {"Messages", "inner { } many_inner { } many_inner { count: 1 child { name: 'x' } }",
     R"({"inner":{},"manyInner":[{},{"count":1,"child":{"name":"x"}}]})"},
    {"Maps",
     "strings { key: 'k\"' value: 'v' } ints { key: -1 value: 2 } inners { key: true value { } } colors { key: 'a' "
     "value: BLUE }",
     R"({"strings":{"k\"":"v"},"ints":{"-1":"2"},"inners":{"true":{}},"colors":{"a":"BLUE"}})"},
    {"RenamedKeyIsEscaped", "renamed: 'x'", R"({"@other \"name\"":"x"})"},
    {"FarAway", "far_away: 1", R"({"farAway":1})"},
    {"Timestamps",
     "many_timestamp { } many_timestamp { seconds: -62135596800 } many_timestamp { seconds: 253402300799 nanos: "
     "999999999 } "
     "many_timestamp { seconds: 951782400 nanos: 10000000 } many_timestamp { seconds: -1 nanos: 1000 }",
     R"({"manyTimestamp":["1970-01-01T00:00:00Z","0001-01-01T00:00:00Z","9999-12-31T23:59:59.999999999Z","2000-02-29T00:00:00.010Z","1969-12-31T23:59:59.000001Z"]})"},
    {"Duration", "duration { seconds: -1 nanos: -500000000 }", R"({"duration":"-1.500s"})"},
    {"DurationBelowOne", "duration { nanos: -1 }", R"({"duration":"-0.000000001s"})"},
    {"FieldMask", "mask { paths: 'foo_bar.baz_q' paths: 'x' }", R"({"mask":"fooBar.bazQ,x"})"},
    {"Wrappers", "double_value { value: nan } int64_value { } string_value { value: 'x' } bool_value { }",
     R"({"doubleValue":"NaN","int64Value":"0","boolValue":false,"stringValue":"x"})"},
    {"Struct",
     "struct { fields { key: 'a' value { list_value { values { null_value: NULL_VALUE } values { number_value: 1.5 } "
     "values { bool_value: false } values { struct_value { } } } } } } value { string_value: '' } list { }",
     R"({"struct":{"a":[null,1.5,false,{}]},"value":"","list":[]})"},
    {"AnyOfMessage", R"(any { type_url: 'x/tests.Inner' value: '\n\001n' })",
     R"({"any":{"@type":"x/tests.Inner","name":"n"}})"},
    {"AnyOfWellKnown", R"(any { type_url: 'x/google.protobuf.Duration' value: '\010\001' })",
     R"({"any":{"@type":"x/google.protobuf.Duration","value":"1s"}})"},
    {"AnyEmpty", "any { }", R"({"any":{}})"},
    {"Group", "Data { group_int32: 5 } Datum { value: 1 } Datum { }",
     R"({"data":{"groupInt32":5},"datum":[{"value":1},{}]})", "tests.All2"},
    {"Extensions", "[tests.extra]: 5 [tests.extra_must] { needed: 1 }",
     R"({"[tests.extra]":5,"[tests.extra_must]":[{"needed":1}]})", "tests.All2"},
    {"Proto2DefaultsAreWrittenWhenPresent", "an_int32: 0 closed: TWO a_string: ''",
     R"({"anInt32":0,"aString":"","closed":"TWO"})", "tests.All2"},
};

INSTANTIATE_TEST_SUITE_P(ProtoJson, Written, testing::ValuesIn(kCases),
                         [](const auto& param_info) { return param_info.param.name; });

// Messages put together from the wire bytes of several, as protobuf lets them be.
TEST(WireToJson, FieldsMayComeInAnyOrderAndTwice) {
  const auto joined = [](const std::vector<const char*>& texts, const char* type = "tests.All3") {
    std::string wire;
    for (const char* text : texts) wire += Contracts().Wire(type, text);
    return Json(type, wire);
  };
  EXPECT_EQ(joined({"a_string: 'b'", "an_int32: 1"}), R"({"anInt32":1,"aString":"b"})");
  EXPECT_EQ(joined({"an_int32: 1", "an_int32: 2"}), R"({"anInt32":2})");
  EXPECT_EQ(joined({"many_int32: [1, 2]", "an_int32: 9", "many_int32: 3"}), R"({"anInt32":9,"manyInt32":[1,2,3]})");
  EXPECT_EQ(joined({"inner { name: 'a' count: 1 numbers: 1 }", "inner { count: 2 numbers: 2 child { name: 'x' } }",
                    "inner { child { count: 5 } }"}),
            R"({"inner":{"name":"a","count":2,"child":{"name":"x","count":5},"numbers":[1,2]}})");
  EXPECT_EQ(joined({"choice_inner { name: 'a' }", "choice_inner { count: 1 }"}),
            R"({"choiceInner":{"name":"a","count":1}})");
  EXPECT_EQ(joined({"choice_inner { name: 'a' }", "choice_uint32: 1"}), R"({"choiceUint32":1})");
  EXPECT_EQ(joined({"choice_inner { name: 'a' }", "choice_uint32: 1", "choice_inner { count: 1 }"}),
            R"({"choiceInner":{"count":1}})");
  EXPECT_EQ(
      joined({"strings { key: 'a' value: '1' }", "strings { key: 'b' value: '2' }", "strings { key: 'a' value: '3' }"}),
      R"({"strings":{"a":"3","b":"2"}})");
  EXPECT_EQ(joined({"value { struct_value { fields { key: 'a' value { bool_value: true } } } }",
                    "value { struct_value { fields { key: 'b' value { bool_value: true } } } }"}),
            R"({"value":{"a":true,"b":true}})");
  EXPECT_EQ(joined({"timestamp { seconds: 5 }", "timestamp { nanos: 500000000 }"}),
            R"({"timestamp":"1970-01-01T00:00:05.500Z"})");
  EXPECT_EQ(joined({"Data { group_int32: 1 }", "Data { group_string: 'x' }"}, "tests.All2"),
            R"({"data":{"groupInt32":1,"groupString":"x"}})");
}

TEST(WireToJson, PackedAndUnpackedMayMix) {
  // many_int32 = 31: 1 unpacked, [2, 3] packed, 4 unpacked.
  EXPECT_EQ(Json("tests.All3", "\xf8\x01\x01\xfa\x01\x02\x02\x03\xf8\x01\x04"), R"({"manyInt32":[1,2,3,4]})");
  // loose_int32 = 41, which is written unpacked: [5] packed.
  EXPECT_EQ(Json("tests.All3", "\xca\x02\x01\x05"), R"({"looseInt32":[5]})");
  // Packed, but empty.
  EXPECT_EQ(Json("tests.All3", std::string("\xfa\x01\x00", 3)), "{}");
}

TEST(WireToJson, UnknownNumbersOfClosedEnumsAreUnknownFields) {
  std::string wire;
  wire::AppendVarintField(4, 1, &wire);   // closed: ONE
  wire::AppendVarintField(4, 99, &wire);  // unknown: does not override
  EXPECT_EQ(Json("tests.All2", wire), R"({"closed":"ONE"})");
  wire.clear();
  wire::AppendVarintField(5, 99, &wire);
  wire::AppendVarintField(5, 2, &wire);
  EXPECT_EQ(Json("tests.All2", wire), R"({"manyClosed":["TWO"]})");
  wire.clear();
  wire::AppendBytesField(6, "\x01\x63\x02", &wire);
  EXPECT_EQ(Json("tests.All2", wire), R"({"packedClosed":["ONE","TWO"]})");
  wire.clear();
  wire::AppendBytesField(9, "\x0a\x01k\x10\x63", &wire);
  EXPECT_EQ(Json("tests.All2", wire), "{}") << "an entry goes as a whole";
  wire.clear();
  wire::AppendBytesField(16, "s", &wire);
  wire::AppendVarintField(15, 99, &wire);
  EXPECT_EQ(Json("tests.All2", wire), R"({"choiceString":"s"})") << "and does not take the oneof";
}

TEST(WireToJson, UnknownFieldsAreSkipped) {
  std::string wire;
  wire::AppendVarintField(1000, 1, &wire);
  wire::AppendBytesField(1001, "x", &wire);
  wire += Contracts().Wire("tests.All3", "an_int32: 1");
  wire::AppendTag(1002, wire::WireType::kStartGroup, &wire);
  wire::AppendVarintField(1, 1, &wire);
  wire::AppendTag(1002, wire::WireType::kEndGroup, &wire);
  wire::AppendBytesField(1, "of another wire type", &wire);
  EXPECT_EQ(Json("tests.All3", wire), R"({"anInt32":1})");
}

TEST(WireToJson, ImplicitZerosOnTheWireAreUnpopulated) {
  std::string wire;
  wire::AppendVarintField(1, 0, &wire);
  wire::AppendBytesField(14, "", &wire);
  EXPECT_EQ(Json("tests.All3", wire), "{}");
}

TEST(WireToJson, NumbersOf32BitsIgnoreTheUpperHalf) {
  std::string wire;
  wire::AppendVarintField(1, 0x100000002, &wire);
  wire::AppendVarintField(16, 0x100000002, &wire);
  EXPECT_EQ(Json("tests.All3", wire), R"({"anInt32":2,"color":"BLUE"})");
}

TEST(WireToJson, WhatHasNoJsonFormIsDataLoss) {
  const auto text = [](const char* message) { return Json("tests.All3", Contracts().Wire("tests.All3", message)); };
  EXPECT_EQ(text("timestamp { seconds: 253402300800 }"), "DATA_LOSS: timestamp: the timestamp is out of range");
  EXPECT_EQ(text("timestamp { nanos: -1 }"), "DATA_LOSS: timestamp: the timestamp is out of range");
  EXPECT_EQ(text("duration { seconds: 315576000001 }"), "DATA_LOSS: duration: the duration is out of range");
  EXPECT_EQ(text("duration { seconds: 1 nanos: -1 }"), "DATA_LOSS: duration: the duration is out of range");
  EXPECT_EQ(text("any { type_url: 'x/tests.Nothing' }"),
            "DATA_LOSS: any: the Any is of no known contract: \"x/tests.Nothing\"");
  EXPECT_EQ(text("any { value: 'x' }"), "DATA_LOSS: any: the Any has a value, but no type");
  EXPECT_EQ(text("value { }"), "DATA_LOSS: value: the google.protobuf.Value holds no value");
  EXPECT_EQ(text("value { number_value: nan }"),
            "DATA_LOSS: value: a google.protobuf.Value must not be NaN or infinite");
  for (const char* path : {"fooBar", "foo_3_bar", "foo__bar", "foo_", "a,b", ""}) {
    EXPECT_EQ(text(absl::StrCat("mask { paths: '", path, "' }").c_str()),
              "DATA_LOSS: mask: a path of the field mask has no JSON form");
  }
  std::string wire;
  wire::AppendBytesField(14, "\xff", &wire);
  EXPECT_EQ(Json("tests.All3", wire), "DATA_LOSS: a_string: the string is not UTF-8");
  wire.clear();
  wire::AppendBytesField(40, "\x08\x01", &wire);
  wire::AppendBytesField(40, "\x0a\x05", &wire);
  EXPECT_EQ(Json("tests.All3", wire), "DATA_LOSS: many_inner[1].name: malformed protobuf");
}

TEST(WireToJson, DepthIsBounded) {
  std::string wire;
  for (int i = 0; i < 99; ++i) {
    std::string outer;
    wire::AppendBytesField(18, wire, &outer);
    wire = outer;
  }
  EXPECT_EQ(Json("tests.All3", wire).substr(0, 8), "{\"self\":");
  std::string outer;
  wire::AppendBytesField(18, wire, &outer);
  EXPECT_EQ(Json("tests.All3", outer).substr(0, 20), "DATA_LOSS: self.self");
}

// Nested messages that are out of order on every level, each of which is tried in one pass first: must not take 2^100.
TEST(WireToJson, NestedDisorderTakesLinearTime) {
  std::string wire;
  for (int i = 0; i < 90; ++i) {
    std::string outer;
    wire::AppendBytesField(18, wire, &outer);
    wire::AppendVarintField(1, 1, &outer);
    wire = outer;
  }
  EXPECT_EQ(Json("tests.All3", wire).substr(0, 20), "{\"anInt32\":1,\"self\":");
}

TEST(WireToJson, OptionsChangeTheForm) {
  const std::string wire = Contracts().Wire("tests.All3",
                                            "an_int64: 5 color: BLUE inner { color: GREEN } many_int64: [1] ints { "
                                            "key: 1 value: 2 } doubles { key: 3 value: 1 } ");
  WriteOptions options;
  options.enums_as_numbers = options.int64_as_numbers = options.proto_names = true;
  EXPECT_EQ(Json("tests.All3", wire, options),
            R"({"an_int64":5,"color":2,"inner":{"color":1},"many_int64":[1],"ints":{"1":2},"doubles":{"3":1}})");
  options = {};
  options.pretty = true;
  EXPECT_EQ(Json("tests.All3", wire, options), R"({
  "anInt64": "5",
  "color": "BLUE",
  "inner": {
    "color": "GREEN"
  },
  "manyInt64": [
    "1"
  ],
  "ints": {
    "1": "2"
  },
  "doubles": {
    "3": 1
  }
})");
  EXPECT_EQ(Json("tests.All3", "", options), "{}");
}

TEST(WireToJson, UnpopulatedFieldsWithoutPresenceAreWrittenOnDemand) {
  WriteOptions options;
  options.emit_unpopulated = true;
  EXPECT_EQ(Json("tests.Inner", "", options), R"({"name":"","count":0,"numbers":[],"color":"RED"})");
  const std::string middle = Contracts().Wire("tests.Inner", "count: 0 numbers: 1");
  EXPECT_EQ(Json("tests.Inner", middle, options), R"({"name":"","count":0,"numbers":[1],"color":"RED"})");
  // Out of order: numbers, then name.
  const std::string disorder =
      Contracts().Wire("tests.Inner", "numbers: 1") + Contracts().Wire("tests.Inner", "name: 'x'");
  EXPECT_EQ(Json("tests.Inner", disorder, options), R"({"name":"x","count":0,"numbers":[1],"color":"RED"})");
  EXPECT_EQ(Json("tests.All2", "", options),
            R"({"manyClosed":[],"packedClosed":[],"datum":[],"closedMap":{},"loose":[]})")
      << "any contract may add extensions: an absent one is no field of the message";
  EXPECT_EQ(Json("tests.Inner", "", options, "color,numbers"), R"({"numbers":[],"color":"RED"})");
}

TEST(WireToJson, WritesOnlyWhatIsSelected) {
  const std::string wire = Contracts().Wire("tests.All3",
                                            "an_int32: 1 inner { name: 'a' count: 2 child { name: 'b' count: 3 } } "
                                            "many_inner { name: 'c' count: 4 } color: BLUE");
  EXPECT_EQ(Json("tests.All3", wire, {}, "inner.child.name,many_inner.count,color"),
            R"({"color":"BLUE","inner":{"child":{"name":"b"}},"manyInner":[{"count":4}]})");
  EXPECT_EQ(Json("tests.All3", wire, {}, "inner.name,inner"),
            R"({"inner":{"name":"a","count":2,"child":{"name":"b","count":3}}})");
  EXPECT_EQ(Json("tests.All3", wire, {}, "aString"), "{}");
  // A oneof member that is not selected still clears the one before it.
  const std::string oneof =
      Contracts().Wire("tests.All3", "choice_uint32: 1") + Contracts().Wire("tests.All3", "choice_string: 'x'");
  EXPECT_EQ(Json("tests.All3", oneof, {}, "choiceUint32"), "{}");
}

}  // namespace
}  // namespace portico::transcode
