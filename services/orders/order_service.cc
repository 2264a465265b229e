#include "services/orders/order_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "services/base/answer.h"
#include "services/base/errors.h"
#include "services/base/paging.h"
#include "services/base/validator.h"

namespace shop::orders {
namespace {

constexpr char kOrder[] = "shop.orders.v1.Order";
constexpr int kMostLines = 100;
constexpr int64_t kMostCopies = 1000;
// With these bounds no total leaves the range of its units.
constexpr int64_t kMostUnits = 1'000'000'000;
constexpr int32_t kMostNanos = 999'999'999;

void CheckPrice(const std::string& field, const pricing::v1::Money& price, Validator& check) {
  const std::string& code = price.currency_code();
  if (code.size() != 3 || !std::all_of(code.begin(), code.end(),
                                       [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); })) {
    check.Fail(field + ".currency_code", "INVALID_CURRENCY", "must be three capital letters such as USD");
  }
  check.Range(field + ".units", price.units(), 0, kMostUnits);
  check.Range(field + ".nanos", price.nanos(), 0, kMostNanos);
}

void CheckOrder(const v1::Order& order, Validator& check) {
  check.Id("order.customer_id", order.customer_id());
  if (order.lines_size() == 0) check.Fail("order.lines", "REQUIRED", "must have a line");
  if (order.lines_size() > kMostLines) check.Fail("order.lines", "TOO_MANY", "must be 100 at most");
  std::string currency;
  for (int i = 0; i < std::min(order.lines_size(), kMostLines); ++i) {
    const v1::OrderLine& line = order.lines(i);
    const std::string field = "order.lines[" + std::to_string(i) + "]";
    check.Id(field + ".product_id", line.product_id());
    check.Text(field + ".title", line.title(), 0, 500);
    check.Range(field + ".quantity", line.quantity(), 1, kMostCopies);
    if (!line.has_unit_price()) continue;
    CheckPrice(field + ".unit_price", line.unit_price(), check);
    if (!currency.empty() && line.unit_price().currency_code() != currency) {
      check.Fail(field + ".unit_price.currency_code", "MIXED_CURRENCIES", "must be that of the other lines");
    }
    currency = line.unit_price().currency_code();
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<OrderService>> OrderService::Create(const ServiceOptions& options) {
  auto store = OrderStore::Open(options.data);
  if (!store.ok()) return store.status();
  if (options.seed) {
    const absl::Status seeded = (*store)->SeedIfEmpty(seed::MakeWorld());
    if (!seeded.ok()) return seeded;
  }
  auto callers = Callers::Create(options.identity);
  if (!callers.ok()) return callers.status();
  return std::unique_ptr<OrderService>(new OrderService(*std::move(store), *std::move(callers), options.delay));
}

grpc::ServerUnaryReactor* OrderService::CreateOrder(grpc::CallbackServerContext* context,
                                                    const v1::CreateOrderRequest* request, v1::Order* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    CheckOrder(request->order(), check);
    if (!check.ok()) return check.status();
    if (auto status = MayActFor(request->order().customer_id(), *context); !status.ok()) return status;
    auto order = store_->Create(request->order());
    if (!order.ok()) return StorageFailure(order.status());
    *response = *std::move(order);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* OrderService::GetOrder(grpc::CallbackServerContext* context,
                                                 const v1::GetOrderRequest* request, v1::Order* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    check.Id("order_id", request->order_id());
    if (!check.ok()) return check.status();
    auto order = store_->Get(request->order_id());
    if (absl::IsNotFound(order.status())) return NotFound(kOrder, request->order_id());
    if (!order.ok()) return StorageFailure(order.status());
    if (auto status = MayActFor(order->customer_id(), *context); !status.ok()) return status;
    *response = *std::move(order);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* OrderService::ListOrders(grpc::CallbackServerContext* context,
                                                   const v1::ListOrdersRequest* request,
                                                   v1::ListOrdersResponse* response) {
  return Answer(context, delay_, [=, this] {
    Validator check;
    const std::string scope = "orders " + request->customer_id() + " " + request->product_id();
    check.Id("customer_id", request->customer_id());
    check.OptionalId("product_id", request->product_id());
    const Page page = ReadPage(request->page_size(), request->page_token(), scope, check);
    if (!check.ok()) return check.status();
    if (auto status = MayActFor(request->customer_id(), *context); !status.ok()) return status;
    // One more than asked for tells whether there is a next page.
    auto entries = store_->List(request->customer_id(), request->product_id(), page.after_number(OrderStore::kNewest),
                                page.size + 1);
    if (!entries.ok()) return StorageFailure(entries.status());
    if (entries->size() > static_cast<size_t>(page.size)) {
      entries->pop_back();
      response->set_next_page_token(NextPageToken(scope, std::to_string(entries->back().number)));
    }
    for (OrderStore::Entry& entry : *entries) *response->add_orders() = std::move(entry.order);
    return grpc::Status::OK;
  });
}

}  // namespace shop::orders
