#include <functional>
#include <set>

#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace reviews::v1;  // NOLINT: the contract under test
using testing::SizeIs;
using Stub = reviews::v1::ReviewService::Stub;

class ReviewsTest : public testing::Test {
 protected:
  ListReviewsResponse List(const std::string& product_id, int page_size = 100, const std::string& token = "") {
    ListReviewsRequest request;
    request.set_product_id(product_id);
    request.set_page_size(page_size);
    request.set_page_token(token);
    ListReviewsResponse response;
    EXPECT_TRUE(reviews_.Call(&Stub::ListReviews, request, &response).ok());
    return response;
  }

  ReviewSummary Summary(const std::string& product_id) {
    GetReviewSummaryRequest request;
    request.set_product_id(product_id);
    ReviewSummary summary;
    EXPECT_TRUE(reviews_.Call(&Stub::GetReviewSummary, request, &summary).ok());
    return summary;
  }

  Folder folder_;
  Reviews reviews_{{.data = folder_.path()}};
};

CreateReviewRequest Good() {
  CreateReviewRequest request;
  request.set_product_id("pojos-in-action");
  Review& review = *request.mutable_review();
  review.set_customer_id("7");
  review.set_author_name("Zo\u00eb");
  review.set_rating(5);
  review.set_title("Fine");
  review.set_body("Line one\nline two");
  return request;
}

TEST_F(ReviewsTest, ACreatedReviewIsTheFirstOfTheList) {
  const auto before = List("pojos-in-action");
  CreateReviewRequest request = Good();
  request.mutable_review()->set_review_id("rev-000001");
  request.mutable_review()->set_verified_purchase(true);
  Review created;
  ASSERT_TRUE(reviews_.Call(&Stub::CreateReview, request, &created).ok());
  EXPECT_NE(created.review_id(), "rev-000001");
  EXPECT_EQ(created.product_id(), "pojos-in-action");
  EXPECT_EQ(created.author_name(), "Zo\u00eb");
  EXPECT_FALSE(created.verified_purchase());
  const auto after = List("pojos-in-action");
  EXPECT_EQ(after.total_size(), before.total_size() + 1);
  ASSERT_EQ(after.reviews_size(), before.reviews_size() + 1);
  EXPECT_EQ(after.reviews(0).DebugString(), created.DebugString());
}

TEST_F(ReviewsTest, ARatingIsEnough) {
  CreateReviewRequest request;
  request.set_product_id("brand-new");
  request.mutable_review()->set_rating(1);
  Review created;
  ASSERT_TRUE(reviews_.Call(&Stub::CreateReview, request, &created).ok());
  EXPECT_EQ(created.author_name(), "A customer");
}

TEST_F(ReviewsTest, WrongReviewsAreRefused) {
  struct Case {
    const char* name;
    std::function<void(CreateReviewRequest&)> spoil;
    std::vector<std::string> violations;
  };
  const Case cases[] = {
      {"no stars", [](auto& r) { r.mutable_review()->set_rating(0); }, {"review.rating OUT_OF_RANGE"}},
      {"six stars", [](auto& r) { r.mutable_review()->set_rating(6); }, {"review.rating OUT_OF_RANGE"}},
      {"no review", [](auto& r) { r.clear_review(); }, {"review.rating OUT_OF_RANGE"}},
      {"no product", [](auto& r) { r.clear_product_id(); }, {"product_id REQUIRED"}},
      {"two products",
       [](auto& r) { r.mutable_review()->set_product_id("other"); },
       {"review.product_id CONTRADICTION"}},
      {"customer", [](auto& r) { r.mutable_review()->set_customer_id("a b"); }, {"review.customer_id INVALID_ID"}},
      {"long title",
       [](auto& r) { r.mutable_review()->set_title(std::string(201, 'x')); },
       {"review.title INVALID_LENGTH"}},
      {"two faults",
       [](auto& r) {
         r.mutable_review()->set_rating(-1);
         r.mutable_review()->set_body(std::string(10'001, 'x'));
       },
       {"review.rating OUT_OF_RANGE", "review.body INVALID_LENGTH"}},
  };
  const int32_t before = List("pojos-in-action").total_size();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    CreateReviewRequest request = Good();
    c.spoil(request);
    Review created;
    ExpectViolations(reviews_.Call(&Stub::CreateReview, request, &created), c.violations);
  }
  EXPECT_EQ(List("pojos-in-action").total_size(), before);
}

TEST_F(ReviewsTest, PagesShowEveryReviewOnceNewestFirst) {
  const auto all = List("pojos-in-action");
  EXPECT_GE(all.reviews_size(), 6);
  EXPECT_EQ(all.total_size(), all.reviews_size());
  ListReviewsResponse paged;
  std::string token;
  do {
    const auto page = List("pojos-in-action", 4, token);
    EXPECT_EQ(page.total_size(), all.total_size());
    token = page.next_page_token();
    paged.mutable_reviews()->MergeFrom(page.reviews());
  } while (!token.empty());
  ASSERT_EQ(paged.reviews_size(), all.reviews_size());
  std::set<std::string> ids;
  for (int i = 0; i < all.reviews_size(); ++i) {
    EXPECT_EQ(paged.reviews(i).DebugString(), all.reviews(i).DebugString());
    EXPECT_TRUE(i == 0 || all.reviews(i).create_time().seconds() <= all.reviews(i - 1).create_time().seconds());
    ids.insert(all.reviews(i).review_id());
  }
  EXPECT_THAT(ids, SizeIs(all.reviews_size()));
}

TEST_F(ReviewsTest, APageIsNotShiftedByANewReview) {
  const auto first = List("pojos-in-action", 2);
  const auto second = List("pojos-in-action", 2, first.next_page_token());
  Review created;
  ASSERT_TRUE(reviews_.Call(&Stub::CreateReview, Good(), &created).ok());
  const auto again = List("pojos-in-action", 2, first.next_page_token());
  EXPECT_EQ(again.reviews(0).review_id(), second.reviews(0).review_id());
}

TEST_F(ReviewsTest, TheSummaryCountsAllReviews) {
  const auto all = List("pojos-in-action");
  std::map<int32_t, int32_t> histogram;
  double sum = 0;
  for (const Review& review : all.reviews()) {
    ++histogram[review.rating()];
    sum += review.rating();
  }
  const auto summary = Summary("pojos-in-action");
  EXPECT_EQ(summary.product_id(), "pojos-in-action");
  EXPECT_EQ(summary.review_count(), all.total_size());
  EXPECT_DOUBLE_EQ(summary.average_rating(), sum / all.total_size());
  const std::map<int32_t, int32_t> answered(summary.histogram().begin(), summary.histogram().end());
  EXPECT_EQ(answered, histogram);

  const auto none = Summary("no-such-book");
  EXPECT_EQ(none.review_count(), 0);
  EXPECT_EQ(none.average_rating(), 0);
  EXPECT_EQ(none.histogram_size(), 0);
}

}  // namespace
}  // namespace shop::test
