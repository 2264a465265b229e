// The shop's pages without a server: what becomes of whatever the gateway says.
#include "services/storefront/pages.h"
#include "services/storefront/text.h"
#include "tests/services/harness.h"

namespace shop::test {
namespace {

using storefront::Json;
using testing::HasSubstr;
using testing::Not;

const storefront::Visit kVisit = {"http://web", "http://mobile", "1", ""};

TEST(StorefrontTextTest, MoneyDatesAndNames) {
  const auto money = [](const char* text) { return storefront::MoneyText(Json::parse(text)); };
  EXPECT_EQ(money(R"({"currencyCode":"USD","units":"35","nanos":960000000})"), "$35.96");
  EXPECT_EQ(money(R"({"currencyCode":"USD","units":35,"nanos":60000000})"), "$35.06");
  EXPECT_EQ(money(R"({"currencyCode":"EUR","nanos":990000000})"), "0.99 EUR");
  EXPECT_EQ(money(R"({"currencyCode":"USD","units":"-1","nanos":-500000000})"), "$-1.50");
  for (const char* none : {"null", "7", "[]", R"({"units":"1e300"})", R"({"nanos":1e300})"}) {
    EXPECT_EQ(money(none), "") << none;
  }
  EXPECT_EQ(storefront::DateText("2023-08-10T00:51:47Z"), "10 August 2023");
  EXPECT_EQ(storefront::DateText("2006-01-31"), "31 January 2006");
  for (const char* none : {"", "soon", "2006-13-01", "2006-00-01", "20060131xx"}) {
    EXPECT_EQ(storefront::DateText(none), none);
  }
  EXPECT_EQ(storefront::NamesText(Json::parse(R"(["Ann"])")), "Ann");
  EXPECT_EQ(storefront::NamesText(Json::parse(R"(["Ann","Bert","Cleo"])")), "Ann, Bert and Cleo");
  EXPECT_EQ(storefront::NamesText(Json::parse("[1,null]")), "");
  EXPECT_EQ(storefront::EnumText("OUT_OF_STOCK"), "Out of stock");
  EXPECT_EQ(storefront::RatingText(4.421), "4.4");
}

TEST(StorefrontTextTest, IdsThatNeedNoEscaping) {
  for (const char* id : {"a", "pojos-in-action", "A_b.c-9"}) {
    EXPECT_TRUE(storefront::IsProductId(id)) << id;
  }
  EXPECT_TRUE(storefront::IsProductId(std::string(100, 'x')));
  for (const char* id : {"", ".", "..", "a/b", "a?b", "a%2fb", "a b", "\"", "\xc3\xa4"}) {
    EXPECT_FALSE(storefront::IsProductId(id)) << id;
  }
  EXPECT_FALSE(storefront::IsProductId(std::string(101, 'x')));
  EXPECT_EQ(storefront::QueryEscape("a b&c=d/\xc3\xa4"), "a%20b%26c%3Dd%2F%C3%A4");
}

// Every text of the page, hostile.
TEST(StorefrontPagesTest, EveryTextIsEscaped) {
  const std::string evil = "<script>alert(1)</script>\"'&{{name}}{{{name}}}";
  const Json money = {{"currencyCode", evil}, {"units", "1"}};
  const Json related = {{{"productId", evil},
                         {"product", {{"title", evil}, {"authors", {evil}}, {"imageUrl", evil}}},
                         {"price", {{"price", money}, {"discountPercent", 5}}}}};
  const Json page = {
      {"product",
       {{"productId", evil},
        {"title", evil},
        {"authors", {evil, evil}},
        {"description", evil},
        {"publisher", evil},
        {"isbn", evil},
        {"publishDate", evil},
        {"category", evil},
        {"tags", {evil}},
        {"imageUrl", evil},
        {"attributes", {{"binding", evil}, {"language", evil}}}}},
      {"price", {{"price", money}, {"listPrice", money}, {"discountPercent", 20}}},
      {"availability", {{"availability", "OUT_OF_STOCK"}, {"restockDate", evil}}},
      {"reviews", {{{"rating", 5}, {"title", evil}, {"body", evil}, {"authorName", evil}, {"createTime", evil}}}},
      {"reviewSummary", {{"averageRating", 4.4}, {"reviewCount", 2}, {"histogram", {{"5", 2}}}}},
      {"purchases", {{{"orderId", evil}, {"createTime", evil}, {"status", evil}, {"total", money}}}},
      {"boughtTogether", related},
      {"alsoBought", related},
      {"sellers",
       {{{"rank", 1}, {"seller", {{"name", evil}, {"countryCode", evil}}}, {"price", money}, {"shipping", money}}}}};
  storefront::Visit visit = kVisit;
  visit.query = evil;
  for (const std::string& html :
       {storefront::ProductPage(page, evil, visit),
        storefront::ShelfPage({{"products", {page["product"]}}, {"nextPageToken", evil}}, visit),
        storefront::MessagePage(evil, evil, visit)}) {
    EXPECT_THAT(html, testing::StartsWith("<!doctype html>"));
    EXPECT_THAT(html, HasSubstr("&lt;script&gt;"));
    EXPECT_THAT(html, Not(HasSubstr("<script>")));
    EXPECT_THAT(html, Not(HasSubstr("\"'&{{")));
  }
}

// A gateway that lies about types, or says hardly anything.
TEST(StorefrontPagesTest, WhateverIsMissingIsLeftOut) {
  const std::string bare = storefront::ProductPage({{"product", {{"productId", "x"}, {"title", "X"}}}}, "", kVisit);
  EXPECT_THAT(bare, HasSubstr("<h1>X</h1>"));
  EXPECT_THAT(bare, HasSubstr("The price is on its way"));
  EXPECT_THAT(bare, HasSubstr("Nobody has written about this book yet"));
  EXPECT_THAT(bare, Not(HasSubstr("class=\"notice")));
  for (const char* part : {"price", "availability", "reviews", "reviewSummary", "purchases", "boughtTogether",
                           "alsoBought", "sellers", "offers", "omitted"}) {
    for (const char* value : {"null", "7", "\"x\"", "[]", "{}", "[null]", "[7]", "[[]]", R"([{"price":7}])",
                              R"([{"product":null}])", R"({"price":{"price":[]}})", R"({"histogram":[1]})"}) {
      const Json page = {{"product", {{"productId", "x"}, {"title", "X"}}}, {part, Json::parse(value)}};
      EXPECT_THAT(storefront::ProductPage(page, "", kVisit), HasSubstr("<h1>X</h1>")) << part << " " << value;
    }
  }
  EXPECT_THAT(storefront::ShelfPage(nullptr, kVisit), HasSubstr("No book has all of these words"));
  EXPECT_THAT(
      storefront::ProductPage({{"product", {{"title", "X"}}}, {"omitted", {{{"part", "reviews"}}}}}, "", kVisit),
      HasSubstr("having a moment to themselves"));
}

TEST(StorefrontPagesTest, WhatCouldNotBeHadIsNamed) {
  const storefront::Json product = {{"productId", "x"}, {"title", "X"}};
  const auto page = [&](const std::vector<const char*>& parts) {
    Json omitted = Json::array();
    for (const char* part : parts) omitted.push_back({{"part", part}, {"reason", "unavailable"}});
    return storefront::ProductPage({{"product", product}, {"omitted", omitted}}, "", kVisit);
  };
  EXPECT_THAT(page({"sellers"}), HasSubstr("has to do without the other sellers."));
  EXPECT_THAT(page({"purchases", "sellers", "also_bought", "bought_together"}),
              HasSubstr("has to do without your orders of this book, the other sellers and what else readers bought."));
  EXPECT_THAT(page({"reviews", "price"}), Not(HasSubstr("has to do without")));
}

// Nobody buys at a price that nobody knows.
TEST(StorefrontPagesTest, WithoutAPriceNothingIsSold) {
  const storefront::Json product = {{"productId", "x"}, {"title", "X"}};
  EXPECT_THAT(storefront::ProductPage({{"product", product}}, "", kVisit), HasSubstr("disabled>Buy now"));
  EXPECT_THAT(
      storefront::ProductPage({{"product", product}, {"price", {{"price", {{"currencyCode", "USD"}, {"units", "3"}}}}}},
                              "", kVisit),
      Not(HasSubstr("disabled>Buy now")));
}

}  // namespace
}  // namespace shop::test
