#include "gateway/json/reader.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace portico::json {
namespace {

bool ReadValue(Reader* reader) {
  absl::string_view text;
  bool boolean;
  switch (reader->Peek()) {
    case Kind::kObject:
      for (reader->BeginObject(); reader->NextKey(&text);) ReadValue(reader);
      return !reader->failed();
    case Kind::kArray:
      for (reader->BeginArray(); reader->NextElement();) ReadValue(reader);
      return !reader->failed();
    case Kind::kString:
      return reader->ReadString(&text);
    case Kind::kNumber:
      return reader->ReadNumber(&text);
    case Kind::kTrue:
    case Kind::kFalse:
      return reader->ReadBool(&boolean);
    case Kind::kNull:
      return reader->ReadNull();
    case Kind::kError:
      break;
  }
  return false;
}

// "ok", or the error: the same whether the text is read or skipped.
std::string Read(absl::string_view text, int max_depth = 100) {
  Reader skipping(text, max_depth);
  const std::string skipped = skipping.SkipValue() && skipping.Finish() ? "ok" : skipping.error();
  Reader reading(text, max_depth);
  EXPECT_EQ(ReadValue(&reading) && reading.Finish() ? "ok" : reading.error(), skipped) << text;
  return skipped;
}

struct Case {
  const char* name;
  absl::string_view text;
  const char* error;  // "ok" when there is none
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.text;
}

class Grammar : public testing::TestWithParam<Case> {};

TEST_P(Grammar, IsThatOfRfc8259) {
  EXPECT_EQ(Read(GetParam().text), GetParam().error);
}

TEST_P(Grammar, EveryTruncationIsRead) {
  for (size_t length = 0; length < GetParam().text.size(); ++length) {
    const std::string cut(GetParam().text.substr(0, length));
    Read(cut);
  }
}

const Case kCases[] = {
    {"Object", R"( { "a" : [ 1 , true , null ] , "b" : { } } )", "ok"},
    {"Scalar", "false", "ok"},
    {"Numbers", "[0,-0,1,-1,10,0.5,1e5,1E+5,1.25e-7,123456789012345678901234567890]", "ok"},
    {"Escapes", R"("\"\\\/\b\f\n\r\t\u0041\ud83d\ude00")", "ok"},
    {"Utf8", "\"\u00e9\u20ac\U0001f600\U0010ffff\x7f\"", "ok"},
    {"Nothing", "", "line 1, column 1: the JSON text ends where a value is expected"},
    {"OnlySpace", " \n ", "line 2, column 2: the JSON text ends where a value is expected"},
    {"ByteOrderMark", "\xef\xbb\xbf{}", "line 1, column 1: expected a value"},
    {"TwoValues", "1 2", "line 1, column 3: something follows the value"},
    {"TrailingCommaInArray", "[1,]", "line 1, column 4: expected a value"},
    {"TrailingCommaInObject", R"({"a":1,})", "line 1, column 8: expected a member's name in quotation marks"},
    {"LeadingComma", "[,1]", "line 1, column 2: expected a value"},
    {"NoComma", "[1 2]", "line 1, column 4: expected ',' or ']'"},
    {"NoColon", R"({"a" 1})", "line 1, column 6: expected ':'"},
    {"NoName", "{1:2}", "line 1, column 2: expected a member's name in quotation marks"},
    {"WrongBracket", "[1}", "line 1, column 3: expected ',' or ']'"},
    {"Unclosed", "{\"a\":\n[1", "line 2, column 3: the JSON text ends within an array"},
    {"FormFeedIsNoSpace", "\f1", "line 1, column 1: expected a value"},
    {"LeadingZero", "01", "line 1, column 2: a number must not begin with a zero"},
    {"LeadingZeroNegative", "-01", "line 1, column 3: a number must not begin with a zero"},
    {"Plus", "+1", "line 1, column 1: expected a value"},
    {"NoIntegerPart", ".5", "line 1, column 1: expected a value"},
    {"NoFraction", "1.", "line 1, column 3: expected a digit"},
    {"NoExponent", "1e", "line 1, column 3: expected a digit"},
    {"OnlyMinus", "-", "line 1, column 2: expected a digit"},
    {"Hexadecimal", "0x1", "line 1, column 2: something follows the value"},
    {"NaN", "NaN", "line 1, column 1: expected a value"},
    {"LiteralInCapitals", "True", "line 1, column 1: expected a value"},
    {"LiteralCut", "tru", "line 1, column 1: expected a value"},
    {"SingleQuotes", "'a'", "line 1, column 1: expected a value"},
    {"Control", "\"a\nb\"", "line 1, column 3: a control character within a string must be escaped"},
    {"Nul", absl::string_view("\"\0\"", 3), "line 1, column 2: a control character within a string must be escaped"},
    {"UnknownEscape", R"("\a")", "line 1, column 3: unknown escape"},
    {"ShortEscape", R"("\u12")", "line 1, column 4: expected four hexadecimal digits"},
    {"LoneHigh", R"("\ud83dx")", "line 1, column 8: a lone surrogate"},
    {"HighAndNoLow", R"("\ud83d\u0041")", "line 1, column 14: a lone surrogate"},
    {"LoneLow", R"("\ude00")", "line 1, column 8: a lone surrogate"},
    {"Overlong", "\"\xc0\xaf\"", "line 1, column 2: not UTF-8"},
    {"OverlongOfThree", "\"\xe0\x80\xaf\"", "line 1, column 2: not UTF-8"},
    {"OverlongOfFour", "\"\xf0\x80\x80\xaf\"", "line 1, column 2: not UTF-8"},
    {"Surrogate", "\"\xed\xa0\x80\"", "line 1, column 2: not UTF-8"},
    {"BeyondUnicode", "\"\xf4\x90\x80\x80\"", "line 1, column 2: not UTF-8"},
    {"CutSequence", "\"\xe2\x82\"", "line 1, column 2: not UTF-8"},
    {"LoneContinuation", "\"plain ascii \x80\"", "line 1, column 14: not UTF-8"},
    {"BadUtf8BehindAnEscape", "\"\\n\xff\"", "line 1, column 4: not UTF-8"},
};

INSTANTIATE_TEST_SUITE_P(Rfc8259, Grammar, testing::ValuesIn(kCases),
                         [](const auto& param_info) { return param_info.param.name; });

TEST(Reader, StringsWithoutEscapesAreViewsOfTheText) {
  const std::string text = R"({"plain key": "plain é", "k": "a\tb\u00e9", "esc\n": ""})";
  Reader reader(text);
  absl::string_view key, value;
  ASSERT_TRUE(reader.BeginObject());
  ASSERT_TRUE(reader.NextKey(&key));
  EXPECT_EQ(key, "plain key");
  EXPECT_TRUE(key.data() >= text.data() && key.data() < text.data() + text.size());
  ASSERT_TRUE(reader.ReadString(&value));
  EXPECT_EQ(value, "plain é");
  EXPECT_TRUE(value.data() >= text.data() && value.data() < text.data() + text.size());
  ASSERT_TRUE(reader.NextKey(&key));
  ASSERT_TRUE(reader.ReadString(&value));
  EXPECT_EQ(value, "a\tbé");
  ASSERT_TRUE(reader.NextKey(&key));
  EXPECT_EQ(key, "esc\n");
  EXPECT_EQ(reader.raw_key(), "esc\\n");
  ASSERT_TRUE(reader.ReadString(&value));
  EXPECT_FALSE(reader.NextKey(&key));
  EXPECT_TRUE(reader.Finish());
}

TEST(Reader, StringsOfEveryLengthAreReadWhole) {
  // Around the eight bytes that are looked at together, with what stands out at every place.
  for (size_t length = 0; length < 40; ++length) {
    for (size_t at = 0; at < length; ++at) {
      for (const char* special : {"é", "\\\"", "\\u0041"}) {
        std::string plain(length, 'x');
        const std::string text = "\"" + plain.substr(0, at) + special + plain.substr(at) + "\"";
        Reader reader(text);
        absl::string_view value;
        ASSERT_TRUE(reader.ReadString(&value));
        const std::string decoded = special[0] != '\\' ? special : special[1] == 'u' ? "A" : "\"";
        ASSERT_EQ(value, plain.substr(0, at) + decoded + plain.substr(at));
      }
    }
  }
}

TEST(Reader, NumbersAreGivenAsText) {
  Reader reader("[-12.50e+3, 18446744073709551616]");
  absl::string_view token;
  ASSERT_TRUE(reader.BeginArray());
  ASSERT_TRUE(reader.NextElement());
  ASSERT_TRUE(reader.ReadNumber(&token));
  EXPECT_EQ(token, "-12.50e+3");
  ASSERT_TRUE(reader.NextElement());
  ASSERT_TRUE(reader.ReadNumber(&token));
  EXPECT_EQ(token, "18446744073709551616");
  EXPECT_FALSE(reader.NextElement());
  EXPECT_FALSE(reader.failed());
}

TEST(Reader, DepthIsBounded) {
  EXPECT_EQ(Read("[[]]", 2), "ok");
  EXPECT_EQ(Read("[[[]]]", 2), "line 1, column 3: nested too deeply");
  EXPECT_EQ(Read("[[],[[]]]", 3), "ok") << "what is closed does not count";
  EXPECT_EQ(Read(std::string(1000000, '[')), "line 1, column 101: nested too deeply");
}

TEST(Reader, RewindReadsAgain) {
  Reader reader(R"([{"a": [1, 2]}, 3])");
  absl::string_view key;
  ASSERT_TRUE(reader.BeginArray());
  ASSERT_TRUE(reader.NextElement());
  const Reader::Mark mark = reader.mark();
  ASSERT_TRUE(reader.BeginObject());
  ASSERT_TRUE(reader.NextKey(&key));
  ASSERT_TRUE(reader.BeginArray());
  reader.Rewind(mark);
  ASSERT_TRUE(reader.SkipValue());
  ASSERT_TRUE(reader.NextElement());
  ASSERT_TRUE(reader.SkipValue());
  EXPECT_FALSE(reader.NextElement());
  EXPECT_TRUE(reader.Finish());
}

// Whether a large value was skipped before makes no difference: not to where the next one is, nor to how deep it may
// be.
TEST(Reader, SkipsAgainWhatItSkippedBefore) {
  const std::string large = absl::StrCat("{\"a\":[[", std::string(2000, ' '), "]]}");
  const std::string text = absl::StrCat("[", large, ",{\"b\":", large, "},[[[[]]]],?]");
  Reader reader(text, 5);
  ASSERT_TRUE(reader.BeginArray());
  const Reader::Mark mark = reader.mark();
  for (int pass = 0; pass < 3; ++pass) {
    reader.Rewind(mark);
    for (const size_t end : {large.size() + 1, 2 * large.size() + 8, 2 * large.size() + 17}) {
      ASSERT_TRUE(reader.NextElement());
      ASSERT_TRUE(reader.SkipValue());
      EXPECT_EQ(reader.offset(), end);
    }
  }
  ASSERT_TRUE(reader.NextElement());
  EXPECT_FALSE(reader.SkipValue());
  EXPECT_EQ(reader.offset(), 2 * large.size() + 18);
}

TEST(Reader, AfterAFailureNothingIsRead) {
  Reader reader("[1 2]");
  absl::string_view token;
  ASSERT_TRUE(reader.BeginArray());
  ASSERT_TRUE(reader.NextElement());
  ASSERT_TRUE(reader.ReadNumber(&token));
  EXPECT_FALSE(reader.NextElement());
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.Peek(), Kind::kError);
  EXPECT_FALSE(reader.NextElement());
  EXPECT_FALSE(reader.ReadNumber(&token));
  EXPECT_FALSE(reader.Finish());
}

}  // namespace
}  // namespace portico::json
