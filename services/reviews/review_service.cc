#include "services/reviews/review_service.h"

#include <optional>
#include <string>
#include <utility>

#include "services/base/answer.h"
#include "services/base/errors.h"
#include "services/base/paging.h"
#include "services/base/validator.h"
#include "services/base/watch.h"
#include "services/reviews/review_feed.h"

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
    auto listing = board_.store().List(request->product_id(), page.after_number(ReviewStore::kNewest), page.size + 1);
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
    Validator check;
    check.Id("product_id", request->product_id());
    const std::string& product_id = request->review().product_id();
    if (!product_id.empty() && product_id != request->product_id()) {
      check.Fail("review.product_id", "CONTRADICTION", "must be the product_id of the request, or be left out");
    }
    *response = request->review();
    response->set_product_id(request->product_id());
    CheckReview("review", *response, check);
    return check.ok() ? board_.Post(*response) : check.status();
  });
}

grpc::ServerUnaryReactor* ReviewService::GetReviewSummary(grpc::CallbackServerContext* context,
                                                          const v1::GetReviewSummaryRequest* request,
                                                          v1::ReviewSummary* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Id("product_id", request->product_id());
    if (!check.ok()) return check.status();
    auto summary = board_.store().Summarize(request->product_id());
    if (!summary.ok()) return StorageFailure(summary.status());
    *response = *std::move(summary);
    return grpc::Status::OK;
  });
}

grpc::ServerWriteReactor<v1::Review>* ReviewService::WatchReviews(grpc::CallbackServerContext*,
                                                                  const v1::WatchReviewsRequest* request) {
  return Watch(board_.feed(), request->product_id(), kEveryEvent, delay_, [=](std::optional<v1::Review>&) {
    Validator check;
    check.Id("product_id", request->product_id());
    return check.status();
  });
}

grpc::ServerBidiReactor<v1::ReviewFeedRequest, v1::ReviewFeedResponse>* ReviewService::ReviewFeed(
    grpc::CallbackServerContext*) {
  return OpenFeed(board_, delay_);
}

}  // namespace shop::reviews
