// shop.sellers.v1.SellerService.
#ifndef PORTICO_SERVICES_SELLERS_SELLER_SERVICE_H_
#define PORTICO_SERVICES_SELLERS_SELLER_SERVICE_H_

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "services/base/process.h"
#include "services/sellers/seller_store.h"
#include "shop/sellers/v1/sellers.grpc.pb.h"

namespace shop::sellers {

// Checks requests and answers them from a SellerStore. Thread-safe.
class SellerService final : public v1::SellerService::CallbackService {
 public:
  static constexpr char kName[] = "shop.sellers.v1.SellerService";

  // Opens the store the options name, and seeds it.
  static absl::StatusOr<std::unique_ptr<SellerService>> Create(const ServiceOptions& options);

  grpc::ServerUnaryReactor* GetSeller(grpc::CallbackServerContext* context, const v1::GetSellerRequest* request,
                                      v1::Seller* response) override;
  grpc::ServerUnaryReactor* ListSellers(grpc::CallbackServerContext* context, const v1::ListSellersRequest* request,
                                        v1::ListSellersResponse* response) override;
  grpc::ServerUnaryReactor* RankSellers(grpc::CallbackServerContext* context, const v1::RankSellersRequest* request,
                                        v1::RankSellersResponse* response) override;

 private:
  SellerService(std::unique_ptr<SellerStore> store, std::chrono::milliseconds delay)
      : store_(std::move(store)), delay_(delay) {}

  std::unique_ptr<SellerStore> store_;
  std::chrono::milliseconds delay_;
};

}  // namespace shop::sellers

#endif  // PORTICO_SERVICES_SELLERS_SELLER_SERVICE_H_
