// A conversation about reviews: ReviewService.ReviewFeed.
#ifndef PORTICO_SERVICES_REVIEWS_REVIEW_FEED_H_
#define PORTICO_SERVICES_REVIEWS_REVIEW_FEED_H_

#include <grpcpp/support/server_callback.h>

#include <chrono>

#include "services/reviews/review_board.h"
#include "shop/reviews/v1/reviews.pb.h"

namespace shop::reviews {

// Answers a feed, from `delay` from now. The caller's next message is read when the answer to the one before is on its
// way, so a caller who does not read cannot make answers pile up. No thread waits for it; the board must outlive it.
grpc::ServerBidiReactor<v1::ReviewFeedRequest, v1::ReviewFeedResponse>* OpenFeed(ReviewBoard& board,
                                                                                 std::chrono::milliseconds delay);

}  // namespace shop::reviews

#endif  // PORTICO_SERVICES_REVIEWS_REVIEW_FEED_H_
