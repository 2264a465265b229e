#include "services/sellers/seller_store.h"

#include "services/base/timestamp.h"

namespace shop::sellers {
namespace {

constexpr char kCurrency[] = "USD";

// Amounts are cents of kCurrency.
constexpr const char* kMigrations[] = {
    R"sql(
      CREATE TABLE sellers (
        seller_id    TEXT PRIMARY KEY,
        name         TEXT NOT NULL,
        rating       REAL NOT NULL,
        rating_count INTEGER NOT NULL,
        country_code TEXT NOT NULL,
        create_time  INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE listings (
        number        INTEGER PRIMARY KEY,
        product_id    TEXT NOT NULL,
        seller_id     TEXT NOT NULL REFERENCES sellers,
        price         INTEGER NOT NULL,
        shipping      INTEGER NOT NULL,
        delivery_days INTEGER NOT NULL
      );
      CREATE INDEX listings_by_product ON listings (product_id);
    )sql",
};

// The cheapest listing of each seller of a product, and what it scores: see RankedSeller.score in the contract. A
// seller's own ratings are counted together with twenty of 3.5, so that a few ratings say little; two weeks of waiting
// are as bad as any more.
constexpr char kRank[] = R"sql(
    WITH listed AS (
           SELECT *, row_number() OVER (PARTITION BY seller_id ORDER BY price + shipping, delivery_days, number) AS nth
           FROM listings WHERE product_id = ?),
         cheapest AS (SELECT min(price + shipping) AS paid FROM listed),
         scored AS (
           SELECT sellers.*, price, shipping, delivery_days,
                  0.6 * (rating * rating_count + 3.5 * 20) / (rating_count + 20) / 5
                  + 0.3 * paid / max(price + shipping, 1)
                  + 0.1 * max(0, 14 - delivery_days) / 14 AS score
           FROM listed JOIN sellers USING (seller_id) JOIN cheapest
           WHERE nth = 1)
    SELECT seller_id, name, rating, rating_count, country_code, create_time, price, shipping, delivery_days, score,
           rank() OVER (ORDER BY score DESC) AS place
    FROM scored ORDER BY place, seller_id LIMIT ?
)sql";

pricing::v1::Money ToMoney(int64_t cents) {
  pricing::v1::Money money;
  money.set_currency_code(kCurrency);
  money.set_units(cents / 100);
  money.set_nanos(static_cast<int32_t>(cents % 100) * 10'000'000);
  return money;
}

// Reads the seller of a row that begins "seller_id, name, rating, rating_count, country_code, create_time".
v1::Seller ReadSeller(const sqlite::Rows& rows) {
  v1::Seller seller;
  seller.set_seller_id(rows.Text(0));
  seller.set_name(rows.Text(1));
  seller.set_rating(rows.Real(2));
  seller.set_rating_count(static_cast<int32_t>(rows.Integer(3)));
  seller.set_country_code(rows.Text(4));
  *seller.mutable_create_time() = ToTimestamp(rows.Integer(5));
  return seller;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SellerStore>> SellerStore::Open(const std::filesystem::path& folder) {
  auto database = sqlite::Database::Open(folder / "sellers.db", kMigrations);
  if (!database.ok()) return database.status();
  return std::unique_ptr<SellerStore>(new SellerStore(*std::move(database)));
}

absl::StatusOr<v1::Seller> SellerStore::Get(std::string_view seller_id) {
  sqlite::Connection connection = database_->Acquire();
  sqlite::Rows rows = connection.Query(
      "SELECT seller_id, name, rating, rating_count, country_code, create_time FROM sellers WHERE seller_id = ?",
      {seller_id});
  if (rows.Next()) return ReadSeller(rows);
  if (!rows.status().ok()) return rows.status();
  return absl::NotFoundError("seller");
}

absl::StatusOr<std::vector<v1::Seller>> SellerStore::List(std::string_view after, int limit) {
  sqlite::Connection connection = database_->Acquire();
  sqlite::Rows rows = connection.Query(
      "SELECT seller_id, name, rating, rating_count, country_code, create_time FROM sellers WHERE seller_id > ?"
      " ORDER BY seller_id LIMIT ?",
      {after, limit});
  std::vector<v1::Seller> sellers;
  while (rows.Next()) sellers.push_back(ReadSeller(rows));
  if (!rows.status().ok()) return rows.status();
  return sellers;
}

absl::StatusOr<std::vector<v1::RankedSeller>> SellerStore::Rank(std::string_view product_id, int limit) {
  sqlite::Connection connection = database_->Acquire();
  sqlite::Rows rows = connection.Query(kRank, {product_id, limit});
  std::vector<v1::RankedSeller> sellers;
  while (rows.Next()) {
    v1::RankedSeller& ranked = sellers.emplace_back();
    *ranked.mutable_seller() = ReadSeller(rows);
    *ranked.mutable_price() = ToMoney(rows.Integer(6));
    *ranked.mutable_shipping() = ToMoney(rows.Integer(7));
    ranked.set_delivery_days(static_cast<int32_t>(rows.Integer(8)));
    ranked.set_score(rows.Real(9));
    ranked.set_rank(static_cast<int32_t>(rows.Integer(10)));
  }
  if (!rows.status().ok()) return rows.status();
  return sellers;
}

absl::Status SellerStore::SeedIfEmpty(const seed::World& world) {
  sqlite::Connection connection = database_->Acquire();
  return connection.Transact([&]() -> absl::Status {
    {
      sqlite::Rows rows = connection.Query("SELECT 1 FROM sellers LIMIT 1");
      if (rows.Next() || !rows.status().ok()) return rows.status();
    }
    for (const seed::Seller& seller : world.sellers) {
      const absl::Status status = connection.Run("INSERT INTO sellers VALUES (?, ?, ?, ?, ?, ?)",
                                                 {seller.id, seller.name, seller.rating_hundredths / 100.0,
                                                  seller.rating_count, seller.country, seller.joined});
      if (!status.ok()) return status;
    }
    for (const seed::Offer& offer : world.offers) {
      const absl::Status status = connection.Run(
          "INSERT INTO listings (product_id, seller_id, price, shipping, delivery_days) VALUES (?, ?, ?, ?, ?)",
          {world.books[offer.book].id, world.sellers[offer.seller].id, offer.price, offer.shipping,
           offer.delivery_days});
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

}  // namespace shop::sellers
