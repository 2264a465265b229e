// The well-known types' rows of ProtoJSON's table, one suite per row; as proto_json_test.cc.
#include <gtest/gtest.h>

#include "tests/transcode/every_field_test.h"

namespace portico::transcode {
namespace {

class WellKnownJson : public testing::TestWithParam<TypedJsonCase> {};

TEST_P(WellKnownJson, HoldsTheRule) {
  ExpectRule(GetParam());
}

#define SUITE(rule, cases)                                                       \
  INSTANTIATE_TEST_SUITE_P(rule, WellKnownJson, testing::ValuesIn(Typed(cases)), \
                           TypedName<testing::TestParamInfo<TypedJsonCase>>)

// The wrappers' rows: "same representation in JSON as the wrapped primitive type, except that null is allowed".
const JsonCase kWrappers[] = {
    {"Zeros",
     R"({"oneBoolValue":false,"oneInt32Value":0,"oneInt64Value":"0","oneUint32Value":0,"oneUint64Value":"0",
"oneFloatValue":0,"oneDoubleValue":0,"oneStringValue":"","oneBytesValue":""})",
     "one_bool_value {} one_int32_value {} one_int64_value {} one_uint32_value {} one_uint64_value {} "
     "one_float_value {} one_double_value {} one_string_value {} one_bytes_value {}"},
    {"Values",
     R"({"oneBoolValue":true,"oneInt32Value":1,"oneInt64Value":"1","oneUint32Value":1,"oneUint64Value":"1",
"oneFloatValue":1,"oneDoubleValue":1,"oneStringValue":"1","oneBytesValue":"AQI="})",
     "one_bool_value { value: true } one_int32_value { value: 1 } one_int64_value { value: 1 } "
     "one_uint32_value { value: 1 } one_uint64_value { value: 1 } one_float_value { value: 1 } "
     "one_double_value { value: 1 } one_string_value { value: '1' } one_bytes_value { value: '\\001\\002' }"},
    {"Lists", R"({"manyBoolValue":[true,false],"manyInt64Value":["0","1"],"manyStringValue":["","AQI="]})",
     "many_bool_value { value: true } many_bool_value {} many_int64_value {} many_int64_value { value: 1 } "
     "many_string_value {} many_string_value { value: 'AQI=' }"},
    {"AsObject", R"({"oneInt32Value": {"value": 1}})"},
    {"WrongKind", R"({"oneBoolValue": "true"})"},
    {"OutOfRange", R"({"oneInt32Value": 2147483648})"},
};
SUITE(Wrappers, kWrappers);

// The row of Timestamp, and timestamp.proto: RFC 3339, years 1 to 9999, Z-normalized with 0, 3, 6 or 9 digits.
const JsonCase kTimestamps[] = {
    {"Bounds", R"({"manyTimestamp":["0001-01-01T00:00:00Z","9999-12-31T23:59:59.999999999Z"]})",
     "many_timestamp { seconds: -62135596800 } many_timestamp { seconds: 253402300799 nanos: 999999999 }"},
    {"LeapDay", R"({"oneTimestamp":"2000-02-29T12:00:00Z"})", "one_timestamp { seconds: 951825600 }"},
    {"BeforeEpoch", R"({"oneTimestamp":"1969-12-31T23:59:59.500Z"})", "one_timestamp { seconds: -1 nanos: 500000000 }"},
    {"PositiveOffset", R"({"oneTimestamp": "1970-01-01T08:00:01+08:00"})", "one_timestamp { seconds: 1 }",
     R"({"oneTimestamp":"1970-01-01T00:00:01Z"})"},
    {"NegativeOffset", R"({"oneTimestamp": "1969-12-31T16:00:01-08:00"})", "one_timestamp { seconds: 1 }",
     R"({"oneTimestamp":"1970-01-01T00:00:01Z"})"},
    {"ZeroDigits", R"({"oneTimestamp": "1970-01-01T00:00:00.000000000Z"})", "one_timestamp { }",
     R"({"oneTimestamp":"1970-01-01T00:00:00Z"})"},
    {"ThreeDigits", R"({"oneTimestamp": "1970-01-01T00:00:00.01Z"})", "one_timestamp { nanos: 10000000 }",
     R"({"oneTimestamp":"1970-01-01T00:00:00.010Z"})"},
    {"SixDigits", R"({"oneTimestamp": "1970-01-01T00:00:00.000010000Z"})", "one_timestamp { nanos: 10000 }",
     R"({"oneTimestamp":"1970-01-01T00:00:00.000010Z"})"},
    {"NineDigits", R"({"oneTimestamp":"1970-01-01T00:00:00.000000010Z"})", "one_timestamp { nanos: 10 }"},
    {"InOneof", R"({"pickTimestamp":"1970-01-01T00:00:00Z"})", "pick_timestamp { }"},
    {"TooEarly", R"({"oneTimestamp": "0000-01-01T00:00:00Z"})"},
    {"TooEarlyByOffset", R"({"oneTimestamp": "0001-01-01T00:00:00+00:01"})"},
    {"TooLate", R"({"oneTimestamp": "10000-01-01T00:00:00Z"})"},
    {"TooLateByOffset", R"({"oneTimestamp": "9999-12-31T23:59:59-00:01"})"},
    {"NoZone", R"({"oneTimestamp": "0001-01-01T00:00:00"})"},
    {"NoT", R"({"oneTimestamp": "0001-01-01 00:00:00Z"})"},
    {"SmallZ", R"({"oneTimestamp": "0001-01-01T00:00:00z"})"},
    {"SmallT", R"({"oneTimestamp": "0001-01-01t00:00:00Z"})"},
    {"TenDigits", R"({"oneTimestamp": "1970-01-01T00:00:00.0000000001Z"})"},
    {"NoDigitBehindPoint", R"({"oneTimestamp": "1970-01-01T00:00:00.Z"})"},
    {"NoSuchDay", R"({"oneTimestamp": "1900-02-29T00:00:00Z"})"},
    {"NoSuchMonth", R"({"oneTimestamp": "1970-13-01T00:00:00Z"})"},
    {"NoSuchHour", R"({"oneTimestamp": "1970-01-01T24:00:00Z"})"},
    {"LeapSecond", R"({"oneTimestamp": "2016-12-31T23:59:60Z"})"},
    {"OffsetWithoutColon", R"({"oneTimestamp": "1970-01-01T00:00:00+0800"})"},
    {"OffsetTooLarge", R"({"oneTimestamp": "1970-01-01T00:00:00+24:00"})"},
    {"TrailingSpace", R"({"oneTimestamp": "1970-01-01T00:00:00Z "})"},
    {"Number", R"({"oneTimestamp": 0})"},
    {"Object", R"({"oneTimestamp": {"seconds": 1}})"},
};
SUITE(Timestamps, kTimestamps);

// The row of Duration, and duration.proto: the seconds within 315,576,000,000 either way, any nanoseconds beside them.
const JsonCase kDurations[] = {
    {"Bounds", R"({"manyDuration":["-315576000000.999999999s","315576000000.999999999s"]})",
     "many_duration { seconds: -315576000000 nanos: -999999999 } many_duration { seconds: 315576000000 nanos: "
     "999999999 }"},
    {"Signs", R"({"manyDuration":["1.500s","-1.500s","-5s","-0.500s"]})",
     "many_duration { seconds: 1 nanos: 500000000 } many_duration { seconds: -1 nanos: -500000000 } "
     "many_duration { seconds: -5 } many_duration { nanos: -500000000 }"},
    {"Digits", R"({"manyDuration": ["1.000000000s", "1.01s", "1.000010000s", "1.000000010s", "-0s"]})",
     "many_duration { seconds: 1 } many_duration { seconds: 1 nanos: 10000000 } many_duration { seconds: 1 nanos: "
     "10000 } many_duration { seconds: 1 nanos: 10 } many_duration { }",
     R"({"manyDuration":["1s","1.010s","1.000010s","1.000000010s","0s"]})"},
    {"NoUnit", R"({"oneDuration": "1"})"},
    {"TooShort", R"({"oneDuration": "-315576000001.000000000s"})"},
    {"TooLong", R"({"oneDuration": "315576000001.000000000s"})"},
    {"TenDigits", R"({"oneDuration": "1.0000000001s"})"},
    {"OtherUnit", R"({"oneDuration": "1m"})"},
    {"Plus", R"({"oneDuration": "+1s"})"},
    {"NoWholePart", R"({"oneDuration": ".5s"})"},
    {"NoFraction", R"({"oneDuration": "1.s"})"},
    {"Exponent", R"({"oneDuration": "1e3s"})"},
    {"OnlyUnit", R"({"oneDuration": "s"})"},
    {"Space", R"({"oneDuration": "1 s"})"},
    {"Number", R"({"oneDuration": 1})"},
};
SUITE(Durations, kDurations);

// The row of FieldMask, and field_mask.proto.
const JsonCase kFieldMasks[] = {
    {"Paths", R"({"oneFieldmask":"foo,barBaz,a.bC"})", "one_fieldmask { paths: ['foo', 'bar_baz', 'a.b_c'] }"},
    {"Empty", R"({"oneFieldmask":""})", "one_fieldmask { }"},
    {"List", R"({"manyFieldmask":["a","bC",""]})",
     "many_fieldmask { paths: 'a' } many_fieldmask { paths: 'b_c' } "
     "many_fieldmask { }"},
    {"Underscore", R"({"oneFieldmask": "foo,bar_bar"})"},
    {"EmptyPath", R"({"oneFieldmask": "foo,,bar"})"},
    {"Space", R"({"oneFieldmask": "foo, bar"})"},
    {"Array", R"({"oneFieldmask": ["foo"]})"},
};
SUITE(FieldMasks, kFieldMasks);

// The rows of Struct, Value and ListValue, and struct.proto.
const JsonCase kStructs[] = {
    {"Struct",
     R"({"oneStruct":{"null":null,"int":1234,"bool":true,"double":1234.5678,"string":"x","list":[1234,"5678"],
"object":{"value":0}}})",
     "one_struct { fields { key: 'null' value { null_value: NULL_VALUE } } fields { key: 'int' value { number_value: "
     "1234 } } fields { key: 'bool' value { bool_value: true } } fields { key: 'double' value { number_value: "
     "1234.5678 } } fields { key: 'string' value { string_value: 'x' } } fields { key: 'list' value { list_value { "
     "values { number_value: 1234 } values { string_value: '5678' } } } } fields { key: 'object' value { struct_value "
     "{ fields { key: 'value' value { number_value: 0 } } } } } }"},
    {"EmptyStruct", R"({"oneStruct":{},"manyStruct":[{},{"a":{}}]})",
     "one_struct { } many_struct { } many_struct { fields { key: 'a' value { struct_value { } } } }"},
    {"EmptyListInStruct", R"({"oneStruct":{"a":[]}})", "one_struct { fields { key: 'a' value { list_value { } } } }"},
    {"ValueNumber", R"({"oneValue":1.5})", "one_value { number_value: 1.5 }"},
    {"ValueZero", R"({"oneValue":0})", "one_value { number_value: 0 }"},
    {"ValueBool", R"({"oneValue":false})", "one_value { bool_value: false }"},
    {"ValueString", R"({"oneValue":""})", "one_value { string_value: '' }"},
    {"ValueNaNIsAString", R"({"oneValue":"NaN"})", "one_value { string_value: 'NaN' }"},
    {"ValueList", R"({"oneValue":[0,"x",[null]]})",
     "one_value { list_value { values { number_value: 0 } values { string_value: 'x' } values { list_value { values { "
     "null_value: NULL_VALUE } } } } }"},
    {"ValueObject", R"({"oneValue":{"value":1}})",
     "one_value { struct_value { fields { key: 'value' value { number_value: 1 } } } }"},
    {"ListOfLists", R"({"manyValue":[["a"]],"manyListvalue":[["a"],[]]})",
     "many_value { list_value { values { string_value: 'a' } } } many_listvalue { values { string_value: 'a' } } "
     "many_listvalue { }"},
    {"ValueInOneof", R"({"pickValue":{"a":[1]}})",
     "pick_value { struct_value { fields { key: 'a' value { list_value { values { number_value: 1 } } } } } }"},
    {"ValueTooLarge", R"({"oneValue": 1e400})"},
    {"StructIsNoArray", R"({"oneStruct": []})"},
    {"StructIsNoString", R"({"oneStruct": "x"})"},
    {"ListIsNoObject", R"({"oneListvalue": {}})"},
    {"Empty", R"({"oneEmpty":{},"manyEmpty":[{},{}]})", "one_empty { } many_empty { } many_empty { }"},
    {"EmptyHasNoFields", R"({"oneEmpty": {"a": 1}})"},
    {"EmptyIsNoArray", R"({"oneEmpty": []})"},
};
SUITE(Structs, kStructs);

// The row of Any, and any.proto.
const JsonCase kAnys[] = {
    {"Message", R"({"oneAny":{"@type":"type.googleapis.com/tests.Every3","oneInt32":12345}})",
     "one_any { [type.googleapis.com/tests.Every3] { one_int32: 12345 } }"},
    {"MessageOfProto2", R"({"oneAny":{"@type":"type.googleapis.com/tests.Every2.Part","a":0}})",
     "one_any { [type.googleapis.com/tests.Every2.Part] { a: 0 } }"},
    {"TypeBehind", R"({"oneAny": {"oneInt32": 1, "onePart": {"a": 2}, "@type": "x.org/y/tests.Every3"}})",
     R"(one_any { type_url: "x.org/y/tests.Every3" value: "\010\001\222\001\002\010\002" })",
     R"({"oneAny":{"@type":"x.org/y/tests.Every3","oneInt32":1,"onePart":{"a":2}}})"},
    {"Nested",
     R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.Any",
"value":{"@type":"type.googleapis.com/tests.Every3","oneInt32":12345}}})",
     "one_any { [type.googleapis.com/google.protobuf.Any] { [type.googleapis.com/tests.Every3] { one_int32: 12345 } } "
     "}"},
    {"Int32Value", R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.Int32Value","value":12345}})",
     "one_any { [type.googleapis.com/google.protobuf.Int32Value] { value: 12345 } }"},
    {"Duration", R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.500s"}})",
     "one_any { [type.googleapis.com/google.protobuf.Duration] { seconds: 1 nanos: 500000000 } }"},
    {"Timestamp",
     R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.Timestamp","value":"1970-01-01T00:00:00Z"}})",
     "one_any { [type.googleapis.com/google.protobuf.Timestamp] { } }"},
    {"FieldMask", R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.FieldMask","value":"foo,barBaz"}})",
     "one_any { [type.googleapis.com/google.protobuf.FieldMask] { paths: ['foo', 'bar_baz'] } }"},
    {"Struct", R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"foo":1}}})",
     "one_any { [type.googleapis.com/google.protobuf.Struct] { fields { key: 'foo' value { number_value: 1 } } } }"},
    {"ValueObject", R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.Value","value":{"foo":1}}})",
     "one_any { [type.googleapis.com/google.protobuf.Value] { struct_value { fields { key: 'foo' value { number_value: "
     "1 } } } } }"},
    {"ValueNull", R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.Value","value":null}})",
     "one_any { [type.googleapis.com/google.protobuf.Value] { null_value: NULL_VALUE } }"},
    {"ValueBeforeType", R"({"oneAny": {"value": "1s", "@type": "x/google.protobuf.Duration"}})",
     R"(one_any { type_url: "x/google.protobuf.Duration" value: "\010\001" })",
     R"({"oneAny":{"@type":"x/google.protobuf.Duration","value":"1s"}})"},
    {"EmptyMessage", R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.Empty"}})",
     "one_any { type_url: 'type.googleapis.com/google.protobuf.Empty' }"},
    {"EmptyMessageAsValue", R"({"oneAny": {"@type": "type.googleapis.com/google.protobuf.Empty", "value": {}}})",
     "one_any { type_url: 'type.googleapis.com/google.protobuf.Empty' }",
     R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.Empty"}})"},
    {"Nothing", R"({"oneAny":{},"manyAny":[{}]})", "one_any { } many_any { }"},
    {"TypeMissing", R"({"oneAny": {"oneInt32": 1}})"},
    {"TypeEmpty", R"({"oneAny": {"@type": "", "value": ""}})"},
    {"TypeWithoutSlash", R"({"oneAny": {"@type": "tests.Every3"}})"},
    {"TypeEndsInSlash", R"({"oneAny": {"@type": "type.googleapis.com/"}})"},
    {"TypeUnknown", R"({"oneAny": {"@type": "type.googleapis.com/tests.Nothing"}})"},
    {"TypeNumber", R"({"oneAny": {"@type": 1}})"},
    {"TypeTwice", R"({"oneAny": {"@type": "x/tests.Every3", "@type": "x/tests.Every3"}})"},
    {"ValueMissing", R"({"oneAny": {"@type": "x/google.protobuf.Duration"}})"},
    {"ValueTwice", R"({"oneAny": {"@type": "x/google.protobuf.Duration", "value": "1s", "value": "2s"}})"},
    {"MemberBesideValue", R"({"oneAny": {"@type": "x/google.protobuf.Duration", "value": "1s", "a": 1}})"},
    {"UnknownField", R"({"oneAny": {"@type": "x/tests.Every3", "nothing": 1}})"},
    {"String", R"({"oneAny": "x"})"},
};
SUITE(Anys, kAnys);

}  // namespace
}  // namespace portico::transcode
