#include <functional>
#include <set>

#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace orders::v1;  // NOLINT: the contract under test
using testing::IsEmpty;
using testing::SizeIs;
using Stub = orders::v1::OrderService::Stub;

class OrdersTest : public testing::Test {
 protected:
  ListOrdersResponse List(const std::string& customer_id, const std::string& product_id = "", int page_size = 100,
                          const std::string& token = "") {
    ListOrdersRequest request;
    request.set_customer_id(customer_id);
    request.set_product_id(product_id);
    request.set_page_size(page_size);
    request.set_page_token(token);
    ListOrdersResponse response;
    EXPECT_TRUE(orders_.Call(&Stub::ListOrders, request, &response).ok());
    return response;
  }

  grpc::Status Create(const Order& order, Order* created) {
    CreateOrderRequest request;
    *request.mutable_order() = order;
    return orders_.Call(&Stub::CreateOrder, request, created);
  }

  Folder folder_;
  Orders orders_{{.data = folder_.path()}};
};

void AddLine(Order& order, const std::string& product_id, int quantity, int64_t units, int32_t nanos) {
  OrderLine& line = *order.add_lines();
  line.set_product_id(product_id);
  line.set_title("Title of " + product_id);
  line.set_quantity(quantity);
  line.mutable_unit_price()->set_currency_code("EUR");
  line.mutable_unit_price()->set_units(units);
  line.mutable_unit_price()->set_nanos(nanos);
}

Order Good() {
  Order order;
  order.set_customer_id("7");
  AddLine(order, "a-book", 3, 10, 500'000'000);
  AddLine(order, "another-book", 1, 0, 990'000'000);
  return order;
}

TEST_F(OrdersTest, ACreatedOrderIsKeptWithItsTotal) {
  Order order = Good();
  order.mutable_total()->set_units(1);
  order.set_status(Order::DELIVERED);
  Order created;
  ASSERT_TRUE(Create(order, &created).ok());
  EXPECT_EQ(created.status(), Order::PLACED);
  EXPECT_EQ(created.total().currency_code(), "EUR");
  EXPECT_EQ(created.total().units(), 32);
  EXPECT_EQ(created.total().nanos(), 490'000'000);
  GetOrderRequest request;
  request.set_order_id(created.order_id());
  Order read;
  ASSERT_TRUE(orders_.Call(&Stub::GetOrder, request, &read).ok());
  EXPECT_EQ(read.DebugString(), created.DebugString());
  EXPECT_EQ(List("7").orders(0).DebugString(), created.DebugString());
  EXPECT_EQ(List("7", "a-book").orders(0).DebugString(), created.DebugString());
}

TEST_F(OrdersTest, ALineWithoutAPriceAddsNothing) {
  Order order = Good();
  order.mutable_lines(0)->clear_unit_price();
  Order created;
  ASSERT_TRUE(Create(order, &created).ok());
  EXPECT_FALSE(created.lines(0).has_unit_price());
  EXPECT_EQ(created.total().units(), 0);
  EXPECT_EQ(created.total().nanos(), 990'000'000);
}

TEST_F(OrdersTest, UnknownOrdersAreNotFound) {
  for (const char* id : {"ord-999999", "ord-000000", "ord-1", "ord-", "ord--00001", "x", "ord-99999999999999999999"}) {
    SCOPED_TRACE(id);
    GetOrderRequest request;
    request.set_order_id(id);
    Order order;
    ExpectResource(orders_.Call(&Stub::GetOrder, request, &order), grpc::StatusCode::NOT_FOUND, "shop.orders.v1.Order",
                   id);
  }
}

TEST_F(OrdersTest, WrongOrdersAreRefused) {
  struct Case {
    const char* name;
    std::function<void(Order&)> spoil;
    std::vector<std::string> violations;
  };
  const Case cases[] = {
      {"no customer", [](Order& o) { o.clear_customer_id(); }, {"order.customer_id REQUIRED"}},
      {"no lines", [](Order& o) { o.clear_lines(); }, {"order.lines REQUIRED"}},
      {"too many lines",
       [](Order& o) {
         for (int i = 0; i < 99; ++i) *o.add_lines() = o.lines(0);
       },
       {"order.lines TOO_MANY"}},
      {"quantity", [](Order& o) { o.mutable_lines(1)->set_quantity(0); }, {"order.lines[1].quantity OUT_OF_RANGE"}},
      {"negative price",
       [](Order& o) { o.mutable_lines(0)->mutable_unit_price()->set_units(-1); },
       {"order.lines[0].unit_price.units OUT_OF_RANGE"}},
      {"nanos",
       [](Order& o) { o.mutable_lines(0)->mutable_unit_price()->set_nanos(1'000'000'000); },
       {"order.lines[0].unit_price.nanos OUT_OF_RANGE"}},
      {"currency",
       [](Order& o) {
         o.mutable_lines(0)->mutable_unit_price()->set_currency_code("usd");
         o.mutable_lines(1)->clear_unit_price();
       },
       {"order.lines[0].unit_price.currency_code INVALID_CURRENCY"}},
      {"two currencies",
       [](Order& o) { o.mutable_lines(1)->mutable_unit_price()->set_currency_code("USD"); },
       {"order.lines[1].unit_price.currency_code MIXED_CURRENCIES"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Order order = Good();
    c.spoil(order);
    Order created;
    ExpectViolations(Create(order, &created), c.violations);
  }
}

TEST_F(OrdersTest, PagesShowEveryOrderOnceNewestFirst) {
  std::set<std::string> ids;
  int64_t newest = std::numeric_limits<int64_t>::max();
  std::string token;
  do {
    const auto page = List("1", "", 7, token);
    token = page.next_page_token();
    for (const Order& order : page.orders()) {
      EXPECT_EQ(order.customer_id(), "1");
      EXPECT_FALSE(order.lines().empty());
      EXPECT_TRUE(ids.insert(order.order_id()).second);
      EXPECT_LE(order.create_time().seconds(), newest);
      newest = order.create_time().seconds();
    }
  } while (!token.empty());
  EXPECT_THAT(ids, SizeIs(testing::Gt(30)));
}

TEST_F(OrdersTest, ThePurchaseHistoryOfAProduct) {
  const auto bought = List("1", "pojos-in-action");
  ASSERT_FALSE(bought.orders().empty());
  for (const Order& order : bought.orders()) {
    EXPECT_TRUE(std::any_of(order.lines().begin(), order.lines().end(),
                            [](const OrderLine& line) { return line.product_id() == "pojos-in-action"; }));
  }
  EXPECT_THAT(List("1", "no-such-book").orders(), IsEmpty());
  EXPECT_THAT(List("no-such-customer").orders(), IsEmpty());
}

TEST_F(OrdersTest, WrongListsAreRefused) {
  ListOrdersRequest request;
  request.set_product_id("a b");
  request.set_page_size(-5);
  ListOrdersResponse response;
  ExpectViolations(orders_.Call(&Stub::ListOrders, request, &response),
                   {"customer_id REQUIRED", "product_id INVALID_ID", "page_size OUT_OF_RANGE"});
  request.Clear();
  request.set_customer_id("2");
  request.set_page_token(List("1", "", 1).next_page_token());
  ExpectViolations(orders_.Call(&Stub::ListOrders, request, &response), {"page_token INVALID_PAGE_TOKEN"});
}

}  // namespace
}  // namespace shop::test
