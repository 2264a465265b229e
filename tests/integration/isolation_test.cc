// What a frontend does not expose cannot be reached through it, in whatever way it is asked for.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/integration/demo.h"

namespace portico::integration {
namespace {

// A method of the shop: where it is, once everything is exposed, and by what.
struct Method {
  std::string verb;
  std::string path;  // with values for its variables
  std::string rpc;   // "shop.catalog.v1.CatalogService/GetProduct"
};

// One way to ask for something.
struct Attempt {
  std::string name;
  std::string verb;
  std::string target;
  Headers headers = {};
  std::string body = "";
};

const Headers kJson = {{"Content-Type", "application/json"}};

std::string Encoded(absl::string_view path, absl::string_view characters, bool twice) {
  std::string encoded;
  for (const char c : path) {
    if (absl::StrContains(characters, c)) {
      absl::StrAppend(&encoded, twice ? "%25" : "%", absl::BytesToHexString(absl::string_view(&c, 1)));
    } else {
      encoded += c;
    }
  }
  return encoded;
}

// Other spellings of a path, some of which another server would take for it.
std::vector<std::pair<std::string, std::string>> Spellings(const std::string& path, const std::string& exposed) {
  const std::string rest = path.substr(1);
  std::vector<std::pair<std::string, std::string>> spellings = {
      {"as it is", path},
      {"slashes encoded", absl::StrCat("/", Encoded(rest, "/", false))},
      {"slashes encoded twice", absl::StrCat("/", Encoded(rest, "/", true))},
      {"all slashes encoded", Encoded(path, "/", false)},
      {"letters encoded", Encoded(path, "aeopv", false)},
      {"letters encoded twice", Encoded(path, "aeopv", true)},
      {"dots and colons encoded", Encoded(path, ".:", false)},
      {"upper case", absl::AsciiStrToUpper(path)},
      {"lower case with a doubled slash", absl::StrCat("//", absl::AsciiStrToLower(rest))},
      {"doubled slashes", absl::StrReplaceAll(path, {{"/", "//"}})},
      {"a slash more", absl::StrCat(path, "/")},
      {"a dot segment", absl::StrCat("/.", path)},
      {"a dot segment, encoded", absl::StrCat("/%2e", path)},
      {"up from nowhere", absl::StrCat("/nowhere/..", path)},
      {"up from nowhere, encoded", absl::StrCat("/nowhere/%2e%2e", path)},
      {"up above the root", absl::StrCat("/../..", path)},
      {"up from what is exposed", absl::StrCat(exposed, "/../../../..", path)},
      {"up from what is exposed, encoded", absl::StrCat(exposed, "/%2e%2e/%2e%2e/%2e%2e/%2e%2e", path)},
      {"up from what is exposed, slashes too",
       absl::StrCat(exposed, "%2f..%2f..%2f..%2f..", Encoded(path, "/", false))},
      {"behind what is exposed", absl::StrCat(exposed, path)},
      {"behind a parameter", absl::StrCat(exposed, ";", path)},
      {"a parameter", absl::StrCat(path, ";x=1")},
      {"backslashes", absl::StrReplaceAll(path, {{"/", "\\"}})},
      {"a zero byte", absl::StrCat(path, "%00")},
      {"a fragment", absl::StrCat(exposed, "#", path)},
      {"absolute", absl::StrCat("http://localhost", path)},
      {"absolute, of another host", absl::StrCat("http://catalog.internal:5101", path)},
      {"as a question", absl::StrCat(exposed, "?path=", path)},
      {"overlong UTF-8", absl::StrReplaceAll(path, {{"/", "%c0%af"}})},
  };
  return spellings;
}

Headers With(Headers headers, const Headers& more) {
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

std::string Enveloped(absl::string_view message) {
  std::string frame(1, '\0');
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(message.size() >> shift & 0xff);
  return absl::StrCat(frame, message);
}

// Every way to ask for a method. `exposed` is a path that the frontend answers.
std::vector<Attempt> Attempts(const Method& method, const std::string& exposed, const std::string& exposed_rpc) {
  std::vector<Attempt> attempts;
  const bool has_body = method.verb != "GET" && method.verb != "DELETE";
  const std::string body = has_body ? "{}" : "";
  const Headers plain = has_body ? kJson : Headers{};
  for (const auto& [name, target] : Spellings(method.path, exposed)) {
    attempts.push_back({name, method.verb, target, plain, body});
  }
  for (const char* verb : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"}) {
    attempts.push_back({absl::StrCat("verb ", verb), verb, method.path});
  }
  for (const char* header : {"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"}) {
    attempts.push_back({header, "POST", method.path, With(kJson, {{header, method.verb}}), "{}"});
  }
  for (const char* header : {"X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Path"}) {
    attempts.push_back({header, "GET", "/", {{header, method.path}}});
  }
  attempts.push_back({"_method", "POST", absl::StrCat(method.path, "?_method=", method.verb), kJson, "{}"});
  attempts.push_back({"preflight",
                      "OPTIONS",
                      method.path,
                      {{"Origin", "http://localhost:8000"}, {"Access-Control-Request-Method", method.verb}}});
  attempts.push_back({"events", "GET", method.path, {{"Accept", "text/event-stream"}}});
  attempts.push_back({"WebSocket",
                      "GET",
                      method.path,
                      {{"Connection", "Upgrade"},
                       {"Upgrade", "websocket"},
                       {"Sec-WebSocket-Version", "13"},
                       {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}}});

  const std::string rpc = absl::StrCat("/", method.rpc);
  for (const auto& [name, target] : Spellings(rpc, exposed_rpc)) {
    attempts.push_back({absl::StrCat("RPC ", name), "POST", target, kJson, "{}"});
    attempts.push_back(
        {absl::StrCat("Connect ", name), "POST", target, With(kJson, {{"Connect-Protocol-Version", "1"}}), "{}"});
    attempts.push_back({absl::StrCat("gRPC-Web ", name),
                        "POST",
                        target,
                        {{"Content-Type", "application/grpc-web+proto"}, {"X-Grpc-Web", "1"}},
                        Enveloped("")});
  }
  const std::string query = "?connect=v1&encoding=json&message=%7B%7D";
  attempts.push_back({"Connect GET", "GET", absl::StrCat(rpc, query)});
  attempts.push_back(
      {"Connect GET with a header", "GET", absl::StrCat(rpc, query), {{"Connect-Protocol-Version", "1"}}});
  const struct {
    const char* type;
    std::string body;
  } types[] = {{"application/proto", ""},
               {"application/connect+json", Enveloped("{}")},
               {"application/connect+proto", Enveloped("")},
               {"application/grpc", Enveloped("")},
               {"application/grpc+json", Enveloped("{}")},
               {"application/grpc-web+json", Enveloped("{}")},
               {"application/grpc-web-text", absl::Base64Escape(Enveloped(""))},
               {"application/x-www-form-urlencoded", "product_id=pojos-in-action"}};
  for (const auto& type : types) {
    attempts.push_back({type.type, "POST", rpc, {{"Content-Type", type.type}}, type.body});
    attempts.push_back({absl::StrCat(type.type, " as Connect"),
                        "POST",
                        rpc,
                        {{"Content-Type", type.type}, {"Connect-Protocol-Version", "1"}, {"TE", "trailers"}},
                        type.body});
  }
  attempts.push_back({"RPC by WebSocket",
                      "GET",
                      rpc,
                      {{"Connection", "Upgrade"},
                       {"Upgrade", "websocket"},
                       {"Sec-WebSocket-Version", "13"},
                       {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}}});
  return attempts;
}

// Why an answer is no refusal; empty when it is one. gRPC-Web and Connect's streams are refused with status 200.
std::string NotRefused(const Answer& answer) {
  if (answer.status == 0) return "the connection ended without an answer";
  if (answer.status < 200) return "another protocol was agreed on";
  for (const char* secret : {"POJOs", "127.0.0.1", "ipv4:"}) {
    if (absl::StrContains(answer.body, secret)) return absl::StrCat("it says ", secret);
  }
  if (answer.status >= 400) return "";
  if (answer.status != 200) return "it is no error";
  const std::string type = answer.Header("Content-Type");
  if (absl::StartsWith(type, "application/grpc")) {
    const std::string status = answer.Header("grpc-status");
    if (!status.empty()) return status == "12" || status == "5" || status == "3" ? "" : "another grpc-status";
    std::string body = answer.body;
    if (absl::StrContains(type, "text")) absl::Base64Unescape(answer.body, &body);
    return absl::StrContains(body, "grpc-status: 12") || absl::StrContains(body, "grpc-status:12") ? "" : "it succeeds";
  }
  if (absl::StartsWith(type, "application/connect+")) {
    return absl::StrContains(answer.body, R"({"error":{"code":"unimplemented")") ? "" : "it succeeds";
  }
  return "it succeeds";
}

class IsolationTest : public testing::Test {
 protected:
  IsolationTest() {
    shop_.StartAll();
    // As in the demo, but that the web frontend exposes its own facade alone; one that exposes
    // everything; and no limit that would refuse instead.
    std::string config =
        absl::StrReplaceAll(DemoConfig(shop_), {{"expose: [\"shop.*\"]", "expose: [shop.web.v1.WebStore]"},
                                                {"rate: 50, burst: 100", "rate: 1000000, burst: 1000000"}});
    absl::StrReplaceAll({{"frontends:\n", "frontends:\n  - name: all\n    listen: 127.0.0.1:0\n    expose: [\"*\"]\n"}},
                        &config);
    config_ = folder_.Write("portico.yaml", config);
    gateway_ = std::make_unique<Gateway>(config_);
    const Finished routes = RunToEnd({PORTICO_BINARY, "routes", config_});
    for (const absl::string_view line : absl::StrSplit(routes.out, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> cells = absl::StrSplit(line, '\t');
      if (cells.size() < 4) continue;
      exposed_[cells[0]].insert(cells[3]);
      if (cells[0] != "all") continue;
      methods_.push_back({cells[1],
                          absl::StrReplaceAll(cells[2], {{"{product_id}", "pojos-in-action"},
                                                         {"{product.product_id}", "pojos-in-action"},
                                                         {"{order.customer_id}", "1"},
                                                         {"{customer_id}", "1"},
                                                         {"{order_id}", "ord-000001"},
                                                         {"{seller_id}", "paper-harbour"},
                                                         {"{reservation_id}", "res-000001"}}),
                          cells[3]});
    }
  }

  // What the services say of everything that an attempt could have changed.
  std::string State() {
    std::string state;
    for (const char* target :
         {"/v1/products/pojos-in-action", "/v1/products/pojos-in-action/price", "/v1/products/pojos-in-action/stock",
          "/v1/products/pojos-in-action/reviews", "/v1/customers/1/orders", "/v1/products?page_size=100"}) {
      const Answer answer = Get(gateway_->address("all"), target);
      EXPECT_EQ(answer.status, 200) << target;
      absl::StrAppend(&state, answer.body, "\n");
    }
    return state;
  }

  // Asks on one connection for as long as that lasts.
  Answer Ask(const std::string& frontend, const Attempt& attempt) {
    Headers headers = attempt.headers;
    if (frontend == "partner") headers.emplace_back("X-Api-Key", kPartnerKey);
    const std::string text = RequestText(attempt.verb, attempt.target, headers, attempt.body);
    for (int again = 0; again < 2; ++again) {
      if (!connection_.has_value()) connection_.emplace(gateway_->address(frontend));
      std::optional<Answer> answer;
      if (connection_->Send(text)) answer = connection_->Receive(attempt.verb == "HEAD");
      if (!answer.has_value() || answer->status < 200 || answer->Header("Connection") == "close") connection_.reset();
      if (answer.has_value()) return *std::move(answer);
    }
    return Answer();
  }

  TempFolder folder_;
  Shop shop_;
  std::string config_;
  std::unique_ptr<Gateway> gateway_;
  std::map<std::string, std::set<std::string>> exposed_;
  std::vector<Method> methods_;
  std::optional<Connection> connection_;
};

const struct Face {
  const char* frontend;
  const char* exposed;
  const char* rpc;
} kFaces[] = {
    {"web", "/v1/products/none/page", "/shop.web.v1.WebStore/GetProductPage"},
    {"mobile", "/mobile/v1/products/none", "/shop.mobile.v1.MobileStore/GetProduct"},
    {"partner", "/partner/v1/products/none", "/shop.partner.v1.PartnerStore/GetProduct"},
};

TEST_F(IsolationTest, NoMethodThatIsNotExposedIsReachedInAnyWay) {
  ASSERT_GE(methods_.size(), 30u);
  std::vector<Method> methods = methods_;
  // Of services that no frontend ever exposes.
  for (const char* rpc :
       {"grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "grpc.health.v1.Health/Check",
        "portico.Admin/Config", "google.longrunning.Operations/GetOperation"}) {
    methods.push_back({"POST", absl::StrCat("/", rpc), rpc});
  }
  const std::string before = State();
  size_t asked = 0;
  for (const Face& face : kFaces) {
    connection_.reset();
    ASSERT_FALSE(exposed_[face.frontend].empty());
    for (const Method& method : methods) {
      if (exposed_[face.frontend].contains(method.rpc)) continue;
      for (const Attempt& attempt : Attempts(method, face.exposed, face.rpc)) {
        const Answer answer = Ask(face.frontend, attempt);
        const std::string why = NotRefused(answer);
        EXPECT_EQ(why, "") << face.frontend << ", " << method.rpc << ", " << attempt.name << ": " << attempt.verb << " "
                           << attempt.target << "\n"
                           << answer.status << " " << answer.body;
        ++asked;
      }
    }
  }
  EXPECT_GE(asked, 10000u);
  EXPECT_EQ(State(), before) << "and nothing has been changed";
}

// That the attempts are such as succeed where the method is exposed.
TEST_F(IsolationTest, WhatIsExposedIsReached) {
  for (const Method& method : methods_) {
    const Answer answer = Ask("all", {"", "OPTIONS", method.path});
    EXPECT_EQ(answer.status, 204) << method.path;
    EXPECT_TRUE(absl::StrContains(answer.Header("Allow"), method.verb))
        << method.path << ": " << answer.Header("Allow");
  }
  const Method product = {"GET", "/v1/products/pojos-in-action", "shop.catalog.v1.CatalogService/GetProduct"};
  std::set<std::string> reached;
  for (const Attempt& attempt : Attempts(product, "/v1/products/none", "/shop.catalog.v1.CatalogService/GetProduct")) {
    if (!NotRefused(Ask("all", attempt)).empty()) reached.insert(attempt.name);
  }
  for (const char* way : {"as it is", "letters encoded", "verb GET", "verb HEAD", "verb OPTIONS"}) {
    EXPECT_TRUE(reached.contains(way)) << way;
  }
}

// The fields that a frontend's answers may have, and ways to ask for others.
TEST_F(IsolationTest, NoFieldThatIsNotDeclaredIsReached) {
  const struct {
    const char* frontend;
    const char* target;
    std::vector<std::string> fields;
  } cases[] = {
      {"mobile",
       "/mobile/v1/products/pojos-in-action",
       {"description",
        "product.description",
        "isbn",
        "publisher",
        "price.update_time",
        "reviews.body",
        "reviews.customer_id",
        "reviews.customerId",
        "reviews.review_id",
        "rating.histogram",
        "availability.reserved",
        "purchases",
        "offers",
        "sellers",
        "title,description",
        "Title",
        "title.x",
        "15",
        "1",
        "$",
        ".",
        "title,,"}},
      {"partner",
       "/partner/v1/products/pojos-in-action",
       {"product.description", "product.stock.available", "product.stock.reserved", "product.stock.version", "reviews",
        "product.attributes", "product.create_time", "product.createTime", "product.price.update_time",
        "product.price.discount_percent", "product.tags", "customer", "purchases"}},
      {"partner",
       "/partner/v1/products?page_size=2",
       {"products.description", "products.stock.available", "products.attributes", "products.price.product_id",
        "products.*.description", "total_size", "orders"}},
      {"web",
       "/v1/products/pojos-in-action/page",
       {"purchases.card", "sellers.internal", "also_bought.product.description", "also_bought.score",
        "also_bought.price.list_price", "boughtTogether.product.isbn", "cost", "product.*.x"}},
  };
  for (const auto& c : cases) {
    connection_.reset();
    const Answer whole = Ask(c.frontend, {"", "GET", c.target});
    ASSERT_EQ(whole.status, 200) << whole.body;
    const char* joint = absl::StrContains(c.target, '?') ? "&" : "?";
    for (const std::string& field : c.fields) {
      for (const char* name : {"fields", "$fields"}) {
        const Answer answer = Ask(c.frontend, {"", "GET", absl::StrCat(c.target, joint, name, "=", field)});
        EXPECT_EQ(answer.status, 400) << c.frontend << " " << name << "=" << field << ": " << answer.body;
      }
    }
    // Asking for more than there is gives what there is, or nothing.
    const struct {
      const char* name;
      std::string query;
      Headers headers;
    } others[] = {
        {"everything", "fields=*", {}},
        {"everything, by the reserved name", "$fields=*", {}},
        {"a mask in a header", "", {{"X-Goog-FieldMask", "*"}, {"Grpc-Metadata-X-Goog-FieldMask", "*"}}},
        {"another representation", "alt=proto", {}},
        {"unset fields", "unpopulated=emit", {}},
        {"the plan", "explain=1", {}},
        {"the plan, by the reserved name", "$explain=1", {}},
        {"debugging", "debug=1", {}},
        {"a trace", "", {{"X-Debug", "1"}, {"Portico-Explain", "1"}, {"X-Envoy-Force-Trace", "1"}}},
        {"another method", "method=shop.orders.v1.OrderService/ListOrders", {}},
        {"a part's own parameter", "reviews.page_size=100", {}},
        {"a parameter of the service", "view=FULL&read_mask=*", {}},
        {"another form", "", {{"Accept", "application/x-protobuf"}}},
        {"another form, of errors", "fields=nothing", {{"Accept", "application/problem+json"}}},
    };
    std::set<std::string> names;
    const auto collect = [](const Json& json, std::set<std::string>& into, const auto& self) -> void {
      if (!json.is_structured()) return;
      for (const auto& item : json.items()) {
        if (json.is_object()) into.insert(item.key());
        self(item.value(), into, self);
      }
    };
    collect(whole.json(), names, collect);
    for (const auto& other : others) {
      const std::string target = other.query.empty() ? c.target : absl::StrCat(c.target, joint, other.query);
      const Answer answer = Ask(c.frontend, {"", "GET", target, other.headers});
      if (answer.status >= 400 && answer.status < 500) continue;
      ASSERT_EQ(answer.status, 200) << other.name << ": " << answer.body;
      std::set<std::string> shown;
      collect(answer.json(), shown, collect);
      EXPECT_TRUE(std::includes(names.begin(), names.end(), shown.begin(), shown.end()))
          << c.frontend << ", " << other.name << ": " << answer.body;
    }
  }
}

// Operators' pages, contracts and descriptions are the admin server's.
TEST_F(IsolationTest, NoFrontendTellsAboutItself) {
  for (const Face& face : kFaces) {
    connection_.reset();
    for (const char* path :
         {"/", "/routes", "/metrics", "/clusters", "/config", "/healthz", "/readyz", "/console", "/openapi",
          "/openapi.json", "/openapi.yaml", "/swagger.json", "/v1/openapi.json", "/.well-known/openapi", "/descriptors",
          "/contracts.pb", "/favicon.ico", "/explain", "*"}) {
      for (const char* verb : {"GET", "HEAD", "POST", "OPTIONS"}) {
        if (path == std::string("*") && verb == std::string("OPTIONS")) continue;
        const Answer answer = Ask(face.frontend, {"", verb, path});
        EXPECT_GE(answer.status, 400) << face.frontend << " " << verb << " " << path << ": " << answer.body;
      }
    }
    // What it does expose admits to nothing but itself.
    const Answer options = Ask(face.frontend, {"", "OPTIONS", face.exposed});
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.Header("Allow"), "GET, HEAD, OPTIONS");
    // Nor do its errors: where a service runs, and what another frontend has.
    for (const char* bad : {"?fields=purchases.x", "?customer=1", "?product_id=2", "%"}) {
      const Answer answer = Ask(face.frontend, {"", "GET", absl::StrCat(face.exposed, bad)});
      EXPECT_EQ(answer.status, 400) << answer.body;
      for (const char* word : {"127.0.0.1", "OrderService", "customer_id", "WebStore", "cluster"}) {
        EXPECT_FALSE(absl::StrContains(answer.body, word)) << answer.body;
      }
    }
  }
}

}  // namespace
}  // namespace portico::integration
