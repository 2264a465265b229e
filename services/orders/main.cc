#include "services/orders/order_service.h"

int main(int argc, char** argv) {
  return shop::Run({"orders", shop::orders::OrderService::kName, 5104, shop::orders::OrderService::Create}, argc, argv);
}
