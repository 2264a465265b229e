// The rules of the wire format (protobuf.dev/programming-guides/encoding), tried on messages of every kind of field:
// what a service may send, and what of it is malformed. protobuf's own parser is the second opinion.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "absl/strings/ascii.h"
#include "gateway/transcode/check_wire.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "tests/transcode/every_field_test.h"
#include "tests/transcode/test_contracts.h"
#include "tests/transcode/wire_bytes.h"

namespace portico::transcode {
namespace {

using schema::FieldTable;
using wire::MakeTag;
using wire::WireType;

const TestContracts& Contracts() {
  return TestContracts::Get();
}

// The same value in more bytes than it needs.
std::string LongVarint(uint64_t value, int more) {
  std::string bytes = Varint(value);
  bytes.back() = static_cast<char>(bytes.back() | 0x80);
  for (int i = 1; i < more; ++i) bytes += '\x80';
  return bytes + '\0';
}
std::string Zig(int64_t value) {
  return Varint(wire::ZigZag(value));
}

std::string Json(const char* type, const std::string& wire) {
  std::string json;
  const absl::Status status = WireToJson(Contracts().Table(type), Contracts().types(), wire, {}, &json);
  return status.ok() ? json : std::string(status.message());
}

bool IsRefused(const char* type, const std::string& wire) {
  std::string json;
  const absl::Status status = WireToJson(Contracts().Table(type), Contracts().types(), wire, {}, &json);
  EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kDataLoss) << status;
  EXPECT_TRUE(status.ok() || json.empty()) << json;
  return !status.ok();
}

// That the JSON of `wire` stands for the message that protobuf's parser takes it for, unknown fields aside.
void ExpectSameMessage(const char* type, const std::string& wire, bool known_only = true) {
  std::string json, back;
  ASSERT_TRUE(WireToJson(Contracts().Table(type), Contracts().types(), wire, {}, &json).ok()) << json;
  ASSERT_TRUE(
      JsonToWire(Contracts().Table(type), Contracts().types(), json, {.allow_partial = true}, &back, nullptr).ok())
      << json;
  if (known_only) EXPECT_EQ(Contracts().Text(type, back), Contracts().Text(type, wire)) << json;
}

constexpr const char* kTypes[] = {"tests.Every3", "tests.Every2"};

const FieldTable& Field(const char* type, const std::string& name) {
  const FieldTable* const field = Contracts().Table(type).FindByProtoName(name);
  EXPECT_NE(field, nullptr) << name;
  return *field;
}

// One value of a type, as it may stand on the wire, and as it stands in JSON.
struct Value {
  const char* type;  // as fields are named: one_TYPE, many_TYPE, packed_TYPE ...
  std::string wire;
  const char* json;
};

const std::vector<Value>& Values() {
  static const auto* const values = new std::vector<Value>{
      {"double", Fixed(0.1), "0.1"},
      {"double", Fixed(1.7976931348623157e+308), "1.7976931348623157e+308"},
      {"double", Fixed(2.2250738585072014e-308), "2.2250738585072014e-308"},
      {"double", Fixed(uint64_t{0x7ffa123456789abc}), "\"NaN\""},
      {"double", Fixed(uint64_t{0xfffbcba987654321}), "\"NaN\""},
      {"double", Fixed(-0.0), "-0"},
      {"float", Fixed(0.1f), "0.1"},
      {"float", Fixed(1.00000075e-36f), "1.00000075e-36"},
      {"float", Fixed(3.402823e+38f), "3.402823e+38"},
      {"float", Fixed(1.17549435e-38f), "1.1754944e-38"},
      {"float", Fixed(uint32_t{0x7fa12345}), "\"NaN\""},
      {"float", Fixed(uint32_t{0xff800000}), "\"-Infinity\""},
      {"int64", Varint(12345), "\"12345\""},
      {"int64", Varint(INT64_MAX), "\"9223372036854775807\""},
      {"int64", Varint(static_cast<uint64_t>(INT64_MIN)), "\"-9223372036854775808\""},
      {"uint64", Varint(UINT64_MAX), "\"18446744073709551615\""},
      {"int32", Varint(12345), "12345"},
      {"int32", LongVarint(12345, 2), "12345"},
      {"int32", LongVarint(12345, 7), "12345"},
      {"int32", Varint(INT32_MAX), "2147483647"},
      {"int32", Varint(static_cast<uint64_t>(int64_t{INT32_MIN})), "-2147483648"},
      {"int32", Varint((uint64_t{1} << 33) - 1), "-1"},
      {"int32", Varint(INT64_MAX), "-1"},
      {"int32", Varint(static_cast<uint64_t>(INT64_MIN + 1)), "1"},
      {"uint32", Varint(UINT32_MAX), "4294967295"},
      {"uint32", LongVarint(12345, 7), "12345"},
      {"uint32", Varint((uint64_t{1} << 33) + 1), "1"},
      {"uint32", Varint((uint64_t{1} << 33) - 1), "4294967295"},
      {"fixed64", Fixed(UINT64_MAX), "\"18446744073709551615\""},
      {"fixed32", Fixed(UINT32_MAX), "4294967295"},
      {"sfixed64", Fixed(INT64_MIN), "\"-9223372036854775808\""},
      {"sfixed32", Fixed(INT32_MIN), "-2147483648"},
      {"bool", Varint(1), "true"},
      {"bool", Varint(UINT64_MAX), "true"},
      {"bool", Varint(12345678), "true"},
      {"bool", Varint(uint64_t{1} << 33), "true"},
      {"bool", Varint(static_cast<uint64_t>(INT64_MIN)), "true"},
      {"sint32", Zig(12345), "12345"},
      {"sint32", Zig(INT32_MAX), "2147483647"},
      {"sint32", Zig(INT32_MIN), "-2147483648"},
      {"sint32", Zig(INT32_MAX + int64_t{2}), "1"},
      {"sint64", Zig(INT64_MAX), "\"9223372036854775807\""},
      {"sint64", Zig(INT64_MIN), "\"-9223372036854775808\""},
      {"string", Delimited("'\"?\\\a\b\f\n\r\t\v"), R"("'\"?\\\u0007\b\f\n\r\t\u000b")"},
      {"string", Delimited("\u8c37\u6b4c\U0001f601"), "\"\u8c37\u6b4c\U0001f601\""},
      {"bytes", Delimited("\x01\x02"), "\"AQI=\""},
      {"bytes", Delimited("\xfb"), "\"+w==\""},
      {"kind", Varint(1), "\"ROUND\""},
      {"kind", Varint(UINT64_MAX), "\"UNDER\""},
      {"kind", Varint(INT64_MAX), "\"UNDER\""},
      {"kind", Varint(static_cast<uint64_t>(INT64_MIN + 1)), "\"ROUND\""},
      {"part", Delimited(std::string("\x08\xd2\x09", 3)), R"({"a":1234})"},
  };
  return *values;
}

TEST(WireValues, StandAlone) {
  for (const char* type : kTypes) {
    for (const Value& value : Values()) {
      const FieldTable& field = Field(type, absl::StrCat("one_", value.type));
      const std::string wire = Varint(field.tag) + value.wire;
      EXPECT_EQ(Json(type, wire), absl::StrCat("{", field.json_key, value.json, "}"));
      ExpectSameMessage(type, wire);
    }
  }
}

// "The last one wins", as for proto3's zeros, and of messages the fields merge.
TEST(WireValues, TheLastWins) {
  for (const char* type : kTypes) {
    for (const Value& value : Values()) {
      const FieldTable& field = Field(type, absl::StrCat("one_", value.type));
      for (const Value& other : Values()) {
        if (std::strcmp(value.type, other.type) != 0) continue;
        const std::string wire = Varint(field.tag) + value.wire + Varint(field.tag) + other.wire;
        EXPECT_EQ(Json(type, wire), absl::StrCat("{", field.json_key, other.json, "}"));
      }
    }
  }
}

// "Parsers accept packed fields for which they expect unpacked ones, and the other way round."
TEST(WireValues, ListsArePackedOrNotOrBoth) {
  for (const char* type : kTypes) {
    for (const Value& value : Values()) {
      for (const char* prefix : {"many_", "packed_", "loose_"}) {
        const std::string name = absl::StrCat(prefix, value.type);
        if (Contracts().Table(type).FindByProtoName(name) == nullptr) continue;
        const FieldTable& field = Field(type, name);
        const std::string one = Varint(field.tag) + value.wire;
        EXPECT_EQ(Json(type, one + one), absl::StrCat("{", field.json_key, "[", value.json, ",", value.json, "]}"));
        ExpectSameMessage(type, one);
        if (field.packed_tag == 0) continue;
        const std::string packed = Varint(field.packed_tag) + Delimited(value.wire + value.wire);
        EXPECT_EQ(Json(type, packed + one),
                  absl::StrCat("{", field.json_key, "[", value.json, ",", value.json, ",", value.json, "]}"));
        ExpectSameMessage(type, one + packed + one);
        EXPECT_EQ(Json(type, Varint(field.packed_tag) + Delimited("")), "{}");
      }
    }
  }
}

// Of a oneof the member that came last, even its default; a message merges with itself only.
TEST(WireValues, OneofsKeepTheLastMember) {
  for (const char* type : kTypes) {
    const std::string other = Varint(Field(type, "pick_sint64").tag) + Zig(5);
    for (const Value& value : Values()) {
      const std::string name = absl::StrCat("pick_", value.type);
      if (Contracts().Table(type).FindByProtoName(name) == nullptr) continue;
      const FieldTable& field = Field(type, name);
      const std::string wire = Varint(field.tag) + value.wire;
      const std::string json = absl::StrCat("{", field.json_key, value.json, "}");
      EXPECT_EQ(Json(type, wire), json);
      EXPECT_EQ(Json(type, other + wire), json);
      EXPECT_EQ(Json(type, wire + wire), json);
      EXPECT_EQ(Json(type, wire + other), R"({"pickSint64":"5"})");
      ExpectSameMessage(type, wire + other + wire);
    }
    const uint32_t part = Field(type, "pick_part").number;
    const auto part_with = [&](const std::string& content) { return Tag(part, WireType::kBytes) + Delimited(content); };
    const std::string a = std::string("\x08\x01", 2);
    const std::string whole = Tag(2, WireType::kBytes) + Delimited(std::string("\x08\x07", 2));
    EXPECT_EQ(Json(type, part_with(a) + part_with(whole)), R"({"pickPart":{"a":1,"whole":{"oneInt32":7}}})");
    EXPECT_EQ(Json(type, part_with(a) + other + part_with(whole)), R"({"pickPart":{"whole":{"oneInt32":7}}})");
  }
}

// Sub-messages that come in pieces are merged, at any depth.
TEST(WireMessages, AreMerged) {
  for (const char* type : kTypes) {
    const auto field = [&](const char* name, const std::string& value) {
      return Varint(Field(type, name).tag) + value;
    };
    const auto recursive = [&](const std::string& content) { return field("recursive", Delimited(content)); };
    const std::string first = recursive(
        recursive(field("one_int32", Varint(1)) + field("one_int64", Varint(1)) + field("many_int32", Varint(1))));
    const std::string second = recursive(
        recursive(field("one_int32", Varint(4)) + field("one_uint32", Varint(4)) + field("many_int32", Varint(4))));
    EXPECT_EQ(Json(type, first + field("one_bool", Varint(1)) + second),
              R"({"oneBool":true,"recursive":{"recursive":{"oneInt32":4,"oneInt64":"1","oneUint32":4,)"
              R"("manyInt32":[1,4]}}})");
    ExpectSameMessage(type, first + second);
  }
}

// A map is a list of entries {key = 1, value = 2}: what is absent has its default, the last of equal keys wins.
TEST(WireMaps, AreListsOfEntries) {
  struct Map {
    const char* name;
    std::string key, value;  // with their tags
    const char *json_default, *json;
  };
  const auto v1 = [](const std::string& bytes) { return Tag(1, WireType::kVarint) + bytes; };
  const auto v2 = [](const std::string& bytes) { return Tag(2, WireType::kVarint) + bytes; };
  const auto b1 = [](const std::string& bytes) { return Tag(1, WireType::kBytes) + Delimited(bytes); };
  const auto b2 = [](const std::string& bytes) { return Tag(2, WireType::kBytes) + Delimited(bytes); };
  const auto f = [](uint32_t number, const std::string& bytes) {
    return Tag(number, bytes.size() == 4 ? WireType::kFixed32 : WireType::kFixed64) + bytes;
  };
  const std::string a_is_1("\x08\x01", 2);
  const Map maps[] = {
      {"by_int32", v1(Varint(1)), v2(Varint(2)), R"({"0":0})", R"({"1":2})"},
      {"by_int64", v1(Varint(1)), v2(Varint(2)), R"({"0":"0"})", R"({"1":"2"})"},
      {"by_uint32", v1(Varint(1)), v2(Varint(2)), R"({"0":0})", R"({"1":2})"},
      {"by_uint64", v1(Varint(UINT64_MAX)), v2(Varint(2)), R"({"0":"0"})", R"({"18446744073709551615":"2"})"},
      {"by_sint32", v1(Zig(-1)), v2(Zig(-2)), R"({"0":0})", R"({"-1":-2})"},
      {"by_sint64", v1(Zig(-1)), v2(Zig(-2)), R"({"0":"0"})", R"({"-1":"-2"})"},
      {"by_fixed32", f(1, Fixed(uint32_t{1})), f(2, Fixed(uint32_t{2})), R"({"0":0})", R"({"1":2})"},
      {"by_fixed64", f(1, Fixed(uint64_t{1})), f(2, Fixed(uint64_t{2})), R"({"0":"0"})", R"({"1":"2"})"},
      {"by_sfixed32", f(1, Fixed(-1)), f(2, Fixed(-2)), R"({"0":0})", R"({"-1":-2})"},
      {"by_sfixed64", f(1, Fixed(int64_t{-1})), f(2, Fixed(int64_t{-2})), R"({"0":"0"})", R"({"-1":"-2"})"},
      {"by_bool", v1(Varint(12345)), v2(Varint(2)), R"({"false":false})", R"({"true":true})"},
      {"by_string", b1("a"), b2("b"), R"({"":""})", R"({"a":"b"})"},
      {"int32_float", v1(Varint(1)), f(2, Fixed(1.5f)), R"({"0":0})", R"({"1":1.5})"},
      {"int32_double", v1(Varint(1)), f(2, Fixed(1.5)), R"({"0":0})", R"({"1":1.5})"},
      {"string_bytes", b1("a"), b2("\x01\x02"), R"({"":""})", R"({"a":"AQI="})"},
      {"string_kind", b1("a"), v2(Varint(1)), R"({"":"PLAIN"})", R"({"a":"ROUND"})"},
      {"string_part", b1("a"), b2(a_is_1), R"({"":{}})", R"({"a":{"a":1}})"},
  };
  for (const char* type : kTypes) {
    for (const Map& map : maps) {
      const FieldTable& field = Field(type, map.name);
      const auto entry = [&](const std::string& content) { return Varint(field.tag) + Delimited(content); };
      const auto json = [&](const char* value) { return absl::StrCat("{", field.json_key, value, "}"); };
      const std::string unknown = Tag(3, WireType::kVarint) + Varint(7);
      EXPECT_EQ(Json(type, entry("")), json(map.json_default)) << map.name;
      EXPECT_EQ(Json(type, entry(map.key + map.value)), json(map.json)) << map.name;
      EXPECT_EQ(Json(type, entry(map.value + map.key)), json(map.json)) << map.name;
      EXPECT_EQ(Json(type, entry(map.key) + entry(map.key + map.value)), json(map.json)) << map.name;
      EXPECT_EQ(Json(type, entry(map.key + map.key + map.value + map.value)), json(map.json)) << map.name;
      EXPECT_EQ(Json(type, entry(unknown + map.key + unknown + map.value)), json(map.json)) << map.name;
      ExpectSameMessage(type, entry("") + entry(map.key + map.value));
    }
  }
}

TEST(WireMaps, MessagesOfOneEntryMergeButNotOfTwo) {
  const std::string a_is_1("\x08\x01", 2);
  const std::string whole = Tag(2, WireType::kBytes) + Delimited(std::string("\x08\x07", 2));
  for (const char* type : kTypes) {
    const std::string tag = Varint(Field(type, "string_part").tag);
    const auto value = [](const std::string& part) { return Tag(2, WireType::kBytes) + Delimited(part); };
    EXPECT_EQ(Json(type, tag + Delimited(value(a_is_1)) + tag + Delimited(value(whole))),
              R"({"stringPart":{"":{"whole":{"oneInt32":7}}}})");
    EXPECT_EQ(Json(type, tag + Delimited(value(a_is_1) + value(whole))),
              R"({"stringPart":{"":{"a":1,"whole":{"oneInt32":7}}}})");
  }
}

// Fields that the contract does not know, and known ones of another wire type, are skipped, groups and all.
TEST(UnknownFieldsOnTheWire, AreSkipped) {
  const auto values = [](uint32_t number) {
    return std::vector<std::string>{
        Tag(number, WireType::kVarint) + Varint(1),
        Tag(number, WireType::kFixed32) + Fixed(1),
        Tag(number, WireType::kFixed64) + Fixed(1.0),
        Tag(number, WireType::kBytes) + Delimited("\xff any bytes"),
        Tag(number, WireType::kStartGroup) + Tag(1, WireType::kVarint) + Varint(1) + Tag(9, WireType::kStartGroup) +
            Tag(9, WireType::kEndGroup) + Tag(number, WireType::kEndGroup),
    };
  };
  for (const char* type : kTypes) {
    for (const std::string& unknown : values(999))
      EXPECT_EQ(Json(type, unknown + "\x08\x05" + unknown), "{\"oneInt32\":5}");
    for (const char* name : {"one_int32", "one_fixed32", "one_fixed64", "one_string", "one_part", "one_kind"}) {
      const FieldTable& field = Field(type, name);
      for (const std::string& wrong : values(field.number)) {
        if (static_cast<unsigned char>(wrong[0]) == (field.tag & 0xff)) continue;
        EXPECT_EQ(Json(type, wrong), "{}") << name;
      }
    }
  }
}

TEST(MalformedWire, IsRefused) {
  const struct {
    const char* what;
    std::string wire;
  } cases[] = {
      {"field number 0, varint",
       "\x01"
       "DEADBEEF"},
      {"field number 0, fixed64", "\x02\x01\x01"},
      {"field number 0, group", "\x03\x04"},
      {"field number 0, fixed32",
       "\x05"
       "DEAD"},
      {"field number 0, bare", std::string("\x00\x01", 2)},
      {"wire type 6", "\x0e\x01"},
      {"wire type 7", "\x0f\x01"},
      {"a field number beyond 2^29-1", LongVarint(uint64_t{1} << 32, 1) + "\x01"},
      {"a field number far beyond", Varint(UINT64_MAX) + "\x01"},
      {"a tag of six bytes", std::string("\x88\x80\x80\x80\x80\x00\x01", 7)},
      {"a tag of ten bytes", std::string("\x88\x80\x80\x80\x80\x80\x80\x80\x80\x00\x01", 11)},
      {"a varint of eleven bytes", "\x08" + std::string(10, '\x80') + "\x01"},
      {"an end group alone", "\x0c"},
      {"an end group of a known field", Tag(18, WireType::kEndGroup)},
      {"a group without its end", Tag(999, WireType::kStartGroup)},
      {"a group ended by another", Tag(999, WireType::kStartGroup) + Tag(998, WireType::kEndGroup)},
      {"a group ended outside its message",
       Tag(18, WireType::kBytes) + Delimited(Tag(999, WireType::kStartGroup)) + Tag(999, WireType::kEndGroup)},
      {"an end group within a message", Tag(18, WireType::kBytes) + Delimited(Tag(18, WireType::kEndGroup))},
      {"a length beyond the end",
       "\x72\x05"
       "abc"},
      {"a length beyond 2^32", "\x72" + Varint(uint64_t{1} << 40)},
      {"a length of 2^64-1", "\x72" + Varint(UINT64_MAX)},
      {"a message that ends within a tag", Tag(18, WireType::kBytes) + Delimited("\x88")},
      {"groups too deep",
       [] {
         std::string deep;
         for (int i = 0; i < 200; ++i) deep += Tag(999, WireType::kStartGroup);
         for (int i = 0; i < 200; ++i) deep += Tag(999, WireType::kEndGroup);
         return deep;
       }()},
  };
  for (const char* type : kTypes) {
    for (const auto& c : cases) {
      EXPECT_TRUE(IsRefused(type, c.wire)) << c.what;
      EXPECT_FALSE(CheckWire(Contracts().Table(type), c.wire).ok()) << c.what;
      EXPECT_FALSE(Contracts().New(type)->ParsePartialFromString(c.wire)) << c.what;
    }
  }
}

// Every field of every kind, cut off anywhere within: no part of it is taken for the whole.
TEST(MalformedWire, EveryCutIsRefused) {
  for (const char* type : kTypes) {
    const schema::MessageTable& table = Contracts().Table(type);
    for (const Value& value : Values()) {
      for (const char* prefix : {"one_", "many_", "packed_", "loose_", "pick_"}) {
        const FieldTable* const field = table.FindByProtoName(absl::StrCat(prefix, value.type));
        if (field == nullptr) continue;
        std::vector<std::string> forms = {Varint(field->tag) + value.wire};
        if (field->packed_tag != 0) forms.push_back(Varint(field->packed_tag) + Delimited(value.wire + value.wire));
        for (const std::string& whole : forms) {
          const std::string unknown = Tag(999, wire::TypeOf(MakeTag(1, WireType::kBytes))) + Delimited(whole);
          for (size_t length = 1; length < whole.size(); ++length) {
            const std::string cut = whole.substr(0, length);
            EXPECT_TRUE(IsRefused(type, cut)) << field->name << " cut at " << length;
            // As the content of a message, and of a map's entry, whose lengths are right.
            EXPECT_TRUE(IsRefused(type, Varint(Field(type, "recursive").tag) + Delimited(cut))) << field->name;
            EXPECT_TRUE(IsRefused(type, Varint(Field(type, "by_int32").tag) + Delimited(cut))) << field->name;
          }
          for (size_t length = 1; length < unknown.size(); ++length) {
            EXPECT_TRUE(IsRefused(type, unknown.substr(0, length)));
          }
        }
        if (field->packed_tag == 0) continue;
        for (size_t length = 1; length < value.wire.size(); ++length) {
          const std::string cut = Varint(field->packed_tag) + Delimited(value.wire.substr(0, length));
          EXPECT_TRUE(IsRefused(type, cut)) << field->name << " packed, cut at " << length;
        }
      }
    }
  }
}

// What is a message, but none that JSON can say: each the answer 502.
TEST(WireWithoutJson, IsRefused) {
  const struct {
    const char* text;
    const char* what;
  } cases[] = {
      {"one_timestamp { seconds: -62135596801 }", "one_timestamp: the timestamp is out of range"},
      {"one_timestamp { seconds: 253402300800 }", "one_timestamp: the timestamp is out of range"},
      {"one_timestamp { nanos: -1 }", "one_timestamp: the timestamp is out of range"},
      {"many_timestamp { } many_timestamp { nanos: 1000000000 }", "many_timestamp[1]: the timestamp is out of range"},
      {"one_duration { seconds: -315576000001 }", "one_duration: the duration is out of range"},
      {"one_duration { seconds: 315576000001 }", "one_duration: the duration is out of range"},
      {"one_duration { nanos: 1000000000 }", "one_duration: the duration is out of range"},
      {"one_duration { nanos: -1000000000 }", "one_duration: the duration is out of range"},
      {"one_duration { seconds: 1 nanos: -1 }", "one_duration: the duration is out of range"},
      {"one_duration { seconds: -1 nanos: 1 }", "one_duration: the duration is out of range"},
      {"one_fieldmask { paths: 'fooBar' }", "one_fieldmask: a path of the field mask has no JSON form"},
      {"one_fieldmask { paths: 'foo_3_bar' }", "one_fieldmask: a path of the field mask has no JSON form"},
      {"one_fieldmask { paths: 'foo__bar' }", "one_fieldmask: a path of the field mask has no JSON form"},
      {"one_fieldmask { paths: 'foo_' }", "one_fieldmask: a path of the field mask has no JSON form"},
      {"one_fieldmask { paths: 'a,b' }", "one_fieldmask: a path of the field mask has no JSON form"},
      {"one_value { }", "one_value: the google.protobuf.Value holds no value"},
      {"one_value { number_value: nan }", "one_value: a google.protobuf.Value must not be NaN or infinite"},
      {"one_value { number_value: inf }", "one_value: a google.protobuf.Value must not be NaN or infinite"},
      {"one_value { number_value: -inf }", "one_value: a google.protobuf.Value must not be NaN or infinite"},
      {"one_struct { fields { key: 'a' } }", "one_struct.fields[a]: the google.protobuf.Value holds no value"},
      {"one_listvalue { values { } }", "one_listvalue.values[0]: the google.protobuf.Value holds no value"},
      {"one_any { type_url: 'tests.Every3' }", "one_any: the Any is of no known contract: \"tests.Every3\""},
      {"one_any { type_url: 'x/tests.Nothing' }", "one_any: the Any is of no known contract: \"x/tests.Nothing\""},
      {"one_any { value: 'a' }", "one_any: the Any has a value, but no type"},
      {"one_any { type_url: 'x/tests.Every3' value: '\\010' }", "malformed protobuf"},
  };
  for (const char* type : kTypes) {
    for (const auto& c : cases) {
      const std::string wire = Contracts().Wire(type, c.text);
      EXPECT_TRUE(IsRefused(type, wire)) << c.text;
      EXPECT_THAT(Json(type, wire), testing::HasSubstr(c.what));
    }
  }
}

// Strings are UTF-8 in JSON (RFC 8259, section 8.1), whatever the syntax of the contract.
TEST(WireWithoutJson, IsWhatIsNotUtf8) {
  for (const char* type : kTypes) {
    for (const char* name : {"one_string", "many_string", "pick_string"}) {
      EXPECT_TRUE(IsRefused(type, Varint(Field(type, name).tag) + Delimited("\xff"))) << name;
    }
    const std::string map = Varint(Field(type, "by_string").tag);
    EXPECT_TRUE(IsRefused(type, map + Delimited(Tag(1, WireType::kBytes) + Delimited("\xff"))));
    EXPECT_TRUE(IsRefused(type, map + Delimited(Tag(2, WireType::kBytes) + Delimited("\xff"))));
    EXPECT_EQ(Json(type, Varint(Field(type, "one_bytes").tag) + Delimited("\xff")), R"({"oneBytes":"/w=="})");
  }
  EXPECT_TRUE(IsRefused("tests.Every2", Tag(501, WireType::kBytes) + Delimited("\xff")));
}

// proto2's groups, alone and repeated, in pieces and with unknown fields in them.
TEST(Groups, AreRead) {
  const auto group = [](uint32_t number, const std::string& content) {
    return Tag(number, WireType::kStartGroup) + content + Tag(number, WireType::kEndGroup);
  };
  const std::string x("\x08\x01", 2), y("\x12\x01s", 3);
  EXPECT_EQ(Json("tests.Every2", group(450, x) + group(450, y + group(3, x))),
            R"({"cluster":{"x":1,"y":"s","inner":{"z":1}}})");
  EXPECT_EQ(Json("tests.Every2", group(451, x) + group(451, group(77, y))), R"({"clusters":[{"x":1},{}]})");
  EXPECT_TRUE(IsRefused("tests.Every2", Tag(450, WireType::kStartGroup) + x));
  EXPECT_TRUE(IsRefused("tests.Every2", Tag(450, WireType::kStartGroup) + x + Tag(451, WireType::kEndGroup)));
}

// Unknown numbers of proto2's closed enums are unknown fields; of proto3's open ones, numbers.
TEST(ClosedEnums, TakeOnlyTheirNumbers) {
  EXPECT_EQ(Json("tests.Every3", Tag(21, WireType::kVarint) + Varint(99)), R"({"oneKind":99})");
  EXPECT_EQ(Json("tests.Every2", Tag(21, WireType::kVarint) + Varint(99)), "{}");
  const std::string list = Tag(51, WireType::kVarint);
  EXPECT_EQ(Json("tests.Every2", list + Varint(1) + list + Varint(99)), R"({"manyKind":["ROUND"]})");
  EXPECT_EQ(Json("tests.Every3", list + Varint(1) + list + Varint(99)), R"({"manyKind":["ROUND",99]})");
  EXPECT_EQ(Json("tests.Every2", Tag(51, WireType::kBytes) + Delimited(Varint(99) + Varint(2))),
            R"({"manyKind":["FLAT"]})");
}

// A MessageSet's items: type and message in any order, in pieces, unknown ones skipped; extensions encoded as plain
// fields are taken too, as protobuf does.
TEST(MessageSets, AreItems) {
  const auto closet = [](const std::string& content) { return Tag(472, WireType::kBytes) + Delimited(content); };
  const auto item = [](const std::string& content) { return "\x0b" + content + "\x0c"; };
  const auto type_id = [](uint64_t number) { return "\x10" + Varint(number); };
  const auto message = [](const std::string& content) { return "\x1a" + Delimited(content); };
  const std::string size = Tag(25, WireType::kBytes) + Delimited("L");
  const char* const kCoat = R"({"closet":{"[tests.Every2.Coat.coat]":{"size":"L"}}})";
  EXPECT_EQ(Json("tests.Every2", closet(item(type_id(1547769) + message(size)))), kCoat);
  EXPECT_EQ(Json("tests.Every2", closet(item(message(size) + type_id(1547769)))), kCoat);
  EXPECT_EQ(
      Json("tests.Every2", closet(item(type_id(5) + message("\xff"))) + closet(item(type_id(1547769) + message(size)))),
      kCoat);
  EXPECT_EQ(Json("tests.Every2", closet(item(type_id(1547769) + message("")) + item(type_id(1547769) + message(size)))),
            kCoat);
  EXPECT_EQ(Json("tests.Every2", closet(Tag(1547769, WireType::kBytes) + Delimited(size))), kCoat);
  EXPECT_EQ(Json("tests.Every2", closet(item(type_id(2000000000) + message("\x48\x03")))),
            R"({"closet":{"[tests.Every2.Hat.hat]":{"brim":3}}})");
  // Of either part the first counts.
  const std::string other = "\x48\x03";
  EXPECT_EQ(Json("tests.Every2", closet(item(type_id(1547769) + type_id(2000000000) + message(size)))), kCoat);
  EXPECT_EQ(Json("tests.Every2", closet(item(type_id(1547769) + message(size) + message(other)))), kCoat);
  EXPECT_EQ(Json("tests.Every2", closet(item(message(size) + message("\xff") + type_id(1547769) + type_id(5)))), kCoat);
  EXPECT_EQ(Json("tests.Every2", closet(item(type_id(5) + type_id(1547769) + message(size)))), R"({"closet":{}})");
  EXPECT_EQ(Json("tests.Every2", closet(item(type_id(1547769)))), R"({"closet":{}})");
  EXPECT_EQ(Json("tests.Every2", closet(item(message(size)))), R"({"closet":{}})");
  EXPECT_TRUE(IsRefused("tests.Every2", closet(item(type_id(1547769) + message("\xff")))));
  EXPECT_TRUE(IsRefused("tests.Every2", closet("\x0b" + type_id(1547769))));
  EXPECT_FALSE(CheckWire(Contracts().Table("tests.Every2"), closet(item(type_id(1547769) + message("\xff")))).ok());
  EXPECT_TRUE(CheckWire(Contracts().Table("tests.Every2"), closet(item(type_id(1547769) + message(size)))).ok());
}

}  // namespace
}  // namespace portico::transcode
