// The order service asked directly, with and without a token of the gateway.
#include <httplib.h>

#include <fstream>

#include "tests/access/issuer.h"
#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace orders::v1;  // NOLINT: the contract under test
using portico::testing::Forged;
using portico::testing::GoodClaims;
using portico::testing::Jwks;
using portico::testing::SigningKey;
using portico::testing::With;
using Stub = orders::v1::OrderService::Stub;

class OrdersIdentityTest : public testing::Test {
 protected:
  ServiceOptions Options() {
    const std::string keys = (folder_.path() / "jwks.json").string();
    std::ofstream(keys) << Jwks({key_}).dump();
    return {.data = folder_.path(),
            .identity = {.keys = keys, .issuer = portico::testing::kIssuer, .audience = portico::testing::kAudience}};
  }

  template <class Request, class Response>
  static grpc::StatusCode Call(Orders& orders,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                               const Request& request, const std::vector<std::string>& authorization) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    for (const std::string& value : authorization) context.AddMetadata("authorization", value);
    Response response;
    const grpc::Status status = (orders.stub().*method)(&context, request, &response);
    message_ = status.error_message();
    return status.error_code();
  }
  static grpc::StatusCode List(Orders& orders, const std::string& customer,
                               const std::vector<std::string>& authorization) {
    ListOrdersRequest request;
    request.set_customer_id(customer);
    return Call(orders, &Stub::ListOrders, request, authorization);
  }

  inline static std::string message_;
  const SigningKey key_{"k1", "ES256"};
  const std::string ann_ = "Bearer " + key_.Sign(GoodClaims());  // cust-000001
  Folder folder_;
};

TEST_F(OrdersIdentityTest, ForgedTokensAreRefusedWithTheReason) {
  const SigningKey key("k1", "RS256");
  ServiceOptions options = Options();
  std::ofstream(options.identity.keys) << Jwks({key}).dump();
  Orders orders(options);
  EXPECT_EQ(List(orders, "cust-000001", {"Bearer " + key.Sign(GoodClaims())}), grpc::StatusCode::OK) << message_;
  for (const Forged& forged : portico::testing::ForgedTokens(key)) {
    if (forged.token.empty() || forged.token.find(' ') != forged.token.npos || forged.token.size() > 8000) continue;
    EXPECT_EQ(List(orders, "cust-000001", {"Bearer " + forged.token}), grpc::StatusCode::UNAUTHENTICATED)
        << forged.name;
    EXPECT_EQ(message_, forged.reason) << forged.name;
  }
}

TEST_F(OrdersIdentityTest, WhoShowsNothingOrTooMuch) {
  Orders orders(Options());
  const grpc::StatusCode refused = grpc::StatusCode::UNAUTHENTICATED;
  EXPECT_EQ(List(orders, "cust-000001", {}), refused);
  EXPECT_EQ(List(orders, "cust-000001", {""}), refused);
  EXPECT_EQ(List(orders, "cust-000001", {"Basic YTpi"}), refused);
  EXPECT_EQ(List(orders, "cust-000001", {ann_.substr(7)}), refused);
  EXPECT_EQ(List(orders, "cust-000001", {ann_, ann_}), refused);
}

TEST_F(OrdersIdentityTest, CustomersGetAtTheirOwnOrdersOnly) {
  Orders orders(Options());
  const grpc::StatusCode ok = grpc::StatusCode::OK, denied = grpc::StatusCode::PERMISSION_DENIED;
  const std::string clerk = "Bearer " + key_.Sign(With(With(GoodClaims(), "sub", "clerk"), "scope", "orders.all"));
  EXPECT_EQ(List(orders, "cust-000001", {ann_}), ok) << message_;
  EXPECT_EQ(List(orders, "cust-000002", {ann_}), denied);
  EXPECT_EQ(List(orders, "cust-000002", {clerk}), ok);
  CreateOrderRequest create;
  create.mutable_order()->set_customer_id("cust-000002");
  OrderLine& line = *create.mutable_order()->add_lines();
  line.set_product_id("a-book");
  line.set_title("A book");
  line.set_quantity(1);
  line.mutable_unit_price()->set_currency_code("EUR");
  line.mutable_unit_price()->set_units(1);
  EXPECT_EQ(Call(orders, &Stub::CreateOrder, create, {ann_}), denied);
  EXPECT_EQ(Call(orders, &Stub::CreateOrder, create, {clerk}), ok) << message_;
  create.mutable_order()->set_customer_id("cust-000001");
  EXPECT_EQ(Call(orders, &Stub::CreateOrder, create, {ann_}), ok) << message_;
  ListOrdersRequest list;
  list.set_customer_id("cust-000002");
  list.set_page_size(1);
  ListOrdersResponse listed;
  grpc::ClientContext context;
  context.AddMetadata("authorization", clerk);
  ASSERT_TRUE(orders.stub().ListOrders(&context, list, &listed).ok());
  GetOrderRequest get;
  get.set_order_id(listed.orders(0).order_id());
  EXPECT_EQ(Call(orders, &Stub::GetOrder, get, {ann_}), denied);
  EXPECT_EQ(Call(orders, &Stub::GetOrder, get, {clerk}), ok);
}

// As the gateway's admin server has them.
TEST_F(OrdersIdentityTest, KeysFromAUrlAreAskedForAgainWhenOneIsNotKnown) {
  std::atomic<const SigningKey*> current{&key_};
  httplib::Server gateway;
  gateway.Get("/jwks.json", [&](const httplib::Request&, httplib::Response& response) {
    response.set_content(Jwks({*current.load()}).dump(), "application/jwk-set+json");
  });
  const int port = gateway.bind_to_any_port("127.0.0.1");
  std::thread serving([&] { gateway.listen_after_bind(); });
  {
    ServiceOptions options = Options();
    options.identity.keys = "http://127.0.0.1:" + std::to_string(port) + "/jwks.json";
    Orders orders(options);
    EXPECT_EQ(List(orders, "cust-000001", {ann_}), grpc::StatusCode::OK) << message_;
    const SigningKey next("k2", "EdDSA");
    current = &next;
    const std::string token = "Bearer " + next.Sign(GoodClaims());
    EXPECT_EQ(List(orders, "cust-000001", {token}), grpc::StatusCode::OK) << message_;
    for (int i = 0; i < 30; ++i) {  // more often than the issuer may be asked
      EXPECT_EQ(List(orders, "cust-000001", {ann_}), grpc::StatusCode::UNAUTHENTICATED) << message_;
    }
  }
  gateway.stop();
  serving.join();
}

TEST_F(OrdersIdentityTest, KeysThatAreNoneAreAMistake) {
  ServiceOptions options = Options();
  for (const char* keys : {"/nowhere/jwks.json", "http://example.com/jwks.json", "ftp://127.0.0.1/"}) {
    options.identity.keys = keys;
    const auto service = orders::OrderService::Create(options);
    ASSERT_FALSE(service.ok()) << keys;
    EXPECT_THAT(std::string(service.status().message()), testing::HasSubstr(keys));
  }
}

}  // namespace
}  // namespace shop::test
