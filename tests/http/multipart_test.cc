#include "gateway/http/multipart.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace portico::http {
namespace {

// What came, as text: "name=a file=x type=t [content]\n" each.
class Written final : public MultipartSink {
 public:
  absl::Status BeginPart(PartHead head) override {
    absl::StrAppend(&text, "name=", head.name);
    if (head.has_filename) absl::StrAppend(&text, " file=", head.filename);
    if (!head.content_type.empty()) absl::StrAppend(&text, " type=", head.content_type);
    text += " [";
    return absl::OkStatus();
  }
  absl::Status Data(absl::string_view piece) override {
    EXPECT_FALSE(piece.empty());
    absl::StrAppend(&text, piece);
    return absl::OkStatus();
  }
  absl::Status EndPart() override {
    text += "]\n";
    return absl::OkStatus();
  }
  std::string text;
};

// The parts, or "error: ..."; fed in pieces of `first` bytes, then `size` each.
std::string Parse(absl::string_view body, size_t first, size_t size, const MultipartLimits& limits = {}) {
  Written sink;
  MultipartParser parser("b", limits, sink);
  for (size_t at = 0; at < body.size();) {
    const absl::string_view piece = body.substr(at, at == 0 ? first : size);
    at += piece.size();
    if (const absl::Status fed = parser.Feed(piece); !fed.ok()) return absl::StrCat("error: ", fed.message());
  }
  const absl::Status finished = parser.Finish();
  return finished.ok() ? sink.text : absl::StrCat("error: ", finished.message());
}

// Rows have bare line feeds; a CRLF is meant.
std::string Crlf(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\n", "\r\n"}});
}

constexpr char kEnds[] = "error: malformed multipart/form-data: it ends before its last delimiter";

struct Row {
  const char* name;
  std::string body;
  std::string expected;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

const Row kRows[] = {
    {"OnePart", "--b\nContent-Disposition: form-data; name=\"a\"\n\nhello\n--b--\n", "name=a [hello]\n"},
    {"TwoPartsAndAFile",
     "--b\nContent-Disposition: form-data; name=a\n\n1\n--b\n"
     "content-disposition: FORM-DATA; filename=\"x.png\"; name=\"f\"\nContent-Type: image/png\n\n\x89PNG\n\n--b--",
     "name=a [1]\nname=f file=x.png type=image/png [\x89PNG\r\n]\n"},
    {"NoParts", "--b--\n", ""},
    {"PreambleAndEpilogue", "not --b\nthis\n--b\nContent-Disposition: form-data; name=a\n\nx\n--b--\nnor\n--b\nthis",
     "name=a [x]\n"},
    {"EmptyContent", "--b\nContent-Disposition: form-data; name=a\n\n\n--b--", "name=a []\n"},
    {"EmptyName", "--b\nContent-Disposition: form-data; name=\"\"\n\nx\n--b--", "name= [x]\n"},
    {"WhiteSpaceBehindADelimiter", "--b \t \nContent-Disposition: form-data; name=a\n\nx\n--b--  \n", "name=a [x]\n"},
    {"WhatLooksLikeADelimiter", "--b\nContent-Disposition: form-data; name=a\n\nx\n--bc\n--b-\n--b x\n-\n--\n\n--b--",
     "name=a [x\r\n--bc\r\n--b-\r\n--b x\r\n-\r\n--\r\n]\n"},
    {"ADelimiterNeedsItsLineEnd", "--b\nContent-Disposition: form-data; name=a\n\nx--b--\n--b--", "name=a [x--b--]\n"},
    {"QuotedNames", "--b\nContent-Disposition: form-data; name=\"a\\\"b\\\\c\"; filename=\"C:\\x;y.txt\"\n\n\n--b--",
     "name=a\"b\\c file=C:\\x;y.txt []\n"},
    {"EscapedNames", "--b\nContent-Disposition: form-data; name=\"a%22%0D%0A%41\"\n\n\n--b--", "name=a\"\r\n%41 []\n"},
    {"OtherParameters", "--b\nContent-Disposition: form-data; name=a; x=\"y\";\nX-Other: 1\n\nx\n--b--",
     "name=a [x]\n"},
    {"PlainTransferEncoding",
     "--b\nContent-Disposition: form-data; name=a\nContent-Transfer-Encoding: binary\n\nx\n--b--", "name=a [x]\n"},
    {"Truncated", "--b\nContent-Disposition: form-data; name=a\n\nx\n", kEnds},
    {"TruncatedInTheDelimiter", "--b\nContent-Disposition: form-data; name=a\n\nx\n--b-", kEnds},
    {"TruncatedInTheHead", "--b\nContent-Disposition: form-", kEnds},
    {"NoDelimiterAtAll", "a=1&b=2", kEnds},
    {"Empty", "", kEnds},
    {"NoDisposition", "--b\nContent-Type: text/plain\n\nx\n--b--",
     "error: malformed multipart/form-data: a part has no Content-Disposition"},
    {"NoHead", "--b\n\nx\n--b--", "error: malformed multipart/form-data: a part has no Content-Disposition"},
    {"AnotherDisposition", "--b\nContent-Disposition: attachment; name=a\n\nx\n--b--",
     "error: malformed multipart/form-data: a part's Content-Disposition is not form-data"},
    {"NoName", "--b\nContent-Disposition: form-data; filename=a\n\nx\n--b--",
     "error: malformed multipart/form-data: a part has no name"},
    {"NoParameters", "--b\nContent-Disposition: form-data\n\nx\n--b--",
     "error: malformed multipart/form-data: a part has no name"},
    {"TwoNames", "--b\nContent-Disposition: form-data; name=a; name=b\n\nx\n--b--",
     "error: malformed multipart/form-data: a part has two names"},
    {"TwoDispositions",
     "--b\nContent-Disposition: form-data; name=a\nContent-Disposition: form-data; name=b\n\n\n--b--",
     "error: malformed multipart/form-data: a part has two Content-Dispositions"},
    {"UnendedQuote", "--b\nContent-Disposition: form-data; name=\"a\n\nx\n--b--",
     "error: malformed multipart/form-data: a part's Content-Disposition cannot be read"},
    {"FoldedHeader", "--b\nContent-Disposition: form-data; name=a\n ; x=y\n\nx\n--b--",
     "error: malformed multipart/form-data: a part's header cannot be read"},
    {"Base64", "--b\nContent-Disposition: form-data; name=a\nContent-Transfer-Encoding: base64\n\neA==\n--b--",
     "error: malformed multipart/form-data: a part has a Content-Transfer-Encoding"},
    {"HeadTooLong", absl::StrCat("--b\nContent-Disposition: form-data; name=", std::string(400, 'a'), "\n\nx\n--b--"),
     "error: malformed multipart/form-data: a part's header is too long"},
    // 300 bytes from the delimiter's line end to the empty line, which does not count, whatever piece brings it.
    {"HeadJustNotTooLong",
     absl::StrCat("--b\nContent-Disposition: form-data; name=", std::string(261, 'a'), "\n\nx\n--b--"),
     absl::StrCat("name=", std::string(261, 'a'), " [x]\n")},
    {"HeadJustTooLong",
     absl::StrCat("--b\nContent-Disposition: form-data; name=", std::string(262, 'a'), "\n\nx\n--b--"),
     "error: malformed multipart/form-data: a part's header is too long"},
    {"DelimiterTooLong", absl::StrCat("--b", std::string(300, ' '), "\n\nx\n--b--"),
     "error: malformed multipart/form-data: a delimiter's line is too long"},
};

class MultipartTest : public testing::TestWithParam<Row> {};

TEST_P(MultipartTest, HoweverItIsSplit) {
  const std::string body = Crlf(GetParam().body);
  const MultipartLimits limits{.parts = 10, .header_bytes = 300};
  EXPECT_EQ(Parse(body, body.size(), 1, limits), GetParam().expected) << "in one piece";
  EXPECT_EQ(Parse(body, 1, 1, limits), GetParam().expected) << "byte by byte";
  for (size_t at = 1; at < body.size(); ++at) {
    EXPECT_EQ(Parse(body, at, body.size(), limits), GetParam().expected) << "split at " << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, MultipartTest, testing::ValuesIn(kRows),
                         [](const testing::TestParamInfo<Row>& row) { return row.param.name; });

TEST(MultipartTest, PartsAreCounted) {
  std::string body;
  for (int i = 0; i < 11; ++i) body += "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n";
  EXPECT_EQ(Parse(body + "--b--", 7, 7, {.parts = 10}), "error: the form has more than 10 parts");
}

TEST(MultipartTest, WhatTheSinkRefusesEndsTheParsing) {
  class Refusing final : public MultipartSink {
   public:
    absl::Status BeginPart(PartHead) override { return absl::OkStatus(); }
    absl::Status Data(absl::string_view) override { return absl::AbortedError("enough"); }
    absl::Status EndPart() override { return absl::OkStatus(); }
  } sink;
  MultipartParser parser("b", {}, sink);
  EXPECT_EQ(parser.Feed("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nhello").message(), "enough");
}

TEST(MultipartTest, Boundaries) {
  const std::string longest(70, 'x');
  const struct {
    std::string content_type;
    std::optional<std::string> expected;
  } kTypes[] = {
      {"multipart/form-data; boundary=abc", "abc"},
      {"Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b?\"", "a b?"},
      {absl::StrCat("multipart/form-data; boundary=", longest), longest},
      {absl::StrCat("multipart/form-data; boundary=x", longest), std::nullopt},
      {"multipart/form-data; boundary=\"a \"", std::nullopt},
      {"multipart/form-data; boundary=", std::nullopt},
      {"multipart/form-data; boundary=a; boundary=b", std::nullopt},
      {"multipart/form-data; boundary=\"a", std::nullopt},
      {"multipart/form-data; boundary=a!", std::nullopt},
      {"multipart/form-data", std::nullopt},
      {"multipart/mixed; boundary=a", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : kTypes) EXPECT_EQ(MultipartBoundary(row.content_type), row.expected) << row.content_type;
}

}  // namespace
}  // namespace portico::http
