#include "gateway/http/message.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/http/date_header.h"
#include "gateway/http/syntax.h"

namespace portico::http {
namespace {

TEST(ResponseHeadersTest, AddsSetsFindsAndRemoves) {
  ResponseHeaders headers;
  headers.Add("A", "1");
  headers.Add("B", "");
  headers.Add("a", "2");
  absl::string_view value;
  ASSERT_TRUE(headers.Find("a", &value));
  EXPECT_EQ(value, "1");
  ASSERT_TRUE(headers.Find("b", &value));
  EXPECT_EQ(value, "");
  EXPECT_FALSE(headers.Find("C", &value));
  ASSERT_TRUE(headers.Find("A", &value));
  headers.Set("A", value);  // a view of its own
  EXPECT_EQ(headers.wire(), "B: \r\nA: 1\r\n");
  headers.Remove("b");
  EXPECT_EQ(headers.wire(), "A: 1\r\n");
}

TEST(ResponseHeadersTest, WhatFollowsAFieldThatIsTakenOutIsStillFound) {
  ResponseHeaders headers;
  for (const char* name : {"First", "Second", "Third", "First", "Fifth"}) headers.Add(name, absl::StrCat("of ", name));
  headers.Remove("first");
  EXPECT_EQ(headers.wire(), "Second: of Second\r\nThird: of Third\r\nFifth: of Fifth\r\n");
  headers.Set("Second", "now last");
  const ResponseHeaders moved = std::move(headers);
  absl::string_view value;
  for (const auto& [name, expected] : std::vector<std::pair<const char*, const char*>>{
           {"second", "now last"}, {"third", "of Third"}, {"fifth", "of Fifth"}}) {
    ASSERT_TRUE(moved.Find(name, &value)) << name;
    EXPECT_EQ(value, expected);
  }
  EXPECT_FALSE(moved.Find("first", &value));
}

TEST(ResponseHeadersTest, NothingSplitsAResponse) {
  ResponseHeaders headers;
  headers.Add("A", "x\r\nB: y");
  headers.Add("A", absl::string_view("x\0y", 3));
  headers.Add("A", "x\ny");
  headers.Add("A: x\r\nB", "y");
  headers.Add("A B", "y");
  headers.Add("", "y");
  headers.Set("A", "\r");
  EXPECT_EQ(headers.wire(), "");
  headers.Add("A", "tab\tand \xc3\xa9");
  EXPECT_EQ(headers.wire(), "A: tab\tand \xc3\xa9\r\n");
}

TEST(ResponseHeadersTest, ListsHaveNoMemberTwice) {
  ResponseHeaders headers;
  headers.AddToList("Vary", "Accept");
  headers.AddToList("Vary", "Origin");
  headers.AddToList("vary", "accept");
  EXPECT_EQ(headers.wire(), "Vary: Accept, Origin\r\n");
}

TEST(RequestHeadersTest, NamesCompareWithoutCase) {
  RequestHeaders headers;
  headers.Add("X-A", "1");
  headers.Add("x-a", "2");
  EXPECT_EQ(headers.Get("X-a"), "1");
  headers.Set("x-A", "3");
  EXPECT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers.Get("x-a"), "3");
  EXPECT_EQ(headers.Get("y"), "");
}

TEST(DateHeaderTest, FormatsAsRfc9110Does) {
  EXPECT_EQ(DateHeader::Format(784111777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}

TEST(SyntaxTest, TokensAndIdentifiers) {
  EXPECT_TRUE(IsToken("X-Y_z.1!"));
  for (const char* text : {"", "a b", "a:", "a\x7f", "\xc3\xa9", "a/b", "\"a\""}) EXPECT_FALSE(IsToken(text)) << text;
  EXPECT_TRUE(IsVisibleAscii("a{}~", 4));
  for (const char* text : {"", "abcde", "a b", "\xc3\xa9", "\x7f"}) EXPECT_FALSE(IsVisibleAscii(text, 4)) << text;
}

}  // namespace
}  // namespace portico::http
