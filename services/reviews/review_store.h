// Reviews in a SQLite file.
#ifndef PORTICO_SERVICES_REVIEWS_REVIEW_STORE_H_
#define PORTICO_SERVICES_REVIEWS_REVIEW_STORE_H_

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/sqlite.h"
#include "services/seed/world.h"
#include "shop/reviews/v1/reviews.pb.h"

namespace shop::reviews {

// Keeps reviews. Thread-safe. Errors are those of sqlite::Connection.
class ReviewStore {
 public:
  // Opens "reviews.db" in `folder`.
  static absl::StatusOr<std::unique_ptr<ReviewStore>> Open(const std::filesystem::path& folder);

  // Numbers count reviews in the order they were written; before the newest comes this.
  static constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();

  // A review and its number.
  struct Entry {
    v1::Review review;
    int64_t number;
  };

  // Some reviews of a product, and how many it has in all.
  struct Listing {
    std::vector<Entry> entries;
    int64_t total;
  };

  // Up to `limit` reviews of a product with numbers below `before`, newest first.
  absl::StatusOr<Listing> List(std::string_view product_id, int64_t before, int limit);

  // Adds a review written now, and answers it.
  absl::StatusOr<v1::Review> Create(const v1::Review& review);

  // The figures of a product.
  absl::StatusOr<v1::ReviewSummary> Summarize(std::string_view product_id);

  // Adds the world's reviews if there are none.
  absl::Status SeedIfEmpty(const seed::World& world);

 private:
  explicit ReviewStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace shop::reviews

#endif  // PORTICO_SERVICES_REVIEWS_REVIEW_STORE_H_
