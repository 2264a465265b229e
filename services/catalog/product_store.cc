#include "services/catalog/product_store.h"

#include <span>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/base/timestamp.h"
#include "services/storefront/covers.h"

namespace shop::catalog {
namespace {

// Lists are read with their product in one query, joined by a character that texts do not contain (Validator::Text).
constexpr char kSeparator = 31;

constexpr const char* kMigrations[] = {
    R"sql(
      CREATE TABLE products (
        product_id   TEXT PRIMARY KEY,
        title        TEXT NOT NULL,
        publisher    TEXT NOT NULL,
        isbn         TEXT NOT NULL,
        description  TEXT NOT NULL,
        page_count   INTEGER NOT NULL,
        publish_date TEXT NOT NULL,
        category     INTEGER NOT NULL,
        image_url    TEXT NOT NULL,
        create_time  INTEGER NOT NULL,
        update_time  INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE product_authors (
        product_id TEXT NOT NULL REFERENCES products ON DELETE CASCADE,
        position   INTEGER NOT NULL,
        name       TEXT NOT NULL,
        PRIMARY KEY (product_id, position)
      ) WITHOUT ROWID;
      CREATE TABLE product_tags (
        product_id TEXT NOT NULL REFERENCES products ON DELETE CASCADE,
        position   INTEGER NOT NULL,
        tag        TEXT NOT NULL,
        PRIMARY KEY (product_id, position)
      ) WITHOUT ROWID;
      CREATE TABLE product_attributes (
        product_id TEXT NOT NULL REFERENCES products ON DELETE CASCADE,
        name       TEXT NOT NULL,
        value      TEXT NOT NULL,
        PRIMARY KEY (product_id, name)
      ) WITHOUT ROWID;
      CREATE VIRTUAL TABLE product_words USING fts5 (product_id UNINDEXED, title, rest);
    )sql",
    // The shop's covers have moved to its own site.
    R"sql(
      UPDATE products SET image_url = '/covers/' || product_id || '.svg'
      WHERE image_url = 'https://images.shop.example/books/' || product_id || '.jpg';
    )sql",
};

// Selects what ReadProduct reads.
constexpr absl::string_view kSelectProduct =
    "SELECT p.product_id, p.title, p.publisher, p.isbn, p.description, p.page_count, p.publish_date, p.category,"
    " p.image_url, p.create_time, p.update_time,"
    " (SELECT group_concat(name, char(31)) FROM"
    "  (SELECT name FROM product_authors WHERE product_id = p.product_id ORDER BY position)),"
    " (SELECT group_concat(tag, char(31)) FROM"
    "  (SELECT tag FROM product_tags WHERE product_id = p.product_id ORDER BY position)),"
    " (SELECT group_concat(name || char(31) || value, char(31)) FROM"
    "  product_attributes WHERE product_id = p.product_id)";
constexpr int kProductColumns = 14;

std::vector<std::string> Split(const std::string& joined) {
  if (joined.empty()) return {};
  return absl::StrSplit(joined, kSeparator);
}

v1::Product ReadProduct(const sqlite::Rows& rows) {
  v1::Product product;
  product.set_product_id(rows.Text(0));
  product.set_title(rows.Text(1));
  product.set_publisher(rows.Text(2));
  product.set_isbn(rows.Text(3));
  product.set_description(rows.Text(4));
  product.set_page_count(static_cast<int32_t>(rows.Integer(5)));
  product.set_publish_date(rows.Text(6));
  product.set_category(static_cast<v1::Product::Category>(rows.Integer(7)));
  product.set_image_url(rows.Text(8));
  *product.mutable_create_time() = ToTimestamp(rows.Integer(9));
  *product.mutable_update_time() = ToTimestamp(rows.Integer(10));
  for (std::string& name : Split(rows.Text(11))) product.add_authors(std::move(name));
  for (std::string& tag : Split(rows.Text(12))) product.add_tags(std::move(tag));
  const std::vector<std::string> attributes = Split(rows.Text(13));
  for (size_t i = 0; i + 1 < attributes.size(); i += 2)
    (*product.mutable_attributes())[attributes[i]] = attributes[i + 1];
  return product;
}

absl::StatusOr<v1::Product> ReadOne(sqlite::Connection& connection, std::string_view product_id) {
  static const std::string& sql =
      *new std::string(absl::StrCat(kSelectProduct, " FROM products p WHERE p.product_id = ?"));
  sqlite::Rows rows = connection.Query(sql, {product_id});
  if (rows.Next()) return ReadProduct(rows);
  if (!rows.status().ok()) return rows.status();
  return absl::NotFoundError("product");
}

// Writes the lists of a product whose row is there and has none yet.
absl::Status WriteLists(sqlite::Connection& connection, const v1::Product& product) {
  absl::Status status;
  for (int i = 0; status.ok() && i < product.authors_size(); ++i) {
    status =
        connection.Run("INSERT INTO product_authors VALUES (?, ?, ?)", {product.product_id(), i, product.authors(i)});
  }
  for (int i = 0; status.ok() && i < product.tags_size(); ++i) {
    status = connection.Run("INSERT INTO product_tags VALUES (?, ?, ?)", {product.product_id(), i, product.tags(i)});
  }
  for (const auto& [name, value] : product.attributes()) {
    if (!status.ok()) break;
    status = connection.Run("INSERT INTO product_attributes VALUES (?, ?, ?)", {product.product_id(), name, value});
  }
  if (!status.ok()) return status;
  std::string rest = absl::StrCat(product.publisher(), "\n", product.description());
  for (const std::string& author : product.authors()) absl::StrAppend(&rest, "\n", author);
  for (const std::string& tag : product.tags()) absl::StrAppend(&rest, "\n", tag);
  return connection.Run("INSERT INTO product_words VALUES (?, ?, ?)", {product.product_id(), product.title(), rest});
}

absl::Status EraseLists(sqlite::Connection& connection, std::string_view product_id) {
  absl::Status status;
  for (const std::string_view erase :
       {"DELETE FROM product_authors WHERE product_id = ?", "DELETE FROM product_tags WHERE product_id = ?",
        "DELETE FROM product_attributes WHERE product_id = ?", "DELETE FROM product_words WHERE product_id = ?"}) {
    if (status.ok()) status = connection.Run(erase, {product_id});
  }
  return status;
}

absl::Status Insert(sqlite::Connection& connection, const v1::Product& product, int64_t now) {
  const absl::Status status =
      connection.Run("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     {product.product_id(), product.title(), product.publisher(), product.isbn(), product.description(),
                      product.page_count(), product.publish_date(), product.category(), product.image_url(), now, now});
  return status.ok() ? WriteLists(connection, product) : status;
}

absl::Status Overwrite(sqlite::Connection& connection, const v1::Product& product, int64_t now) {
  absl::Status status = connection.Run(
      "UPDATE products SET title = ?, publisher = ?, isbn = ?, description = ?, page_count = ?, publish_date = ?,"
      " category = ?, image_url = ?, update_time = ? WHERE product_id = ?",
      {product.title(), product.publisher(), product.isbn(), product.description(), product.page_count(),
       product.publish_date(), product.category(), product.image_url(), now, product.product_id()});
  if (status.ok()) status = EraseLists(connection, product.product_id());
  if (status.ok()) status = WriteLists(connection, product);
  return status;
}

v1::Product FromBook(const seed::Book& book) {
  v1::Product product;
  product.set_product_id(book.id);
  product.set_title(book.title);
  product.mutable_authors()->Assign(book.authors.begin(), book.authors.end());
  product.set_publisher(book.publisher);
  product.set_isbn(book.isbn);
  product.set_description(book.description);
  product.set_page_count(book.page_count);
  product.set_publish_date(book.publish_date);
  v1::Product::Category category = v1::Product::CATEGORY_UNSPECIFIED;
  v1::Product::Category_Parse(book.category, &category);
  product.set_category(category);
  product.mutable_tags()->Assign(book.tags.begin(), book.tags.end());
  product.set_image_url(storefront::CoverPath(book.id));
  (*product.mutable_attributes())["binding"] = book.binding;
  (*product.mutable_attributes())["language"] = book.language;
  return product;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProductStore>> ProductStore::Open(const std::filesystem::path& folder) {
  auto database = sqlite::Database::Open(folder / "catalog.db", kMigrations);
  if (!database.ok()) return database.status();
  return std::unique_ptr<ProductStore>(new ProductStore(*std::move(database)));
}

absl::StatusOr<v1::Product> ProductStore::Get(std::string_view product_id) {
  sqlite::Connection connection = database_->Acquire();
  return ReadOne(connection, product_id);
}

absl::StatusOr<std::vector<v1::Product>> ProductStore::BatchGet(const std::vector<std::string>& product_ids) {
  sqlite::Connection connection = database_->Acquire();
  std::vector<v1::Product> products;
  std::unordered_set<std::string_view> asked;
  for (const std::string& product_id : product_ids) {
    if (!asked.insert(product_id).second) continue;
    auto product = ReadOne(connection, product_id);
    if (product.ok()) {
      products.push_back(*std::move(product));
    } else if (!absl::IsNotFound(product.status())) {
      return product.status();
    }
  }
  return products;
}

absl::StatusOr<std::vector<v1::Product>> ProductStore::List(std::string_view after, int limit) {
  static const std::string& sql = *new std::string(
      absl::StrCat(kSelectProduct, " FROM products p WHERE p.product_id > ? ORDER BY p.product_id LIMIT ?"));
  sqlite::Connection connection = database_->Acquire();
  sqlite::Rows rows = connection.Query(sql, {after, limit});
  std::vector<v1::Product> products;
  while (rows.Next()) products.push_back(ReadProduct(rows));
  if (!rows.status().ok()) return rows.status();
  return products;
}

absl::StatusOr<std::vector<ProductStore::Hit>> ProductStore::Search(const std::vector<std::string>& words,
                                                                    std::string_view after, int limit) {
  // Each word is quoted, so that none is taken for an operator of the query language.
  std::string match;
  for (const std::string& word : words) absl::StrAppend(&match, match.empty() ? "" : " ", "\"", word, "\"*");
  const std::string match_title = absl::StrCat("title : (", match, ")");
  // The key is "0" or "1", whether the title lacks a word, followed by the id.
  static const std::string& sql = *new std::string(absl::StrCat(
      kSelectProduct,
      ", w.key FROM (SELECT product_id, (rowid NOT IN (SELECT rowid FROM product_words WHERE product_words MATCH ?2))"
      " || product_id AS key FROM product_words WHERE product_words MATCH ?1) w"
      " JOIN products p ON p.product_id = w.product_id WHERE w.key > ?3 ORDER BY w.key LIMIT ?4"));
  sqlite::Connection connection = database_->Acquire();
  sqlite::Rows rows = connection.Query(sql, {match, match_title, after, limit});
  std::vector<Hit> hits;
  while (rows.Next()) hits.push_back({ReadProduct(rows), rows.Text(kProductColumns)});
  if (!rows.status().ok()) return rows.status();
  return hits;
}

absl::StatusOr<v1::Product> ProductStore::Create(const v1::Product& product) {
  const int64_t now = NowMicros();
  sqlite::Connection connection = database_->Acquire();
  const absl::Status status = connection.Transact([&] { return Insert(connection, product, now); });
  if (!status.ok()) return status;
  return ReadOne(connection, product.product_id());
}

absl::StatusOr<v1::Product> ProductStore::Update(std::string_view product_id,
                                                 absl::FunctionRef<absl::Status(v1::Product&)> change) {
  sqlite::Connection connection = database_->Acquire();
  const absl::Status status = connection.Transact([&]() -> absl::Status {
    absl::StatusOr<v1::Product> product = ReadOne(connection, product_id);
    if (!product.ok()) return product.status();
    absl::Status done = change(*product);
    if (done.ok()) done = Overwrite(connection, *product, NowMicros());
    return done;
  });
  if (!status.ok()) return status;
  return ReadOne(connection, product_id);
}

absl::StatusOr<bool> ProductStore::Put(const v1::Product& product) {
  const int64_t now = NowMicros();
  bool added = false;
  sqlite::Connection connection = database_->Acquire();
  const absl::Status status = connection.Transact([&]() -> absl::Status {
    {
      sqlite::Rows rows = connection.Query("SELECT 1 FROM products WHERE product_id = ?", {product.product_id()});
      added = !rows.Next();
      if (!rows.status().ok()) return rows.status();
    }
    return added ? Insert(connection, product, now) : Overwrite(connection, product, now);
  });
  if (!status.ok()) return status;
  return added;
}

absl::Status ProductStore::Delete(std::string_view product_id) {
  sqlite::Connection connection = database_->Acquire();
  return connection.Transact([&]() -> absl::Status {
    absl::Status status = EraseLists(connection, product_id);
    if (status.ok()) status = connection.Run("DELETE FROM products WHERE product_id = ?", {product_id});
    if (status.ok() && connection.changes() == 0) status = absl::NotFoundError("product");
    return status;
  });
}

absl::Status ProductStore::SeedIfEmpty(const seed::World& world) {
  sqlite::Connection connection = database_->Acquire();
  return connection.Transact([&]() -> absl::Status {
    {
      sqlite::Rows rows = connection.Query("SELECT 1 FROM products LIMIT 1");
      if (rows.Next() || !rows.status().ok()) return rows.status();
    }
    for (const seed::Book& book : world.books) {
      const absl::Status status = Insert(connection, FromBook(book), world.opened);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

}  // namespace shop::catalog
