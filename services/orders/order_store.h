// Orders in a SQLite file.
#ifndef PORTICO_SERVICES_ORDERS_ORDER_STORE_H_
#define PORTICO_SERVICES_ORDERS_ORDER_STORE_H_

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
#include "shop/orders/v1/orders.pb.h"

namespace shop::orders {

// Keeps orders. Thread-safe. Errors are NOT_FOUND where a method says so; all others are those of sqlite::Connection.
class OrderStore {
 public:
  // Opens "orders.db" in `folder`.
  static absl::StatusOr<std::unique_ptr<OrderStore>> Open(const std::filesystem::path& folder);

  // Numbers count orders in the order they were placed; before the newest comes this.
  static constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();

  // An order and its number.
  struct Entry {
    v1::Order order;
    int64_t number;
  };

  // An order; NOT_FOUND.
  absl::StatusOr<v1::Order> Get(std::string_view order_id);

  // Up to `limit` orders of a customer with numbers below `before`, newest first; only those with `product_id` among
  // their lines, unless it is empty.
  absl::StatusOr<std::vector<Entry>> List(std::string_view customer_id, std::string_view product_id, int64_t before,
                                          int limit);

  // Places an order now, and answers it. Its id, time, status and total are set here.
  // REQUIRES: the prices of its lines are valid, and in one currency.
  absl::StatusOr<v1::Order> Create(const v1::Order& order);

  // Adds the world's orders if there are none.
  absl::Status SeedIfEmpty(const seed::World& world);

 private:
  explicit OrderStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace shop::orders

#endif  // PORTICO_SERVICES_ORDERS_ORDER_STORE_H_
