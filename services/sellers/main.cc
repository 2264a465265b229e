#include "services/sellers/seller_service.h"

int main(int argc, char** argv) {
  return shop::Run({"sellers", shop::sellers::SellerService::kName, 5107, shop::sellers::SellerService::Create}, argc,
                   argv);
}
