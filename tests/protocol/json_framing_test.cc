#include "gateway/protocol/json_framing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace portico::protocol {
namespace {

using Form = JsonFraming::Form;
using Result = JsonFraming::Result;

// What came out of the body, cut at `first` and `second`: texts, then "." for the end or the error.
std::string Split(Form form, absl::string_view body, size_t first, size_t second, size_t most = 1000) {
  JsonFraming framing(form, most);
  std::vector<std::string> out;
  std::string text;
  for (absl::string_view piece : {body.substr(0, first), body.substr(first, second - first), body.substr(second)}) {
    Result result;
    while ((result = framing.Next(&piece, &text)) == Result::kText) {
      out.push_back(absl::StrCat(framing.number(), "@", framing.offset(), " ", text));
    }
    if (result == Result::kError) {
      out.push_back(std::string(framing.error().message()));
      return absl::StrJoin(out, "|");
    }
    EXPECT_TRUE(piece.empty());
  }
  const Result last = framing.Finish(&text);
  if (last == Result::kText) {
    out.push_back(absl::StrCat(framing.number(), "@", framing.offset(), " ", text));
    EXPECT_EQ(framing.Finish(&text), Result::kNeedMore);
  }
  out.push_back(last == Result::kError ? std::string(framing.error().message()) : ".");
  return absl::StrJoin(out, "|");
}

struct Case {
  const char* name;
  Form form;
  const char* body;
  const char* expected;
};

const Case kCases[] = {
    {"empty", Form::kLines, "", "."},
    {"blank lines", Form::kLines, "\n \r\n\n", "."},
    {"lines", Form::kLines, "{\"a\":1}\n\n  {\"b\":\"\\n\"}\r\n3\n", "1@0 {\"a\":1}|2@11 {\"b\":\"\\n\"}\r|3@23 3|."},
    {"last line without end", Form::kLines, "1\n2", "1@0 1|2@2 2|."},
    {"a line may hold anything", Form::kLines, "{]\n", "1@0 {]|."},
    {"no values", Form::kValues, " \n", "."},
    {"one value", Form::kValues, " {\"a\": [1, {}]}\n", "1@1 {\"a\": [1, {}]}|."},
    {"values", Form::kValues, "{\n}\n{}{\"}\":1} 12 true \"a b\"null",
     "1@0 {\n}|2@4 {}|3@6 {\"}\":1}|4@14 12|5@17 true|6@22 \"a b\"|7@27 null|."},
    {"array", Form::kValues, "[ {\"a\":\"]\\\"\"} ,[1,[2]],3 , \"x,y\",true]\n",
     "1@2 {\"a\":\"]\\\"\"}|2@15 [1,[2]]|3@23 3|4@27 \"x,y\"|5@33 true|."},
    {"empty array", Form::kValues, "[ ]", "."},
    {"backslashes", Form::kValues, "[\"\\\\\",\"\\\\\\\"\"]", "1@1 \"\\\\\"|2@6 \"\\\\\\\"\"|."},
    {"array does not end", Form::kValues, "[{}", "1@1 {}|at byte 3 of the body: the array does not end"},
    {"element does not end", Form::kValues, "[{}, {\"a",
     "1@1 {}|at byte 8 of the body: message 2 (at byte 5) does not end"},
    {"scalar does not end", Form::kValues, "[12", "at byte 3 of the body: message 1 (at byte 1) does not end"},
    {"trailing comma", Form::kValues, "[1,]", "1@1 1|at byte 3 of the body: expected a value"},
    {"leading comma", Form::kValues, "[,1]", "at byte 1 of the body: expected a value"},
    {"missing comma", Form::kValues, "[{} {}]", "1@1 {}|at byte 4 of the body: expected ',' or ']'"},
    {"something behind", Form::kValues, "[{}]{}", "1@1 {}|at byte 4 of the body: something stands behind the array"},
    {"stray bracket", Form::kValues, "{} }", "1@0 {}|at byte 3 of the body: expected a value"},
    {"wrong bracket is the reader's business", Form::kValues, "{]", "1@0 {]|."},
};

TEST(JsonFramingTest, EverySplitGivesTheSame) {
  for (const Case& c : kCases) {
    const absl::string_view body(c.body);
    for (size_t first = 0; first <= body.size(); ++first) {
      for (size_t second = first; second <= body.size(); ++second) {
        ASSERT_EQ(Split(c.form, body, first, second), c.expected) << c.name << " " << first << " " << second;
      }
    }
  }
}

TEST(JsonFramingTest, ATextHasABound) {
  for (const auto& [form, body] :
       {std::pair(Form::kLines, "12345\n123456\n"), std::pair(Form::kValues, "[12345,123456]"),
        std::pair(Form::kValues, "12345 123456")}) {
    const absl::string_view text(body);
    const std::string at = absl::StrCat(text.find("123456"));
    for (size_t first = 0; first <= text.size(); ++first) {
      const std::string split = Split(form, text, first, text.size(), 5);
      EXPECT_EQ(split.substr(split.find('|')),
                absl::StrCat("|message 2 (at byte ", at, " of the body) has more than 5 bytes"))
          << body << " " << first;
    }
  }
}

TEST(JsonFramingTest, DeepNestingCostsNothing) {
  const std::string deep(100000, '[');
  JsonFraming framing(Form::kValues, 1 << 20);
  absl::string_view piece = deep;
  std::string text;
  EXPECT_EQ(framing.Next(&piece, &text), Result::kNeedMore);
  EXPECT_EQ(framing.Finish(&text), Result::kError);
}

}  // namespace
}  // namespace portico::protocol
