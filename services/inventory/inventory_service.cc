#include "services/inventory/inventory_service.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/answer.h"
#include "services/base/errors.h"
#include "services/base/validator.h"
#include "services/base/watch.h"

namespace shop::inventory {
namespace {

constexpr char kStock[] = "shop.inventory.v1.Stock";
constexpr char kReservation[] = "shop.inventory.v1.Reservation";
constexpr int kLargestBatch = 100;
constexpr int64_t kMostAvailable = 1'000'000;
constexpr int64_t kMostReserved = 1'000;

grpc::Status ToGrpc(const absl::Status& status, const char* type, std::string_view id) {
  return absl::IsNotFound(status) ? NotFound(type, id) : StorageFailure(status);
}

void CheckVersion(std::string_view field, int64_t version, Validator& check) {
  if (version < 0) check.Fail(field, "OUT_OF_RANGE", "must not be negative");
}

}  // namespace

absl::StatusOr<std::unique_ptr<InventoryService>> InventoryService::Create(const ServiceOptions& options) {
  auto store = StockStore::Open(options.data);
  if (!store.ok()) return store.status();
  if (options.seed) {
    const absl::Status seeded = (*store)->SeedIfEmpty(seed::MakeWorld());
    if (!seeded.ok()) return seeded;
  }
  return std::unique_ptr<InventoryService>(new InventoryService(*std::move(store), options.delay));
}

grpc::ServerUnaryReactor* InventoryService::GetStock(grpc::CallbackServerContext* context,
                                                     const v1::GetStockRequest* request, v1::Stock* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Id("product_id", request->product_id());
    if (!check.ok()) return check.status();
    auto stock = store_->Get(request->product_id());
    if (!stock.ok()) return ToGrpc(stock.status(), kStock, request->product_id());
    *response = *std::move(stock);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* InventoryService::BatchGetStock(grpc::CallbackServerContext* context,
                                                          const v1::BatchGetStockRequest* request,
                                                          v1::BatchGetStockResponse* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Ids("product_ids", request->product_ids(), kLargestBatch);
    if (!check.ok()) return check.status();
    auto found = store_->BatchGet({request->product_ids().begin(), request->product_ids().end()});
    if (!found.ok()) return StorageFailure(found.status());
    for (v1::Stock& stock : *found) *response->add_stock() = std::move(stock);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* InventoryService::SetStock(grpc::CallbackServerContext* context,
                                                     const v1::SetStockRequest* request, v1::Stock* response) {
  return Answer(context, delay_, [=, this] {
    const v1::Stock& wanted = request->stock();
    Validator check;
    check.Id("product_id", request->product_id());
    if (!wanted.product_id().empty() && wanted.product_id() != request->product_id()) {
      check.Fail("stock.product_id", "CONTRADICTION", "must be the product_id of the request, or be left out");
    }
    check.Range("stock.available", wanted.available(), 0, kMostAvailable);
    CheckVersion("stock.version", wanted.version(), check);
    if (!wanted.restock_date().empty()) check.Date("stock.restock_date", wanted.restock_date());
    if (!check.ok()) return check.status();
    grpc::Status status;
    changes_.Change([&]() -> std::optional<v1::Stock> {
      auto set = store_->Set(request->product_id(), wanted.available(), wanted.restock_date(), wanted.version());
      if (!set.ok()) {
        status = StorageFailure(set.status());
      } else if (set->outcome == StockStore::Outcome::kStale) {
        status = StaleVersion(kStock, request->product_id(), set->stock.version(), wanted.version());
      } else {
        *response = std::move(set->stock);
        return *response;
      }
      return std::nullopt;
    });
    return status;
  });
}

grpc::ServerUnaryReactor* InventoryService::ReserveStock(grpc::CallbackServerContext* context,
                                                         const v1::ReserveStockRequest* request,
                                                         v1::Reservation* response) {
  return Answer(context, delay_, [=, this] {
    const std::string& product_id = request->product_id();
    Validator check;
    check.Id("product_id", product_id);
    check.Range("quantity", request->quantity(), 1, kMostReserved);
    CheckVersion("version", request->version(), check);
    if (!check.ok()) return check.status();
    grpc::Status status;
    changes_.Change([&]() -> std::optional<v1::Stock> {
      auto booking = store_->Reserve(product_id, request->quantity(), request->version());
      if (!booking.ok()) {
        status = ToGrpc(booking.status(), kStock, product_id);
      } else if (booking->outcome == StockStore::Outcome::kStale) {
        status = StaleVersion(kStock, product_id, booking->stock.version(), request->version());
      } else if (booking->outcome == StockStore::Outcome::kScarce) {
        status = FailedPrecondition(kStock, product_id, "NOT_ENOUGH_STOCK",
                                    absl::StrCat("of \"", product_id, "\" there are ", booking->stock.available(),
                                                 " available, not ", request->quantity()));
      } else {
        *response = std::move(booking->reservation);
        return std::move(booking->stock);
      }
      return std::nullopt;
    });
    return status;
  });
}

grpc::ServerUnaryReactor* InventoryService::ReleaseReservation(grpc::CallbackServerContext* context,
                                                               const v1::ReleaseReservationRequest* request,
                                                               v1::Reservation* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Id("reservation_id", request->reservation_id());
    if (!check.ok()) return check.status();
    grpc::Status status;
    changes_.Change([&]() -> std::optional<v1::Stock> {
      auto booking = store_->Release(request->reservation_id());
      if (!booking.ok()) {
        status = ToGrpc(booking.status(), kReservation, request->reservation_id());
        return std::nullopt;
      }
      *response = std::move(booking->reservation);
      // It had been released before.
      if (response->stock_version() == 0) return std::nullopt;
      return std::move(booking->stock);
    });
    return status;
  });
}

grpc::ServerWriteReactor<v1::Stock>* InventoryService::WatchStock(grpc::CallbackServerContext*,
                                                                  const v1::WatchStockRequest* request) {
  return Watch(changes_, request->product_id(), kNewestState, delay_, [=, this](std::optional<v1::Stock>& first) {
    Validator check;
    check.Id("product_id", request->product_id());
    if (!check.ok()) return check.status();
    auto stock = store_->Get(request->product_id());
    if (!stock.ok()) return ToGrpc(stock.status(), kStock, request->product_id());
    first = *std::move(stock);
    return grpc::Status::OK;
  });
}

}  // namespace shop::inventory
