// shop.reviews.v1.ReviewService.
#ifndef PORTICO_SERVICES_REVIEWS_REVIEW_SERVICE_H_
#define PORTICO_SERVICES_REVIEWS_REVIEW_SERVICE_H_

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "services/base/process.h"
#include "services/base/streaming.h"
#include "services/reviews/review_board.h"
#include "shop/reviews/v1/reviews.grpc.pb.h"

namespace shop::reviews {

// Checks requests and answers them from a ReviewBoard. It knows no products: any product id may have reviews.
// Thread-safe.
class ReviewService final : public v1::ReviewService::CallbackService, public Streaming {
 public:
  static constexpr char kName[] = "shop.reviews.v1.ReviewService";

  // Opens the store the options name, and seeds it.
  static absl::StatusOr<std::unique_ptr<ReviewService>> Create(const ServiceOptions& options);

  void EndStreams() override { board_.feed().End(); }

  // How many watch, each counted for each product, and for each feed once more.
  size_t watcher_count() { return board_.feed().listener_count(); }

  grpc::ServerUnaryReactor* ListReviews(grpc::CallbackServerContext* context, const v1::ListReviewsRequest* request,
                                        v1::ListReviewsResponse* response) override;
  grpc::ServerUnaryReactor* CreateReview(grpc::CallbackServerContext* context, const v1::CreateReviewRequest* request,
                                         v1::Review* response) override;
  grpc::ServerUnaryReactor* GetReviewSummary(grpc::CallbackServerContext* context,
                                             const v1::GetReviewSummaryRequest* request,
                                             v1::ReviewSummary* response) override;
  grpc::ServerWriteReactor<v1::Review>* WatchReviews(grpc::CallbackServerContext* context,
                                                     const v1::WatchReviewsRequest* request) override;
  grpc::ServerBidiReactor<v1::ReviewFeedRequest, v1::ReviewFeedResponse>* ReviewFeed(
      grpc::CallbackServerContext* context) override;

 private:
  ReviewService(std::unique_ptr<ReviewStore> store, std::chrono::milliseconds delay)
      : board_(std::move(store)), delay_(delay) {}

  ReviewBoard board_;
  std::chrono::milliseconds delay_;
};

}  // namespace shop::reviews

#endif  // PORTICO_SERVICES_REVIEWS_REVIEW_SERVICE_H_
