#include "services/recommendations/recommendation_service.h"

int main(int argc, char** argv) {
  return shop::Run({"recommendations", shop::recommendations::RecommendationService::kName, 5106,
                    shop::recommendations::RecommendationService::Create},
                   argc, argv);
}
