// shop.recommendations.v1.RecommendationService.
#ifndef PORTICO_SERVICES_RECOMMENDATIONS_RECOMMENDATION_SERVICE_H_
#define PORTICO_SERVICES_RECOMMENDATIONS_RECOMMENDATION_SERVICE_H_

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "services/base/process.h"
#include "services/recommendations/affinity_store.h"
#include "shop/recommendations/v1/recommendations.grpc.pb.h"

namespace shop::recommendations {

// Checks requests and answers them from an AffinityStore. Thread-safe.
class RecommendationService final : public v1::RecommendationService::CallbackService {
 public:
  static constexpr char kName[] = "shop.recommendations.v1.RecommendationService";

  // Opens the store the options name, and seeds it.
  static absl::StatusOr<std::unique_ptr<RecommendationService>> Create(const ServiceOptions& options);

  grpc::ServerUnaryReactor* ListAlsoBought(grpc::CallbackServerContext* context,
                                           const v1::ListAlsoBoughtRequest* request,
                                           v1::ListAlsoBoughtResponse* response) override;
  grpc::ServerUnaryReactor* ListBoughtTogether(grpc::CallbackServerContext* context,
                                               const v1::ListBoughtTogetherRequest* request,
                                               v1::ListBoughtTogetherResponse* response) override;

 private:
  RecommendationService(std::unique_ptr<AffinityStore> store, std::chrono::milliseconds delay)
      : store_(std::move(store)), delay_(delay) {}

  std::unique_ptr<AffinityStore> store_;
  std::chrono::milliseconds delay_;
};

}  // namespace shop::recommendations

#endif  // PORTICO_SERVICES_RECOMMENDATIONS_RECOMMENDATION_SERVICE_H_
