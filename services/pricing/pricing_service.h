// shop.pricing.v1.PricingService.
#ifndef PORTICO_SERVICES_PRICING_PRICING_SERVICE_H_
#define PORTICO_SERVICES_PRICING_PRICING_SERVICE_H_

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "services/base/feed.h"
#include "services/base/process.h"
#include "services/base/streaming.h"
#include "services/pricing/price_store.h"
#include "shop/pricing/v1/pricing.grpc.pb.h"

namespace shop::pricing {

// Checks requests and answers them from a PriceStore. Thread-safe.
class PricingService final : public v1::PricingService::CallbackService, public Streaming {
 public:
  static constexpr char kName[] = "shop.pricing.v1.PricingService";

  // Opens the store the options name, and seeds it.
  static absl::StatusOr<std::unique_ptr<PricingService>> Create(const ServiceOptions& options);

  void EndStreams() override { changes_.End(); }

  // How many watch.
  size_t watcher_count() { return changes_.listener_count(); }

  grpc::ServerUnaryReactor* GetPrice(grpc::CallbackServerContext* context, const v1::GetPriceRequest* request,
                                     v1::Price* response) override;
  grpc::ServerUnaryReactor* ListOffers(grpc::CallbackServerContext* context, const v1::ListOffersRequest* request,
                                       v1::ListOffersResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetPrices(grpc::CallbackServerContext* context,
                                           const v1::BatchGetPricesRequest* request,
                                           v1::BatchGetPricesResponse* response) override;
  grpc::ServerUnaryReactor* SetPrice(grpc::CallbackServerContext* context, const v1::SetPriceRequest* request,
                                     v1::Price* response) override;
  grpc::ServerWriteReactor<v1::Price>* WatchPrice(grpc::CallbackServerContext* context,
                                                  const v1::WatchPriceRequest* request) override;

 private:
  PricingService(std::unique_ptr<PriceStore> store, std::chrono::milliseconds delay)
      : store_(std::move(store)), delay_(delay) {}

  std::unique_ptr<PriceStore> store_;
  std::chrono::milliseconds delay_;
  Feed<v1::Price> changes_;
};

}  // namespace shop::pricing

#endif  // PORTICO_SERVICES_PRICING_PRICING_SERVICE_H_
