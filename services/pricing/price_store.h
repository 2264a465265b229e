// Prices and offers in a SQLite file.
#ifndef PORTICO_SERVICES_PRICING_PRICE_STORE_H_
#define PORTICO_SERVICES_PRICING_PRICE_STORE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/sqlite.h"
#include "services/seed/world.h"
#include "shop/pricing/v1/pricing.pb.h"

namespace shop::pricing {

// Keeps prices and offers. Thread-safe. Errors are NOT_FOUND where a method says so; all others are those of
// sqlite::Connection.
class PriceStore {
 public:
  // Opens "pricing.db" in `folder`.
  static absl::StatusOr<std::unique_ptr<PriceStore>> Open(const std::filesystem::path& folder);

  // The price of a product; NOT_FOUND.
  absl::StatusOr<v1::Price> Get(std::string_view product_id);

  // The prices of those of the products that have one, in the order of the ids, each once.
  absl::StatusOr<std::vector<v1::Price>> BatchGet(const std::vector<std::string>& product_ids);

  // Sets a price, and that of the shop's own offer where there is one; answers the price. Without a list price it keeps
  // the one it has, or gets one of its own when that is less. Amounts are cents of a US dollar.
  // REQUIRES: 0 < price <= list_price.
  absl::StatusOr<v1::Price> Set(std::string_view product_id, int64_t price, std::optional<int64_t> list_price);

  // An offer, and the key of its place among the product's.
  struct Entry {
    v1::Offer offer;
    std::string key;
  };

  // Up to `limit` offers of a product, cheapest first with shipping; `after` is the key of the last one seen, empty for
  // the first.
  absl::StatusOr<std::vector<Entry>> ListOffers(std::string_view product_id, std::string_view after, int limit);

  // Adds the world's prices, sellers and offers if there are no prices.
  absl::Status SeedIfEmpty(const seed::World& world);

 private:
  explicit PriceStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace shop::pricing

#endif  // PORTICO_SERVICES_PRICING_PRICE_STORE_H_
