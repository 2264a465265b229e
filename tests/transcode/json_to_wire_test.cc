#include "gateway/transcode/json_to_wire.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "gateway/transcode/field_error.h"
#include "google/rpc/error_details.pb.h"
#include "tests/transcode/test_contracts.h"

namespace portico::transcode {
namespace {

const TestContracts& Contracts() {
  return TestContracts::Get();
}

absl::Status Read(const std::string& type, const std::string& json, std::string* wire, ReadOptions options = {},
                  std::vector<std::string>* unknown = nullptr) {
  return JsonToWire(Contracts().Table(type), Contracts().types(), json, options, wire, unknown);
}

struct GoodCase {
  const char* name;
  const char* json;
  const char* text;  // of the message it stands for
  const char* type = "tests.All3";
};

void PrintTo(const GoodCase& c, std::ostream* out) {
  *out << c.json;
}

class Accepted : public testing::TestWithParam<GoodCase> {};

TEST_P(Accepted, GivesTheMessage) {
  const GoodCase& c = GetParam();
  std::string wire;
  const absl::Status status = Read(c.type, c.json, &wire);
  ASSERT_TRUE(status.ok()) << status;
  // Compared as text, through protobuf's own parser.
  EXPECT_EQ(Contracts().Text(c.type, wire), Contracts().Text(c.type, Contracts().Wire(c.type, c.text)));
}

TEST_P(Accepted, EveryTruncationIsAnError) {
  const GoodCase& c = GetParam();
  const std::string json = c.json;
  for (size_t length = 0; length < json.size(); ++length) {
    std::string wire = "kept";
    // A copy of its own size, so that a read beyond it is one beyond its allocation.
    const std::string cut = json.substr(0, length);
    EXPECT_FALSE(Read(c.type, cut, &wire).ok()) << cut;
    EXPECT_EQ(wire, "kept");
  }
}

const GoodCase kGood[] = {
    {"Empty", "{}", ""},
    {"WhiteSpace", "{ \t\r\n\"anInt32\" : 1}", "an_int32: 1"},
    {"OriginalNames", R"({"an_int32": 1, "inner": {"name": "x"}})", "an_int32: 1 inner { name: 'x' }"},
    {"JsonNameIsHonoured", R"({"@other \"name\"": "x"})", "renamed: 'x'"},
    {"OddNames", R"({"UnderScore": "a", "field1Name2": "b"})", "_under__score_: 'a' field1_name2: 'b'"},
    {"EscapedName", R"({"an\u0049nt32": 1})", "an_int32: 1"},
    {"LargeFieldNumber", R"({"farAway": 5})", "far_away: 5"},
    {"Int32Max", R"({"anInt32": 2147483647})", "an_int32: 2147483647"},
    {"Int32Min", R"({"anInt32": -2147483648})", "an_int32: -2147483648"},
    {"Int32String", R"({"anInt32": "2147483647"})", "an_int32: 2147483647"},
    {"Int32Exponent", R"({"anInt32": 1e5})", "an_int32: 100000"},
    {"Int32ExponentString", R"({"anInt32": "1.5e1"})", "an_int32: 15"},
    {"Int32ZeroFraction", R"({"anInt32": 100000.000})", "an_int32: 100000"},
    {"Int32NegativeExponent", R"({"anInt32": 1000e-2})", "an_int32: 10"},
    {"Int32HugeExponentOfZero", R"({"optionalInt32": 0e999999999999})", "optional_int32: 0"},
    {"Int32MinusZero", R"({"optionalInt32": -0})", "optional_int32: 0"},
    {"Int64AsString", R"({"anInt64": "9223372036854775807"})", "an_int64: 9223372036854775807"},
    {"Int64AsNumber", R"({"anInt64": -9223372036854775808})", "an_int64: -9223372036854775808"},
    {"Uint64Max", R"({"aUint64": "18446744073709551615"})", "a_uint64: 18446744073709551615"},
    {"Uint64AsFloat", R"({"aUint64": 18446744073709549568.0})", "a_uint64: 18446744073709549568"},
    {"Zigzag", R"({"aSint32": -5, "aSint64": "-9223372036854775808"})", "a_sint32: -5 a_sint64: -9223372036854775808"},
    {"Fixed", R"({"aFixed32": 4294967295, "aFixed64": "1", "aSfixed32": -1, "aSfixed64": "-2"})",
     "a_fixed32: 4294967295 a_fixed64: 1 a_sfixed32: -1 a_sfixed64: -2"},
    {"FloatMax", R"({"aFloat": 3.4028235e38})", "a_float: 3.4028235e38"},
    {"FloatTiny", R"({"aFloat": 1e-60})", ""},
    {"FloatNames", R"({"aFloat": "-Infinity", "aDouble": "NaN"})", "a_float: -inf a_double: nan"},
    {"DoubleString", R"({"aDouble": "1.5"})", "a_double: 1.5"},
    {"DoubleMax", R"({"aDouble": 1.7976931348623157e308})", "a_double: 1.7976931348623157e308"},
    {"DoubleMinusZeroIsKept", R"({"aDouble": -0.0})", "a_double: -0.0"},
    {"DoubleTiny", R"({"aDouble": 4.9e-324})", "a_double: 4.9e-324"},
    {"Bool", R"({"aBool": true})", "a_bool: true"},
    {"StringEscapes", R"({"aString": "\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00"})",
     "a_string: '\\\"\\\\/\\b\\f\\n\\r\\t\u00e9\u20ac\U0001f600'"},
    {"StringUtf8", "{\"aString\": \"\u00e9\u20ac\U0001f600\"}", "a_string: '\u00e9\u20ac\U0001f600'"},
    {"BytesStandard", R"({"aBytes": "+/8="})", "a_bytes: '\\373\\377'"},
    {"BytesUrlSafe", R"({"aBytes": "-_8="})", "a_bytes: '\\373\\377'"},
    {"BytesUnpadded", R"({"aBytes": "AQI"})", "a_bytes: '\\001\\002'"},
    {"EnumName", R"({"color": "BLUE"})", "color: BLUE"},
    {"EnumAlias", R"({"color": "VERT"})", "color: GREEN"},
    {"EnumNumber", R"({"color": -1})", "color: NEGATIVE"},
    {"EnumUnknownNumber", R"({"color": 123})", "color: 123"},
    {"DefaultsAreLeftOut", R"({"anInt32": 0, "aString": "", "aBytes": "", "aBool": false, "color": "RED"})", ""},
    {"OptionalDefaultsAreKept", R"({"optionalInt32": 0, "optionalString": ""})",
     "optional_int32: 0 optional_string: ''"},
    {"OneofDefaultsAreKept", R"({"choiceUint32": 0})", "choice_uint32: 0"},
    {"NullIsAbsent", R"({"anInt32": null, "inner": null, "manyInt32": null, "strings": null, "timestamp": null,
      "int32Value": null, "color": null, "any": null, "struct": null, "list": null})",
     ""},
    {"NullOfOneofFirst", R"({"choiceUint32": null, "choiceString": "x"})", "choice_string: 'x'"},
    {"NullOfOneofSecond", R"({"choiceString": "x", "choiceUint32": null})", "choice_string: 'x'"},
    {"NullValueInOneof", R"({"choiceNull": null})", "choice_null: NULL_VALUE"},
    {"NullValueByName", R"({"choiceNull": "NULL_VALUE"})", "choice_null: NULL_VALUE"},
    {"NullIsAValueOfValue", R"({"value": null})", "value { null_value: NULL_VALUE }"},
    {"NullInRepeatedValue", R"({"manyValue": [null, 1]})",
     "many_value { null_value: NULL_VALUE } many_value { number_value: 1 }"},
    {"NullInMapOfValue", R"({"values": {"a": null}})", "values { key: 'a' value { null_value: NULL_VALUE } }"},
    {"Repeated", R"({"manyInt32": [1, "2", 3.0], "manyString": ["a", ""], "looseInt32": [0, 7]})",
     "many_int32: [1, 2, 3] many_string: ['a', ''] loose_int32: [0, 7]"},
    {"RepeatedEmpty", R"({"manyInt32": [], "manyString": []})", ""},
    {"RepeatedMessages", R"({"manyInner": [{}, {"count": 2}]})", "many_inner {} many_inner { count: 2 }"},
    {"Maps", R"({"strings": {"a": "1", "": ""}, "ints": {"-5": "6"}, "inners": {"true": {"count": 1}},
      "blobs": {"-7": "AQ=="}, "doubles": {"18446744073709551615": "NaN"}, "colors": {"x": "GREEN"}})",
     R"(strings { key: 'a' value: '1' } strings { key: '' value: '' } ints { key: -5 value: 6 }
        inners { key: true value { count: 1 } } blobs { key: -7 value: '\001' }
        doubles { key: 18446744073709551615 value: nan } colors { key: 'x' value: GREEN })"},
    {"LongMessageGetsALongLength",
     R"({"self": {"self": {"aString": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}, "anInt32": 1})",
     "self { self { a_string: "
     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' } } "
     "an_int32: 1"},
    {"Timestamp", R"({"timestamp": "1970-01-01T00:00:01.5Z"})", "timestamp { seconds: 1 nanos: 500000000 }"},
    {"TimestampOffset", R"({"timestamp": "1970-01-01T08:00:01+08:00"})", "timestamp { seconds: 1 }"},
    {"TimestampMin", R"({"timestamp": "0001-01-01T00:00:00Z"})", "timestamp { seconds: -62135596800 }"},
    {"TimestampMax", R"({"timestamp": "9999-12-31T23:59:59.999999999Z"})",
     "timestamp { seconds: 253402300799 nanos: 999999999 }"},
    {"TimestampLeapDay", R"({"timestamp": "2000-02-29T00:00:00Z"})", "timestamp { seconds: 951782400 }"},
    {"Duration", R"({"duration": "-1.000340012s"})", "duration { seconds: -1 nanos: -340012 }"},
    {"DurationMax", R"({"duration": "315576000000s"})", "duration { seconds: 315576000000 }"},
    {"FieldMask", R"({"mask": "foo,barBaz.quxQuux"})", "mask { paths: 'foo' paths: 'bar_baz.qux_quux' }"},
    {"FieldMaskEmpty", R"({"mask": ""})", "mask {}"},
    {"Wrappers", R"({"doubleValue": 0, "int64Value": "5", "boolValue": true, "stringValue": "", "bytesValue": "AQ==",
      "manyInt32Value": [0, 1]})",
     R"(double_value {} int64_value { value: 5 } bool_value { value: true } string_value {}
        bytes_value { value: '\001' } many_int32_value {} many_int32_value { value: 1 })"},
    {"Struct", R"({"struct": {"a": 1.5, "b": [true, "x", {}], "c": {"d": null}}})",
     R"(struct { fields { key: 'a' value { number_value: 1.5 } }
        fields { key: 'b' value { list_value { values { bool_value: true } values { string_value: 'x' }
          values { struct_value {} } } } }
        fields { key: 'c' value { struct_value { fields { key: 'd' value { null_value: NULL_VALUE } } } } } })"},
    {"ListValue", R"({"list": [[], null]})", "list { values { list_value {} } values { null_value: NULL_VALUE } }"},
    {"EmptyMessage", R"({"empty": {}})", "empty {}"},
    {"Any", R"({"any": {"@type": "x/tests.Inner", "name": "n"}})",
     R"(any { type_url: 'x/tests.Inner' value: '\n\001n' })"},
    {"AnyTypeLast", R"({"any": {"name": "n", "@type": "x/tests.Inner"}})",
     R"(any { type_url: 'x/tests.Inner' value: '\n\001n' })"},
    {"AnyEmpty", R"({"any": {}})", "any {}"},
    {"AnyOfWellKnown", R"({"any": {"@type": "x/google.protobuf.Duration", "value": "1s"}})",
     R"(any { type_url: 'x/google.protobuf.Duration' value: '\010\001' })"},
    {"AnyOfAny", R"({"any": {"@type": "x/google.protobuf.Any", "value": {"@type": "x/tests.Inner"}}})",
     R"(any { type_url: 'x/google.protobuf.Any' value: '\n\rx/tests.Inner' })"},
    {"AnyOfEmpty", R"({"any": {"@type": "x/google.protobuf.Empty", "value": {}}})",
     "any { type_url: 'x/google.protobuf.Empty' }"},
    {"Proto2Defaults", R"({"anInt32": 0, "aString": ""})", "an_int32: 0 a_string: ''", "tests.All2"},
    {"Group", R"({"data": {"groupInt32": 5}, "datum": [{"value": 1}, {}]})",
     "Data { group_int32: 5 } Datum { value: 1 } Datum {}", "tests.All2"},
    {"Extension", R"({"[tests.extra]": 5, "[tests.extra_must]": [{"needed": 1}]})",
     "[tests.extra]: 5 [tests.extra_must] { needed: 1 }", "tests.All2"},
    {"ClosedEnum", R"({"closed": "ONE", "manyClosed": [2, "ONE"]})", "closed: ONE many_closed: [TWO, ONE]",
     "tests.All2"},
    {"TopLevelWellKnown", R"("1.5s")", "seconds: 1 nanos: 500000000", "google.protobuf.Duration"},
    {"TopLevelNullOfValue", "null", "null_value: NULL_VALUE", "google.protobuf.Value"},
};

INSTANTIATE_TEST_SUITE_P(ProtoJson, Accepted, testing::ValuesIn(kGood),
                         [](const auto& param_info) { return param_info.param.name; });

struct BadCase {
  const char* name;
  const char* json;
  const char* field;    // of the violation
  const char* message;  // a part of the description
  const char* type = "tests.All3";
};

void PrintTo(const BadCase& c, std::ostream* out) {
  *out << c.json;
}

class Rejected : public testing::TestWithParam<BadCase> {};

TEST_P(Rejected, NamesTheField) {
  const BadCase& c = GetParam();
  std::string wire = "kept";
  const absl::Status status = Read(c.type, c.json, &wire);
  ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << Contracts().Text(c.type, wire.substr(4));
  EXPECT_EQ(wire, "kept");
  google::rpc::BadRequest detail;
  ASSERT_TRUE(detail.ParseFromString(std::string(status.GetPayload(kBadRequestType).value())));
  ASSERT_EQ(detail.field_violations_size(), 1);
  EXPECT_EQ(detail.field_violations(0).field(), c.field);
  EXPECT_NE(detail.field_violations(0).description().find(c.message), std::string::npos) << status;
}

const BadCase kBad[] = {
    {"NoJson", "", "", "malformed JSON"},
    {"NotAnObject", "[]", "", "expected an object, not an array"},
    {"NullAtTop", "null", "", "not null"},
    {"TrailingComma", R"({"anInt32": 1,})", "", "malformed JSON"},
    {"TrailingText", "{} x", "", "something follows"},
    {"Comment", "{/**/}", "", "malformed JSON"},
    {"SingleQuotes", "{'anInt32': 1}", "", "malformed JSON"},
    {"ByteOrderMark", "\xef\xbb\xbf{}", "", "malformed JSON"},
    {"DuplicateKey", R"({"anInt32": 1, "anInt32": 2})", "an_int32", "twice"},
    {"DuplicateKeyByTheOtherName", R"({"anInt32": 1, "an_int32": 2})", "an_int32", "twice"},
    {"DuplicateOneof", R"({"choiceUint32": 1, "choiceString": "x"})", "choice_string", "oneof"},
    {"UnknownField", R"({"inner": {"nome": 1}})", "inner.nome", "unknown field of tests.Inner"},
    {"NameIsCaseSensitive", R"({"anint32": 1})", "anint32", "unknown field"},
    {"Int32Fraction", R"({"anInt32": 0.5})", "an_int32", "fraction"},
    {"Int32TooLarge", R"({"anInt32": 2147483648})", "an_int32", "range of an int32"},
    {"Int32TooSmall", R"({"anInt32": -2147483649})", "an_int32", "range"},
    {"Int32HugeExponent", R"({"anInt32": 1e99999999999999999999})", "an_int32", "range"},
    {"Int32Text", R"({"inner": {"child": {"count": "abc"}}})", "inner.child.count", "not an int32: \"abc\""},
    {"Int32EmptyString", R"({"anInt32": ""})", "an_int32", "not an int32"},
    {"Int32LeadingSpace", R"({"anInt32": " 1"})", "an_int32", "not an int32"},
    {"Int32TrailingSpace", R"({"anInt32": "1 "})", "an_int32", "not an int32"},
    {"Int32Plus", R"({"anInt32": "+1"})", "an_int32", "not an int32"},
    {"Int32LeadingZero", R"({"anInt32": 01})", "an_int32", "malformed JSON"},
    {"Int32Bool", R"({"anInt32": true})", "an_int32", "expected an int32, not true"},
    {"Uint32Negative", R"({"aUint32": -1})", "a_uint32", "range"},
    {"Uint64TooLarge", R"({"aUint64": 18446744073709551616})", "a_uint64", "range"},
    {"Int64TooLarge", R"({"anInt64": "9223372036854775808"})", "an_int64", "range"},
    {"FloatTooLarge", R"({"aFloat": 3.502823e+38})", "a_float", "range"},
    {"DoubleTooLarge", R"({"aDouble": -1.89769e+308})", "a_double", "range"},
    {"DoubleBareNaN", R"({"aDouble": NaN})", "a_double", "malformed JSON"},
    {"DoubleHex", R"({"aDouble": "0x10"})", "a_double", "not a double"},
    {"DoubleNanOtherCase", R"({"aDouble": "nan"})", "a_double", "not a double"},
    {"BoolString", R"({"aBool": "true"})", "a_bool", "true or false"},
    {"BoolNumber", R"({"aBool": 1})", "a_bool", "true or false"},
    {"StringNumber", R"({"aString": 1})", "a_string", "expected a string, not a number"},
    {"StringBadUtf8", "{\"aString\": \"\xff\"}", "a_string", "not UTF-8"},
    {"StringOverlong", "{\"aString\": \"\xc0\x80\"}", "a_string", "not UTF-8"},
    {"StringEncodedSurrogate", "{\"aString\": \"\xed\xa0\x80\"}", "a_string", "not UTF-8"},
    {"StringLoneHighSurrogate", R"({"aString": "\ud83d"})", "a_string", "surrogate"},
    {"StringLoneLowSurrogate", R"({"aString": "\ude00"})", "a_string", "surrogate"},
    {"StringReversedSurrogates", R"({"aString": "\ude00\ud83d"})", "a_string", "surrogate"},
    {"StringControl", "{\"aString\": \"a\nb\"}", "a_string", "control"},
    {"StringBadEscape", R"({"aString": "\x"})", "a_string", "escape"},
    {"BytesBadCharacter", R"({"aBytes": "A*=="})", "a_bytes", "base64"},
    {"BytesBadLength", R"({"aBytes": "AQIDB"})", "a_bytes", "base64"},
    {"BytesMixedAlphabets", R"({"aBytes": "+_8="})", "a_bytes", "base64"},
    {"EnumUnknownName", R"({"color": "PURPLE"})", "color", "not a value of tests.Color"},
    {"EnumFraction", R"({"color": 1.5})", "color", "not an enum value"},
    {"EnumTooLarge", R"({"color": 2147483648})", "color", "range"},
    {"EnumOfNumberInString", R"({"color": "1"})", "color", "not a value"},
    {"ClosedEnumUnknownNumber", R"({"closed": 3})", "closed", "not a value", "tests.All2"},
    {"NullInRepeated", R"({"manyInt32": [1, null]})", "many_int32[1]", "null"},
    {"NullInRepeatedMessages", R"({"manyInner": [null]})", "many_inner[0]", "null"},
    {"NullInMap", R"({"strings": {"k": null}})", "strings[k]", "null"},
    {"RepeatedNeedsAnArray", R"({"manyInt32": 1})", "many_int32", "expected an array"},
    {"ElementPath", R"({"manyInner": [{}, {"count": "x"}]})", "many_inner[1].count", "not an int32"},
    {"MapNeedsAnObject", R"({"strings": []})", "strings", "expected an object"},
    {"MapDuplicateKey", R"({"strings": {"a": "1", "a": "2"}})", "strings", "twice"},
    {"MapDuplicateKeyAmongMany", R"({"ints": {"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1,"10":1,"3":1}})",
     "ints", "twice"},
    {"MapBadIntKey", R"({"ints": {"x": 1}})", "ints[x]", "not an int32"},
    {"MapBadBoolKey", R"({"inners": {"1": {}}})", "inners[1]", "true"},
    {"TimestampLowerT", R"({"timestamp": "1970-01-01t00:00:00Z"})", "timestamp", "RFC 3339"},
    {"TimestampLowerZ", R"({"timestamp": "1970-01-01T00:00:00z"})", "timestamp", "RFC 3339"},
    {"TimestampNoZone", R"({"timestamp": "1970-01-01T00:00:00"})", "timestamp", "RFC 3339"},
    {"TimestampYear0", R"({"timestamp": "0000-01-01T00:00:00Z"})", "timestamp", "RFC 3339"},
    {"TimestampYear10000", R"({"timestamp": "10000-01-01T00:00:00Z"})", "timestamp", "RFC 3339"},
    {"TimestampOffsetLeavesTheRange", R"({"timestamp": "0001-01-01T00:00:00+01:00"})", "timestamp", "RFC 3339"},
    {"TimestampTenDigits", R"({"timestamp": "1970-01-01T00:00:00.1234567890Z"})", "timestamp", "RFC 3339"},
    {"TimestampNoLeapDay", R"({"timestamp": "1900-02-29T00:00:00Z"})", "timestamp", "RFC 3339"},
    {"TimestampSecond60", R"({"timestamp": "1970-01-01T00:00:60Z"})", "timestamp", "RFC 3339"},
    {"DurationNoUnit", R"({"duration": "1"})", "duration", "not a duration"},
    {"DurationTooLong", R"({"duration": "315576000001s"})", "duration", "not a duration"},
    {"DurationTooShort", R"({"duration": "-315576000001s"})", "duration", "not a duration"},
    {"FieldMaskUnderscore", R"({"mask": "foo_bar"})", "mask", "lowerCamelCase"},
    {"FieldMaskEmptyPath", R"({"mask": "foo,,bar"})", "mask", "field mask"},
    {"ValueTooLarge", R"({"value": 1e999})", "value", "range"},
    {"StructDuplicate", R"({"struct": {"a": 1, "a": 2}})", "struct", "twice"},
    {"StructPath", R"({"struct": {"a": {"b": [1, 2e999]}}})", "struct[a][b][1]", "range"},
    {"AnyWithoutType", R"({"any": {"name": "x"}})", "any", "@type"},
    {"AnyEmptyType", R"({"any": {"@type": "", "value": ""}})", "any", "@type"},
    {"AnyNoUrl", R"({"any": {"@type": "not_a_url", "value": ""}})", "any", "no type URL"},
    {"AnyUnknownType", R"({"any": {"@type": "x/tests.Nothing"}})", "any", "no known contract"},
    {"AnyTypeTwice", R"({"any": {"@type": "x/tests.Inner", "@type": "x/tests.Inner"}})", "any", "twice"},
    {"AnyMissingValue", R"({"any": {"@type": "x/google.protobuf.Duration"}})", "any", "\"value\" is missing"},
    {"RequiredIsMissing", R"({"must": {"other": "x"}})", "must.needed", "required", "tests.All2"},
    {"RequiredIsNull", R"({"must": {"needed": null}})", "must.needed", "required", "tests.All2"},
};

INSTANTIATE_TEST_SUITE_P(ProtoJson, Rejected, testing::ValuesIn(kBad),
                         [](const auto& param_info) { return param_info.param.name; });

TEST(JsonToWire, DepthIsBounded) {
  std::string json = "{}";
  for (int i = 0; i < 99; ++i) json = absl::StrCat("{\"self\":", json, "}");
  std::string wire;
  EXPECT_TRUE(Read("tests.All3", json, &wire).ok());
  json = absl::StrCat("{\"self\":", json, "}");
  const absl::Status status = Read("tests.All3", json, &wire);
  EXPECT_NE(status.message().find("nested too deeply"), absl::string_view::npos) << status;
  std::string open(1000000, '[');
  EXPECT_FALSE(Read("google.protobuf.Value", open, &wire).ok());
}

TEST(JsonToWire, UnknownFieldsAreWarnedOf) {
  std::string wire;
  std::vector<std::string> unknown;
  ReadOptions options;
  options.unknown_fields = UnknownFields::kWarn;
  ASSERT_TRUE(Read("tests.All3",
                   R"({"x": {"y": [1]}, "manyInner": [{}, {"z": null}], "colors": {"a": "NOPE", "b": "BLUE"},
                       "manyColor": ["NOPE", "GREEN"], "color": "NOPE"})",
                   &wire, options, &unknown)
                  .ok());
  EXPECT_EQ(unknown, (std::vector<std::string>{"x", "many_inner[1].z", "colors[a]", "many_color[0]", "color"}));
  EXPECT_EQ(Contracts().Text("tests.All3", wire),
            "many_color: GREEN many_inner { } many_inner { } colors { key: \"b\" value: BLUE }");
}

TEST(JsonToWire, UnknownFieldsAreIgnoredButRead) {
  std::string wire;
  ReadOptions options;
  options.unknown_fields = UnknownFields::kIgnore;
  EXPECT_TRUE(Read("tests.All3", R"({"x": {"y": [1, "a\n", null, true]}})", &wire, options).ok());
  EXPECT_FALSE(Read("tests.All3", R"({"x": {"y": [01]}})", &wire, options).ok());
}

TEST(JsonValueToField, WritesOneFieldWithItsTag) {
  const schema::MessageTable& table = Contracts().Table("tests.All3");
  const auto text = [&](const char* field, const char* json) {
    std::string wire;
    const absl::Status status = JsonValueToField(*table.FindByName(field), Contracts().types(), json, &wire);
    return status.ok() ? Contracts().Text("tests.All3", wire) : std::string(status.message());
  };
  EXPECT_EQ(text("anInt32", "3"), "an_int32: 3");
  EXPECT_EQ(text("manyInt32", "[3, 4]"), "many_int32: 3 many_int32: 4");
  EXPECT_EQ(text("strings", R"({"a": "b"})"), "strings { key: \"a\" value: \"b\" }");
  EXPECT_EQ(text("inner", "null"), "");
  EXPECT_EQ(text("value", "null"), "value { null_value: NULL_VALUE }");
  EXPECT_EQ(text("inner", R"({"count": "x"})"), "inner.count: not an int32: \"x\"");
  std::string wire;
  ASSERT_TRUE(JsonValueToField(*table.FindByName("anInt32"), Contracts().types(), "0", &wire).ok());
  EXPECT_EQ(wire, std::string("\x08\x00", 2)) << "a default is written: it wins over what stands before it";
}

}  // namespace
}  // namespace portico::transcode
