#include "services/orders/order_service.h"

int main(int argc, char** argv) {
  return shop::Run({.name = "orders",
                    .service = shop::orders::OrderService::kName,
                    .port = 5104,
                    .create = shop::orders::OrderService::Create,
                    .verifies_callers = true},
                   argc, argv);
}
