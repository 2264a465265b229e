#include "gateway/embed.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "shop/catalog/v1/catalog.grpc.pb.h"
#include "shop/pricing/v1/pricing.grpc.pb.h"
#include "tests/schema/temp_folder.h"

namespace portico {
namespace {

using ::testing::HasSubstr;

class CatalogService final : public shop::catalog::v1::CatalogService::Service {
  // Of "metadata" the description is the metadata that came with the call.
  ::grpc::Status GetProduct(::grpc::ServerContext* context, const shop::catalog::v1::GetProductRequest* request,
                            shop::catalog::v1::Product* product) override {
    if (request->product_id() == "missing") return {::grpc::StatusCode::NOT_FOUND, "no such product"};
    product->set_product_id(request->product_id());
    product->set_category(shop::catalog::v1::Product::ARCHITECTURE);
    if (request->product_id() != "metadata") return ::grpc::Status::OK;
    for (const auto& [key, value] : context->client_metadata()) {
      for (const ::grpc::string_ref& text : {key, value}) {
        product->mutable_description()->append(text.data(), text.size()).append(" ");
      }
    }
    return ::grpc::Status::OK;
  }

  ::grpc::Status CreateProduct(::grpc::ServerContext*, const shop::catalog::v1::CreateProductRequest* request,
                               shop::catalog::v1::Product* product) override {
    *product = request->product();
    return ::grpc::Status::OK;
  }

  ::grpc::Status ImportProducts(::grpc::ServerContext*,
                                ::grpc::ServerReader<shop::catalog::v1::ImportProductsRequest>* in,
                                shop::catalog::v1::ImportProductsResponse* response) override {
    shop::catalog::v1::ImportProductsRequest request;
    while (in->Read(&request)) response->set_created(response->created() + 1);
    return ::grpc::Status::OK;
  }
};

class PricingService final : public shop::pricing::v1::PricingService::Service {
 public:
  std::atomic<int> cancelled{0};

 private:
  // Two prices; then waits for the caller to leave, if it is the "endless" product.
  ::grpc::Status WatchPrice(::grpc::ServerContext* context, const shop::pricing::v1::WatchPriceRequest* request,
                            ::grpc::ServerWriter<shop::pricing::v1::Price>* out) override {
    shop::pricing::v1::Price price;
    price.set_product_id(request->product_id());
    out->Write(price);
    price.set_discount_percent(5);
    out->Write(price);
    if (request->product_id() != "endless") return {::grpc::StatusCode::ABORTED, "enough"};
    while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ++cancelled;
    return ::grpc::Status::CANCELLED;
  }
};

// An application: a gRPC service, and an HTTP server that has a page of its own.
class EmbedTest : public ::testing::Test {
 protected:
  EmbedTest() {
    ::grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    builder.RegisterService(&pricing_);
    grpc_ = builder.BuildAndStart();
    http_.Get("/own", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("the application's", "text/plain");
    });
  }

  ~EmbedTest() override {
    http_.stop();
    if (thread_.joinable()) thread_.join();
    embedded_.reset();
    grpc_->Shutdown();
  }

  absl::Status Mount(const std::string& keys = "") {
    EmbedOptions options;
    options.services = {"shop.catalog.v1.CatalogService", "shop.pricing.v1.PricingService"};
    options.channel = grpc_->InProcessChannel({});
    options.frontend_keys = keys;
    return Mount(options);
  }

  absl::Status Mount(const EmbedOptions& options) {
    absl::StatusOr<std::unique_ptr<Embedded>> embedded = Embedded::Mount(http_, options);
    if (!embedded.ok()) return embedded.status();
    embedded_ = *std::move(embedded);
    port_ = http_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { http_.listen_after_bind(); });
    while (!http_.is_running()) std::this_thread::yield();
    return absl::OkStatus();
  }

  httplib::Result Get(const std::string& path) { return httplib::Client("127.0.0.1", port_).Get(path); }

  CatalogService service_;
  PricingService pricing_;
  std::unique_ptr<::grpc::Server> grpc_;
  httplib::Server http_;
  std::unique_ptr<Embedded> embedded_;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(EmbedTest, AServiceOfTheProgramAnswersRest) {
  const absl::Status mounted = Mount();
  ASSERT_TRUE(mounted.ok()) << mounted;
  const httplib::Result found = Get("/v1/products/a%2Fb?pretty=false");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->status, 200);
  EXPECT_EQ(found->body, R"({"productId":"a/b","category":"ARCHITECTURE"})");
  EXPECT_EQ(found->get_header_value("Content-Type"), "application/json");
  EXPECT_TRUE(found->has_header("X-Request-Id"));
  EXPECT_EQ(found->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(Get("/v1/products/missing")->body, R"({"code":5,"message":"no such product"})");
  EXPECT_EQ(Get("/v1/products/x?colour=red")->status, 400);
  EXPECT_EQ(httplib::Client("127.0.0.1", port_).Post("/v1/products", "{", "application/json")->status, 400);
}

TEST_F(EmbedTest, StreamsPassBothWays) {
  ASSERT_TRUE(Mount().ok());
  EXPECT_EQ(Get("/v1/products/x/price:watch")->body,
            "{\"productId\":\"x\"}\n{\"productId\":\"x\",\"discountPercent\":5}\n"
            "{\"error\":{\"code\":10,\"message\":\"enough\"}}\n");
  httplib::Client client("127.0.0.1", port_);
  EXPECT_EQ(client.Post("/v1/products:import", "{}\n{}\n", "application/x-ndjson")->body, R"({"created":"2"})");
}

TEST_F(EmbedTest, AClientThatLeavesAStreamEndsIt) {
  ASSERT_TRUE(Mount().ok());
  std::string received;
  const httplib::Result left =
      httplib::Client("127.0.0.1", port_).Get("/v1/products/endless/price:watch", [&](const char* bytes, size_t size) {
        received.append(bytes, size);
        return received.find("discountPercent") == std::string::npos;
      });
  EXPECT_FALSE(left);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (pricing_.cancelled == 0 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_EQ(pricing_.cancelled, 1);
}

TEST_F(EmbedTest, OtherPathsAndVerbs) {
  ASSERT_TRUE(Mount().ok());
  EXPECT_EQ(Get("/own")->body, "the application's");
  EXPECT_EQ(Get("/nothing")->status, 404);
  const httplib::Result wrong = httplib::Client("127.0.0.1", port_).Put("/v1/products/x", "{}", "application/json");
  EXPECT_EQ(wrong->status, 405);
  EXPECT_EQ(wrong->get_header_value("Allow"), "DELETE, GET, HEAD, PATCH");
}

// What httplib does to requests and answers by itself, and must not do to ours.
TEST_F(EmbedTest, RequestsArriveAndAnswersLeaveAsTheyAre) {
  ASSERT_TRUE(Mount("limits: { body_bytes: 200 }, errors: problem").ok());
  const std::string whole = R"({"productId":"x","category":"ARCHITECTURE"})";
  const std::string form =
      "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA\r\n"
      "--b\r\nContent-Disposition: form-data; name=\"page_count\"\r\n\r\n7\r\n--b--\r\n";
  const struct {
    const char* what;
    const char* method;
    const char* path;
    httplib::Headers headers;
    std::string body;
    int status;
    std::string answer;  // a part of it
  } rows[] = {
      {"a range", "GET", "/v1/products/x", {{"Range", "bytes=0-9"}}, "", 200, whole},
      {"a range of an error", "GET", "/v1/products/missing", {{"Range", "bytes=0-9"}}, "", 404, "no such product\""},
      {"an end of line", "GET", "/v1/products/a%0Ab", {}, "", 200, R"("productId":"a\nb")"},
      {"a form",
       "POST",
       "/v1/products",
       {{"Content-Type", "multipart/form-data; boundary=b"}},
       form,
       200,
       R"({"title":"A","pageCount":7})"},
      {"a body of the limit", "POST", "/v1/products", {}, R"({"title":")" + std::string(188, 'x') + "\"}", 200, "xxx"},
      {"a larger one", "POST", "/v1/products", {}, R"({"title":")" + std::string(189, 'x') + "\"}", 413, "too large"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    httplib::Request request;
    request.method = row.method;
    request.path = row.path;
    request.headers = row.headers;
    request.body = row.body;
    if (!row.body.empty() && row.headers.empty()) request.set_header("Content-Type", "application/json");
    httplib::Client client("127.0.0.1", port_);
    client.set_url_encode(false);
    const httplib::Result result = client.send(request);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, row.status) << result->body;
    EXPECT_THAT(result->body, HasSubstr(row.answer));
    EXPECT_FALSE(result->has_header("Content-Range"));
    EXPECT_EQ(result->get_header_value("Content-Type"),
              row.status < 400 ? "application/json" : "application/problem+json");
  }
}

// Forty milliseconds each, when a part of an answer waits for the one before to be acknowledged.
TEST_F(EmbedTest, AnswersOnOneConnectionDoNotWait) {
  ASSERT_TRUE(Mount().ok());
  httplib::Client client("127.0.0.1", port_);
  client.set_keep_alive(true);
  ASSERT_TRUE(client.Get("/v1/products/x"));
  auto fastest = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 20; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(client.Get("/v1/products/x"));
    fastest = std::min(fastest, std::chrono::steady_clock::now() - begin);
  }
  EXPECT_LT(fastest, std::chrono::milliseconds(20));
}

TEST_F(EmbedTest, PathsOfTheApplicationStayItsOwn) {
  http_.Post("/v1/products",
             [](const httplib::Request&, httplib::Response& response) { response.set_content("taken", "text/plain"); });
  ASSERT_TRUE(Mount().ok());
  EXPECT_EQ(httplib::Client("127.0.0.1", port_).Post("/v1/products", "{}", "application/json")->body, "taken");
}

TEST_F(EmbedTest, AFrontendsKeysHold) {
  ASSERT_TRUE(Mount("errors: problem, json: { names: proto }").ok());
  EXPECT_EQ(Get("/v1/products/x")->body, R"({"product_id":"x","category":"ARCHITECTURE"})");
  EXPECT_EQ(Get("/v1/products/missing")->get_header_value("Content-Type"), "application/problem+json");
}

// What a client says of itself reaches the services of the program no more than those of `portico serve`.
TEST_F(EmbedTest, IdentityHeadersFromOutsideAreStripped) {
  const testing::TempFolder folder;
  folder.Write("keys.yaml", "keys: []\n");
  ASSERT_TRUE(Mount("auth: { default: public, api_keys: '" + folder.Path("keys.yaml") + "' }").ok());
  const httplib::Headers headers = {{"Grpc-Metadata-Authorization", "Bearer made-up"},
                                    {"Grpc-Metadata-X-User-Id", "made-up"},
                                    {"Grpc-Metadata-Cookie", "made-up"},
                                    {"X-Forwarded-User", "made-up"},
                                    {"X-User-Id", "made-up"},
                                    {"Grpc-Metadata-X-Tag", "kept"}};
  httplib::Client client("127.0.0.1", port_);
  const httplib::Result rest = client.Get("/v1/products/metadata", headers);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->status, 200);
  EXPECT_THAT(rest->body, HasSubstr("x-tag kept"));
  EXPECT_THAT(rest->body, ::testing::Not(HasSubstr("made-up")));
  httplib::Headers connect = headers;
  connect.emplace("Connect-Protocol-Version", "1");
  connect.emplace("X-Plain", "kept");
  const httplib::Result rpc = client.Post("/shop.catalog.v1.CatalogService/GetProduct", connect,
                                          R"({"productId": "metadata"})", "application/json");
  ASSERT_TRUE(rpc);
  EXPECT_EQ(rpc->status, 200) << rpc->body;
  EXPECT_THAT(rpc->body, HasSubstr("x-plain kept"));
  EXPECT_THAT(rpc->body, ::testing::Not(HasSubstr("made-up")));
  // A key that nobody knows is refused, not handed on.
  EXPECT_EQ(client.Get("/v1/products/metadata", {{"X-Api-Key", "made-up"}})->status, 401);
}

TEST_F(EmbedTest, SecurityHeadersUnlessTheApplicationSetsItsOwn) {
  ASSERT_TRUE(Mount("security_headers: none").ok());
  const httplib::Result bare = Get("/v1/products/x");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->status, 200);
  for (const char* header : {"X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"}) {
    EXPECT_FALSE(bare->has_header(header)) << header;
  }
}

TEST_F(EmbedTest, ManyRequestsAtOnce) {
  ASSERT_TRUE(Mount().ok());
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      httplib::Client client("127.0.0.1", port_);
      for (int j = 0; j < 50; ++j) {
        const httplib::Result result = client.Get("/v1/products/x");
        good += result && result->status == 200;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 400);
}

TEST_F(EmbedTest, MistakesAreTold) {
  EXPECT_THAT(std::string(Mount("errors: loud").message()), HasSubstr("errors"));
  EmbedOptions unknown;
  unknown.services = {"no.such.Service"};
  unknown.channel = grpc_->InProcessChannel({});
  EXPECT_EQ(Mount(unknown).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Mount(EmbedOptions()).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EmbedTest, AFrontendOfAConfiguration) {
  const testing::TempFolder folder;
  folder.Write("proto/t.proto", "syntax = \"proto3\"; package t; message M {} service S { rpc Do(M) returns (M); }\n");
  EmbedOptions options;
  options.config = folder.Write("portico.yaml",
                                "contracts: [ { protos: proto } ]\n"
                                "clusters: { t: { target: 'unix:nobody', services: [ t.S ] } }\n"
                                "frontends: [ { name: a, listen: '127.0.0.1:0', expose: [ t.S ] } ]\n");
  options.frontend = "a";
  const absl::Status mounted = Mount(options);
  ASSERT_TRUE(mounted.ok()) << mounted;
  EXPECT_EQ(httplib::Client("127.0.0.1", port_).Post("/t.S/Do", "{}", "application/json")->status, 503);
}

}  // namespace
}  // namespace portico
