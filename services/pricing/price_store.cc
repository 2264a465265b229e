#include "services/pricing/price_store.h"

#include <algorithm>
#include <unordered_set>

#include "absl/strings/str_format.h"
#include "services/base/timestamp.h"

namespace shop::pricing {
namespace {

constexpr char kCurrency[] = "USD";
constexpr char kOwnSeller[] = "portico-books";

// Amounts are cents of kCurrency.
constexpr const char* kMigrations[] = {
    R"sql(
      CREATE TABLE prices (
        product_id       TEXT PRIMARY KEY,
        list_price       INTEGER NOT NULL,
        price            INTEGER NOT NULL,
        discount_percent INTEGER NOT NULL,
        update_time      INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE sellers (
        seller_id TEXT PRIMARY KEY,
        name      TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE offers (
        number        INTEGER PRIMARY KEY,
        product_id    TEXT NOT NULL,
        seller_id     TEXT NOT NULL REFERENCES sellers,
        condition     INTEGER NOT NULL,
        price         INTEGER NOT NULL,
        shipping      INTEGER NOT NULL,
        delivery_days INTEGER NOT NULL,
        -- The order of a product's offers: what is to be paid, then the number, in digits that sort as text.
        sort_key      TEXT NOT NULL AS (printf('%012d-%09d', price + shipping, number)) STORED
      );
      CREATE UNIQUE INDEX offers_by_product ON offers (product_id, sort_key);
    )sql",
};

v1::Money ToMoney(int64_t cents) {
  v1::Money money;
  money.set_currency_code(kCurrency);
  money.set_units(cents / 100);
  money.set_nanos(static_cast<int32_t>(cents % 100) * 10'000'000);
  return money;
}

absl::StatusOr<v1::Price> ReadOne(sqlite::Connection& connection, std::string_view product_id) {
  sqlite::Rows rows = connection.Query(
      "SELECT product_id, list_price, price, discount_percent, update_time FROM prices WHERE product_id = ?",
      {product_id});
  if (!rows.Next()) return rows.status().ok() ? absl::NotFoundError("price") : rows.status();
  v1::Price price;
  price.set_product_id(rows.Text(0));
  *price.mutable_list_price() = ToMoney(rows.Integer(1));
  *price.mutable_price() = ToMoney(rows.Integer(2));
  price.set_discount_percent(static_cast<int32_t>(rows.Integer(3)));
  *price.mutable_update_time() = ToTimestamp(rows.Integer(4));
  return price;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PriceStore>> PriceStore::Open(const std::filesystem::path& folder) {
  auto database = sqlite::Database::Open(folder / "pricing.db", kMigrations);
  if (!database.ok()) return database.status();
  return std::unique_ptr<PriceStore>(new PriceStore(*std::move(database)));
}

absl::StatusOr<v1::Price> PriceStore::Get(std::string_view product_id) {
  sqlite::Connection connection = database_->Acquire();
  return ReadOne(connection, product_id);
}

absl::StatusOr<std::vector<v1::Price>> PriceStore::BatchGet(const std::vector<std::string>& product_ids) {
  sqlite::Connection connection = database_->Acquire();
  std::vector<v1::Price> prices;
  std::unordered_set<std::string_view> asked;
  for (const std::string& product_id : product_ids) {
    if (!asked.insert(product_id).second) continue;
    auto price = ReadOne(connection, product_id);
    if (price.ok()) {
      prices.push_back(*std::move(price));
    } else if (!absl::IsNotFound(price.status())) {
      return price.status();
    }
  }
  return prices;
}

absl::StatusOr<v1::Price> PriceStore::Set(std::string_view product_id, int64_t price,
                                          std::optional<int64_t> list_price) {
  sqlite::Connection connection = database_->Acquire();
  const absl::Status status = connection.Transact([&]() -> absl::Status {
    int64_t list = list_price.value_or(price);
    int64_t now = NowMicros();
    {
      sqlite::Rows rows =
          connection.Query("SELECT list_price, update_time FROM prices WHERE product_id = ?", {product_id});
      if (rows.Next()) {
        if (!list_price.has_value()) list = std::max(list, rows.Integer(0));
        // Clocks are set back now and then; the time of a later price is later all the same.
        now = std::max(now, rows.Integer(1) + 1);
      }
      if (!rows.status().ok()) return rows.status();
    }
    const int64_t discount = ((list - price) * 100 + list / 2) / list;
    const absl::Status written = connection.Run("INSERT OR REPLACE INTO prices VALUES (?, ?, ?, ?, ?)",
                                                {product_id, list, price, discount, now});
    if (!written.ok()) return written;
    return connection.Run("UPDATE offers SET price = ? WHERE product_id = ? AND seller_id = ?",
                          {price, product_id, kOwnSeller});
  });
  if (!status.ok()) return status;
  return ReadOne(connection, product_id);
}

absl::StatusOr<std::vector<PriceStore::Entry>> PriceStore::ListOffers(std::string_view product_id,
                                                                      std::string_view after, int limit) {
  sqlite::Connection connection = database_->Acquire();
  sqlite::Rows rows = connection.Query(
      "SELECT o.number, o.product_id, o.seller_id, s.name, o.condition, o.price, o.shipping, o.delivery_days,"
      " o.sort_key FROM offers o JOIN sellers s USING (seller_id)"
      " WHERE o.product_id = ? AND o.sort_key > ? ORDER BY o.sort_key LIMIT ?",
      {product_id, after, limit});
  std::vector<Entry> entries;
  while (rows.Next()) {
    Entry& entry = entries.emplace_back();
    entry.offer.set_offer_id(absl::StrFormat("off-%06d", rows.Integer(0)));
    entry.offer.set_product_id(rows.Text(1));
    entry.offer.set_seller_id(rows.Text(2));
    entry.offer.set_seller_name(rows.Text(3));
    entry.offer.set_condition(static_cast<v1::Offer::Condition>(rows.Integer(4)));
    *entry.offer.mutable_price() = ToMoney(rows.Integer(5));
    *entry.offer.mutable_shipping() = ToMoney(rows.Integer(6));
    entry.offer.set_delivery_days(static_cast<int32_t>(rows.Integer(7)));
    entry.key = rows.Text(8);
  }
  if (!rows.status().ok()) return rows.status();
  return entries;
}

absl::Status PriceStore::SeedIfEmpty(const seed::World& world) {
  sqlite::Connection connection = database_->Acquire();
  return connection.Transact([&]() -> absl::Status {
    {
      sqlite::Rows rows = connection.Query("SELECT 1 FROM prices LIMIT 1");
      if (rows.Next() || !rows.status().ok()) return rows.status();
    }
    absl::Status status;
    for (const seed::Book& book : world.books) {
      if (!status.ok()) return status;
      status = connection.Run("INSERT INTO prices VALUES (?, ?, ?, ?, ?)",
                              {book.id, book.list_price, book.price, book.discount_percent, world.opened});
    }
    for (const seed::Seller& seller : world.sellers) {
      if (!status.ok()) return status;
      status = connection.Run("INSERT INTO sellers VALUES (?, ?)", {seller.id, seller.name});
    }
    for (const seed::Offer& offer : world.offers) {
      if (!status.ok()) return status;
      v1::Offer::Condition condition = v1::Offer::CONDITION_UNSPECIFIED;
      v1::Offer::Condition_Parse(offer.condition, &condition);
      status = connection.Run(
          "INSERT INTO offers (product_id, seller_id, condition, price, shipping, delivery_days)"
          " VALUES (?, ?, ?, ?, ?, ?)",
          {world.books[offer.book].id, world.sellers[offer.seller].id, condition, offer.price, offer.shipping,
           offer.delivery_days});
    }
    return status;
  });
}

}  // namespace shop::pricing
