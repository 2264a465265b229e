#include "services/orders/order_store.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "services/base/timestamp.h"

namespace shop::orders {
namespace {

using pricing::v1::Money;

constexpr int32_t kNanosPerUnit = 1'000'000'000;

constexpr const char* kMigrations[] = {
    R"sql(
      CREATE TABLE orders (
        number      INTEGER PRIMARY KEY AUTOINCREMENT,
        customer_id TEXT NOT NULL,
        create_time INTEGER NOT NULL,
        status      INTEGER NOT NULL
      );
      CREATE INDEX orders_by_customer ON orders (customer_id, number);
      CREATE TABLE order_lines (
        number        INTEGER NOT NULL REFERENCES orders ON DELETE CASCADE,
        position      INTEGER NOT NULL,
        product_id    TEXT NOT NULL,
        title         TEXT NOT NULL,
        quantity      INTEGER NOT NULL CHECK (quantity > 0),
        currency_code TEXT NOT NULL,
        units         INTEGER NOT NULL,
        nanos         INTEGER NOT NULL,
        PRIMARY KEY (number, position)
      ) WITHOUT ROWID;
      CREATE INDEX order_lines_by_product ON order_lines (product_id, number);
    )sql",
};

std::string OrderId(int64_t number) {
  return absl::StrFormat("ord-%06d", number);
}

// The number in an id; 0, which no order has, when it is not an id that OrderId makes.
int64_t OrderNumber(std::string_view order_id) {
  absl::string_view digits(order_id.data(), order_id.size());
  int64_t number = 0;
  if (!absl::ConsumePrefix(&digits, "ord-") || !absl::SimpleAtoi(digits, &number)) return 0;
  return OrderId(number) == order_id ? number : 0;
}

// Adds a line's price, times its quantity, to the total.
void Add(const v1::OrderLine& line, Money& total) {
  if (!line.has_unit_price()) return;
  const int64_t nanos = total.nanos() + int64_t{line.unit_price().nanos()} * line.quantity();
  total.set_currency_code(line.unit_price().currency_code());
  total.set_units(total.units() + line.unit_price().units() * line.quantity() + nanos / kNanosPerUnit);
  total.set_nanos(static_cast<int32_t>(nanos % kNanosPerUnit));
}

void SetTotal(v1::Order& order) {
  order.clear_total();
  for (const v1::OrderLine& line : order.lines()) {
    if (line.has_unit_price()) Add(line, *order.mutable_total());
  }
}

// Reads the order of a row of "number, customer_id, create_time, status", with its lines.
absl::StatusOr<v1::Order> ReadOrder(sqlite::Connection& connection, const sqlite::Rows& row) {
  v1::Order order;
  order.set_order_id(OrderId(row.Integer(0)));
  order.set_customer_id(row.Text(1));
  *order.mutable_create_time() = ToTimestamp(row.Integer(2));
  order.set_status(static_cast<v1::Order::Status>(row.Integer(3)));
  sqlite::Rows rows = connection.Query(
      "SELECT product_id, title, quantity, currency_code, units, nanos FROM order_lines WHERE number = ?"
      " ORDER BY position",
      {row.Integer(0)});
  while (rows.Next()) {
    v1::OrderLine& line = *order.add_lines();
    line.set_product_id(rows.Text(0));
    line.set_title(rows.Text(1));
    line.set_quantity(static_cast<int32_t>(rows.Integer(2)));
    if (std::string currency = rows.Text(3); !currency.empty()) {
      line.mutable_unit_price()->set_currency_code(std::move(currency));
      line.mutable_unit_price()->set_units(rows.Integer(4));
      line.mutable_unit_price()->set_nanos(static_cast<int32_t>(rows.Integer(5)));
    }
  }
  if (!rows.status().ok()) return rows.status();
  SetTotal(order);
  return order;
}

// Adds an order and its lines; the number is the connection's last_insert_id() right after the first statement.
absl::StatusOr<int64_t> Insert(sqlite::Connection& connection, const v1::Order& order, int64_t time) {
  absl::Status status = connection.Run("INSERT INTO orders (customer_id, create_time, status) VALUES (?, ?, ?)",
                                       {order.customer_id(), time, order.status()});
  const int64_t number = connection.last_insert_id();
  for (int i = 0; status.ok() && i < order.lines_size(); ++i) {
    const v1::OrderLine& line = order.lines(i);
    status = connection.Run("INSERT INTO order_lines VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                            {number, i, line.product_id(), line.title(), line.quantity(),
                             line.unit_price().currency_code(), line.unit_price().units(), line.unit_price().nanos()});
  }
  if (!status.ok()) return status;
  return number;
}

v1::Order FromSeed(const seed::World& world, const seed::Order& seeded) {
  v1::Order order;
  order.set_customer_id(world.customers[seeded.customer].id);
  v1::Order::Status status = v1::Order::STATUS_UNSPECIFIED;
  v1::Order::Status_Parse(seeded.status, &status);
  order.set_status(status);
  for (const seed::OrderLine& bought : seeded.lines) {
    const seed::Book& book = world.books[bought.book];
    v1::OrderLine& line = *order.add_lines();
    line.set_product_id(book.id);
    line.set_title(book.title);
    line.set_quantity(bought.quantity);
    line.mutable_unit_price()->set_currency_code("USD");
    line.mutable_unit_price()->set_units(book.price / 100);
    line.mutable_unit_price()->set_nanos(static_cast<int32_t>(book.price % 100) * (kNanosPerUnit / 100));
  }
  return order;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OrderStore>> OrderStore::Open(const std::filesystem::path& folder) {
  auto database = sqlite::Database::Open(folder / "orders.db", kMigrations);
  if (!database.ok()) return database.status();
  return std::unique_ptr<OrderStore>(new OrderStore(*std::move(database)));
}

absl::StatusOr<v1::Order> OrderStore::Get(std::string_view order_id) {
  sqlite::Connection connection = database_->Acquire();
  sqlite::Rows rows = connection.Query("SELECT number, customer_id, create_time, status FROM orders WHERE number = ?",
                                       {OrderNumber(order_id)});
  if (rows.Next()) return ReadOrder(connection, rows);
  if (!rows.status().ok()) return rows.status();
  return absl::NotFoundError("order");
}

absl::StatusOr<std::vector<OrderStore::Entry>> OrderStore::List(std::string_view customer_id,
                                                                std::string_view product_id, int64_t before,
                                                                int limit) {
  sqlite::Connection connection = database_->Acquire();
  sqlite::Rows rows = product_id.empty()
                          ? connection.Query(
                                "SELECT number, customer_id, create_time, status FROM orders"
                                " WHERE customer_id = ? AND number < ? ORDER BY number DESC LIMIT ?",
                                {customer_id, before, limit})
                          : connection.Query(
                                "SELECT number, customer_id, create_time, status FROM orders WHERE customer_id = ?"
                                " AND number < ? AND number IN (SELECT number FROM order_lines WHERE product_id = ?)"
                                " ORDER BY number DESC LIMIT ?",
                                {customer_id, before, product_id, limit});
  std::vector<Entry> entries;
  while (rows.Next()) {
    absl::StatusOr<v1::Order> order = ReadOrder(connection, rows);
    if (!order.ok()) return order.status();
    entries.push_back({*std::move(order), rows.Integer(0)});
  }
  if (!rows.status().ok()) return rows.status();
  return entries;
}

absl::StatusOr<v1::Order> OrderStore::Create(const v1::Order& order) {
  const int64_t now = NowMicros();
  v1::Order placed = order;
  placed.set_status(v1::Order::PLACED);
  *placed.mutable_create_time() = ToTimestamp(now);
  SetTotal(placed);
  sqlite::Connection connection = database_->Acquire();
  const absl::Status status = connection.Transact([&]() -> absl::Status {
    const absl::StatusOr<int64_t> number = Insert(connection, placed, now);
    if (number.ok()) placed.set_order_id(OrderId(*number));
    return number.status();
  });
  if (!status.ok()) return status;
  return placed;
}

absl::Status OrderStore::SeedIfEmpty(const seed::World& world) {
  sqlite::Connection connection = database_->Acquire();
  return connection.Transact([&]() -> absl::Status {
    {
      sqlite::Rows rows = connection.Query("SELECT 1 FROM orders LIMIT 1");
      if (rows.Next() || !rows.status().ok()) return rows.status();
    }
    for (const seed::Order& order : world.orders) {
      const absl::StatusOr<int64_t> number = Insert(connection, FromSeed(world, order), order.time);
      if (!number.ok()) return number.status();
    }
    return absl::OkStatus();
  });
}

}  // namespace shop::orders
