// shop.catalog.v1.CatalogService.
#ifndef PORTICO_SERVICES_CATALOG_CATALOG_SERVICE_H_
#define PORTICO_SERVICES_CATALOG_CATALOG_SERVICE_H_

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "services/base/process.h"
#include "services/catalog/product_store.h"
#include "shop/catalog/v1/catalog.grpc.pb.h"

namespace shop::catalog {

// Checks requests and answers them from a ProductStore. Thread-safe.
class CatalogService final : public v1::CatalogService::CallbackService {
 public:
  static constexpr char kName[] = "shop.catalog.v1.CatalogService";

  // Opens the store the options name, and seeds it.
  static absl::StatusOr<std::unique_ptr<CatalogService>> Create(const ServiceOptions& options);

  grpc::ServerUnaryReactor* GetProduct(grpc::CallbackServerContext* context, const v1::GetProductRequest* request,
                                       v1::Product* response) override;
  grpc::ServerUnaryReactor* ListProducts(grpc::CallbackServerContext* context, const v1::ListProductsRequest* request,
                                         v1::ListProductsResponse* response) override;
  grpc::ServerUnaryReactor* SearchProducts(grpc::CallbackServerContext* context,
                                           const v1::SearchProductsRequest* request,
                                           v1::SearchProductsResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetProducts(grpc::CallbackServerContext* context,
                                             const v1::BatchGetProductsRequest* request,
                                             v1::BatchGetProductsResponse* response) override;
  grpc::ServerUnaryReactor* CreateProduct(grpc::CallbackServerContext* context, const v1::CreateProductRequest* request,
                                          v1::Product* response) override;
  grpc::ServerUnaryReactor* UpdateProduct(grpc::CallbackServerContext* context, const v1::UpdateProductRequest* request,
                                          v1::Product* response) override;
  grpc::ServerUnaryReactor* DeleteProduct(grpc::CallbackServerContext* context, const v1::DeleteProductRequest* request,
                                          google::protobuf::Empty* response) override;
  grpc::ServerReadReactor<v1::ImportProductsRequest>* ImportProducts(grpc::CallbackServerContext* context,
                                                                     v1::ImportProductsResponse* response) override;

 private:
  CatalogService(std::unique_ptr<ProductStore> store, std::chrono::milliseconds delay)
      : store_(std::move(store)), delay_(delay) {}

  std::unique_ptr<ProductStore> store_;
  std::chrono::milliseconds delay_;
};

}  // namespace shop::catalog

#endif  // PORTICO_SERVICES_CATALOG_CATALOG_SERVICE_H_
