// Sellers, and what they ask for what, in a SQLite file.
#ifndef PORTICO_SERVICES_SELLERS_SELLER_STORE_H_
#define PORTICO_SERVICES_SELLERS_SELLER_STORE_H_

#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/sqlite.h"
#include "services/seed/world.h"
#include "shop/sellers/v1/sellers.pb.h"

namespace shop::sellers {

// Keeps sellers. Thread-safe. Errors are NOT_FOUND where a method says so; all others are those of sqlite::Connection.
class SellerStore {
 public:
  // Opens "sellers.db" in `folder`.
  static absl::StatusOr<std::unique_ptr<SellerStore>> Open(const std::filesystem::path& folder);

  // A seller; NOT_FOUND.
  absl::StatusOr<v1::Seller> Get(std::string_view seller_id);

  // Up to `limit` sellers whose ids come after `after`, in the order of their ids.
  absl::StatusOr<std::vector<v1::Seller>> List(std::string_view after, int limit);

  // Up to `limit` sellers of a product, best first.
  absl::StatusOr<std::vector<v1::RankedSeller>> Rank(std::string_view product_id, int limit);

  // Adds the world's sellers and what they ask if there are none.
  absl::Status SeedIfEmpty(const seed::World& world);

 private:
  explicit SellerStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace shop::sellers

#endif  // PORTICO_SERVICES_SELLERS_SELLER_STORE_H_
