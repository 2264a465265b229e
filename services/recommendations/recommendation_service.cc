#include "services/recommendations/recommendation_service.h"

#include <string>
#include <utility>
#include <vector>

#include "services/base/answer.h"
#include "services/base/errors.h"
#include "services/base/paging.h"
#include "services/base/validator.h"

namespace shop::recommendations {
namespace {

using Read = absl::StatusOr<std::vector<AffinityStore::Entry>> (AffinityStore::*)(std::string_view, int64_t, int);

// Both methods differ in what they read, and in the names of their messages.
template <class Request, class Response>
grpc::Status ListPage(const std::string& list, AffinityStore& store, Read read, const Request& request,
                      Response& response) {
  const std::string scope = list + " " + request.product_id();
  Validator check;
  check.Id("product_id", request.product_id());
  const Page page = ReadPage(request.page_size(), request.page_token(), scope, check);
  if (!check.ok()) return check.status();
  // One more than asked for tells whether there is a next page.
  auto entries = (store.*read)(request.product_id(), page.after_number(0), page.size + 1);
  if (!entries.ok()) return StorageFailure(entries.status());
  if (entries->size() > static_cast<size_t>(page.size)) {
    entries->pop_back();
    response.set_next_page_token(NextPageToken(scope, std::to_string(entries->back().place)));
  }
  for (AffinityStore::Entry& entry : *entries) *response.add_items() = std::move(entry.recommendation);
  return grpc::Status::OK;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecommendationService>> RecommendationService::Create(const ServiceOptions& options) {
  auto store = AffinityStore::Open(options.data);
  if (!store.ok()) return store.status();
  if (options.seed) {
    const absl::Status seeded = (*store)->SeedIfEmpty(seed::MakeWorld());
    if (!seeded.ok()) return seeded;
  }
  return std::unique_ptr<RecommendationService>(new RecommendationService(*std::move(store), options.delay));
}

grpc::ServerUnaryReactor* RecommendationService::ListAlsoBought(grpc::CallbackServerContext* context,
                                                                const v1::ListAlsoBoughtRequest* request,
                                                                v1::ListAlsoBoughtResponse* response) {
  return Answer(context, delay_, [=, this] {
    return ListPage("also-bought", *store_, &AffinityStore::AlsoBought, *request, *response);
  });
}

grpc::ServerUnaryReactor* RecommendationService::ListBoughtTogether(grpc::CallbackServerContext* context,
                                                                    const v1::ListBoughtTogetherRequest* request,
                                                                    v1::ListBoughtTogetherResponse* response) {
  return Answer(context, delay_, [=, this] {
    return ListPage("bought-together", *store_, &AffinityStore::BoughtTogether, *request, *response);
  });
}

}  // namespace shop::recommendations
