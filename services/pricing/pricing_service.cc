#include "services/pricing/pricing_service.h"

#include <string>
#include <utility>

#include "services/base/answer.h"
#include "services/base/errors.h"
#include "services/base/paging.h"
#include "services/base/validator.h"

namespace shop::pricing {
namespace {

constexpr char kPrice[] = "shop.pricing.v1.Price";
constexpr int kLargestBatch = 100;

}  // namespace

absl::StatusOr<std::unique_ptr<PricingService>> PricingService::Create(const ServiceOptions& options) {
  auto store = PriceStore::Open(options.data);
  if (!store.ok()) return store.status();
  if (options.seed) {
    const absl::Status seeded = (*store)->SeedIfEmpty(seed::MakeWorld());
    if (!seeded.ok()) return seeded;
  }
  return std::unique_ptr<PricingService>(new PricingService(*std::move(store), options.delay));
}

grpc::ServerUnaryReactor* PricingService::GetPrice(grpc::CallbackServerContext* context,
                                                   const v1::GetPriceRequest* request, v1::Price* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Id("product_id", request->product_id());
    if (!check.ok()) return check.status();
    auto price = store_->Get(request->product_id());
    if (absl::IsNotFound(price.status())) return NotFound(kPrice, request->product_id());
    if (!price.ok()) return StorageFailure(price.status());
    *response = *std::move(price);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* PricingService::ListOffers(grpc::CallbackServerContext* context,
                                                     const v1::ListOffersRequest* request,
                                                     v1::ListOffersResponse* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    const std::string scope = "offers " + request->product_id();
    check.Id("product_id", request->product_id());
    const Page page = ReadPage(request->page_size(), request->page_token(), scope, check);
    if (!check.ok()) return check.status();
    // One more than asked for tells whether there is a next page.
    auto entries = store_->ListOffers(request->product_id(), page.after, page.size + 1);
    if (!entries.ok()) return StorageFailure(entries.status());
    if (entries->size() > static_cast<size_t>(page.size)) {
      entries->pop_back();
      response->set_next_page_token(NextPageToken(scope, entries->back().key));
    }
    for (PriceStore::Entry& entry : *entries) *response->add_offers() = std::move(entry.offer);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* PricingService::BatchGetPrices(grpc::CallbackServerContext* context,
                                                         const v1::BatchGetPricesRequest* request,
                                                         v1::BatchGetPricesResponse* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Ids("product_ids", request->product_ids(), kLargestBatch);
    if (!check.ok()) return check.status();
    auto prices = store_->BatchGet({request->product_ids().begin(), request->product_ids().end()});
    if (!prices.ok()) return StorageFailure(prices.status());
    for (v1::Price& price : *prices) *response->add_prices() = std::move(price);
    return grpc::Status::OK;
  });
}

}  // namespace shop::pricing
