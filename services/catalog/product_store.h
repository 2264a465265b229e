// Products in a SQLite file.
#ifndef PORTICO_SERVICES_CATALOG_PRODUCT_STORE_H_
#define PORTICO_SERVICES_CATALOG_PRODUCT_STORE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/sqlite.h"
#include "services/seed/world.h"
#include "shop/catalog/v1/catalog.pb.h"

namespace shop::catalog {

// Keeps products. Thread-safe. Errors are NOT_FOUND and ALREADY_EXISTS where a method says so; all others are those of
// sqlite::Connection.
class ProductStore {
 public:
  // Opens "catalog.db" in `folder`.
  static absl::StatusOr<std::unique_ptr<ProductStore>> Open(const std::filesystem::path& folder);

  // A product; NOT_FOUND.
  absl::StatusOr<v1::Product> Get(std::string_view product_id);

  // Those of the products that exist, in the order of the ids, each once.
  absl::StatusOr<std::vector<v1::Product>> BatchGet(const std::vector<std::string>& product_ids);

  // Up to `limit` products whose ids come after `after`, in the order of their ids.
  absl::StatusOr<std::vector<v1::Product>> List(std::string_view after, int limit);

  // A product found, and the key of its place among all that were.
  struct Hit {
    v1::Product product;
    std::string key;
  };

  // Up to `limit` products in which all words occur as beginnings of words, those with all of them in the title first;
  // `after` is the key of the last hit seen, empty for the first. REQUIRES: words is not empty, no word is.
  absl::StatusOr<std::vector<Hit>> Search(const std::vector<std::string>& words, std::string_view after, int limit);

  // Adds a product with both its times set to now, and answers it; ALREADY_EXISTS.
  absl::StatusOr<v1::Product> Create(const v1::Product& product);

  // Lets `change` change a product, sets its update_time and answers it; NOT_FOUND. If `change` answers an error,
  // nothing changes and the error is answered. It must not change product_id or the times.
  absl::StatusOr<v1::Product> Update(std::string_view product_id, absl::FunctionRef<absl::Status(v1::Product&)> change);

  // Adds a product, or replaces the one with its id, which keeps its create_time; answers whether it was added.
  absl::StatusOr<bool> Put(const v1::Product& product);

  // Removes a product; NOT_FOUND.
  absl::Status Delete(std::string_view product_id);

  // Adds the world's books if there are no products.
  absl::Status SeedIfEmpty(const seed::World& world);

 private:
  explicit ProductStore(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}

  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace shop::catalog

#endif  // PORTICO_SERVICES_CATALOG_PRODUCT_STORE_H_
