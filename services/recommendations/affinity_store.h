// Which products go together, in a SQLite file.
#ifndef PORTICO_SERVICES_RECOMMENDATIONS_AFFINITY_STORE_H_
#define PORTICO_SERVICES_RECOMMENDATIONS_AFFINITY_STORE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/sqlite.h"
#include "services/seed/world.h"
#include "shop/recommendations/v1/recommendations.pb.h"

namespace shop::recommendations {

// Keeps what was bought, and lists of what goes together, made of that by SQL when it is stored: a list is read a
// thousand times for each time it changes. Thread-safe. Errors are those of sqlite::Connection.
class AffinityStore {
 public:
  // Opens "recommendations.db" in `folder`.
  static absl::StatusOr<std::unique_ptr<AffinityStore>> Open(const std::filesystem::path& folder);

  // A recommendation and its place in the product's list, 1 for the first.
  struct Entry {
    v1::Recommendation recommendation;
    int64_t place;
  };

  // Up to `limit` products that buyers of a product have bought as well, after a place.
  absl::StatusOr<std::vector<Entry>> AlsoBought(std::string_view product_id, int64_t after, int limit);

  // Up to `limit` products that were in one order with a product, after a place.
  absl::StatusOr<std::vector<Entry>> BoughtTogether(std::string_view product_id, int64_t after, int limit);

  // Adds the world's orders, those called off excepted, if there are none.
  absl::Status SeedIfEmpty(const seed::World& world);

 private:
  explicit AffinityStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}
  absl::StatusOr<std::vector<Entry>> List(std::string_view sql, std::string_view product_id, int64_t after, int limit);

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace shop::recommendations

#endif  // PORTICO_SERVICES_RECOMMENDATIONS_AFFINITY_STORE_H_
