// The shop's site: its pages in Chromium, and what they are to whoever has none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/demo.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;
using testing::Not;

class StorefrontTest : public testing::Test {
 protected:
  void SetUp() override {
    shop_.StartAll();
    gateway_ = std::make_unique<Gateway>(
        folder_.Write("portico.yaml", DemoConfig(shop_, absl::StrCat("http://", site_.address()))));
    process_ = std::make_unique<Process>(std::vector<std::string>{absl::StrCat(SHOP_BIN_DIR, "/storefront"), "--listen",
                                                                  site_.address(), "--web", gateway_->address("web"),
                                                                  "--mobile", gateway_->address("mobile")});
    const auto listens = [](const std::string& line) { return absl::StrContains(line, "\"event\":\"listening\""); };
    ASSERT_TRUE(process_->ErrorLine(listens).has_value()) << process_->Error();
  }

  Answer Page(const std::string& target, const Headers& headers = {}) { return Get(site_.address(), target, headers); }

  TempFolder folder_;
  Shop shop_;
  ReservedPort site_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Process> process_;
};

TEST_F(StorefrontTest, EveryAnswerIsGuarded) {
  const struct {
    const char* target;
    int status;
    const char* type;
  } cases[] = {
      {"/", 200, "text/html; charset=utf-8"},
      {"/?q=java", 200, "text/html; charset=utf-8"},
      {"/?q=%3Cscript%3E", 200, "text/html; charset=utf-8"},
      {"/?page=forged", 404, "text/html; charset=utf-8"},
      {"/books/pojos-in-action", 200, "text/html; charset=utf-8"},
      {"/books/none", 404, "text/html; charset=utf-8"},
      {"/books/..", 404, "text/html; charset=utf-8"},
      {"/books/a%2Fb", 404, "text/html; charset=utf-8"},
      {"/books/a%3Ffields=x", 404, "text/html; charset=utf-8"},
      {"/books/%22%3E%3Cscript%3E", 404, "text/html; charset=utf-8"},
      {"/m/books/pojos-in-action", 200, "text/html; charset=utf-8"},
      {"/m/books/%22onload=%22", 404, "text/html; charset=utf-8"},
      {"/covers/pojos-in-action.svg", 200, "image/svg+xml"},
      {"/covers/none.svg", 404, "text/plain; charset=utf-8"},
      {"/covers/../main.svg", 404, "text/html; charset=utf-8"},
      {"/assets/site.css", 200, "text/css; charset=utf-8"},
      {"/assets/live.js", 200, "text/javascript; charset=utf-8"},
      {"/assets/none.js", 404, "text/html; charset=utf-8"},
      {"/pages/product.html", 404, "text/html; charset=utf-8"},
      {"/nowhere", 404, "text/html; charset=utf-8"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.target);
    const Answer answer = Page(c.target);
    EXPECT_EQ(answer.status, c.status) << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), c.type);
    EXPECT_THAT(answer.Header("Content-Security-Policy"), HasSubstr("default-src 'none'; script-src 'self'"));
    EXPECT_THAT(answer.Header("Content-Security-Policy"), Not(HasSubstr("unsafe")));
    EXPECT_EQ(answer.Header("X-Content-Type-Options"), "nosniff");
    EXPECT_THAT(answer.body, Not(HasSubstr("<script>")));
  }
}

TEST_F(StorefrontTest, AnOrderIsPlacedFromThePageOnly) {
  const Headers form = {{"Content-Type", "application/x-www-form-urlencoded"}};
  const auto buy = [&](Headers headers, const std::string& body) {
    headers.insert(headers.end(), form.begin(), form.end());
    return Send(site_.address(), "POST", "/books/pojos-in-action/buy", headers, body);
  };
  EXPECT_EQ(buy({}, "quantity=1").status, 400) << "nobody buys";
  EXPECT_EQ(buy({{"Cookie", "customer=1"}, {"Origin", "http://elsewhere.example"}}, "quantity=1").status, 400);
  for (const char* quantity : {"quantity=0", "quantity=-1", "quantity=11", "quantity=x", ""}) {
    EXPECT_EQ(buy({{"Cookie", "customer=1"}}, quantity).status, 400) << quantity;
  }
  EXPECT_EQ(buy({{"Cookie", "customer=../2"}}, "quantity=1").status, 400);
  const Answer placed = buy({{"Cookie", "theme=x; customer=1"}}, "quantity=2");
  EXPECT_EQ(placed.status, 303) << placed.body;
  EXPECT_THAT(placed.Header("Location"), HasSubstr("/books/pojos-in-action?ordered=ord-"));
  EXPECT_THAT(Page("/books/pojos-in-action", {{"Cookie", "customer=1"}}).body, HasSubstr("2 copies"));
}

TEST_F(StorefrontTest, WithoutTheCatalogThePageSaysSo) {
  shop_.Kill("catalog");
  for (const char* target : {"/", "/books/pojos-in-action"}) {
    const Answer answer = Page(target);
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.body, HasSubstr("We will be right back"));
  }
  EXPECT_EQ(Page("/covers/pojos-in-action.svg").status, 503);
}

// An entry of its own: it needs Chromium.
class StorefrontBrowserTest : public StorefrontTest {
 protected:
  void Browse(const std::string& trouble) {
    std::filesystem::create_directories(STOREFRONT_PICTURES);
    const Finished finished =
        RunToEnd({"/usr/bin/env", "node", PORTICO_SOURCE_DIR "/tests/clients/storefront.test.mjs", "--site",
                  site_.address(), "--web", gateway_->address("web"), "--mobile", gateway_->address("mobile"),
                  "--trouble", trouble, "--pictures", STOREFRONT_PICTURES},
                 "", std::chrono::minutes(4));
    EXPECT_EQ(finished.exit, 0) << finished.out << finished.error;
    // A program that finds no test succeeds, too.
    EXPECT_TRUE(absl::StrContains(finished.out, "pass ")) << finished.out << finished.error;
    EXPECT_FALSE(absl::StrContains(finished.out, "pass 0\n")) << finished.out;
  }

  // Until every worker of the gateway sees it so.
  void AwaitOmitted(const std::string& omitted) {
    GetUntil(gateway_->address("web"), "/v1/products/pojos-in-action/page",
             [&](const Answer& page) { return absl::StrContains(page.Header("Portico-Omitted"), omitted); });
  }
};

TEST_F(StorefrontBrowserTest, BothPages) {
  Browse("none");
}

TEST_F(StorefrontBrowserTest, ReviewsAreDown) {
  shop_.Kill("reviews");
  AwaitOmitted("reviews;reason=unavailable");
  Browse("reviews");
}

TEST_F(StorefrontBrowserTest, PricesAreSlow) {
  shop_.Kill("pricing");
  shop_.Start("pricing", "6s");
  AwaitOmitted("price;reason=deadline");
  Browse("prices");
}

}  // namespace
}  // namespace portico::integration
