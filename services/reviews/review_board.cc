#include "services/reviews/review_board.h"

#include <optional>

#include "services/base/errors.h"

namespace shop::reviews {

void CheckReview(const std::string& field, const v1::Review& review, Validator& check) {
  check.OptionalId(field + ".customer_id", review.customer_id());
  check.Text(field + ".author_name", review.author_name(), 0, 100);
  check.Range(field + ".rating", review.rating(), 1, 5);
  check.Text(field + ".title", review.title(), 0, 200);
  check.Text(field + ".body", review.body(), 0, 10'000);
}

grpc::Status ReviewBoard::Post(v1::Review& review) {
  if (review.author_name().empty()) review.set_author_name("A customer");
  grpc::Status status;
  feed_.Change([&]() -> std::optional<v1::Review> {
    auto created = store_->Create(review);
    if (!created.ok()) {
      status = StorageFailure(created.status());
      return std::nullopt;
    }
    review = *std::move(created);
    return review;
  });
  return status;
}

}  // namespace shop::reviews
