#include "services/pricing/pricing_service.h"

int main(int argc, char** argv) {
  return shop::Run({"pricing", shop::pricing::PricingService::kName, 5102, shop::pricing::PricingService::Create}, argc,
                   argv);
}
