#include "services/pricing/pricing_service.h"

#include <optional>
#include <string>
#include <utility>

#include "services/base/answer.h"
#include "services/base/errors.h"
#include "services/base/paging.h"
#include "services/base/validator.h"
#include "services/base/watch.h"

namespace shop::pricing {
namespace {

constexpr char kPrice[] = "shop.pricing.v1.Price";
constexpr char kCurrency[] = "USD";
constexpr int kLargestBatch = 100;
constexpr int64_t kMostUnits = 1'000'000;
constexpr int32_t kNanosPerCent = 10'000'000;

// An amount in cents. What is not one, or none at all, is a violation, and the answer 0.
int64_t ReadCents(const std::string& field, const v1::Money& money, Validator& check) {
  if (money.currency_code() != kCurrency) check.Fail(field + ".currency_code", "INVALID_CURRENCY", "must be USD");
  if (money.units() < 0 || money.units() > kMostUnits) {
    check.Range(field + ".units", money.units(), 0, kMostUnits);
    return 0;
  }
  if (money.nanos() < 0 || money.nanos() >= 100 * kNanosPerCent || money.nanos() % kNanosPerCent != 0) {
    check.Fail(field + ".nanos", "OUT_OF_RANGE", "must be whole cents, 0 to 990000000");
    return 0;
  }
  const int64_t cents = money.units() * 100 + money.nanos() / kNanosPerCent;
  if (cents == 0 || cents > kMostUnits * 100) check.Fail(field, "OUT_OF_RANGE", "must be 0.01 to 1000000 USD");
  return cents;
}

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

grpc::ServerUnaryReactor* PricingService::SetPrice(grpc::CallbackServerContext* context,
                                                   const v1::SetPriceRequest* request, v1::Price* response) {
  return Answer(context, delay_, [=, this] {
    const v1::Price& wanted = request->price();
    Validator check;
    check.Id("product_id", request->product_id());
    if (!wanted.product_id().empty() && wanted.product_id() != request->product_id()) {
      check.Fail("price.product_id", "CONTRADICTION", "must be the product_id of the request, or be left out");
    }
    if (!wanted.has_price()) check.Fail("price.price", "REQUIRED", "must be given");
    const int64_t price = wanted.has_price() ? ReadCents("price.price", wanted.price(), check) : 0;
    std::optional<int64_t> list_price;
    if (wanted.has_list_price()) list_price = ReadCents("price.list_price", wanted.list_price(), check);
    if (check.ok() && list_price.has_value() && *list_price < price) {
      check.Fail("price.list_price", "OUT_OF_RANGE", "must not be less than the price");
    }
    if (!check.ok()) return check.status();
    grpc::Status status;
    changes_.Change([&]() -> std::optional<v1::Price> {
      auto set = store_->Set(request->product_id(), price, list_price);
      if (!set.ok()) {
        status = StorageFailure(set.status());
        return std::nullopt;
      }
      *response = *std::move(set);
      return *response;
    });
    return status;
  });
}

grpc::ServerWriteReactor<v1::Price>* PricingService::WatchPrice(grpc::CallbackServerContext*,
                                                                const v1::WatchPriceRequest* request) {
  return Watch(changes_, request->product_id(), kNewestState, delay_, [=, this](std::optional<v1::Price>& first) {
    Validator check;
    check.Id("product_id", request->product_id());
    if (!check.ok()) return check.status();
    auto price = store_->Get(request->product_id());
    if (absl::IsNotFound(price.status())) return NotFound(kPrice, request->product_id());
    if (!price.ok()) return StorageFailure(price.status());
    first = *std::move(price);
    return grpc::Status::OK;
  });
}

}  // namespace shop::pricing
