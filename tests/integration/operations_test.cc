// What operators and browsers see of a running gateway: the admin pages, the access log, CORS, the forms of errors and
// of JSON, the limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr char kBook[] = "/v1/products/pojos-in-action";

TEST(OperationsTest, AdminPages) {
  const ShopBehindGateway behind;
  const std::string& admin = behind.gateway->admin();
  EXPECT_EQ(Get(admin, "/healthz").status, 200);
  EXPECT_EQ(Get(admin, "/readyz").status, 200);
  EXPECT_EQ(Get(admin, "/nothing").status, 404);

  const Json routes = Get(admin, "/routes").json();
  const Json page = {{"frontend", "web"},
                     {"verb", "GET"},
                     {"path", "/v1/products/{product_id}/page"},
                     {"rpc", "shop.web.v1.WebStore/GetProductPage"},
                     {"target", "facade"}};
  EXPECT_THAT(routes, testing::Contains(page));
  EXPECT_THAT(routes, SizeIs(testing::Ge(17u)));

  Json clusters = Get(admin, "/clusters").json();
  ASSERT_THAT(clusters, SizeIs(7));
  EXPECT_EQ(clusters[0]["cluster"], "catalog");
  EXPECT_EQ(clusters[0]["target"], behind.shop.address("catalog"));
}

TEST(OperationsTest, MetricsCountRequestsByMethod) {
  const ShopBehindGateway behind;
  for (int i = 0; i < 3; ++i) Get(behind.address(), kBook);
  Get(behind.address(), "/v1/nothing");
  Send(behind.address(), "GET", "/v1/products/none");
  const Answer metrics = GetUntil(behind.gateway->admin(), "/metrics", [](const Answer& answer) {
    return absl::StrContains(answer.body,
                             "portico_request_duration_seconds_count{frontend=\"web\","
                             "rpc=\"shop.catalog.v1.CatalogService/GetProduct\"} 4");
  });
  EXPECT_THAT(metrics.Header("Content-Type"), HasSubstr("text/plain"));
  EXPECT_THAT(metrics.body, HasSubstr("portico_requests_in_flight{frontend=\"web\"} 0"));
  EXPECT_THAT(metrics.body, HasSubstr("process_resident_memory_bytes "));
}

TEST(OperationsTest, TheAccessLogHasALineForEachRequest) {
  ShopBehindGateway behind;
  const Answer answer = Get(behind.address(), absl::StrCat(kBook, "?fields=title"),
                            {{"X-Request-Id", "my-request"}, {"User-Agent", "tester \"1\""}});
  EXPECT_EQ(answer.Header("X-Request-Id"), "my-request");
  const auto of = [](const std::string& id) {
    return [id](const Json& line) { return line.value("request_id", "") == id; };
  };
  const Json line = behind.gateway->LogLine(of("my-request"));
  ASSERT_TRUE(line.is_object());
  EXPECT_EQ(line["frontend"], "web");
  EXPECT_EQ(line["method"], "GET");
  EXPECT_EQ(line["path"], kBook) << "without the query, which may hold secrets";
  EXPECT_EQ(line["route"], "/v1/products/{product_id}");
  EXPECT_EQ(line["rpc"], "shop.catalog.v1.CatalogService/GetProduct");
  EXPECT_EQ(line["status"], 200);
  EXPECT_EQ(line["code"], "OK");
  EXPECT_EQ(line["bytes"], answer.body.size());
  EXPECT_GT(line["duration_us"], 0);
  EXPECT_EQ(line["user_agent"], "tester \"1\"");

  behind.shop.Kill("orders");
  const Answer page = Get(behind.address(), absl::StrCat(kBook, "/page?customer_id=1"));
  const Json partial = behind.gateway->LogLine(of(page.Header("X-Request-Id")));
  EXPECT_EQ(partial["omitted"], "purchases;reason=unavailable");
  EXPECT_EQ(partial["status"], 200);

  Connection connection(behind.address());
  connection.Send("nonsense\r\n\r\n");
  EXPECT_TRUE(connection.Receive().has_value());
  const Json refused = behind.gateway->LogLine([](const Json& each) { return each.contains("refused"); });
  EXPECT_EQ(refused["status"], 400);
  EXPECT_EQ(refused["code"], "INVALID_ARGUMENT");
}

TEST(OperationsTest, BrowsersOfAllowedOriginsAreLetIn) {
  const ShopBehindGateway behind(
      "    cors: { origins: [\"http://localhost:8000\"], credentials: true, max_age: 10m }\n"
      "    limits: { body_bytes: 1000 }\n");
  const Answer preflight = Send(behind.address(), "OPTIONS", kBook,
                                {{"Origin", "http://localhost:8000"},
                                 {"Access-Control-Request-Method", "PATCH"},
                                 {"Access-Control-Request-Headers", "content-type, x-request-id"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Origin"), "http://localhost:8000");
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Credentials"), "true");
  EXPECT_THAT(preflight.Header("Access-Control-Allow-Methods"), HasSubstr("PATCH"));
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Headers"), "content-type, x-request-id");
  EXPECT_EQ(preflight.Header("Access-Control-Max-Age"), "600");
  EXPECT_THAT(preflight.Header("Vary"), HasSubstr("Origin"));

  for (const char* target : {kBook, "/v1/products/none", "/v1/nothing", "/v1/products?page_size=x"}) {
    const Answer simple = Get(behind.address(), target, {{"Origin", "http://localhost:8000"}});
    EXPECT_EQ(simple.Header("Access-Control-Allow-Origin"), "http://localhost:8000")
        << "a page must be able to read errors, too: " << target;
    EXPECT_THAT(simple.Header("Access-Control-Expose-Headers"), HasSubstr("Portico-Omitted"));
  }

  // Which no middleware sees.
  const std::string long_body(1001, ' ');
  const Answer refused =
      Send(behind.address(), "POST", "/v1/products", {{"Origin", "http://localhost:8000"}}, long_body);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.Header("Access-Control-Allow-Origin"), "http://localhost:8000");
  EXPECT_EQ(refused.Header("Access-Control-Allow-Credentials"), "true");

  const Answer foreign = Get(behind.address(), kBook, {{"Origin", "http://evil.example"}});
  EXPECT_EQ(foreign.status, 200);
  EXPECT_EQ(foreign.Header("Access-Control-Allow-Origin"), "");
  EXPECT_THAT(foreign.Header("Vary"), HasSubstr("Origin"));
  const Answer foreign_preflight =
      Send(behind.address(), "OPTIONS", kBook,
           {{"Origin", "http://evil.example"}, {"Access-Control-Request-Method", "PATCH"}});
  EXPECT_EQ(foreign_preflight.Header("Access-Control-Allow-Origin"), "");
}

// One gateway, an API for each kind of client.
TEST(OperationsTest, FrontendsHaveFormsOfTheirOwn) {
  TempFolder folder;
  Shop shop;
  shop.StartAll();
  const Gateway gateway(folder.Write(
      "portico.yaml", absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/proto\n", shop.Clusters(), R"(
frontends:
  - name: google
    listen: 127.0.0.1:0
    expose: ["*"]
    errors: google
    json: { unpopulated: emit, enums: number, int64: number, names: proto, unknown_fields: warn }
  - name: problem
    listen: 127.0.0.1:0
    expose: ["shop.catalog.*", "shop.pricing.v1.PricingService/GetPrice"]
    errors: problem
    json: { unknown_fields: ignore }
admin: { listen: 127.0.0.1:0 }
)")));
  const std::string& google = gateway.address("google");
  const std::string& problem = gateway.address("problem");

  const Answer google_error = Get(google, "/v1/products?page_size=x");
  EXPECT_EQ(google_error.status, 400);
  const Json error = google_error.json()["error"];
  EXPECT_EQ(error["code"], 400);
  EXPECT_EQ(error["status"], "INVALID_ARGUMENT");
  EXPECT_EQ(error["details"][0]["fieldViolations"][0]["field"], "page_size");
  EXPECT_EQ(Get(google, "/v1/products/none").json()["error"]["status"], "NOT_FOUND");

  const Answer problem_error = Get(problem, "/v1/products/none");
  EXPECT_EQ(problem_error.status, 404);
  EXPECT_EQ(problem_error.Header("Content-Type"), "application/problem+json");
  EXPECT_EQ(problem_error.json()["type"], "about:blank");
  EXPECT_EQ(problem_error.json()["status"], 404);
  EXPECT_EQ(problem_error.json()["title"], "Not Found");
  EXPECT_EQ(problem_error.json()["code"], "NOT_FOUND");
  // Also what a listener refuses by itself.
  Connection connection(problem);
  connection.Send("nonsense\r\n\r\n");
  const auto refused = connection.Receive();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->Header("Content-Type"), "application/problem+json");

  const Json price = Get(google, absl::StrCat(kBook, "/price")).json();
  EXPECT_EQ(price["discount_percent"], 20);
  EXPECT_EQ(price["price"]["units"], 35);
  EXPECT_EQ(Get(google, kBook).json()["category"], 2);
  const Answer posted = Post(google, "/v1/products", {{"title", "Emitted"}, {"colour", "red"}});
  EXPECT_EQ(posted.status, 200) << posted.body;
  EXPECT_EQ(posted.Header("Portico-Warning"), "product.colour");
  EXPECT_EQ(posted.json()["page_count"], 0);
  EXPECT_EQ(posted.json()["authors"], Json::array());
  const Answer ignored = Post(problem, "/v1/products", {{"title", "Ignored"}, {"colour", "red"}});
  EXPECT_EQ(ignored.status, 200);
  EXPECT_EQ(ignored.Header("Portico-Warning"), "");

  EXPECT_EQ(Get(problem, absl::StrCat(kBook, "/price")).status, 200) << "exposed by its name";
  EXPECT_EQ(Get(problem, absl::StrCat(kBook, "/offers")).status, 404) << "and the rest of the service is not";
  EXPECT_EQ(Get(problem, absl::StrCat(kBook, "/page")).status, 404);
}

TEST(OperationsTest, LimitsHold) {
  const ShopBehindGateway behind("    limits: { header_time: 300ms, idle_time: 400ms, in_flight: 1 }\n", "700ms");
  {  // Too slow a head.
    Connection connection(behind.address());
    ASSERT_TRUE(connection.Send("GET / HTTP/1.1\r\nHost:"));
    const auto late = connection.Receive();
    ASSERT_TRUE(late.has_value());
    EXPECT_EQ(late->status, 408);
    EXPECT_EQ(late->json()["code"], 4);
  }
  {  // An idle connection, before and after a request.
    Connection connection(behind.address());
    EXPECT_TRUE(connection.Ends());
    Connection used(behind.address());
    ASSERT_TRUE(used.Send(RequestText("GET", kBook)));
    const auto answer = used.Receive();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200) << "a slow service is not an idle client";
    EXPECT_TRUE(used.Ends());
  }
  {  // One too many at once.
    Connection first(behind.address());
    ASSERT_TRUE(first.Send(RequestText("GET", kBook)));
    GetUntil(behind.gateway->admin(), "/metrics", [](const Answer& answer) {
      return absl::StrContains(answer.body, "portico_requests_in_flight{frontend=\"web\"} 1");
    });
    const Answer second = Get(behind.address(), kBook);
    EXPECT_EQ(second.status, 503);
    EXPECT_EQ(second.Header("Retry-After"), "1");
    const auto answer = first.Receive();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200);
  }
}

TEST(OperationsTest, RequestsMayComeInAnyPieces) {
  const ShopBehindGateway behind;
  const std::string body = R"({"rating": 4, "title": "In pieces"})";
  const std::string reviews = absl::StrCat("POST ", kBook, "/reviews HTTP/1.1\r\nHost: a\r\n");
  {  // Byte by byte.
    Connection connection(behind.address());
    for (const char byte : absl::StrCat(reviews, "Content-Length: ", body.size(), "\r\n\r\n", body)) {
      ASSERT_TRUE(connection.Send(absl::string_view(&byte, 1)));
    }
    const auto answer = connection.Receive();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->json()["title"], "In pieces") << answer->body;
  }
  {  // In chunks, with an extension and a trailer.
    Connection connection(behind.address());
    connection.Send(absl::StrCat(reviews, "Transfer-Encoding: chunked\r\n\r\n", absl::Hex(10), ";x=y\r\n",
                                 body.substr(0, 10), "\r\n", absl::Hex(body.size() - 10), "\r\n", body.substr(10),
                                 "\r\n0\r\nX-Sum: 1\r\n\r\n"));
    const auto answer = connection.Receive();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200) << answer->body;
  }
  {  // After having asked.
    Connection connection(behind.address());
    connection.Send(absl::StrCat(reviews, "Content-Length: ", body.size(), "\r\nExpect: 100-continue\r\n\r\n"));
    const auto go_on = connection.Receive();
    ASSERT_TRUE(go_on.has_value());
    EXPECT_EQ(go_on->status, 100);
    connection.Send(body);
    const auto answer = connection.Receive();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200) << answer->body;
  }
  {  // By a client of another age.
    Connection connection(behind.address());
    connection.Send(absl::StrCat("GET ", kBook, " HTTP/1.0\r\n\r\n"));
    const auto answer = connection.Receive();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200);
    EXPECT_TRUE(connection.Ends());
  }
}

TEST(OperationsTest, AnAddressThatIsTakenIsAMistakeWithAPlace) {
  const ShopBehindGateway behind;
  TempFolder folder;
  std::string config = ShopConfig(behind.shop);
  const std::string anywhere = "listen: 127.0.0.1:0";
  config.replace(config.find(anywhere), anywhere.size(), "listen: " + behind.gateway->admin());
  const std::string path = folder.Write("portico.yaml", config);
  const Finished serve = RunToEnd({PORTICO_BINARY, "serve", path});
  EXPECT_EQ(serve.exit, 1);
  const auto line =
      1 + std::count(config.begin(), config.begin() + static_cast<ptrdiff_t>(config.find("listen")), '\n');
  EXPECT_THAT(serve.error, HasSubstr(absl::StrCat(path, ":", line, ":")));
  EXPECT_THAT(serve.error, HasSubstr(behind.gateway->admin()));
  EXPECT_THAT(serve.error, Not(HasSubstr("serving")));
}

}  // namespace
}  // namespace portico::integration
