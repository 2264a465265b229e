// shop.orders.v1.OrderService.
#ifndef PORTICO_SERVICES_ORDERS_ORDER_SERVICE_H_
#define PORTICO_SERVICES_ORDERS_ORDER_SERVICE_H_

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "services/base/process.h"
#include "services/orders/order_store.h"
#include "shop/orders/v1/orders.grpc.pb.h"

namespace shop::orders {

// Checks requests and answers them from an OrderStore. It knows neither customers nor products: any id may have orders.
// Thread-safe.
class OrderService final : public v1::OrderService::CallbackService {
 public:
  static constexpr char kName[] = "shop.orders.v1.OrderService";

  // Opens the store the options name, and seeds it.
  static absl::StatusOr<std::unique_ptr<OrderService>> Create(const ServiceOptions& options);

  grpc::ServerUnaryReactor* CreateOrder(grpc::CallbackServerContext* context, const v1::CreateOrderRequest* request,
                                        v1::Order* response) override;
  grpc::ServerUnaryReactor* GetOrder(grpc::CallbackServerContext* context, const v1::GetOrderRequest* request,
                                     v1::Order* response) override;
  grpc::ServerUnaryReactor* ListOrders(grpc::CallbackServerContext* context, const v1::ListOrdersRequest* request,
                                       v1::ListOrdersResponse* response) override;

 private:
  OrderService(std::unique_ptr<OrderStore> store, std::chrono::milliseconds delay)
      : store_(std::move(store)), delay_(delay) {}

  std::unique_ptr<OrderStore> store_;
  std::chrono::milliseconds delay_;
};

}  // namespace shop::orders

#endif  // PORTICO_SERVICES_ORDERS_ORDER_SERVICE_H_
