#include "services/reviews/review_store.h"

#include "absl/strings/str_format.h"
#include "services/base/timestamp.h"

namespace shop::reviews {
namespace {

constexpr const char* kMigrations[] = {
    R"sql(
      CREATE TABLE reviews (
        number            INTEGER PRIMARY KEY AUTOINCREMENT,
        product_id        TEXT NOT NULL,
        customer_id       TEXT NOT NULL,
        author_name       TEXT NOT NULL,
        rating            INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
        title             TEXT NOT NULL,
        body              TEXT NOT NULL,
        create_time       INTEGER NOT NULL,
        verified_purchase INTEGER NOT NULL
      );
      CREATE INDEX reviews_by_product ON reviews (product_id, number);
      -- Covers the figures of a product.
      CREATE INDEX reviews_by_rating ON reviews (product_id, rating);
    )sql",
};

constexpr char kInsert[] =
    "INSERT INTO reviews (product_id, customer_id, author_name, rating, title, body, create_time, verified_purchase)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

std::string ReviewId(int64_t number) {
  return absl::StrFormat("rev-%06d", number);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReviewStore>> ReviewStore::Open(const std::filesystem::path& folder) {
  auto database = sqlite::Database::Open(folder / "reviews.db", kMigrations);
  if (!database.ok()) return database.status();
  return std::unique_ptr<ReviewStore>(new ReviewStore(*std::move(database)));
}

absl::StatusOr<ReviewStore::Listing> ReviewStore::List(std::string_view product_id, int64_t before, int limit) {
  sqlite::Connection connection = database_->Acquire();
  Listing listing = {};
  sqlite::Rows rows = connection.Query(
      "SELECT number, product_id, customer_id, author_name, rating, title, body, create_time, verified_purchase"
      " FROM reviews WHERE product_id = ? AND number < ? ORDER BY number DESC LIMIT ?",
      {product_id, before, limit});
  while (rows.Next()) {
    Entry& entry = listing.entries.emplace_back();
    entry.number = rows.Integer(0);
    entry.review.set_review_id(ReviewId(entry.number));
    entry.review.set_product_id(rows.Text(1));
    entry.review.set_customer_id(rows.Text(2));
    entry.review.set_author_name(rows.Text(3));
    entry.review.set_rating(static_cast<int32_t>(rows.Integer(4)));
    entry.review.set_title(rows.Text(5));
    entry.review.set_body(rows.Text(6));
    *entry.review.mutable_create_time() = ToTimestamp(rows.Integer(7));
    entry.review.set_verified_purchase(rows.Integer(8) != 0);
  }
  if (!rows.status().ok()) return rows.status();
  sqlite::Rows count = connection.Query("SELECT count(*) FROM reviews WHERE product_id = ?", {product_id});
  if (count.Next()) listing.total = count.Integer(0);
  if (!count.status().ok()) return count.status();
  return listing;
}

absl::StatusOr<v1::Review> ReviewStore::Create(const v1::Review& review) {
  const int64_t now = NowMicros();
  sqlite::Connection connection = database_->Acquire();
  const absl::Status status = connection.Run(kInsert, {review.product_id(), review.customer_id(), review.author_name(),
                                                       review.rating(), review.title(), review.body(), now, 0});
  if (!status.ok()) return status;
  v1::Review created = review;
  created.set_review_id(ReviewId(connection.last_insert_id()));
  *created.mutable_create_time() = ToTimestamp(now);
  created.set_verified_purchase(false);
  return created;
}

absl::StatusOr<v1::ReviewSummary> ReviewStore::Summarize(std::string_view product_id) {
  sqlite::Connection connection = database_->Acquire();
  sqlite::Rows rows =
      connection.Query("SELECT rating, count(*) FROM reviews WHERE product_id = ? GROUP BY rating", {product_id});
  v1::ReviewSummary summary;
  summary.set_product_id(std::string(product_id));
  int64_t sum = 0;
  int64_t count = 0;
  while (rows.Next()) {
    (*summary.mutable_histogram())[static_cast<int32_t>(rows.Integer(0))] = static_cast<int32_t>(rows.Integer(1));
    sum += rows.Integer(0) * rows.Integer(1);
    count += rows.Integer(1);
  }
  if (!rows.status().ok()) return rows.status();
  summary.set_review_count(static_cast<int32_t>(count));
  if (count > 0) summary.set_average_rating(static_cast<double>(sum) / static_cast<double>(count));
  return summary;
}

absl::Status ReviewStore::SeedIfEmpty(const seed::World& world) {
  sqlite::Connection connection = database_->Acquire();
  return connection.Transact([&]() -> absl::Status {
    {
      sqlite::Rows rows = connection.Query("SELECT 1 FROM reviews LIMIT 1");
      if (rows.Next() || !rows.status().ok()) return rows.status();
    }
    for (const seed::Review& review : world.reviews) {
      const seed::Customer& customer = world.customers[review.customer];
      const absl::Status status =
          connection.Run(kInsert, {world.books[review.book].id, customer.id, customer.name, review.rating, review.title,
                                   review.body, review.time, review.verified});
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

}  // namespace shop::reviews
