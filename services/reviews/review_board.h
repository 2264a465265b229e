// Where reviews are written, and those who listen hear of them.
#ifndef PORTICO_SERVICES_REVIEWS_REVIEW_BOARD_H_
#define PORTICO_SERVICES_REVIEWS_REVIEW_BOARD_H_

#include <grpcpp/support/status.h>

#include <memory>
#include <string>
#include <utility>

#include "services/base/feed.h"
#include "services/base/validator.h"
#include "services/reviews/review_store.h"
#include "shop/reviews/v1/reviews.pb.h"

namespace shop::reviews {

// Adds what is wrong with the fields of a review that callers may set, except its product_id. `field` is the path of
// the review in the request.
void CheckReview(const std::string& field, const v1::Review& review, Validator& check);

// A ReviewStore whose new reviews are heard of. Thread-safe.
class ReviewBoard {
 public:
  explicit ReviewBoard(std::unique_ptr<ReviewStore> store) : store_(std::move(store)) {}

  // Adds a review, tells who listens to its product, and makes it what was stored. REQUIRES: CheckReview finds nothing,
  // and its product_id is an id.
  grpc::Status Post(v1::Review& review);

  ReviewStore& store() { return *store_; }
  Feed<v1::Review>& feed() { return feed_; }

 private:
  std::unique_ptr<ReviewStore> store_;
  Feed<v1::Review> feed_;
};

}  // namespace shop::reviews

#endif  // PORTICO_SERVICES_REVIEWS_REVIEW_BOARD_H_
