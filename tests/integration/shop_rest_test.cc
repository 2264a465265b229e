// Must show 1: the shop's services answer REST with real data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

constexpr char kBook[] = "/v1/products/pojos-in-action";

class ShopRestTest : public testing::Test {
 protected:
  Answer GetOk(const std::string& target) {
    Answer answer = Get(behind_.address(), target);
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), "application/json");
    EXPECT_TRUE(answer.json().is_object()) << answer.body;
    return answer;
  }

  const std::string& address() const { return behind_.address(); }

 private:
  ShopBehindGateway behind_;
};

TEST_F(ShopRestTest, Price) {
  const Json price = GetOk(absl::StrCat(kBook, "/price")).json();
  EXPECT_EQ(price["price"], Json({{"currencyCode", "USD"}, {"units", "35"}, {"nanos", 960000000}}));
  EXPECT_EQ(price["listPrice"]["units"], "44") << "an int64 is a string";
  EXPECT_EQ(price["discountPercent"], 20);
}

TEST_F(ShopRestTest, Offers) {
  const Json offers = GetOk(absl::StrCat(kBook, "/offers")).json()["offers"];
  ASSERT_GE(offers.size(), 3u);
  for (const Json& offer : offers) {
    EXPECT_EQ(offer["productId"], "pojos-in-action");
    EXPECT_FALSE(offer["sellerName"].get<std::string>().empty());
    EXPECT_TRUE(offer["price"].contains("units"));
  }
}

TEST_F(ShopRestTest, ReviewsAPageAtATime) {
  const Json all = GetOk(absl::StrCat(kBook, "/reviews?page_size=100")).json();
  EXPECT_EQ(all["totalSize"], all["reviews"].size());
  EXPECT_FALSE(all.contains("nextPageToken"));
  Json paged = Json::array();
  std::string token;
  do {
    const Json page = GetOk(absl::StrCat(kBook, "/reviews?page_size=7&page_token=", token)).json();
    for (const Json& review : page["reviews"]) paged.push_back(review);
    token = page.value("nextPageToken", "");
  } while (!token.empty() && paged.size() < 1000);
  EXPECT_EQ(paged, all["reviews"]);
}

TEST_F(ShopRestTest, APostedReviewIsTheFirstOfTheList) {
  const Json before = GetOk(absl::StrCat(kBook, "/reviews?page_size=1")).json();
  const Answer posted = Post(address(), absl::StrCat(kBook, "/reviews"),
                             {{"rating", 5}, {"title", "Grün & 日本 😀"}, {"customerId", "7"}});
  ASSERT_EQ(posted.status, 200) << posted.body;
  EXPECT_EQ(posted.json()["productId"], "pojos-in-action") << "from the path";
  const Json after = GetOk(absl::StrCat(kBook, "/reviews?page_size=1")).json();
  EXPECT_EQ(after["totalSize"], before["totalSize"].get<int>() + 1);
  EXPECT_EQ(after["reviews"][0], posted.json());
  EXPECT_EQ(after["reviews"][0]["title"], "Grün & 日本 😀");
}

TEST_F(ShopRestTest, OrdersOfACustomer) {
  const Json orders = GetOk("/v1/customers/1/orders?product_id=pojos-in-action").json()["orders"];
  ASSERT_GE(orders.size(), 1u);
  for (const Json& order : orders) {
    EXPECT_EQ(order["customerId"], "1");
    std::vector<std::string> products;
    for (const Json& line : order["lines"]) products.push_back(line["productId"]);
    EXPECT_THAT(products, testing::Contains("pojos-in-action"));
  }
  EXPECT_EQ(GetOk(absl::StrCat("/v1/orders/", orders[0]["orderId"].get<std::string>())).json(), orders[0]);
}

TEST_F(ShopRestTest, ThePageIsWhatTheServicesSay) {
  const Answer answer = GetOk(absl::StrCat(kBook, "/page?customer_id=1"));
  const Json page = answer.json();
  EXPECT_EQ(answer.Header("Portico-Omitted"), "");
  EXPECT_EQ(page["product"], GetOk(kBook).json());
  EXPECT_EQ(page["price"], GetOk(absl::StrCat(kBook, "/price")).json());
  EXPECT_EQ(page["offers"], GetOk(absl::StrCat(kBook, "/offers")).json()["offers"]);
  EXPECT_EQ(page["reviews"], GetOk(absl::StrCat(kBook, "/reviews?page_size=5")).json()["reviews"]);
  EXPECT_EQ(page["reviewSummary"], GetOk(absl::StrCat(kBook, "/reviews:summary")).json());
  EXPECT_EQ(page["purchases"], GetOk("/v1/customers/1/orders?product_id=pojos-in-action").json()["orders"]);
  EXPECT_EQ(page["availability"], GetOk(absl::StrCat(kBook, "/stock")).json());
  EXPECT_EQ(page["sellers"], GetOk(absl::StrCat(kBook, "/sellers:rank")).json()["sellers"]);
  for (const auto& [field, path] : {std::pair("boughtTogether", "/bought-together?page_size=3"),
                                    std::pair("alsoBought", "/also-bought?page_size=6")}) {
    const Json items = GetOk(absl::StrCat(kBook, path)).json()["items"];
    ASSERT_EQ(page[field].size(), items.size()) << field;
    ASSERT_FALSE(items.empty()) << field;
    for (size_t i = 0; i < items.size(); ++i) {
      const Json& shown = page[field][i];
      EXPECT_EQ(shown["productId"], items[i]["productId"]) << "in the order of the recommendations";
      const std::string other = absl::StrCat("/v1/products/", shown["productId"].get<std::string>());
      EXPECT_EQ(shown["product"]["title"], GetOk(other).json()["title"]);
      EXPECT_EQ(shown["price"]["price"], GetOk(absl::StrCat(other, "/price")).json()["price"]);
    }
  }
  EXPECT_THAT(page, SizeIs(10)) << "and nothing else";
}

TEST_F(ShopRestTest, ThePageOfNobodyHasNoPurchases) {
  const Answer answer = GetOk(absl::StrCat(kBook, "/page"));
  EXPECT_FALSE(answer.json().contains("purchases"));
  EXPECT_FALSE(answer.json().contains("omitted")) << "skipped is not omitted";
}

TEST_F(ShopRestTest, ThePageOfAMissingProductIsNotFound) {
  const Answer answer = Get(address(), "/v1/products/none/page");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.json()["code"], 5);
}

TEST_F(ShopRestTest, FieldsSelectPartsOfAnyAnswer) {
  EXPECT_EQ(GetOk(absl::StrCat(kBook, "?fields=title,page_count")).json(),
            Json({{"title", "POJOs in Action"}, {"pageCount", 592}}));
  const Json page = GetOk(absl::StrCat(kBook, "/page?fields=product.title,reviewSummary.reviewCount")).json();
  EXPECT_EQ(page["product"], Json({{"title", "POJOs in Action"}}));
  EXPECT_THAT(page["reviewSummary"], SizeIs(1));
  EXPECT_THAT(page, SizeIs(2));
}

TEST_F(ShopRestTest, HeadIsGetWithoutABody) {
  Connection connection(address());
  ASSERT_TRUE(connection.Send(RequestText("HEAD", kBook)));
  const auto head = connection.Receive(true);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->Header("Content-Length"), std::to_string(GetOk(kBook).body.size()));
  ASSERT_TRUE(connection.Send(RequestText("GET", kBook)));
  const auto get = connection.Receive();
  ASSERT_TRUE(get.has_value()) << "the connection goes on";
  EXPECT_EQ(get->json()["productId"], "pojos-in-action");
}

TEST_F(ShopRestTest, PipelinedRequestsAreAnsweredInOrder) {
  Connection connection(address());
  ASSERT_TRUE(connection.Send(RequestText("GET", kBook) + RequestText("GET", absl::StrCat(kBook, "/price")) +
                              RequestText("GET", "/v1/products/none")));
  std::vector<int> statuses;
  for (int i = 0; i < 3; ++i) {
    const auto answer = connection.Receive();
    ASSERT_TRUE(answer.has_value());
    statuses.push_back(answer->status);
    EXPECT_EQ(answer->json().contains("listPrice"), i == 1);
  }
  EXPECT_THAT(statuses, ElementsAre(200, 200, 404));
}

}  // namespace
}  // namespace portico::integration
