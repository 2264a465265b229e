#include "services/sellers/seller_service.h"

#include <utility>

#include "services/base/answer.h"
#include "services/base/errors.h"
#include "services/base/paging.h"
#include "services/base/validator.h"

namespace shop::sellers {
namespace {

constexpr char kSeller[] = "shop.sellers.v1.Seller";
constexpr char kListScope[] = "sellers";

}  // namespace

absl::StatusOr<std::unique_ptr<SellerService>> SellerService::Create(const ServiceOptions& options) {
  auto store = SellerStore::Open(options.data);
  if (!store.ok()) return store.status();
  if (options.seed) {
    const absl::Status seeded = (*store)->SeedIfEmpty(seed::MakeWorld());
    if (!seeded.ok()) return seeded;
  }
  return std::unique_ptr<SellerService>(new SellerService(*std::move(store), options.delay));
}

grpc::ServerUnaryReactor* SellerService::GetSeller(grpc::CallbackServerContext* context,
                                                   const v1::GetSellerRequest* request, v1::Seller* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Id("seller_id", request->seller_id());
    if (!check.ok()) return check.status();
    auto seller = store_->Get(request->seller_id());
    if (absl::IsNotFound(seller.status())) return NotFound(kSeller, request->seller_id());
    if (!seller.ok()) return StorageFailure(seller.status());
    *response = *std::move(seller);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SellerService::ListSellers(grpc::CallbackServerContext* context,
                                                     const v1::ListSellersRequest* request,
                                                     v1::ListSellersResponse* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    const Page page = ReadPage(request->page_size(), request->page_token(), kListScope, check);
    if (!check.ok()) return check.status();
    // One more than asked for tells whether there is a next page.
    auto sellers = store_->List(page.after, page.size + 1);
    if (!sellers.ok()) return StorageFailure(sellers.status());
    if (sellers->size() > static_cast<size_t>(page.size)) {
      sellers->pop_back();
      response->set_next_page_token(NextPageToken(kListScope, sellers->back().seller_id()));
    }
    for (v1::Seller& seller : *sellers) *response->add_sellers() = std::move(seller);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SellerService::RankSellers(grpc::CallbackServerContext* context,
                                                     const v1::RankSellersRequest* request,
                                                     v1::RankSellersResponse* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Id("product_id", request->product_id());
    const Page page = ReadPage(request->page_size(), "", "", check);
    if (!check.ok()) return check.status();
    auto sellers = store_->Rank(request->product_id(), page.size);
    if (!sellers.ok()) return StorageFailure(sellers.status());
    for (v1::RankedSeller& seller : *sellers) *response->add_sellers() = std::move(seller);
    return grpc::Status::OK;
  });
}

}  // namespace shop::sellers
