#include "services/inventory/stock_store.h"

#include <unordered_set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "services/base/timestamp.h"

namespace shop::inventory {
namespace {

constexpr int32_t kLow = 5;

constexpr const char* kMigrations[] = {
    R"sql(
      CREATE TABLE stock (
        product_id   TEXT PRIMARY KEY,
        available    INTEGER NOT NULL CHECK (available >= 0),
        reserved     INTEGER NOT NULL CHECK (reserved >= 0),
        version      INTEGER NOT NULL,
        update_time  INTEGER NOT NULL,
        restock_date TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE reservations (
        number      INTEGER PRIMARY KEY AUTOINCREMENT,
        product_id  TEXT NOT NULL REFERENCES stock,
        quantity    INTEGER NOT NULL CHECK (quantity > 0),
        state       INTEGER NOT NULL,
        create_time INTEGER NOT NULL
      );
    )sql",
};

std::string ReservationId(int64_t number) {
  return absl::StrFormat("res-%06d", number);
}

// The number in an id; 0, which no reservation has, when it is not an id that ReservationId makes.
int64_t ReservationNumber(std::string_view reservation_id) {
  absl::string_view digits(reservation_id.data(), reservation_id.size());
  int64_t number = 0;
  if (!absl::ConsumePrefix(&digits, "res-") || !absl::SimpleAtoi(digits, &number)) return 0;
  return ReservationId(number) == reservation_id ? number : 0;
}

v1::Stock::Availability AvailabilityOf(int32_t available) {
  if (available == 0) return v1::Stock::OUT_OF_STOCK;
  return available <= kLow ? v1::Stock::LOW_STOCK : v1::Stock::IN_STOCK;
}

absl::StatusOr<v1::Stock> ReadStock(sqlite::Connection& connection, std::string_view product_id) {
  sqlite::Rows rows = connection.Query(
      "SELECT product_id, available, reserved, version, update_time, restock_date FROM stock WHERE product_id = ?",
      {product_id});
  if (!rows.Next()) return rows.status().ok() ? absl::NotFoundError("stock") : rows.status();
  v1::Stock stock;
  stock.set_product_id(rows.Text(0));
  stock.set_available(static_cast<int32_t>(rows.Integer(1)));
  stock.set_reserved(static_cast<int32_t>(rows.Integer(2)));
  stock.set_version(rows.Integer(3));
  *stock.mutable_update_time() = ToTimestamp(rows.Integer(4));
  stock.set_availability(AvailabilityOf(stock.available()));
  stock.set_restock_date(rows.Text(5));
  return stock;
}

absl::StatusOr<v1::Reservation> ReadReservation(sqlite::Connection& connection, int64_t number) {
  sqlite::Rows rows =
      connection.Query("SELECT product_id, quantity, state, create_time FROM reservations WHERE number = ?", {number});
  if (!rows.Next()) return rows.status().ok() ? absl::NotFoundError("reservation") : rows.status();
  v1::Reservation reservation;
  reservation.set_reservation_id(ReservationId(number));
  reservation.set_product_id(rows.Text(0));
  reservation.set_quantity(static_cast<int32_t>(rows.Integer(1)));
  reservation.set_state(static_cast<v1::Reservation::State>(rows.Integer(2)));
  *reservation.mutable_create_time() = ToTimestamp(rows.Integer(3));
  return reservation;
}

// Moves copies from those available to those reserved, or back if less than 0, and reads the stock as it is then.
absl::Status Move(sqlite::Connection& connection, int32_t quantity, int64_t now, v1::Stock& stock) {
  const absl::Status moved = connection.Run(
      "UPDATE stock SET available = available - ?1, reserved = reserved + ?1, version = version + 1, update_time = ?2"
      " WHERE product_id = ?3",
      {quantity, now, stock.product_id()});
  if (!moved.ok()) return moved;
  auto read = ReadStock(connection, stock.product_id());
  if (read.ok()) stock = *std::move(read);
  return read.status();
}

}  // namespace

absl::StatusOr<std::unique_ptr<StockStore>> StockStore::Open(const std::filesystem::path& folder) {
  auto database = sqlite::Database::Open(folder / "inventory.db", kMigrations);
  if (!database.ok()) return database.status();
  return std::unique_ptr<StockStore>(new StockStore(*std::move(database)));
}

absl::StatusOr<v1::Stock> StockStore::Get(std::string_view product_id) {
  sqlite::Connection connection = database_->Acquire();
  return ReadStock(connection, product_id);
}

absl::StatusOr<std::vector<v1::Stock>> StockStore::BatchGet(const std::vector<std::string>& product_ids) {
  sqlite::Connection connection = database_->Acquire();
  std::vector<v1::Stock> found;
  std::unordered_set<std::string_view> asked;
  for (const std::string& product_id : product_ids) {
    if (!asked.insert(product_id).second) continue;
    auto stock = ReadStock(connection, product_id);
    if (stock.ok()) {
      found.push_back(*std::move(stock));
    } else if (!absl::IsNotFound(stock.status())) {
      return stock.status();
    }
  }
  return found;
}

absl::StatusOr<StockStore::Setting> StockStore::Set(std::string_view product_id, int32_t available,
                                                    std::string_view restock_date, int64_t seen) {
  sqlite::Connection connection = database_->Acquire();
  Setting setting = {Outcome::kDone, {}};
  const absl::Status status = connection.Transact([&]() -> absl::Status {
    auto stock = ReadStock(connection, product_id);
    if (!stock.ok() && !absl::IsNotFound(stock.status())) return stock.status();
    if (stock.ok()) setting.stock = *std::move(stock);
    if (seen != kAnyVersion && seen != setting.stock.version()) {
      setting.outcome = Outcome::kStale;
      return absl::OkStatus();
    }
    const absl::Status written = connection.Run(
        "INSERT INTO stock VALUES (?1, ?2, 0, 1, ?3, ?4) ON CONFLICT DO UPDATE SET available = ?2,"
        " version = version + 1, update_time = ?3, restock_date = ?4",
        {product_id, available, NowMicros(), restock_date});
    if (!written.ok()) return written;
    stock = ReadStock(connection, product_id);
    if (stock.ok()) setting.stock = *std::move(stock);
    return stock.status();
  });
  if (!status.ok()) return status;
  return setting;
}

absl::StatusOr<StockStore::Booking> StockStore::Reserve(std::string_view product_id, int32_t quantity, int64_t seen) {
  const int64_t now = NowMicros();
  sqlite::Connection connection = database_->Acquire();
  Booking booking = {Outcome::kDone, {}, {}};
  const absl::Status status = connection.Transact([&]() -> absl::Status {
    auto stock = ReadStock(connection, product_id);
    if (!stock.ok()) return stock.status();
    booking.stock = *std::move(stock);
    if (seen != kAnyVersion && seen != booking.stock.version()) {
      booking.outcome = Outcome::kStale;
    } else if (booking.stock.available() < quantity) {
      booking.outcome = Outcome::kScarce;
    }
    if (booking.outcome != Outcome::kDone) return absl::OkStatus();
    absl::Status done = Move(connection, quantity, now, booking.stock);
    if (done.ok()) {
      done = connection.Run("INSERT INTO reservations (product_id, quantity, state, create_time) VALUES (?, ?, ?, ?)",
                            {product_id, quantity, v1::Reservation::HELD, now});
    }
    if (!done.ok()) return done;
    auto reservation = ReadReservation(connection, connection.last_insert_id());
    if (reservation.ok()) booking.reservation = *std::move(reservation);
    return reservation.status();
  });
  if (!status.ok()) return status;
  if (booking.outcome == Outcome::kDone) booking.reservation.set_stock_version(booking.stock.version());
  return booking;
}

absl::StatusOr<StockStore::Booking> StockStore::Release(std::string_view reservation_id) {
  const int64_t number = ReservationNumber(reservation_id);
  sqlite::Connection connection = database_->Acquire();
  Booking booking = {Outcome::kDone, {}, {}};
  const absl::Status status = connection.Transact([&]() -> absl::Status {
    auto reservation = ReadReservation(connection, number);
    if (!reservation.ok()) return reservation.status();
    booking.reservation = *std::move(reservation);
    auto stock = ReadStock(connection, booking.reservation.product_id());
    if (!stock.ok()) return stock.status();
    booking.stock = *std::move(stock);
    if (booking.reservation.state() != v1::Reservation::HELD) return absl::OkStatus();
    const absl::Status released =
        connection.Run("UPDATE reservations SET state = ? WHERE number = ?", {v1::Reservation::RELEASED, number});
    if (!released.ok()) return released;
    const absl::Status moved = Move(connection, -booking.reservation.quantity(), NowMicros(), booking.stock);
    booking.reservation.set_state(v1::Reservation::RELEASED);
    booking.reservation.set_stock_version(booking.stock.version());
    return moved;
  });
  if (!status.ok()) return status;
  return booking;
}

absl::Status StockStore::SeedIfEmpty(const seed::World& world) {
  sqlite::Connection connection = database_->Acquire();
  return connection.Transact([&]() -> absl::Status {
    {
      sqlite::Rows rows = connection.Query("SELECT 1 FROM stock LIMIT 1");
      if (rows.Next() || !rows.status().ok()) return rows.status();
    }
    for (const seed::Stock& stock : world.stock) {
      const absl::Status status =
          connection.Run("INSERT INTO stock VALUES (?, ?, 0, 1, ?, ?)",
                         {world.books[stock.book].id, stock.available, stock.time, stock.restock_date});
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

}  // namespace shop::inventory
