#include "services/inventory/inventory_service.h"

int main(int argc, char** argv) {
  return shop::Run(
      {"inventory", shop::inventory::InventoryService::kName, 5105, shop::inventory::InventoryService::Create}, argc,
      argv);
}
