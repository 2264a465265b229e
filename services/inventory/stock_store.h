// Stock and reservations in a SQLite file.
#ifndef PORTICO_SERVICES_INVENTORY_STOCK_STORE_H_
#define PORTICO_SERVICES_INVENTORY_STOCK_STORE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/sqlite.h"
#include "services/seed/world.h"
#include "shop/inventory/v1/inventory.pb.h"

namespace shop::inventory {

// Keeps stock. Thread-safe. Errors are NOT_FOUND where a method says so; all others are those of sqlite::Connection.
class StockStore {
 public:
  // A `seen` version that fits every version.
  static constexpr int64_t kAnyVersion = 0;

  // What became of a change. Unless it is done, nothing has changed.
  enum class Outcome {
    kDone,
    kStale,   // the stock is no longer at the version seen
    kScarce,  // there is not enough of it
  };

  // What became of setting a stock, and the stock as it is now.
  struct Setting {
    Outcome outcome;
    v1::Stock stock;
  };

  // What became of a reservation or a release, the stock as it is now, and the reservation, if it is done.
  struct Booking {
    Outcome outcome;
    v1::Stock stock;
    v1::Reservation reservation;
  };

  // Opens "inventory.db" in `folder`.
  static absl::StatusOr<std::unique_ptr<StockStore>> Open(const std::filesystem::path& folder);

  // The stock of a product; NOT_FOUND.
  absl::StatusOr<v1::Stock> Get(std::string_view product_id);

  // The stock of those of the products that have one, in the order of the ids, each once.
  absl::StatusOr<std::vector<v1::Stock>> BatchGet(const std::vector<std::string>& product_ids);

  // Sets what is available of a product and when more is expected. A product that has no stock yet is at version 0.
  absl::StatusOr<Setting> Set(std::string_view product_id, int32_t available, std::string_view restock_date,
                              int64_t seen);

  // Puts copies aside; NOT_FOUND. REQUIRES: quantity > 0.
  absl::StatusOr<Booking> Reserve(std::string_view product_id, int32_t quantity, int64_t seen);

  // Gives the copies of a reservation back; NOT_FOUND. Its stock_version is 0 if that had been done before.
  absl::StatusOr<Booking> Release(std::string_view reservation_id);

  // Adds the world's stock if there is none.
  absl::Status SeedIfEmpty(const seed::World& world);

 private:
  explicit StockStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace shop::inventory

#endif  // PORTICO_SERVICES_INVENTORY_STOCK_STORE_H_
