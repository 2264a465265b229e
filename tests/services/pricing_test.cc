#include <algorithm>
#include <set>

#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace pricing::v1;  // NOLINT: the contract under test
using testing::IsEmpty;
using testing::SizeIs;
using Stub = pricing::v1::PricingService::Stub;

int64_t Cents(const Money& money) {
  EXPECT_EQ(money.currency_code(), "USD");
  EXPECT_EQ(money.nanos() % 10'000'000, 0);
  return money.units() * 100 + money.nanos() / 10'000'000;
}

class PricingTest : public testing::Test {
 protected:
  ListOffersResponse Offers(const std::string& product_id, int page_size = 0, const std::string& token = "") {
    ListOffersRequest request;
    request.set_product_id(product_id);
    request.set_page_size(page_size);
    request.set_page_token(token);
    ListOffersResponse response;
    EXPECT_TRUE(pricing_.Call(&Stub::ListOffers, request, &response).ok());
    return response;
  }

  Folder folder_;
  Pricing pricing_{{.data = folder_.path()}};
};

TEST_F(PricingTest, GetAnswersThePriceAndTheDiscount) {
  GetPriceRequest request;
  request.set_product_id("pojos-in-action");
  Price price;
  ASSERT_TRUE(pricing_.Call(&Stub::GetPrice, request, &price).ok());
  EXPECT_EQ(price.product_id(), "pojos-in-action");
  EXPECT_EQ(Cents(price.list_price()), 4495);
  EXPECT_EQ(Cents(price.price()), 3596);
  EXPECT_EQ(price.discount_percent(), 20);
  EXPECT_GT(price.update_time().seconds(), 0);
}

TEST_F(PricingTest, GetRefusesWhatItDoesNotKnow) {
  GetPriceRequest request;
  request.set_product_id("no-such-book");
  Price price;
  ExpectResource(pricing_.Call(&Stub::GetPrice, request, &price), grpc::StatusCode::NOT_FOUND, "shop.pricing.v1.Price",
                 "no-such-book");
  request.set_product_id("");
  ExpectViolations(pricing_.Call(&Stub::GetPrice, request, &price), {"product_id REQUIRED"});
}

TEST_F(PricingTest, OffersComeCheapestFirstAndPageByPage) {
  const auto all = Offers("pojos-in-action");
  ASSERT_GE(all.offers_size(), 3);
  int64_t paid = 0;
  std::set<std::string> ids;
  for (const Offer& offer : all.offers()) {
    EXPECT_EQ(offer.product_id(), "pojos-in-action");
    EXPECT_FALSE(offer.seller_name().empty());
    EXPECT_NE(offer.condition(), Offer::CONDITION_UNSPECIFIED);
    EXPECT_GE(Cents(offer.price()) + Cents(offer.shipping()), paid);
    paid = Cents(offer.price()) + Cents(offer.shipping());
    ids.insert(offer.offer_id());
  }
  EXPECT_THAT(ids, SizeIs(all.offers_size()));
  ListOffersResponse paged;
  std::string token;
  do {
    auto page = Offers("pojos-in-action", 2, token);
    token = page.next_page_token();
    paged.mutable_offers()->MergeFrom(page.offers());
  } while (!token.empty());
  EXPECT_EQ(paged.DebugString(), all.DebugString());
  EXPECT_THAT(Offers("no-such-book").offers(), IsEmpty());
}

TEST_F(PricingTest, ATokenBelongsToItsProduct) {
  ListOffersRequest request;
  request.set_product_id("another-book");
  request.set_page_token(Offers("pojos-in-action", 1).next_page_token());
  ListOffersResponse response;
  ExpectViolations(pricing_.Call(&Stub::ListOffers, request, &response), {"page_token INVALID_PAGE_TOKEN"});
}

TEST_F(PricingTest, BatchGetAnswersWhatThereIs) {
  BatchGetPricesRequest request;
  for (const char* id : {"no-such-book", "pojos-in-action", "pojos-in-action"}) request.add_product_ids(id);
  BatchGetPricesResponse response;
  ASSERT_TRUE(pricing_.Call(&Stub::BatchGetPrices, request, &response).ok());
  ASSERT_THAT(response.prices(), SizeIs(1));
  EXPECT_EQ(Cents(response.prices(0).price()), 3596);
}

Money Usd(int64_t units, int32_t nanos = 0) {
  Money money;
  money.set_currency_code("USD");
  money.set_units(units);
  money.set_nanos(nanos);
  return money;
}

TEST_F(PricingTest, SetChangesThePriceAndTheShopsOwnOffer) {
  SetPriceRequest request;
  request.set_product_id("pojos-in-action");
  *request.mutable_price()->mutable_price() = Usd(29, 990'000'000);
  Price price;
  ASSERT_TRUE(pricing_.Call(&Stub::SetPrice, request, &price).ok());
  EXPECT_EQ(Cents(price.price()), 2999);
  EXPECT_EQ(Cents(price.list_price()), 4495);
  EXPECT_EQ(price.discount_percent(), 33);
  GetPriceRequest get;
  get.set_product_id("pojos-in-action");
  Price got;
  ASSERT_TRUE(pricing_.Call(&Stub::GetPrice, get, &got).ok());
  EXPECT_EQ(got.DebugString(), price.DebugString());
  const auto offers = Offers("pojos-in-action").offers();
  EXPECT_EQ(std::count_if(offers.begin(), offers.end(),
                          [](const Offer& offer) {
                            return offer.seller_id() == "portico-books" && Cents(offer.price()) == 2999;
                          }),
            1);
  // More than the list price: then that follows.
  *request.mutable_price()->mutable_price() = Usd(50);
  ASSERT_TRUE(pricing_.Call(&Stub::SetPrice, request, &price).ok());
  EXPECT_EQ(Cents(price.list_price()), 5000);
  EXPECT_EQ(price.discount_percent(), 0);
}

TEST_F(PricingTest, SetMayBeTheFirst) {
  SetPriceRequest request;
  request.set_product_id("new-book");
  request.mutable_price()->set_product_id("new-book");
  *request.mutable_price()->mutable_price() = Usd(5);
  *request.mutable_price()->mutable_list_price() = Usd(10);
  Price price;
  ASSERT_TRUE(pricing_.Call(&Stub::SetPrice, request, &price).ok());
  EXPECT_EQ(price.discount_percent(), 50);
}

TEST_F(PricingTest, SetRefusesNonsense) {
  SetPriceRequest request;
  request.mutable_price()->set_product_id("x");
  Price price;
  ExpectViolations(pricing_.Call(&Stub::SetPrice, request, &price),
                   {"product_id REQUIRED", "price.product_id CONTRADICTION", "price.price REQUIRED"});
  request.set_product_id("x");
  *request.mutable_price()->mutable_price() = Usd(1, 1);
  request.mutable_price()->mutable_list_price()->set_units(-1);
  ExpectViolations(pricing_.Call(&Stub::SetPrice, request, &price),
                   {"price.price.nanos OUT_OF_RANGE", "price.list_price.currency_code INVALID_CURRENCY",
                    "price.list_price.units OUT_OF_RANGE"});
  *request.mutable_price()->mutable_price() = Usd(0);
  *request.mutable_price()->mutable_list_price() = Usd(1'000'000, 10'000'000);
  ExpectViolations(pricing_.Call(&Stub::SetPrice, request, &price),
                   {"price.price OUT_OF_RANGE", "price.list_price OUT_OF_RANGE"});
  *request.mutable_price()->mutable_price() = Usd(2);
  *request.mutable_price()->mutable_list_price() = Usd(1);
  ExpectViolations(pricing_.Call(&Stub::SetPrice, request, &price), {"price.list_price OUT_OF_RANGE"});
}

}  // namespace
}  // namespace shop::test
