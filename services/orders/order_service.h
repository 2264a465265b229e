// shop.orders.v1.OrderService.
#ifndef PORTICO_SERVICES_ORDERS_ORDER_SERVICE_H_
#define PORTICO_SERVICES_ORDERS_ORDER_SERVICE_H_

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "services/base/process.h"
#include "services/identity/callers.h"
#include "services/orders/order_store.h"
#include "shop/orders/v1/orders.grpc.pb.h"

namespace shop::orders {

// Checks requests and answers them from an OrderStore. It knows neither customers nor products: any id may have orders.
// With
// an identity (ServiceOptions) customers get at their own orders only. Thread-safe.
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
  OrderService(std::unique_ptr<OrderStore> store, std::unique_ptr<const Callers> callers,
               std::chrono::milliseconds delay)
      : store_(std::move(store)), callers_(std::move(callers)), delay_(delay) {}

  // OK where nobody is asked who calls.
  grpc::Status MayActFor(const std::string& customer_id, const grpc::ServerContextBase& context) const {
    return callers_ == nullptr ? grpc::Status::OK : callers_->MayActFor(customer_id, context);
  }

  std::unique_ptr<OrderStore> store_;
  std::unique_ptr<const Callers> callers_;  // nullptr: anybody may call
  std::chrono::milliseconds delay_;
};

}  // namespace shop::orders

#endif  // PORTICO_SERVICES_ORDERS_ORDER_SERVICE_H_
