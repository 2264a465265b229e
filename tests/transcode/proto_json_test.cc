// The rules of ProtoJSON (protobuf.dev/programming-guides/json), one suite per rule, tried on messages of every kind of
// field of proto3 and proto2: JSON -> wire -> JSON, or refused.
#include <gtest/gtest.h>

#include "tests/transcode/every_field_test.h"

namespace portico::transcode {
namespace {

const TestContracts& Contracts() {
  return TestContracts::Get();
}

absl::Status Read(const char* type, absl::string_view json, std::string* wire, ReadOptions options = {}) {
  return JsonToWire(Contracts().Table(type), Contracts().types(), json, options, wire, nullptr);
}

class ProtoJson : public testing::TestWithParam<TypedJsonCase> {};

TEST_P(ProtoJson, HoldsTheRule) {
  ExpectRule(GetParam());
}

#define SUITE(rule, cases)                                                   \
  INSTANTIATE_TEST_SUITE_P(rule, ProtoJson, testing::ValuesIn(Typed(cases)), \
                           TypedName<testing::TestParamInfo<TypedJsonCase>>)

// "Message field names are mapped to lowerCamelCase"; "parsers accept both the lowerCamelCase name (or the one of
// json_name) and the original name".
const JsonCase kNames[] = {
    {"Camel",
     R"({"fieldname1":1,"fieldName2":2,"FieldName3":3,"fieldName4":4,"field0name5":5,"field0Name6":6,"fieldName7":7,
"FieldName8":8,"fieldName9":9,"FieldName10":10,"FIELDNAME11":11,"FIELDName12":12,"FieldName13":13,"FieldName14":14,
"fieldName15":15,"fieldName16":16,"fieldName17":17,"FieldName18":18})",
     "fieldname1: 1 field_name2: 2 _field_name3: 3 field__name4_: 4 field0name5: 5 field_0_name6: 6 fieldName7: 7 "
     "FieldName8: 8 field_Name9: 9 Field_Name10: 10 FIELD_NAME11: 11 FIELD_name12: 12 __field_name13: 13 "
     "__Field_name14: 14 field__name15: 15 field__Name16: 16 field_name17__: 17 Field_name18__: 18"},
    {"Original",
     R"({"fieldname1":1,"field_name2":2,"_field_name3":3,"field__name4_":4,"field0name5":5,"field_0_name6":6,
"fieldName7":7,"FieldName8":8,"field_Name9":9,"Field_Name10":10,"FIELD_NAME11":11,"FIELD_name12":12,
"__field_name13":13,"__Field_name14":14,"field__name15":15,"field__Name16":16,"field_name17__":17,
"Field_name18__":18})",
     "fieldname1: 1 field_name2: 2 _field_name3: 3 field__name4_: 4 field0name5: 5 field_0_name6: 6 fieldName7: 7 "
     "FieldName8: 8 field_Name9: 9 Field_Name10: 10 FIELD_NAME11: 11 FIELD_name12: 12 __field_name13: 13 "
     "__Field_name14: 14 field__name15: 15 field__Name16: 16 field_name17__: 17 Field_name18__: 18",
     R"({"fieldname1":1,"fieldName2":2,"FieldName3":3,"fieldName4":4,"field0name5":5,"field0Name6":6,"fieldName7":7,)"
     R"("FieldName8":8,"fieldName9":9,"FieldName10":10,"FIELDNAME11":11,"FIELDName12":12,"FieldName13":13,)"
     R"("FieldName14":14,"fieldName15":15,"fieldName16":16,"fieldName17":17,"FieldName18":18})"},
    {"Escaped", R"({"fieldn\u0061me1": 1})", "fieldname1: 1", R"({"fieldname1":1})"},
    {"JsonName", R"({"@new \"name\"": "x"})", "renamed: 'x'", R"({"@new \"name\"":"x"})"},
    {"OriginalBesideJsonName", R"({"renamed": "x"})", "renamed: 'x'", R"({"@new \"name\"":"x"})"},
    {"OtherCase", R"({"FIELDNAME1": 1})"},
    {"Extension", R"({"[tests.extra_int32]": 1})", "[tests.extra_int32]: 1", nullptr, Syntax::kProto2},
    {"ExtensionWithoutBrackets", R"({"tests.extra_int32": 1})"},
    {"UnknownExtension", R"({"[tests.extra_nothing]": 1})"},
    {"Extensions",
     R"({"[tests.extra_strings]": ["a"], "[tests.extra_beside]": {"c": 1}, "[tests.extragroup]": {"g": 2},
"[tests.extra_kind]": "BESIDE_B", "[tests.extra_timestamp]": "1970-01-01T00:00:01Z"})",
     "[tests.extra_strings]: 'a' [tests.extra_beside] { c: 1 } [tests.extragroup] { g: 2 } "
     "[tests.extra_kind]: BESIDE_B [tests.extra_timestamp] { seconds: 1 }",
     nullptr, Syntax::kProto2},
    {"Group", R"({"cluster": {"x": 1, "y": "s", "inner": {"z": 2}}, "clusters": [{"x": 3}, {}]})",
     "Cluster { x: 1 y: 's' Inner { z: 2 } } Clusters { x: 3 } Clusters { }", nullptr, Syntax::kProto2},
    {"GroupByTypeName", R"({"Cluster": {"x": 1}})", nullptr, nullptr, Syntax::kProto2},
    {"MessageSet",
     R"({"closet": {"[tests.Every2.Coat.coat]": {"size": "L"},
"[tests.Every2.Hat.hat]": {"brim": 3, "closet": {"[tests.Every2.Coat.coat]": {}}}}})",
     "closet { [tests.Every2.Coat.coat] { size: 'L' } [tests.Every2.Hat.hat] { brim: 3 closet { "
     "[tests.Every2.Coat.coat] { } } } }",
     nullptr, Syntax::kProto2},
};
SUITE(FieldNames, kNames);

// RFC 8259: the grammar, section by section.
const JsonCase kGrammar[] = {
    {"OneLine", R"({"oneInt32":1,"oneInt64":"2"})", "one_int32: 1 one_int64: 2"},
    {"Spaces", R"({ "oneInt32" : 1 , "oneInt64" : "2" })", "one_int32: 1 one_int64: 2"},
    {"Lines", "{\n\"oneInt32\"\n:\n1\n,\r\n\t\"oneInt64\"\n:\n\"2\"\n}\n", "one_int32: 1 one_int64: 2",
     R"({"oneInt32":1,"oneInt64":"2"})"},
    {"TopLevelNull", "null"},
    {"TopLevelArray", "[]"},
    {"Nothing", ""},
    {"OnlySpace", " "},
    {"Garbage", R"({"oneInt32":1} x)"},
    {"TwoTexts", R"({}{})"},
    {"ByteOrderMark", "\xef\xbb\xbf{}"},
    {"NameNotQuoted", R"({fieldname1: 1})"},
    {"TrailingComma", R"({"fieldname1":1,})"},
    {"TrailingCommaSpace", R"({"fieldname1":1 , })"},
    {"LeadingComma", R"({,"fieldname1":1})"},
    {"MissingComma", R"({"oneInt32": 1 "oneInt64": 2})"},
    {"MissingColon", R"({"oneInt32" 1})"},
    {"Comment", "{\n// Why.\n\"fieldname1\": 1}"},
    {"BlockComment", "{/* Why. */\"fieldname1\": 1}"},
    {"SingleQuotedKey", R"({'oneString': "x"})"},
    {"SingleQuotedValue", R"({"oneString": 'x'})"},
    {"EndsInEscape", R"({"oneString": "abc\)"},
    {"ArrayTrailingComma", R"({"manyInt32": [1,2,]})"},
    {"ArrayTrailingCommaSpace", R"({"manyInt32": [1, 2 , ]})"},
    {"ArrayMissingComma", R"({"manyInt32": [1 2]})"},
    {"UnclosedArray", R"({"manyInt32": [1)"},
    {"MismatchedBrackets", R"({"manyInt32": [1}])"},
    {"CapitalTrue", R"({"oneBool": True})"},
    {"CapitalsFalse", R"({"oneBool": FALSE})"},
    {"NaNLiteral", R"({"oneDouble": NaN})"},
    {"InfinityLiteral", R"({"oneDouble": -Infinity})"},
    {"Plus", R"({"oneInt32": +1})"},
    {"LeadingZero", R"({"oneInt32": 01})"},
    {"NegativeLeadingZero", R"({"oneInt32": -01})"},
    {"BarePoint", R"({"oneDouble": .5})"},
    {"TrailingPoint", R"({"oneDouble": 5.})"},
    {"EmptyExponent", R"({"oneDouble": 5e})"},
    {"Hexadecimal", R"({"oneInt32": 0x10})"},
    {"MinusAlone", R"({"oneInt32": -})"},
    {"MapKeyNotQuoted", R"({"byInt32": {1: 2}})"},
    {"MapKeyIsNull", R"({"byInt32": {null: 2}})"},
    {"MapKeyIsTrue", R"({"byBool": {true: true}})"},
};
SUITE(Grammar, kGrammar);

// RFC 8259, sections 7 and 8: strings, their escapes, UTF-8.
const JsonCase kStrings[] = {
    {"Ascii", R"({"oneString": "Hello world!"})", "one_string: 'Hello world!'"},
    {"Utf8", "{\"oneString\":\"\u8c37\u6b4c \U0001f601\"}", "one_string: '\u8c37\u6b4c \U0001f601'"},
    {"Escapes", R"({"oneString": "\"\\\/\b\f\n\r\t"})", R"(one_string: "\"\\/\b\f\n\r\t")",
     R"({"oneString":"\"\\/\b\f\n\r\t"})"},
    {"UnicodeEscape", R"({"oneString": "\u8C37\u6b4c"})", "one_string: '\u8c37\u6b4c'",
     "{\"oneString\":\"\u8c37\u6b4c\"}"},
    {"SurrogatePair", R"({"oneString": "\uD83D\ude01"})", "one_string: '\U0001f601'", "{\"oneString\":\"\U0001f601\"}"},
    {"Nul", R"({"oneString": "a\u0000b"})", "one_string: 'a\\000b'", R"({"oneString":"a\u0000b"})"},
    {"ControlCharacters", R"({"oneString": "\u0001\u000b\u001f\u007f"})", "one_string: '\\001\\013\\037\\177'",
     "{\"oneString\":\"\\u0001\\u000b\\u001f\x7f\"}"},
    {"LastCharacter", R"({"oneString": "\udbff\udfff"})", "one_string: '\xf4\x8f\xbf\xbf'",
     "{\"oneString\":\"\xf4\x8f\xbf\xbf\"}"},
    {"InMapKey", R"({"byString": {"\ud83d\ude01\n": "\u0041"}})", "by_string { key: '\U0001f601\\n' value: 'A' }",
     "{\"byString\":{\"\U0001f601\\n\":\"A\"}}"},
    {"CapitalU", R"({"oneString": "\U8C37"})"},
    {"NoHexDigits", R"({"oneString": "\uXXXX"})"},
    {"ThreeHexDigits", R"({"oneString": "\u8C3"})"},
    {"OtherEscape", R"({"oneString": "\a"})"},
    {"OctalEscape", R"({"oneString": "\012"})"},
    {"LoneHighSurrogate", R"({"oneString": "\uD800"})"},
    {"LoneHighSurrogateBeforeText", R"({"oneString": "\uD800abcdef"})"},
    {"LoneLowSurrogate", R"({"oneString": "\uDC00"})"},
    {"SurrogatesSwapped", R"({"oneString": "\uDE01\uD83D"})"},
    {"TwoHighSurrogates", R"({"oneString": "\uD800\uD800"})"},
    {"LoneSurrogateInKey", R"({"byString": {"\uD800": "x"}})"},
    {"LoneSurrogateInName", R"({"\uD800": "x"})"},
    {"RawNewline", "{\"oneString\": \"a\nb\"}"},
    {"RawControl", "{\"oneString\": \"a\x01\"}"},
    {"NotUtf8", "{\"oneString\": \"\xff\"}"},
    {"Overlong", "{\"oneString\": \"\xc0\xaf\"}"},
    {"EncodedSurrogate", "{\"oneString\": \"\xed\xa0\x80\"}"},
    {"BeyondUnicode", "{\"oneString\": \"\xf4\x90\x80\x80\"}"},
    {"CutCharacter", "{\"oneString\": \"\xe2\x82\"}"},
    {"NotUtf8Key", "{\"byString\": {\"\xff\": \"x\"}}"},
    {"NotUtf8InBytes", "{\"oneBytes\": \"\xff\"}"},
    {"Number", R"({"oneString": 12345})"},
    {"True", R"({"oneString": true})"},
    {"Array", R"({"oneString": ["x"]})"},
};
SUITE(Strings, kStrings);

// The rows of int32, fixed32, uint32, int64, fixed64 and uint64.
const JsonCase kIntegers[] = {
    {"Max",
     R"({"oneInt32":2147483647,"oneInt64":"9223372036854775807","oneUint32":4294967295,
"oneUint64":"18446744073709551615","oneSint32":2147483647,"oneSint64":"9223372036854775807","oneFixed32":4294967295,
"oneFixed64":"18446744073709551615","oneSfixed32":2147483647,"oneSfixed64":"9223372036854775807"})",
     "one_int32: 2147483647 one_int64: 9223372036854775807 one_uint32: 4294967295 one_uint64: 18446744073709551615 "
     "one_sint32: 2147483647 one_sint64: 9223372036854775807 one_fixed32: 4294967295 "
     "one_fixed64: 18446744073709551615 one_sfixed32: 2147483647 one_sfixed64: 9223372036854775807"},
    {"Min",
     R"({"oneInt32":-2147483648,"oneInt64":"-9223372036854775808","oneSint32":-2147483648,
"oneSint64":"-9223372036854775808","oneSfixed32":-2147483648,"oneSfixed64":"-9223372036854775808"})",
     "one_int32: -2147483648 one_int64: -9223372036854775808 one_sint32: -2147483648 "
     "one_sint64: -9223372036854775808 one_sfixed32: -2147483648 one_sfixed64: -9223372036854775808"},
    {"AsStrings", R"({"oneInt32": "2147483647", "oneUint32": "4294967295", "oneSint32": "-1", "oneFixed32": "7"})",
     "one_int32: 2147483647 one_uint32: 4294967295 one_sint32: -1 one_fixed32: 7",
     R"({"oneInt32":2147483647,"oneUint32":4294967295,"oneSint32":-1,"oneFixed32":7})"},
    {"AsNumbers", R"({"oneInt64": -9223372036854775808, "oneUint64": 18446744073709551615, "oneSint64": 1})",
     "one_int64: -9223372036854775808 one_uint64: 18446744073709551615 one_sint64: 1",
     R"({"oneInt64":"-9223372036854775808","oneUint64":"18446744073709551615","oneSint64":"1"})"},
    {"StringEscaped", R"({"oneInt32": "2\u003147483647"})", "one_int32: 2147483647", R"({"oneInt32":2147483647})"},
    {"TrailingZeros", R"({"oneInt32": 100000.000})", "one_int32: 100000", R"({"oneInt32":100000})"},
    {"Exponent", R"({"oneInt32": 1e5, "oneInt64": 1E+5, "oneUint32": 4.294967295e9, "oneSint32": -2.147483648e9})",
     "one_int32: 100000 one_int64: 100000 one_uint32: 4294967295 one_sint32: -2147483648",
     R"({"oneInt32":100000,"oneInt64":"100000","oneUint32":4294967295,"oneSint32":-2147483648})"},
    {"ExponentInString", R"({"oneInt32": "1e2", "oneUint64": "1.8446744073709551615e19"})",
     "one_int32: 100 one_uint64: 18446744073709551615", R"({"oneInt32":100,"oneUint64":"18446744073709551615"})"},
    {"NegativeExponent", R"({"oneInt32": 1500e-2})", "one_int32: 15", R"({"oneInt32":15})"},
    {"HugeExponentOfZero", R"({"pickUint64": 0e999999999999})", "pick_uint64: 0", R"({"pickUint64":"0"})"},
    {"MinusZero", R"({"pickSint64": -0})", "pick_sint64: 0", R"({"pickSint64":"0"})"},
    {"MinusZeroUnsigned", R"({"pickUint32": -0})", "pick_uint32: 0", R"({"pickUint32":0})"},
    {"Int32TooLarge", R"({"oneInt32": 2147483648})"},
    {"Int32TooSmall", R"({"oneInt32": -2147483649})"},
    {"Int32TooLargeInString", R"({"oneInt32": "2147483648"})"},
    {"Uint32TooLarge", R"({"oneUint32": 4294967296})"},
    {"Uint32Negative", R"({"oneUint32": -1})"},
    {"Fixed32TooLarge", R"({"oneFixed32": 4294967296})"},
    {"Sfixed32TooLarge", R"({"oneSfixed32": 2147483648})"},
    {"Sint32TooLarge", R"({"oneSint32": 2147483648})"},
    {"Int64TooLarge", R"({"oneInt64": "9223372036854775808"})"},
    {"Int64TooSmall", R"({"oneInt64": "-9223372036854775809"})"},
    {"Uint64TooLarge", R"({"oneUint64": "18446744073709551616"})"},
    {"Uint64Negative", R"({"oneUint64": "-1"})"},
    {"HugeExponent", R"({"oneInt64": 1e999999999999})"},
    {"Fraction", R"({"oneInt32": 0.5})"},
    {"FractionInString", R"({"oneInt64": "0.5"})"},
    {"FractionUnsigned", R"({"oneUint32": 0.5})"},
    {"TinyFraction", R"({"oneInt32": 1e-999999999999})"},
    {"FractionOfMax", R"({"oneUint64": 18446744073709551615.5})"},
    {"NotANumber", R"({"oneInt32": "3x3"})"},
    {"EmptyString", R"({"oneInt32": ""})"},
    {"LeadingSpace", R"({"oneInt32": " 1"})"},
    {"TrailingSpace", R"({"oneInt32": "1 "})"},
    {"LeadingZeroInString", R"({"oneInt32": "01"})"},
    {"PlusInString", R"({"oneInt32": "+1"})"},
    {"HexadecimalInString", R"({"oneInt64": "0x1"})"},
    {"NaNInString", R"({"oneInt32": "NaN"})"},
    {"NulBehind", R"({"oneInt32": "1\u0000"})"},
    {"True", R"({"oneInt32": true})"},
    {"Object", R"({"oneInt32": {}})"},
};
SUITE(Integers, kIntegers);

// The row of float and double; "values out of range are rejected".
const JsonCase kFloats[] = {
    {"Double", R"({"oneDouble":0.1})", "one_double: 0.1"},
    {"DoubleBounds", R"({"manyDouble":[2.2250738585072014e-308,1.7976931348623157e+308,-1.7976931348623157e+308]})",
     "many_double: 2.2250738585072014e-308 many_double: 1.7976931348623157e+308 many_double: -1.7976931348623157e+308"},
    {"DoubleDenormal", R"({"oneDouble":5e-324})", "one_double: 4.9406564584124654e-324"},
    {"FloatBounds", R"({"manyFloat":[1.1754944e-38,3.4028235e+38,-3.4028235e+38]})",
     "many_float: 1.17549435e-38 many_float: 3.40282347e+38 many_float: -3.40282347e+38"},
    {"FloatShortest", R"({"oneFloat":0.1})", "one_float: 0.1"},
    {"Exponents", R"({"oneFloat": 1.175494e-38, "oneDouble": -2.22507e-308})",
     "one_float: 1.175494e-38 one_double: -2.22507e-308"},
    {"Quoted", R"({"oneFloat": "1", "oneDouble": "-1.5e2"})", "one_float: 1 one_double: -150",
     R"({"oneFloat":1,"oneDouble":-150})"},
    {"NaN", R"({"oneFloat":"NaN","oneDouble":"NaN"})", "one_float: nan one_double: nan"},
    {"Infinities", R"({"oneFloat":"Infinity","oneDouble":"-Infinity"})", "one_float: inf one_double: -inf"},
    {"MinusZero", R"({"pickDouble":-0})", "pick_double: -0"},
    {"UnderflowsToZero", R"({"pickDouble": 1e-400})", "pick_double: 0", R"({"pickDouble":0})"},
    {"RoundsDownToMax", R"({"oneFloat": 3.40282350000000001e38})", "one_float: 3.40282347e+38",
     R"({"oneFloat":3.4028235e+38})"},
    {"ManyDigits", R"({"oneDouble": 0.1000000000000000055511151231257827021181583404541015625})", "one_double: 0.1",
     R"({"oneDouble":0.1})"},
    {"FloatTooLarge", R"({"oneFloat": 3.502823e+38})"},
    {"FloatTooSmall", R"({"oneFloat": -3.502823e+38})"},
    {"FloatTooLargeQuoted", R"({"oneFloat": "3.502823e+38"})"},
    {"DoubleTooLarge", R"({"oneDouble": 1.89769e+308})"},
    {"DoubleTooSmall", R"({"oneDouble": -1.89769e+308})"},
    {"LowerCaseNan", R"({"oneDouble": "nan"})"},
    {"Inf", R"({"oneDouble": "inf"})"},
    {"PlusInfinity", R"({"oneDouble": "+Infinity"})"},
    {"MinusNaN", R"({"oneDouble": "-NaN"})"},
    {"Text", R"({"oneFloat": "one"})"},
    {"EmptyString", R"({"oneFloat": ""})"},
    {"SpaceInString", R"({"oneFloat": "1 "})"},
    {"True", R"({"oneDouble": true})"},
};
SUITE(Floats, kFloats);

// The row of bool, and that of bytes: "either standard or URL-safe base64 with/without paddings are accepted".
const JsonCase kBoolsAndBytes[] = {
    {"True", R"({"oneBool":true})", "one_bool: true"},
    {"FalseInOneof", R"({"pickBool":false})", "pick_bool: false"},
    {"Zero", R"({"oneBool": 0})"},
    {"One", R"({"oneBool": 1})"},
    {"QuotedTrue", R"({"oneBool": "true"})"},
    {"Bytes", R"({"oneBytes":"AQI="})", "one_bytes: '\\001\\002'"},
    {"BytesNoPadding", R"({"oneBytes": "AQI"})", "one_bytes: '\\001\\002'", R"({"oneBytes":"AQI="})"},
    {"BytesUrlSafe", R"({"oneBytes": "-_-_"})", "one_bytes: '\\373\\377\\277'", R"({"oneBytes":"+/+/"})"},
    {"BytesUrlSafeLooseBits", R"({"oneBytes": "-_"})", "one_bytes: '\\373'", R"({"oneBytes":"+w=="})"},
    {"BytesEmptyInOneof", R"({"pickBytes":""})", "pick_bytes: ''"},
    {"BytesOneCharacter", R"({"oneBytes": "A"})"},
    {"BytesWrongPadding", R"({"oneBytes": "AQI=="})"},
    {"BytesPaddingInside", R"({"oneBytes": "AQ==AQ=="})"},
    {"BytesBothAlphabets", R"({"oneBytes": "+_+_"})"},
    {"BytesSpace", R"({"oneBytes": "AQ I="})"},
    {"BytesNumber", R"({"oneBytes": 1})"},
};
SUITE(BoolsAndBytes, kBoolsAndBytes);

// The row of enum: "parsers accept both enum names and integer values".
const JsonCase kEnums[] = {
    {"Name", R"({"oneKind":"ROUND","oneKindBeside":"BESIDE_C"})", "one_kind: ROUND one_kind_beside: BESIDE_C"},
    {"Number", R"({"oneKind": 2, "manyKind": [-1, 1.0, 0e5]})",
     "one_kind: FLAT many_kind: UNDER many_kind: ROUND many_kind: PLAIN",
     R"({"oneKind":"FLAT","manyKind":["UNDER","ROUND","PLAIN"]})"},
    {"ZeroInOneof", R"({"pickKind":"PLAIN"})", "pick_kind: PLAIN"},
    {"Aliases", R"({"oneTwin": "Other"})", "one_twin: TWIN_C", R"({"oneTwin":"TWIN_C"})"},
    {"AliasOtherCase", R"({"oneTwin": "oThEr"})", "one_twin: TWIN_C", R"({"oneTwin":"TWIN_C"})"},
    {"UnknownNumberOpen", R"({"oneKind":123})", "one_kind: 123", nullptr, Syntax::kProto3},
    {"UnknownNumberClosed", R"({"oneKind":123})", nullptr, nullptr, Syntax::kProto2},
    {"UnknownName", R"({"oneKind": "SQUARE"})"},
    {"UnknownNameInList", R"({"manyKind": ["ROUND", "SQUARE"]})"},
    {"UnknownNameInMap", R"({"stringKind": {"a": "SQUARE"}})"},
    {"OtherCase", R"({"oneKind": "round"})"},
    {"FullName", R"({"oneKind": "Kind.ROUND"})"},
    {"NumberInString", R"({"oneKind": "1"})"},
    {"NotQuoted", R"({"oneKind": ROUND})"},
    {"Fraction", R"({"oneKind": 1.5})"},
    {"BeyondInt32", R"({"oneKind": 4294967297})"},
    {"True", R"({"oneKind": true})"},
};
SUITE(Enums, kEnums);

// The row of repeated, of map and of message.
const JsonCase kContainers[] = {
    {"Lists",
     R"({"manyInt32":[1,2,3],"manyString":["a",""],"manyBytes":["AAEC",""],"manyPart":[{"a":1},{}],
"manyKind":["PLAIN","ROUND"]})",
     "many_int32: [1, 2, 3] many_string: ['a', ''] many_bytes: ['\\000\\001\\002', ''] many_part { a: 1 } many_part {} "
     "many_kind: [PLAIN, ROUND]",
     R"({"manyInt32":[1,2,3],"manyString":["a",""],"manyBytes":["AAEC",""],"manyPart":[{"a":1},{}],)"
     R"("manyKind":["PLAIN","ROUND"]})"},
    {"EmptyListsAndMaps", R"({"manyInt32": [], "manyPart": [], "byInt32": {}, "looseInt32": []})", "", "{}"},
    {"PackedAndLoose",
     R"({"packedDouble":[1.5],"packedBool":[true,false],"packedKind":["FLAT"],"looseSint64":["-1","0"],
"looseFixed32":[7],"looseKind":["UNDER"]})",
     "packed_double: 1.5 packed_bool: [true, false] packed_kind: FLAT loose_sint64: [-1, 0] loose_fixed32: 7 "
     "loose_kind: UNDER"},
    {"MapsOfEveryKey",
     R"({"byInt32":{"-1":1},"byInt64":{"-2":"2"},"byUint32":{"3":3},"byUint64":{"18446744073709551615":"4"},
"bySint32":{"-5":5},"bySint64":{"-6":"6"},"byFixed32":{"7":7},"byFixed64":{"8":"8"},"bySfixed32":{"-9":9},
"bySfixed64":{"-10":"10"},"byBool":{"true":false},"byString":{"":"x"}})",
     "by_int32 { key: -1 value: 1 } by_int64 { key: -2 value: 2 } by_uint32 { key: 3 value: 3 } "
     "by_uint64 { key: 18446744073709551615 value: 4 } by_sint32 { key: -5 value: 5 } by_sint64 { key: -6 value: 6 } "
     "by_fixed32 { key: 7 value: 7 } by_fixed64 { key: 8 value: 8 } by_sfixed32 { key: -9 value: 9 } "
     "by_sfixed64 { key: -10 value: 10 } by_bool { key: true value: false } by_string { key: '' value: 'x' }"},
    {"MapsOfEveryValue",
     R"({"int32Float":{"1":0.5},"int32Double":{"1":"NaN"},"stringBytes":{"a":"AQI="},"stringPart":{"a":{"a":1}},
"stringBeside":{"a":{}},"stringKind":{"a":"ROUND"},"stringKindBeside":{"a":"BESIDE_A"},
"stringWhole":{"a":{"byBool":{"false":true}}}})",
     "int32_float { key: 1 value: 0.5 } int32_double { key: 1 value: nan } "
     "string_bytes { key: 'a' value: '\\001\\002' } string_part { key: 'a' value { a: 1 } } "
     "string_beside { key: 'a' value { } } string_kind { key: 'a' value: ROUND } "
     "string_kind_beside { key: 'a' value: BESIDE_A } string_whole { key: 'a' value { by_bool { key: false value: "
     "true } } }"},
    {"MapsOfWellKnownValues",
     R"({"stringTimestamp":{"a":"1970-01-01T00:00:01Z"},"stringDuration":{"a":"1s"},"stringValue":{"a":null},
"stringListvalue":{"a":[null]},"stringStruct":{"a":{}},"stringInt64value":{"a":"5"},"stringFieldmask":{"a":"aB"}})",
     "string_timestamp { key: 'a' value { seconds: 1 } } string_duration { key: 'a' value { seconds: 1 } } "
     "string_value { key: 'a' value { null_value: NULL_VALUE } } "
     "string_listvalue { key: 'a' value { values { null_value: NULL_VALUE } } } string_struct { key: 'a' value { } } "
     "string_int64value { key: 'a' value { value: 5 } } string_fieldmask { key: 'a' value { paths: 'a_b' } }",
     nullptr, Syntax::kProto3},
    {"EscapedKeys", R"({"byInt32": {"\u0031": 2}, "byBool": {"tr\u0075e": true}})",
     "by_int32 { key: 1 value: 2 } by_bool { key: true value: true }", R"({"byInt32":{"1":2},"byBool":{"true":true}})"},
    {"Recursive", R"({"recursive":{"recursive":{"onePart":{"whole":{"oneInt32":1}}}}})",
     "recursive { recursive { one_part { whole { one_int32: 1 } } } }"},
    {"EmptyMessages", R"({"onePart":{},"oneBeside":{},"recursive":{}})", "one_part {} one_beside {} recursive {}"},
    {"ListOfWrongKindBool", R"({"manyInt32": [1, false]})"},
    {"ListOfWrongKindString", R"({"manyInt32": [1, "name"]})"},
    {"ListOfWrongKindObject", R"({"manyInt32": [1, {"a": 4}]})"},
    {"ListOfStringsGotInt", R"({"manyString": ["1", 2]})"},
    {"ListOfStringsGotBool", R"({"manyString": [false]})"},
    {"ListOfMessagesGotInt", R"({"manyPart": [{"a": 1}, 2]})"},
    {"ListOfMessagesGotString", R"({"manyPart": ["2"]})"},
    {"ListInList", R"({"manyInt32": [[1]]})"},
    {"ScalarForList", R"({"manyInt32": 1})"},
    {"ListForScalar", R"({"oneInt32": [1]})"},
    {"ObjectForList", R"({"manyInt32": {}})"},
    {"ListForMap", R"({"byInt32": []})"},
    {"ListForMessage", R"({"onePart": []})"},
    {"MapKeyOfOtherType", R"({"byInt32": {"x": 1}})"},
    {"MapKeyOutOfRange", R"({"byInt32": {"2147483648": 1}})"},
    {"MapKeyBoolCase", R"({"byBool": {"True": true}})"},
    {"MapKeyEmptyNumber", R"({"byInt32": {"": 1}})"},
};
SUITE(Containers, kContainers);

// "Duplicate values": names in either form, map keys, members of one oneof.
const JsonCase kDuplicates[] = {
    {"SameName", R"({"onePart": {"a": 1}, "onePart": {}})"},
    {"BothNames", R"({"one_part": {"a": 1}, "onePart": {}})"},
    {"BothNamesSwapped", R"({"onePart": {"a": 1}, "one_part": {}})"},
    {"SameNameEscaped", R"({"oneInt32": 1, "oneInt3\u0032": 1})"},
    {"List", R"({"manyInt32": [1], "manyInt32": [2]})"},
    {"Map", R"({"byInt32": {"1": 1}, "byInt32": {"2": 1}})"},
    {"MapKey", R"({"byString": {"a": "1", "a": "2"}})"},
    {"MapKeyEscaped", R"({"byString": {"a": "1", "\u0061": "2"}})"},
    {"MapKeySameNumber", R"({"byInt32": {"1": 1, "1.0": 2}})"},
    {"StructKey", R"({"oneStruct": {"a": 1, "a": 2}})"},
    {"NullAndValue", R"({"oneInt32": null, "oneInt32": 1})"},
    {"OneofTwoMembers", R"({"pickUint32": 1, "pickString": "x"})"},
    {"OneofTwoZeroMembers", R"({"pickUint32": 0, "pickString": ""})"},
    {"OneofValueAndNullValue", R"({"pickUint32": 1, "pickNull": null})"},
    {"OneofMessageAndScalar", R"({"pickPart": {}, "pickBool": false})"},
};
SUITE(Duplicates, kDuplicates);

// "null is an accepted value for all field types and treated as the field being absent", but in lists and maps.
const JsonCase kNulls[] = {
    {"EveryField",
     R"({"oneInt32":null,"oneInt64":null,"oneUint32":null,"oneUint64":null,"oneSint32":null,"oneSint64":null,
"oneFixed32":null,"oneFixed64":null,"oneSfixed32":null,"oneSfixed64":null,"oneFloat":null,"oneDouble":null,
"oneBool":null,"oneString":null,"oneBytes":null,"onePart":null,"oneKind":null,"recursive":null,"manyInt32":null,
"manyString":null,"manyPart":null,"manyKind":null,"manyTimestamp":null,"byInt32":null,"byString":null,
"stringPart":null,"oneBoolValue":null,"oneStringValue":null,"manyInt32Value":null,"oneDuration":null,
"oneTimestamp":null,"oneFieldmask":null,"oneStruct":null,"oneAny":null,"oneListvalue":null,"oneEmpty":null,
"manyValue":null,"manyListvalue":null,"manyNullvalue":null})",
     "", "{}"},
    {"Value", R"({"oneValue":null})", "one_value { null_value: NULL_VALUE }"},
    {"NullValueImplicit", R"({"oneNullvalue": null})", "", "{}", Syntax::kProto3},
    {"NullValueExplicit", R"({"oneNullvalue":null})", "one_nullvalue: NULL_VALUE", nullptr, Syntax::kProto2},
    {"NullValueInOneof", R"({"pickNull":null})", "pick_null: NULL_VALUE"},
    {"NullValueByName", R"({"pickNull": "NULL_VALUE"})", "pick_null: NULL_VALUE", R"({"pickNull":null})"},
    {"NullValueByNumber", R"({"pickNull": 0})", "pick_null: NULL_VALUE", R"({"pickNull":null})"},
    {"ValueInOneof", R"({"pickValue":null})", "pick_value { null_value: NULL_VALUE }"},
    {"OneofNullFirst", R"({"pickUint32": null, "pickString": "x"})", "pick_string: 'x'", R"({"pickString":"x"})"},
    {"OneofNullSecond", R"({"pickString": "x", "pickUint32": null})", "pick_string: 'x'", R"({"pickString":"x"})"},
    {"OneofAllNull", R"({"pickString": null, "pickPart": null})", "", "{}"},
    {"ListsOfValues", R"({"manyValue":[null,1],"manyListvalue":[[null]],"manyNullvalue":[null,null]})",
     "many_value { null_value: NULL_VALUE } many_value { number_value: 1 } "
     "many_listvalue { values { null_value: NULL_VALUE } } many_nullvalue: [NULL_VALUE, NULL_VALUE]"},
    {"InListOfNumbers", R"({"manyInt32": [1, null, 2]})"},
    {"InListOfStrings", R"({"manyString": [null]})"},
    {"InListOfMessages", R"({"manyPart": [{}, null]})"},
    {"InListOfEnums", R"({"manyKind": [null]})"},
    {"InListOfWrappers", R"({"manyInt32Value": [null]})"},
    {"InListOfTimestamps", R"({"manyTimestamp": [null]})"},
    {"InListOfAnys", R"({"manyAny": [null]})"},
    {"InListOfStructs", R"({"manyStruct": [null]})"},
    {"InListOfListValues", R"({"manyListvalue": [null]})"},
    {"AsMapValue", R"({"byInt32": {"0": null}})"},
    {"AsMapMessage", R"({"stringPart": {"a": null}})"},
    {"AsMapEnum", R"({"stringKind": {"a": null}})"},
};
SUITE(Nulls, kNulls);

// "Presence and default values": written when set, where a field has presence; else when it is not the default.
const JsonCase kPresence[] = {
    {"ImplicitDefaults", R"({"oneInt32": 0, "oneString": "", "oneBool": false, "oneKind": "PLAIN", "oneBytes": ""})",
     "", "{}", Syntax::kProto3},
    {"ExplicitDefaults", R"({"maybeInt32":0,"maybeString":"","maybeKind":"PLAIN","maybeBytes":""})",
     "maybe_int32: 0 maybe_string: '' maybe_kind: PLAIN maybe_bytes: ''", nullptr, Syntax::kProto3},
    {"Proto2Defaults", R"({"oneInt32":0,"oneBool":false,"oneString":"","oneBytes":"","oneKind":"PLAIN"})",
     "one_int32: 0 one_bool: false one_string: '' one_bytes: '' one_kind: PLAIN", nullptr, Syntax::kProto2},
    {"Proto2PresetDefaults", R"({"presetInt32":-5,"presetString":"set","presetKind":"FLAT"})",
     "preset_int32: -5 preset_string: 'set' preset_kind: FLAT", nullptr, Syntax::kProto2},
    {"OneofZeroUint32", R"({"pickUint32":0})", "pick_uint32: 0"},
    {"OneofZeroUint64", R"({"pickUint64":"0"})", "pick_uint64: 0"},
    {"OneofZeroFloat", R"({"pickFloat":0})", "pick_float: 0"},
    {"OneofZeroDouble", R"({"pickDouble":0})", "pick_double: 0"},
    {"OneofEmptyString", R"({"pickString":""})", "pick_string: ''"},
    {"OneofEmptyMessage", R"({"pickPart":{}})", "pick_part { }"},
    {"OneofFixed", R"({"pickFixed32":0})", "pick_fixed32: 0"},
    {"OneofGroup", R"({"pickgroup":{"x":0}})", "PickGroup { x: 0 }", nullptr, Syntax::kProto2},
    {"RequiredGiven", R"({"needs":{"a":0,"inner":{"a":1}}})", "needs { a: 0 inner { a: 1 } }", nullptr,
     Syntax::kProto2},
    {"RequiredMissing", R"({"needs": {}})", nullptr, nullptr, Syntax::kProto2},
    {"RequiredMissingDeep", R"({"needs": {"a": 1, "inner": {}}})", nullptr, nullptr, Syntax::kProto2},
    {"RequiredNull", R"({"needs": {"a": null}})", nullptr, nullptr, Syntax::kProto2},
    {"ClosedEnumWithoutZero", R"({"sparse":{"odd":"SECOND","manyOdd":["FIRST"],"must":"FIRST"}})",
     "sparse { odd: SECOND many_odd: FIRST must: FIRST }", nullptr, Syntax::kProto2},
};
SUITE(Presence, kPresence);

// "Unknown fields", in the ways that the frontend's option unknown_fields knows.
TEST(UnknownFieldsOption, IsKept) {
  for (const char* value : {"1", "\"a\"", "true", "false", "null", "{\"a\": [1]}", "[]"}) {
    const std::string json = absl::StrCat("{\"nothing\": ", value, ", \"oneInt32\": 5}");
    for (const char* type : {"tests.Every3", "tests.Every2"}) {
      std::string wire;
      EXPECT_FALSE(Read(type, json, &wire).ok()) << json;
      ASSERT_TRUE(Read(type, json, &wire, {.unknown_fields = UnknownFields::kIgnore}).ok()) << json;
      EXPECT_EQ(Contracts().Text(type, wire), "one_int32: 5");
    }
  }
}

// The unknown name of an enum value counts as an unknown field: it is left out, and an element or entry with it.
TEST(UnknownFieldsOption, HoldsForNamesOfEnumValues) {
  const char* const kJson =
      R"({"oneKind": "NEW", "manyKind": ["ROUND", "NEW"], "looseKind": ["NEW"], "stringKind": {"a": "NEW", "b": "FLAT"}})";
  for (const char* type : {"tests.Every3", "tests.Every2"}) {
    ReadOptions options;
    options.unknown_fields = UnknownFields::kWarn;
    std::string wire;
    std::vector<std::string> unknown;
    ASSERT_TRUE(JsonToWire(Contracts().Table(type), Contracts().types(), kJson, options, &wire, &unknown).ok());
    EXPECT_EQ(Contracts().Text(type, wire), "many_kind: ROUND string_kind { key: \"b\" value: FLAT }");
    EXPECT_EQ(unknown, (std::vector<std::string>{"one_kind", "many_kind[1]", "loose_kind[0]", "string_kind[a]"}));
  }
  // Nor is it a member of a oneof, before or behind one that is.
  for (const char* json : {R"({"pickKind": "NEW", "pickBool": true})", R"({"pickBool": true, "pickKind": "NEW"})"}) {
    for (const char* type : {"tests.Every3", "tests.Every2"}) {
      std::string wire;
      ASSERT_TRUE(Read(type, json, &wire, {.unknown_fields = UnknownFields::kIgnore}).ok()) << json;
      EXPECT_EQ(Contracts().Text(type, wire), "pick_bool: true");
      EXPECT_FALSE(Read(type, json, &wire).ok());
    }
  }
  // What must be there is not made up for.
  std::string wire;
  EXPECT_FALSE(
      Read("tests.Every2", R"({"sparse": {"must": "NEW"}})", &wire, {.unknown_fields = UnknownFields::kIgnore}).ok());
}

}  // namespace
}  // namespace portico::transcode
