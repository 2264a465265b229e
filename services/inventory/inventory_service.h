// shop.inventory.v1.InventoryService.
#ifndef PORTICO_SERVICES_INVENTORY_INVENTORY_SERVICE_H_
#define PORTICO_SERVICES_INVENTORY_INVENTORY_SERVICE_H_

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "services/base/feed.h"
#include "services/base/process.h"
#include "services/base/streaming.h"
#include "services/inventory/stock_store.h"
#include "shop/inventory/v1/inventory.grpc.pb.h"

namespace shop::inventory {

// Checks requests and answers them from a StockStore. Thread-safe.
class InventoryService final : public v1::InventoryService::CallbackService, public Streaming {
 public:
  static constexpr char kName[] = "shop.inventory.v1.InventoryService";

  // Opens the store the options name, and seeds it.
  static absl::StatusOr<std::unique_ptr<InventoryService>> Create(const ServiceOptions& options);

  void EndStreams() override { changes_.End(); }

  // How many watch.
  size_t watcher_count() { return changes_.listener_count(); }

  grpc::ServerUnaryReactor* GetStock(grpc::CallbackServerContext* context, const v1::GetStockRequest* request,
                                     v1::Stock* response) override;
  grpc::ServerUnaryReactor* BatchGetStock(grpc::CallbackServerContext* context, const v1::BatchGetStockRequest* request,
                                          v1::BatchGetStockResponse* response) override;
  grpc::ServerUnaryReactor* SetStock(grpc::CallbackServerContext* context, const v1::SetStockRequest* request,
                                     v1::Stock* response) override;
  grpc::ServerUnaryReactor* ReserveStock(grpc::CallbackServerContext* context, const v1::ReserveStockRequest* request,
                                         v1::Reservation* response) override;
  grpc::ServerUnaryReactor* ReleaseReservation(grpc::CallbackServerContext* context,
                                               const v1::ReleaseReservationRequest* request,
                                               v1::Reservation* response) override;
  grpc::ServerWriteReactor<v1::Stock>* WatchStock(grpc::CallbackServerContext* context,
                                                  const v1::WatchStockRequest* request) override;

 private:
  InventoryService(std::unique_ptr<StockStore> store, std::chrono::milliseconds delay)
      : store_(std::move(store)), delay_(delay) {}

  std::unique_ptr<StockStore> store_;
  std::chrono::milliseconds delay_;
  Feed<v1::Stock> changes_;
};

}  // namespace shop::inventory

#endif  // PORTICO_SERVICES_INVENTORY_INVENTORY_SERVICE_H_
