#include "services/reviews/review_service.h"

int main(int argc, char** argv) {
  return shop::Run({"reviews", shop::reviews::ReviewService::kName, 5103, shop::reviews::ReviewService::Create}, argc,
                   argv);
}
