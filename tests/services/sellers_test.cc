#include <set>

#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace sellers::v1;  // NOLINT: the contract under test
using testing::IsEmpty;
using testing::SizeIs;
using Stub = sellers::v1::SellerService::Stub;

class SellersTest : public testing::Test {
 protected:
  RankSellersResponse Rank(const std::string& product_id, int page_size = 0) {
    RankSellersRequest request;
    request.set_product_id(product_id);
    request.set_page_size(page_size);
    RankSellersResponse response;
    EXPECT_TRUE(sellers_.Call(&Stub::RankSellers, request, &response).ok());
    return response;
  }

  Folder folder_;
  Sellers sellers_{{.data = folder_.path()}};
};

TEST_F(SellersTest, GetAnswersASeller) {
  GetSellerRequest request;
  request.set_seller_id("paper-harbour");
  Seller seller;
  ASSERT_TRUE(sellers_.Call(&Stub::GetSeller, request, &seller).ok());
  EXPECT_EQ(seller.name(), "Paper Harbour");
  EXPECT_GE(seller.rating(), 1);
  EXPECT_LE(seller.rating(), 5);
  EXPECT_GT(seller.rating_count(), 0);
  EXPECT_THAT(seller.country_code(), SizeIs(2));
  EXPECT_GT(seller.create_time().seconds(), 0);
  request.set_seller_id("nobody");
  ExpectResource(sellers_.Call(&Stub::GetSeller, request, &seller), grpc::StatusCode::NOT_FOUND,
                 "shop.sellers.v1.Seller", "nobody");
  request.set_seller_id("");
  ExpectViolations(sellers_.Call(&Stub::GetSeller, request, &seller), {"seller_id REQUIRED"});
}

TEST_F(SellersTest, ListAnswersAllPageByPage) {
  std::vector<std::string> ids;
  ListSellersRequest request;
  request.set_page_size(5);
  do {
    ListSellersResponse response;
    ASSERT_TRUE(sellers_.Call(&Stub::ListSellers, request, &response).ok());
    EXPECT_LE(response.sellers_size(), 5);
    for (const Seller& seller : response.sellers()) ids.push_back(seller.seller_id());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(ids, SizeIs(12));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_THAT(std::set(ids.begin(), ids.end()), SizeIs(12));
}

TEST_F(SellersTest, RankPutsTheBestFirst) {
  const auto ranked = Rank("pojos-in-action");
  ASSERT_GE(ranked.sellers_size(), 3);
  std::set<std::string> ids;
  int place = 0;
  double score = 1;
  for (const RankedSeller& seller : ranked.sellers()) {
    EXPECT_GE(seller.rank(), place);
    EXPECT_LE(seller.score(), score);
    EXPECT_GT(seller.score(), 0);
    EXPECT_FALSE(seller.seller().name().empty());
    EXPECT_EQ(seller.price().currency_code(), "USD");
    EXPECT_TRUE(seller.has_shipping());
    EXPECT_GT(seller.delivery_days(), 0);
    EXPECT_TRUE(ids.insert(seller.seller().seller_id()).second);
    place = seller.rank();
    score = seller.score();
  }
  EXPECT_EQ(ranked.sellers(0).rank(), 1);
  EXPECT_EQ(Rank("pojos-in-action", 2).DebugString().substr(0, 200), ranked.DebugString().substr(0, 200));
  EXPECT_THAT(Rank("pojos-in-action", 2).sellers(), SizeIs(2));
  EXPECT_THAT(Rank("no-such-book").sellers(), IsEmpty());
}

TEST_F(SellersTest, TheScoreIsWhatTheContractSays) {
  const auto ranked = Rank("pojos-in-action");
  const auto paid = [](const RankedSeller& seller) {
    return static_cast<double>(seller.price().units() + seller.shipping().units()) +
           (seller.price().nanos() + seller.shipping().nanos()) / 1e9;
  };
  double cheapest = std::numeric_limits<double>::max();
  for (const RankedSeller& seller : ranked.sellers()) cheapest = std::min(cheapest, paid(seller));
  for (const RankedSeller& seller : ranked.sellers()) {
    const double rating =
        (seller.seller().rating() * seller.seller().rating_count() + 3.5 * 20) / (seller.seller().rating_count() + 20);
    const double expected =
        0.6 * rating / 5 + 0.3 * cheapest / paid(seller) + 0.1 * std::max(0, 14 - seller.delivery_days()) / 14;
    EXPECT_NEAR(seller.score(), expected, 1e-9) << seller.seller().name();
  }
}

TEST_F(SellersTest, RankRefusesNonsense) {
  RankSellersRequest request;
  request.set_page_size(-1);
  RankSellersResponse response;
  ExpectViolations(sellers_.Call(&Stub::RankSellers, request, &response),
                   {"product_id REQUIRED", "page_size OUT_OF_RANGE"});
}

}  // namespace
}  // namespace shop::test
