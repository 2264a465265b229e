#include "gateway/http/accept.h"

#include <gtest/gtest.h>

namespace portico::http {
namespace {

RequestHeaders With(absl::string_view name, absl::string_view value, absl::string_view second = "") {
  RequestHeaders headers;
  headers.Add("Host", "shop");
  if (value != "(none)") headers.Add(name, value);
  if (!second.empty()) headers.Add(name, second);
  return headers;
}

TEST(AcceptTest, QualityOfJson) {
  const struct {
    const char* accept;
    int expected;
    const char* second = "";
  } kRows[] = {
      {"(none)", 1000},
      {"", 1000},
      {"*/*", 1000},
      {"*", 1000},
      {"application/json", 1000},
      {"Application/JSON; charset=utf-8", 1000},
      {"application/*;q=0.5", 500},
      {"text/html", 0},
      {"text/*, image/png", 0},
      {"application/json;q=0", 0},
      {"application/json;q=0, */*", 0},
      {"*/*;q=0.1, application/*;q=0.2, application/json;q=0.3", 300},
      {"application/json;q=0.3, application/*;q=0.9", 300},
      {"text/html, application/xml;q=0.9, */*;q=0.8", 800},
      {"text/html", 700, "application/json;q=0.7"},
      {"application/json;version=\"a,b;q=0\";q=0.125", 125},
      {"application/jsonx", 0},
      {"application/json;q=2", 1000},
      {"application/json;q=x, text/html", 0},
      {",, ,", 1000},
      {"application/json;q=1.000", 1000},
      {"application/json;q=1.001, */*;q=0.4", 400},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(QualityOfType(With("Accept", row.accept, row.second), "application/json"), row.expected) << row.accept;
  }
}

TEST(AcceptTest, NamedQuality) {
  EXPECT_EQ(NamedQuality(With("Accept", "*/*"), "application/problem+json"), -1);
  EXPECT_EQ(NamedQuality(With("accept", "text/html, application/problem+json;q=0.4"), "application/problem+json"), 400);
}

TEST(AcceptTest, QualityOfCoding) {
  const struct {
    const char* accept;
    int gzip;
    int identity;
  } kRows[] = {
      {"(none)", 0, 1},
      {"", 0, 1},
      {"gzip", 1000, 1},
      {"br, GZIP;q=0.5", 500, 1},
      {"gzip;q=0", 0, 1},
      {"*", 1000, 1},
      {"*;q=0", 0, 0},
      {"*;q=0, gzip", 1000, 0},
      {"identity;q=0, gzip;q=0.1", 100, 0},
      {"identity", 0, 1000},
      {"gzip;q=0.2, identity;q=0.9", 200, 900},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(QualityOfCoding(With("Accept-Encoding", row.accept), "gzip"), row.gzip) << row.accept;
    EXPECT_EQ(QualityOfCoding(With("Accept-Encoding", row.accept), "identity"), row.identity) << row.accept;
  }
}

}  // namespace
}  // namespace portico::http
