#include "services/catalog/catalog_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "services/base/answer.h"
#include "services/base/errors.h"
#include "services/base/paging.h"
#include "services/base/validator.h"
#include "services/catalog/product_import.h"
#include "services/catalog/product_rules.h"

namespace shop::catalog {
namespace {

constexpr char kProduct[] = "shop.catalog.v1.Product";
constexpr char kListScope[] = "products";
constexpr int kLargestBatch = 100;

grpc::Status ToGrpc(const absl::Status& status, std::string_view product_id) {
  if (absl::IsNotFound(status)) return NotFound(kProduct, product_id);
  if (absl::IsAlreadyExists(status)) return AlreadyExists(kProduct, product_id);
  return StorageFailure(status);
}

// The words of a query in lower case: runs of letters, digits and bytes beyond ASCII.
std::vector<std::string> Words(const std::string& query) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : query) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_isalnum(byte) && byte < 0x80) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back() += absl::ascii_tolower(byte);
  }
  return words;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CatalogService>> CatalogService::Create(const ServiceOptions& options) {
  auto store = ProductStore::Open(options.data);
  if (!store.ok()) return store.status();
  if (options.seed) {
    const absl::Status seeded = (*store)->SeedIfEmpty(seed::MakeWorld());
    if (!seeded.ok()) return seeded;
  }
  return std::unique_ptr<CatalogService>(new CatalogService(*std::move(store), options.delay));
}

grpc::ServerUnaryReactor* CatalogService::GetProduct(grpc::CallbackServerContext* context,
                                                     const v1::GetProductRequest* request, v1::Product* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Id("product_id", request->product_id());
    if (!check.ok()) return check.status();
    auto product = store_->Get(request->product_id());
    if (!product.ok()) return ToGrpc(product.status(), request->product_id());
    *response = *std::move(product);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* CatalogService::ListProducts(grpc::CallbackServerContext* context,
                                                       const v1::ListProductsRequest* request,
                                                       v1::ListProductsResponse* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    const Page page = ReadPage(request->page_size(), request->page_token(), kListScope, check);
    if (!check.ok()) return check.status();
    // One more than asked for tells whether there is a next page.
    auto products = store_->List(page.after, page.size + 1);
    if (!products.ok()) return StorageFailure(products.status());
    if (products->size() > static_cast<size_t>(page.size)) {
      products->pop_back();
      response->set_next_page_token(NextPageToken(kListScope, products->back().product_id()));
    }
    for (v1::Product& product : *products) *response->add_products() = std::move(product);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* CatalogService::SearchProducts(grpc::CallbackServerContext* context,
                                                         const v1::SearchProductsRequest* request,
                                                         v1::SearchProductsResponse* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    const std::vector<std::string> words = Words(request->query());
    std::string scope = "search";
    for (const std::string& word : words) scope.append(" ").append(word);
    const Page page = ReadPage(request->page_size(), request->page_token(), scope, check);
    check.Text("query", request->query(), 1, 500);
    if (check.ok() && words.empty()) check.Fail("query", "NO_WORDS", "must have a letter or a digit");
    if (!check.ok()) return check.status();
    auto hits = store_->Search(words, page.after, page.size + 1);
    if (!hits.ok()) return StorageFailure(hits.status());
    if (hits->size() > static_cast<size_t>(page.size)) {
      hits->pop_back();
      response->set_next_page_token(NextPageToken(scope, hits->back().key));
    }
    for (ProductStore::Hit& hit : *hits) *response->add_products() = std::move(hit.product);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* CatalogService::BatchGetProducts(grpc::CallbackServerContext* context,
                                                           const v1::BatchGetProductsRequest* request,
                                                           v1::BatchGetProductsResponse* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Ids("product_ids", request->product_ids(), kLargestBatch);
    if (!check.ok()) return check.status();
    auto products = store_->BatchGet({request->product_ids().begin(), request->product_ids().end()});
    if (!products.ok()) return StorageFailure(products.status());
    for (v1::Product& product : *products) *response->add_products() = std::move(product);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* CatalogService::CreateProduct(grpc::CallbackServerContext* context,
                                                        const v1::CreateProductRequest* request,
                                                        v1::Product* response) {
  return Answer(context, delay_, [=, this] {
    v1::Product product = request->product();
    if (const grpc::Status wrong = PrepareProduct(product); !wrong.ok()) return wrong;
    auto created = store_->Create(product);
    if (!created.ok()) return ToGrpc(created.status(), product.product_id());
    *response = *std::move(created);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* CatalogService::UpdateProduct(grpc::CallbackServerContext* context,
                                                        const v1::UpdateProductRequest* request,
                                                        v1::Product* response) {
  return Answer(context, delay_, [=, this] {
    const std::string& product_id = request->product().product_id();
    Validator check;
    check.Id("product.product_id", product_id);
    if (!check.ok()) return check.status();
    auto updated = store_->Update(product_id, [&](v1::Product& product) {
      ApplyUpdate(request->product(), request->update_mask(), product, check);
      CheckProduct(product, check);
      return check.ok() ? absl::OkStatus() : absl::InvalidArgumentError("violations");
    });
    if (!check.ok()) return check.status();
    if (!updated.ok()) return ToGrpc(updated.status(), product_id);
    *response = *std::move(updated);
    return grpc::Status::OK;
  });
}

grpc::ServerReadReactor<v1::ImportProductsRequest>* CatalogService::ImportProducts(
    grpc::CallbackServerContext*, v1::ImportProductsResponse* response) {
  return ImportInto(*store_, delay_, response);
}

grpc::ServerUnaryReactor* CatalogService::DeleteProduct(grpc::CallbackServerContext* context,
                                                        const v1::DeleteProductRequest* request,
                                                        google::protobuf::Empty*) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Id("product_id", request->product_id());
    if (!check.ok()) return check.status();
    const absl::Status deleted = store_->Delete(request->product_id());
    return deleted.ok() ? grpc::Status::OK : ToGrpc(deleted, request->product_id());
  });
}

}  // namespace shop::catalog
