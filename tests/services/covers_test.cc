#include "services/storefront/covers.h"

#include <set>

#include "services/seed/world.h"
#include "tests/services/harness.h"

namespace shop::test {
namespace {

using storefront::Cover;
using storefront::CoverPath;
using storefront::DrawCover;
using storefront::ProductOfCover;
using testing::HasSubstr;
using testing::Not;

TEST(CoversTest, PathsAndProductsBelongTogether) {
  EXPECT_EQ(CoverPath("pojos-in-action"), "/covers/pojos-in-action.svg");
  EXPECT_EQ(ProductOfCover("/covers/pojos-in-action.svg"), "pojos-in-action");
  for (const char* path : {"", "/", "/covers/", "/covers/a.png", "/covers/a/b.svg", "/other/a.svg", "covers/a.svg"}) {
    EXPECT_EQ(ProductOfCover(path), "") << path;
  }
}

TEST(CoversTest, ACoverSaysWhatItIsOf) {
  const std::string svg =
      DrawCover({.product_id = "pojos-in-action", .title = "POJOs in Action", .author = "Chris Richardson"});
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"POJOs in Action\""));
  // 13 characters to a line.
  EXPECT_THAT(svg, HasSubstr(">POJOs in</text>"));
  EXPECT_THAT(svg, HasSubstr(">Action</text>"));
  EXPECT_THAT(svg, HasSubstr(">Chris Richardson</text>"));
}

TEST(CoversTest, TheSameCoverLooksTheSameAndAnotherDoesNot) {
  const Cover cover = {"one", "Title", "Author"};
  EXPECT_EQ(DrawCover(cover), DrawCover(cover));
  std::set<std::string> covers;
  const seed::World world = seed::MakeWorld();
  for (const seed::Book& book : world.books) covers.insert(DrawCover({book.id, "Title", "Author"}));
  EXPECT_EQ(covers.size(), world.books.size());
}

TEST(CoversTest, TextsAreEscaped) {
  const std::string svg = DrawCover({"x", "<b>\"A\" & 'B'\n\x01", "</svg><script>"});
  for (const char* raw : {"<b>", "</svg><script", "& ", "\x01"}) EXPECT_THAT(svg, Not(HasSubstr(raw)));
  EXPECT_THAT(svg, HasSubstr("&lt;b&gt;&quot;A&quot;"));
  EXPECT_THAT(svg, HasSubstr("&amp; &#39;B&#39;"));
  EXPECT_THAT(svg, HasSubstr("&lt;/svg&gt;&lt;script&gt;"));
}

TEST(CoversTest, LongTextsAreCutBetweenCharacters) {
  std::string umlauts;
  for (int i = 0; i < 300; ++i) umlauts += "\u00fc";
  std::string words;
  for (int i = 0; i < 300; ++i) words += "word ";
  for (const std::string& title : {umlauts, words, std::string(), std::string(500, '&')}) {
    const std::string svg = DrawCover({"x", title, title});
    EXPECT_LE(svg.size(), 8192u);
    google::rpc::ErrorInfo utf8;
    utf8.set_reason(svg);
    google::rpc::ErrorInfo parsed;
    EXPECT_TRUE(parsed.ParseFromString(utf8.SerializeAsString()));
  }
  EXPECT_THAT(DrawCover({"x", words, ""}), HasSubstr(" \u2026</text>"));
}

}  // namespace
}  // namespace shop::test
