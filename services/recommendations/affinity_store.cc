#include "services/recommendations/affinity_store.h"

namespace shop::recommendations {
namespace {

// Products are numbers in what was bought, because millions of pairs of them are compared.
constexpr const char* kMigrations[] = {
    R"sql(
      CREATE TABLE products (
        number     INTEGER PRIMARY KEY,
        product_id TEXT NOT NULL UNIQUE
      );
      CREATE TABLE order_lines (
        order_number INTEGER NOT NULL,
        customer_id  TEXT NOT NULL,
        product      INTEGER NOT NULL REFERENCES products,
        PRIMARY KEY (order_number, product)
      ) WITHOUT ROWID;
      CREATE TABLE also_bought (
        product INTEGER NOT NULL REFERENCES products,
        place   INTEGER NOT NULL,
        other   INTEGER NOT NULL REFERENCES products,
        times   INTEGER NOT NULL,
        score   REAL NOT NULL,
        PRIMARY KEY (product, place)
      ) WITHOUT ROWID;
      CREATE TABLE bought_together (
        product INTEGER NOT NULL REFERENCES products,
        place   INTEGER NOT NULL,
        other   INTEGER NOT NULL REFERENCES products,
        times   INTEGER NOT NULL,
        score   REAL NOT NULL,
        PRIMARY KEY (product, place)
      ) WITHOUT ROWID;
    )sql",
};

// Same customer: pairs of products that one customer has bought, whenever; the score is their share of all customers
// who have bought the first. Among equals the more popular comes later, so that it is not the same bestsellers always.
constexpr char kFillAlsoBought[] = R"sql(
    INSERT INTO also_bought
    WITH bought AS MATERIALIZED (SELECT DISTINCT customer_id, product FROM order_lines),
         buyers AS MATERIALIZED (SELECT product, count(*) AS count FROM bought GROUP BY product),
         pairs AS (SELECT one.product AS product, two.product AS other, count(*) AS times
                   FROM bought one JOIN bought two ON two.customer_id = one.customer_id AND two.product <> one.product
                   GROUP BY one.product, two.product)
    SELECT pairs.product,
           row_number() OVER (PARTITION BY pairs.product ORDER BY pairs.times DESC, others.count, pairs.other),
           pairs.other, pairs.times, pairs.times * 1.0 / own.count
    FROM pairs JOIN buyers own ON own.product = pairs.product JOIN buyers others ON others.product = pairs.other
)sql";

// Same order: likewise, with orders instead of customers.
constexpr char kFillBoughtTogether[] = R"sql(
    INSERT INTO bought_together
    WITH orders AS MATERIALIZED (SELECT product, count(*) AS count FROM order_lines GROUP BY product),
         pairs AS (SELECT one.product AS product, two.product AS other, count(*) AS times
                   FROM order_lines one
                   JOIN order_lines two ON two.order_number = one.order_number AND two.product <> one.product
                   GROUP BY one.product, two.product)
    SELECT pairs.product,
           row_number() OVER (PARTITION BY pairs.product ORDER BY pairs.times DESC, others.count, pairs.other),
           pairs.other, pairs.times, pairs.times * 1.0 / own.count
    FROM pairs JOIN orders own ON own.product = pairs.product JOIN orders others ON others.product = pairs.other
)sql";

}  // namespace

absl::StatusOr<std::unique_ptr<AffinityStore>> AffinityStore::Open(const std::filesystem::path& folder) {
  auto database = sqlite::Database::Open(folder / "recommendations.db", kMigrations);
  if (!database.ok()) return database.status();
  return std::unique_ptr<AffinityStore>(new AffinityStore(*std::move(database)));
}

absl::StatusOr<std::vector<AffinityStore::Entry>> AffinityStore::AlsoBought(std::string_view product_id, int64_t after,
                                                                            int limit) {
  return List(
      "SELECT other.product_id, list.times, list.score, list.place"
      " FROM products own JOIN also_bought list ON list.product = own.number"
      " JOIN products other ON other.number = list.other"
      " WHERE own.product_id = ? AND list.place > ? ORDER BY list.place LIMIT ?",
      product_id, after, limit);
}

absl::StatusOr<std::vector<AffinityStore::Entry>> AffinityStore::BoughtTogether(std::string_view product_id,
                                                                                int64_t after, int limit) {
  return List(
      "SELECT other.product_id, list.times, list.score, list.place"
      " FROM products own JOIN bought_together list ON list.product = own.number"
      " JOIN products other ON other.number = list.other"
      " WHERE own.product_id = ? AND list.place > ? ORDER BY list.place LIMIT ?",
      product_id, after, limit);
}

absl::StatusOr<std::vector<AffinityStore::Entry>> AffinityStore::List(std::string_view sql, std::string_view product_id,
                                                                      int64_t after, int limit) {
  sqlite::Connection connection = database_->Acquire();
  sqlite::Rows rows = connection.Query(sql, {product_id, after, limit});
  std::vector<Entry> entries;
  while (rows.Next()) {
    Entry& entry = entries.emplace_back();
    entry.recommendation.set_product_id(rows.Text(0));
    entry.recommendation.set_times(static_cast<int32_t>(rows.Integer(1)));
    entry.recommendation.set_score(rows.Real(2));
    entry.place = rows.Integer(3);
  }
  if (!rows.status().ok()) return rows.status();
  return entries;
}

absl::Status AffinityStore::SeedIfEmpty(const seed::World& world) {
  sqlite::Connection connection = database_->Acquire();
  return connection.Transact([&]() -> absl::Status {
    {
      sqlite::Rows rows = connection.Query("SELECT 1 FROM products LIMIT 1");
      if (rows.Next() || !rows.status().ok()) return rows.status();
    }
    for (size_t book = 0; book < world.books.size(); ++book) {
      const absl::Status status =
          connection.Run("INSERT INTO products VALUES (?, ?)", {static_cast<int64_t>(book), world.books[book].id});
      if (!status.ok()) return status;
    }
    int64_t number = 0;
    for (const seed::Order& order : world.orders) {
      ++number;
      if (order.status == "CANCELLED") continue;
      for (const seed::OrderLine& line : order.lines) {
        const absl::Status status =
            connection.Run("INSERT INTO order_lines VALUES (?, ?, ?)",
                           {number, world.customers[order.customer].id, static_cast<int64_t>(line.book)});
        if (!status.ok()) return status;
      }
    }
    const absl::Status filled = connection.Run(kFillAlsoBought);
    return filled.ok() ? connection.Run(kFillBoughtTogether) : filled;
  });
}

}  // namespace shop::recommendations
