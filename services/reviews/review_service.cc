#include "services/reviews/review_service.h"

#include <string>
#include <utility>

#include "services/base/answer.h"
#include "services/base/errors.h"
#include "services/base/paging.h"
#include "services/base/validator.h"

namespace shop::reviews {

absl::StatusOr<std::unique_ptr<ReviewService>> ReviewService::Create(const ServiceOptions& options) {
  auto store = ReviewStore::Open(options.data);
  if (!store.ok()) return store.status();
  if (options.seed) {
    const absl::Status seeded = (*store)->SeedIfEmpty(seed::MakeWorld());
    if (!seeded.ok()) return seeded;
  }
  return std::unique_ptr<ReviewService>(new ReviewService(*std::move(store), options.delay));
}

grpc::ServerUnaryReactor* ReviewService::ListReviews(grpc::CallbackServerContext* context,
                                                     const v1::ListReviewsRequest* request,
                                                     v1::ListReviewsResponse* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    const std::string scope = "reviews " + request->product_id();
    check.Id("product_id", request->product_id());
    const Page page = ReadPage(request->page_size(), request->page_token(), scope, check);
    if (!check.ok()) return check.status();
    // One more than asked for tells whether there is a next page.
    auto listing = store_->List(request->product_id(), page.after_number(ReviewStore::kNewest), page.size + 1);
    if (!listing.ok()) return StorageFailure(listing.status());
    if (listing->entries.size() > static_cast<size_t>(page.size)) {
      listing->entries.pop_back();
      response->set_next_page_token(NextPageToken(scope, std::to_string(listing->entries.back().number)));
    }
    for (ReviewStore::Entry& entry : listing->entries) *response->add_reviews() = std::move(entry.review);
    response->set_total_size(static_cast<int32_t>(listing->total));
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* ReviewService::CreateReview(grpc::CallbackServerContext* context,
                                                      const v1::CreateReviewRequest* request, v1::Review* response) {
  return Answer(context, delay_, [=, this] {
    v1::Review review = request->review();
    Validator check;
    check.Id("product_id", request->product_id());
    if (!review.product_id().empty() && review.product_id() != request->product_id()) {
      check.Fail("review.product_id", "CONTRADICTION", "must be the product_id of the request, or be left out");
    }
    check.OptionalId("review.customer_id", review.customer_id());
    check.Text("review.author_name", review.author_name(), 0, 100);
    check.Range("review.rating", review.rating(), 1, 5);
    check.Text("review.title", review.title(), 0, 200);
    check.Text("review.body", review.body(), 0, 10'000);
    if (!check.ok()) return check.status();
    review.set_product_id(request->product_id());
    if (review.author_name().empty()) review.set_author_name("A customer");
    auto created = store_->Create(review);
    if (!created.ok()) return StorageFailure(created.status());
    *response = *std::move(created);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* ReviewService::GetReviewSummary(grpc::CallbackServerContext* context,
                                                          const v1::GetReviewSummaryRequest* request,
                                                          v1::ReviewSummary* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Id("product_id", request->product_id());
    if (!check.ok()) return check.status();
    auto summary = store_->Summarize(request->product_id());
    if (!summary.ok()) return StorageFailure(summary.status());
    *response = *std::move(summary);
    return grpc::Status::OK;
  });
}

}  // namespace shop::reviews
