// How a stream of products is taken into the catalog.
#ifndef PORTICO_SERVICES_CATALOG_PRODUCT_IMPORT_H_
#define PORTICO_SERVICES_CATALOG_PRODUCT_IMPORT_H_

#include <grpcpp/support/server_callback.h>

#include <chrono>

#include "services/catalog/product_store.h"
#include "shop/catalog/v1/catalog.pb.h"

namespace shop::catalog {

// Answers an import: reads products one after the other, from `delay` from now, and stores each before it reads the
// next, so that a slow disk slows the caller and nothing piles up. When the storage fails, the import does. The store
// must outlive the call.
grpc::ServerReadReactor<v1::ImportProductsRequest>* ImportInto(ProductStore& store, std::chrono::milliseconds delay,
                                                               v1::ImportProductsResponse* response);

}  // namespace shop::catalog

#endif  // PORTICO_SERVICES_CATALOG_PRODUCT_IMPORT_H_
