// Messages whose fields come out of order or in pieces, where that matters most: when a piece alone has no JSON form,
// and when all of many levels are so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "tests/transcode/allocations.h"
#include "tests/transcode/test_contracts.h"
#include "tests/transcode/wire_bytes.h"

namespace portico::transcode {
namespace {

constexpr const char* kTypes[] = {"tests.Every3", "tests.Every2"};

const TestContracts& Contracts() {
  return TestContracts::Get();
}

// The JSON, or the error.
std::string Json(const char* type, const std::string& wire) {
  std::string json;
  const absl::Status status = WireToJson(Contracts().Table(type), Contracts().types(), wire, {}, &json);
  return status.ok() ? json : std::string(status.message());
}

std::string Joined(const char* type, const std::vector<const char*>& texts) {
  std::string wire;
  for (const char* const text : texts) wire += Contracts().Wire(type, text);
  return wire;
}

// That the JSON of `wire` stands for the message that protobuf's parser takes it for.
void ExpectSameMessage(const char* type, const std::string& wire, const std::string& json) {
  std::string back;
  ASSERT_TRUE(JsonToWire(Contracts().Table(type), Contracts().types(), json, {}, &back, nullptr).ok()) << json;
  EXPECT_EQ(Contracts().Text(type, back), Contracts().Text(type, wire));
}

// What follows may complete, override or clear a piece that has no JSON form.
TEST(Pieces, NeedNoJsonFormOfTheirOwn) {
  const struct {
    std::vector<const char*> pieces;  // protobuf text
    const char* json;
    bool same = true;  // as protobuf's parser has it, whose map fields keep equal keys side by side in a DynamicMessage
  } cases[] = {
      {{"one_any { value: '\\010\\005' }", "one_any { type_url: 'x/google.protobuf.Duration' }"},
       R"({"oneAny":{"@type":"x/google.protobuf.Duration","value":"5s"}})"},
      {{"one_any { type_url: 'x/no.Such' }", "one_any { type_url: 'x/google.protobuf.Duration' }"},
       R"({"oneAny":{"@type":"x/google.protobuf.Duration","value":"0s"}})"},
      {{"one_any { type_url: 'x/google.protobuf.Duration' value: '\\020\\201\\224\\353\\334\\003' }",
        "one_any { value: '\\010\\005' }"},
       R"({"oneAny":{"@type":"x/google.protobuf.Duration","value":"5s"}})"},
      // What an Any holds is bytes to a parser, so even malformed it may be overridden.
      {{"one_any { type_url: 'x/tests.Every3' value: '\\010' }", "one_any { value: '\\010\\005' }"},
       R"({"oneAny":{"@type":"x/tests.Every3","oneInt32":5}})"},
      {{"one_any { type_url: 'x/tests.Every3' value: '\\010' }",
        "one_any { type_url: 'x/google.protobuf.Empty' value: '\\010\\005' }"},
       R"({"oneAny":{"@type":"x/google.protobuf.Empty"}})",
       false},
      {{"one_value { }", "one_value { bool_value: true }"}, R"({"oneValue":true})"},
      {{"one_value { number_value: nan }", "one_value { bool_value: true }"}, R"({"oneValue":true})"},
      {{"one_value { list_value { values { } } }", "one_value { bool_value: true }"}, R"({"oneValue":true})"},
      {{"one_timestamp { seconds: 253402300800 }", "one_timestamp { seconds: 1 }"},
       R"({"oneTimestamp":"1970-01-01T00:00:01Z"})"},
      {{"one_duration { seconds: 1 nanos: -1 }", "one_duration { seconds: -1 }"}, R"({"oneDuration":"-1.000000001s"})"},
      {{"one_timestamp { nanos: -1 }", "one_int32: 1", "one_timestamp { nanos: 500000000 }"},
       R"({"oneInt32":1,"oneTimestamp":"1970-01-01T00:00:00.500Z"})"},
      {{"one_struct { fields { key: 'a' value { } } }",
        "one_struct { fields { key: 'a' value { bool_value: true } } }"},
       R"({"oneStruct":{"a":true}})",
       false},
      {{"string_whole { key: 'a' value { one_value { } } }", "one_int32: 1", "string_whole { key: 'a' value { } }"},
       R"({"oneInt32":1,"stringWhole":{"a":{}}})",
       false},
      // Cleared by another member of the oneof.
      {{"pick_timestamp { nanos: -1 }", "pick_uint32: 4"}, R"({"pickUint32":4})"},
      {{"pick_part { whole { one_timestamp { nanos: -1 } } }", "pick_uint32: 4"}, R"({"pickUint32":4})"},
      {{"pick_part { whole { one_value { } } }", "pick_uint32: 4", "pick_part { a: 7 }"}, R"({"pickPart":{"a":7}})"},
      // Deeper.
      {{"recursive { one_timestamp { nanos: -1 } }", "recursive { one_timestamp { nanos: 500000000 } }"},
       R"({"recursive":{"oneTimestamp":"1970-01-01T00:00:00.500Z"}})"},
      {{"recursive { recursive { one_value { } } }", "recursive { recursive { one_value { bool_value: true } } }"},
       R"({"recursive":{"recursive":{"oneValue":true}}})"},
      {{"recursive { pick_part { whole { many_value { } } } }", "recursive { pick_uint32: 4 }"},
       R"({"recursive":{"pickUint32":4}})"},
  };
  for (const char* type : kTypes) {
    for (const auto& c : cases) {
      const std::string wire = Joined(type, c.pieces);
      const std::string json = Json(type, wire);
      EXPECT_EQ(json, c.json) << type;
      if (c.same) ExpectSameMessage(type, wire, json);
    }
  }
}

TEST(Pieces, AreRefusedWhenNothingMendsThem) {
  const struct {
    std::vector<const char*> pieces;
    const char* error;
  } cases[] = {
      {{"one_timestamp { seconds: 253402300800 }", "one_timestamp { nanos: 5 }"},
       "one_timestamp: the timestamp is out of range"},
      {{"one_fieldmask { paths: 'fooBar' }", "one_fieldmask { paths: 'ok' }"},
       "one_fieldmask: a path of the field mask has no JSON form"},
      {{"one_value { }", "one_int32: 1"}, "one_value: the google.protobuf.Value holds no value"},
      {{"many_value { }", "many_value { bool_value: true }"},
       "many_value[0]: the google.protobuf.Value holds no value"},
      {{"recursive { many_value { } }", "recursive { many_value { bool_value: true } }"},
       "recursive.many_value[0]: the google.protobuf.Value holds no value"},
      {{"string_whole { key: 'a' value { one_value { } } }", "one_int32: 1", "string_whole { key: 'b' value { } }"},
       "string_whole[a].one_value: the google.protobuf.Value holds no value"},
      {{"pick_part { whole { one_value { } } }", "one_int32: 4", "pick_part { a: 7 }"},
       "pick_part.whole.one_value: the google.protobuf.Value holds no value"},
  };
  for (const char* type : kTypes) {
    for (const auto& c : cases) EXPECT_EQ(Json(type, Joined(type, c.pieces)), c.error) << type;
    // Malformed is malformed, cleared or not.
    EXPECT_EQ(Json(type, BytesField(169, "\x08") + VarintField(160, 4)), "pick_part.a: malformed protobuf") << type;
  }
  // The unknown number of a closed enum clears no oneof.
  const std::string unset = BytesField(172, "");
  EXPECT_EQ(Json("tests.Every2", unset + VarintField(170, 99)), "pick_value: the google.protobuf.Value holds no value");
  EXPECT_EQ(Json("tests.Every3", unset + VarintField(170, 99)), R"({"pickKind":99})");
}

// Parsers take proto2's strings as they are, and the last one wins; proto3's they refuse.
TEST(Pieces, OverrideWhatIsNotUtf8InProto2) {
  const std::string wire = BytesField(14, "\xff") + BytesField(14, "ok");
  ASSERT_TRUE(Contracts().New("tests.Every2")->ParseFromString(wire));
  ASSERT_FALSE(Contracts().New("tests.Every3")->ParseFromString(wire));
  EXPECT_EQ(Json("tests.Every2", wire), R"({"oneString":"ok"})");
  EXPECT_EQ(Json("tests.Every3", wire), "one_string: the string is not UTF-8");
  EXPECT_EQ(Json("tests.Every2", BytesField(14, "ok") + BytesField(14, "\xff")), "one_string: the string is not UTF-8");
  EXPECT_EQ(Json("tests.Every2", BytesField(27, wire)), R"({"recursive":{"oneString":"ok"}})");
  EXPECT_EQ(Json("tests.Every2", BytesField(165, "\xff") + VarintField(160, 4)), R"({"pickUint32":4})");
}

// A message out of order, or in pieces, on every one of many levels takes memory and work by its size, not by its size
// and depth: neither is one level written for every one around it, nor are pieces put together on each.
TEST(Pieces, OnEveryLevelTakeLinearMemory) {
  Contracts();  // allocates, once
  const std::string text(200000, 'x');
  const std::string leaf = BytesField(14, text);
  const std::string one = VarintField(1, 1);
  const auto struct_of = [](const std::string& value) {  // {"a": value}
    return BytesField(5, BytesField(1, BytesField(1, "a") + BytesField(2, value)));
  };
  const struct {
    const char* what;
    int levels;
    std::string inner;
    std::function<std::string(const std::string&)> around;
    std::function<std::string(const std::string&)> outermost = [](const std::string& wire) { return wire; };
  } cases[] = {
      {"twice", 95, leaf, [&](const std::string& in) { return BytesField(27, in) + BytesField(27, one); }},
      {"out of order", 95, leaf, [&](const std::string& in) { return BytesField(27, in) + one; }},
      {"completed later", 95, BytesField(302, VarintField(2, -1)) + leaf,
       [&](const std::string& in) { return BytesField(27, in) + BytesField(27, ""); },
       [&](const std::string& in) {
         std::string good = BytesField(302, VarintField(2, 1));
         for (int i = 0; i < 95; ++i) good = BytesField(27, good);
         return in + good;
       }},
      {"an entry's value twice", 95, leaf,
       [&](const std::string& in) { return BytesField(139, BytesField(2, in) + BytesField(2, one)); }},
      {"a Value's Struct twice", 45, BytesField(3, text),
       [&](const std::string& in) { return struct_of(in) + BytesField(5, ""); },
       [](const std::string& in) { return BytesField(306, in); }},
      {"an Any out of order", 45, leaf,
       [&](const std::string& in) {
         return BytesField(305, BytesField(1, "x/tests.Every3") + BytesField(2, in)) + one;
       }},
      {"a list's element out of order", 45, leaf,
       [&](const std::string& in) { return BytesField(48, BytesField(2, in) + VarintField(1, 1)) + one; }},
  };
  for (const auto& c : cases) {
    std::string wire = c.inner;
    for (int i = 0; i < c.levels; ++i) wire = c.around(wire);
    wire = c.outermost(wire);
    const Allocations before = Allocations::Now();
    const std::string json = Json("tests.Every3", wire);
    const Allocations used = Allocations::Now() - before;
    EXPECT_THAT(json, testing::HasSubstr(text.substr(0, 100))) << c.what << ": " << json.substr(0, 100);
    EXPECT_LT(used.bytes, 4 * wire.size()) << c.what;
    EXPECT_LT(used.calls, static_cast<size_t>(20 * c.levels)) << c.what;
  }
}

}  // namespace
}  // namespace portico::transcode
