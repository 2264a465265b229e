// Composed answers page by page: the parts of one as they come, and streams of several services merged into one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/integration/activity.h"
#include "tests/integration/envelopes.h"
#include "tests/integration/gateway.h"
#include "tests/integration/websocket_client.h"

namespace portico::integration {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr char kBook[] = "/v1/products/pojos-in-action";
constexpr char kPage[] = "/v1/products/pojos-in-action/page?customer_id=1";

// Streams whose service says how many are open, how much it has sent, and fails on demand.
constexpr char kLive[] = R"(syntax = "proto3";
package live.v1;
import "google/api/annotations.proto";
import "portico/annotations.proto";
import "shop/catalog/v1/catalog.proto";
import "shop/streams/v1/streams.proto";
service Live {
  option (portico.facade) = true;
  rpc Watch(WatchRequest) returns (stream Page) { option (google.api.http) = { get: "/v1/live" }; }
  rpc WatchStrictly(WatchRequest) returns (stream StrictPage) { option (google.api.http) = { get: "/v1/live:strictly" }; }
}
message WatchRequest { string product_id = 1; int64 to = 2; int32 filler = 3; string failure = 4; }
message Page {
  shop.streams.v1.Number a = 1 [(portico.fetch) = { method: "shop.streams.v1.StreamService/Count"
    bind: ["to = request.to", "filler = request.filler"] }];
  Short b = 2 [(portico.fetch) = { method: "shop.streams.v1.StreamService/Count"
    bind: ["to = request.to", "filler = request.filler", "failure = request.failure"] }];
  shop.catalog.v1.Product product = 3 [(portico.fetch) = { method: "shop.catalog.v1.CatalogService/GetProduct"
    when: "request.product_id" bind: "product_id = request.product_id" required: true }];
  repeated portico.Omitted omitted = 15;
}
message Short { int64 number = 5; }
message StrictPage {
  int64 a = 1 [(portico.fetch) = { method: "shop.streams.v1.StreamService/Count" select: "number"
    bind: ["to = request.to", "failure = request.failure"] required: true }];
  shop.streams.v1.Number b = 2 [(portico.fetch) = { method: "shop.streams.v1.StreamService/Count" }];
}
)";

// The data of the events in `text`.
std::vector<Json> EventsIn(absl::string_view text) {
  std::vector<Json> events;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "data: ")) events.push_back(Json::parse(line, nullptr, false));
  }
  return events;
}

std::vector<Json> LinesIn(absl::string_view text) {
  std::vector<Json> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    lines.push_back(Json::parse(line, nullptr, false));
  }
  return lines;
}

class PagesTest : public testing::Test {
 protected:
  PagesTest() {
    shop_.StartAll();
    server_ = std::make_unique<Process>(std::vector<std::string>{STREAMS_SERVER, "--listen", port_.address()});
    EXPECT_TRUE(server_->ErrorLine([](const std::string& line) { return absl::StrContains(line, "listening"); }));
    folder_.Write("protos/live/v1/live.proto", kLive);
    const std::string clusters = shop_.Clusters();
    const std::string spoken = absl::StrCat("    transport: ", TestedTransport(), "\n");
    std::string config = ShopConfig(shop_);
    config.replace(config.find(clusters), clusters.size(),
                   absl::StrCat("  - protos: ", PORTICO_SOURCE_DIR, "/tests/integration/protos\n  - protos: protos\n",
                                clusters, "  streams:\n    target: ", port_.address(), "\n",
                                "    services: [shop.streams.v1.StreamService]\n", spoken));
    config.replace(config.find("[\"*\"]"), 5,
                   "[\"shop.catalog.*\", \"shop.pricing.*\", \"shop.inventory.*\", \"shop.web.*\", \"shop.streams.*\", "
                   "\"live.*\"]");
    gateway_ = std::make_unique<Gateway>(folder_.Write("portico.yaml", config));
  }

  const std::string& address() const { return gateway_->address(); }

  static Connection Watch(const std::string& address, absl::string_view target, absl::string_view accept) {
    Connection connection(address);
    EXPECT_TRUE(connection.Send(RequestText("GET", target, {{"Accept", std::string(accept)}})));
    return connection;
  }

  void WaitForOpen(int count) {
    GetUntil(address(), "/v1/activity",
             [&](const Answer& answer) { return answer.status == 200 && answer.json().value("open", 0) == count; });
  }

  TempFolder folder_;
  Shop shop_;
  ReservedPort port_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Gateway> gateway_;
};

// The pages put together: every field comes once.
Json Together(const std::vector<Json>& pages) {
  Json whole = Json::object();
  for (const Json& page : pages) {
    for (const auto& [name, value] : page.items()) {
      EXPECT_FALSE(whole.contains(name)) << name << " comes twice";
      whole[name] = value;
    }
  }
  return whole;
}

TEST_F(PagesTest, ThePartsOfAPageComeAsTheyAreReady) {
  const Answer at_once = Get(address(), kPage);
  const Json whole = at_once.json();
  ASSERT_EQ(whole.size(), 10u);
  EXPECT_THAT(absl::StrSplit(at_once.Header("Vary"), ", "), Contains("Accept")) << "a cache may hold either form";
  shop_.Stop("reviews");
  shop_.Start("reviews", "400ms");
  // Until every worker has found the service again, its parts may be omitted.
  GetUntil(
      address(), kPage, [](const Answer& page) { return page.Header("Portico-Omitted").empty(); }, 5);
  for (const char* accept : {"text/event-stream", "application/x-ndjson"}) {
    SCOPED_TRACE(accept);
    const Answer answer = Get(address(), kPage, {{"Accept", accept}});
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), accept);
    EXPECT_THAT(absl::StrSplit(answer.Header("Vary"), ", "), Contains("Accept"));
    const bool events = accept[0] == 't';
    std::vector<Json> pages = events ? EventsIn(answer.body) : LinesIn(answer.body);
    if (events) {
      EXPECT_THAT(answer.body, EndsWith("event: end\ndata: {}\n\n"));
      pages.pop_back();
    }
    ASSERT_GE(pages.size(), 3u) << answer.body;
    EXPECT_TRUE(pages.front().contains("product")) << "what is required comes first";
    EXPECT_FALSE(pages.front().contains("reviews"));
    for (size_t i = 1; i < pages.size(); ++i) EXPECT_EQ(pages[i].size(), 1u) << pages[i];
    EXPECT_EQ(Together(pages), whole);
  }
}

TEST_F(PagesTest, TheFirstPartIsThereBeforeTheLastIsReady) {
  shop_.Stop("reviews");
  shop_.Start("reviews", "2s");
  Connection events = Watch(address(), kPage, "text/event-stream");
  ASSERT_TRUE(events.ReceiveUntil("\"product\":"));
  EXPECT_THAT(events.received(), Not(HasSubstr("event: end")));
  ASSERT_TRUE(events.ReceiveUntil("event: end"));
}

TEST_F(PagesTest, WhatIsOmittedIsTheLastPage) {
  shop_.Kill("recommendations");
  const Answer answer = Get(address(), kPage, {{"Accept", "application/x-ndjson"}});
  ASSERT_EQ(answer.status, 200);
  const std::vector<Json> pages = LinesIn(answer.body);
  EXPECT_EQ(pages.back(), (Json{{"omitted", Json::array({{{"part", "bought_together"}, {"reason", "unavailable"}},
                                                         {{"part", "also_bought"}, {"reason", "unavailable"}}})}}));
  const Answer selected =
      Get(address(), absl::StrCat(kPage, "&fields=product.title,alsoBought"), {{"Accept", "application/x-ndjson"}});
  EXPECT_EQ(selected.body,
            "{\"product\":{\"title\":\"POJOs in Action\"}}\n"
            "{\"omitted\":[{\"part\":\"also_bought\",\"reason\":\"unavailable\"}]}\n");
}

TEST_F(PagesTest, AFailureBeforeTheFirstPageIsAnOrdinaryAnswer) {
  for (const char* accept : {"text/event-stream", "application/x-ndjson"}) {
    const Answer answer = Get(address(), "/v1/products/none/page", {{"Accept", accept}});
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.Header("Content-Type"), "application/json");
    EXPECT_EQ(answer.json().value("code", 0), 5) << answer.body;
    EXPECT_EQ(Get(address(), absl::StrCat(kPage, "&fields=nothing"), {{"Accept", accept}}).status, 400);
  }
  EXPECT_EQ(Get(address(), kPage, {{"Accept", "application/json, text/event-stream;q=0.5"}}).Header("Content-Type"),
            "application/json");
  EXPECT_EQ(Get(address(), kBook, {{"Accept", "text/event-stream"}}).status, 406) << "it is not composed";
}

TEST_F(PagesTest, PriceAndStockOfAProductAreOneStream) {
  Connection events = Watch(address(), absl::StrCat(kBook, ":watch"), "text/event-stream");
  ASSERT_TRUE(events.ReceiveUntil("id: 2\ndata: {"));
  ASSERT_TRUE(events.ReceiveUntil("\"price\":{\"productId\""));
  ASSERT_TRUE(events.ReceiveUntil("\"stock\":{\"productId\""));
  const Headers json = {{"Content-Type", "application/json"}};
  ASSERT_EQ(
      Send(address(), "PUT", absl::StrCat(kBook, "/price"), json, R"({"price":{"currencyCode":"USD","units":"12"}})")
          .status,
      200);
  ASSERT_TRUE(events.ReceiveUntil("id: 3\ndata: {\"price\":"));
  ASSERT_TRUE(events.ReceiveUntil("\"units\":\"12\""));
  ASSERT_EQ(Send(address(), "PUT", absl::StrCat(kBook, "/stock"), json, R"({"available":321})").status, 200);
  ASSERT_TRUE(events.ReceiveUntil("id: 4\ndata: {\"stock\":"));
  ASSERT_TRUE(events.ReceiveUntil("\"available\":321"));

  shop_.Kill("pricing");
  ASSERT_TRUE(events.ReceiveUntil("data: {\"omitted\":[{\"part\":\"price\",\"reason\":\"unavailable\"}]}"));
  ASSERT_EQ(Send(address(), "PUT", absl::StrCat(kBook, "/stock"), json, R"({"available":320})").status, 200);
  EXPECT_TRUE(events.ReceiveUntil("\"available\":320")) << "the rest goes on";
  EXPECT_THAT(events.received(), Not(HasSubstr("event: end")));
}

TEST_F(PagesTest, MergedStreamsEndWhenAllHaveEnded) {
  const Answer answer = Get(address(), "/v1/live?to=2&product_id=pojos-in-action&fields=a,b,product.title");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::vector<Json> pages = LinesIn(answer.body);
  ASSERT_EQ(pages.size(), 5u) << answer.body;
  EXPECT_EQ(pages[0], (Json{{"product", {{"title", "POJOs in Action"}}}})) << "what is required comes first";
  std::vector<Json> of_a;
  std::vector<Json> of_b;
  for (size_t i = 1; i < pages.size(); ++i) {
    ASSERT_EQ(pages[i].size(), 1u) << pages[i];
    pages[i].contains("a") ? of_a.push_back(pages[i]["a"]["number"]) : of_b.push_back(pages[i]["b"]["number"]);
  }
  EXPECT_THAT(of_a, ElementsAre("1", "2"));
  EXPECT_THAT(of_b, ElementsAre("1", "2"));
}

TEST_F(PagesTest, AStreamThatFailsIsNamedOrEndsAll) {
  const std::vector<Json> pages = LinesIn(Get(address(), "/v1/live?to=1&failure=worn+out").body);
  ASSERT_EQ(pages.size(), 3u);
  int named = 0;
  for (const Json& page : pages) {
    named += page == (Json{{"omitted", Json::array({{{"part", "b"}, {"reason", "failed"}}})}});
  }
  EXPECT_EQ(named, 1);
  const std::string strict = Get(address(), "/v1/live:strictly?to=1&failure=worn+out").body;
  EXPECT_THAT(strict, HasSubstr("{\"a\":\"1\"}\n"));
  EXPECT_THAT(strict, EndsWith("{\"error\":{\"code\":15,\"message\":\"worn out\"}}\n"));
  WaitForOpen(0);  // the other one has no end of its own
  EXPECT_EQ(Get(address(), "/v1/live?product_id=none").status, 404);
  WaitForOpen(0);
}

// The first page is the required part, and then every stream has come to its end.
void ExpectMerged(const std::vector<Json>& pages) {
  ASSERT_EQ(pages.size(), 5u);
  EXPECT_EQ(pages[0].value("/product/title"_json_pointer, ""), "POJOs in Action") << pages[0];
  std::vector<std::string> of_a;
  std::vector<std::string> of_b;
  for (size_t i = 1; i < pages.size(); ++i) {
    ASSERT_EQ(pages[i].size(), 1u) << pages[i];
    (pages[i].contains("a") ? of_a : of_b).push_back(pages[i].begin()->value("number", ""));
  }
  EXPECT_THAT(of_a, ElementsAre("1", "2"));
  EXPECT_THAT(of_b, ElementsAre("1", "2"));
}

TEST_F(PagesTest, MergedStreamsOverAWebSocket) {
  WebSocketClient whole(address());
  ASSERT_TRUE(whole.Open("/v1/live?to=2&product_id=pojos-in-action"));
  std::vector<Json> pages;
  WebSocketClient::Received next = whole.NextMessage();
  for (; next.opcode == kText; next = whole.NextMessage()) pages.push_back(next.json());
  ExpectMerged(pages);
  EXPECT_EQ(next.opcode, kClose);
  EXPECT_EQ(next.code(), 1000);

  WebSocketClient named(address());
  ASSERT_TRUE(named.Open("/v1/live?to=1&failure=worn+out"));
  std::vector<Json> told;
  for (next = named.NextMessage(); next.opcode == kText; next = named.NextMessage()) told.push_back(next.json());
  EXPECT_THAT(told, testing::Contains(Json{{"omitted", Json::array({{{"part", "b"}, {"reason", "failed"}}})}}));
  EXPECT_EQ(next.code(), 1000) << "an optional part's failure is not the stream's";

  WebSocketClient strict(address());
  ASSERT_TRUE(strict.Open("/v1/live:strictly?to=1&failure=worn+out"));
  Json last;
  for (next = strict.NextMessage(); next.opcode == kText; next = strict.NextMessage()) last = next.json();
  EXPECT_EQ(last, (Json{{"error", {{"code", 15}, {"message", "worn out"}}}}));
  EXPECT_EQ(next.code(), 4015);
  WaitForOpen(0);

  WebSocketClient leaves(address());
  ASSERT_TRUE(leaves.Open("/v1/live"));
  EXPECT_EQ(leaves.NextMessage().opcode, kText);
  WaitForOpen(2);
  leaves.Send(CloseFrame(1000));
  WaitForOpen(0);
}

TEST_F(PagesTest, MergedStreamsOverConnect) {
  const auto call = [&](const std::string& method, const std::string& request) {
    const Answer answer = Send(address(), "POST", absl::StrCat("/live.v1.Live/", method),
                               {{"Content-Type", "application/connect+json"}}, Envelope(0, request));
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<Json> messages;
    Json end;
    for (const auto& [flags, data] : Envelopes(answer.body)) {
      flags == 2 ? end = Json::parse(data) : messages.emplace_back(Json::parse(data));
    }
    return std::pair(messages, end);
  };
  const auto [pages, end] = call("Watch", R"({"to":"2","productId":"pojos-in-action"})");
  ExpectMerged(pages);
  EXPECT_FALSE(end.is_null() || end.contains("error")) << end;

  const auto [told, fine] = call("Watch", R"({"to":"1","failure":"worn out"})");
  EXPECT_THAT(told, testing::Contains(Json{{"omitted", Json::array({{{"part", "b"}, {"reason", "failed"}}})}}));
  EXPECT_FALSE(fine.contains("error")) << fine;
  EXPECT_EQ(fine["metadata"]["portico-omitted"], Json::array({"b;reason=failed"})) << fine;

  const auto [strict, failed] = call("WatchStrictly", R"({"to":"1","failure":"worn out"})");
  EXPECT_THAT(strict, testing::Contains(Json{{"a", "1"}}));
  EXPECT_EQ(failed["error"]["code"], "data_loss") << failed;
  EXPECT_EQ(failed["error"]["message"], "worn out");
  const auto [none, missing] = call("Watch", R"({"productId":"none"})");
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(missing["error"]["code"], "not_found") << missing;
  WaitForOpen(0);
}

TEST_F(PagesTest, MergedStreamsOverGrpcWeb) {
  const auto call = [&](const std::string& method, const std::string& request) {
    const Answer answer = Send(address(), "POST", absl::StrCat("/live.v1.Live/", method),
                               {{"Content-Type", "application/grpc-web+proto"}}, Envelope(0, request));
    EXPECT_EQ(answer.status, 200) << answer.body;
    // By the tag they begin with, since every page has one field here: 1 is a, 2 is b, 3 is the product, 15 is omitted.
    std::vector<int> fields;
    std::string end = absl::StrCat("grpc-status: ", answer.Header("grpc-status"), "\r\n");
    for (const auto& [flags, data] : Envelopes(answer.body)) {
      flags == 0x80 ? end = data : (fields.push_back(static_cast<unsigned char>(data.at(0)) >> 3), data);
    }
    return std::pair(fields, end);
  };
  const std::string two = "\x10\x02";
  const std::string one = "\x10\x01";
  const std::string fails = "\x22\x08worn out";
  const auto [pages, end] = call("Watch", two + "\x0a\x0fpojos-in-action");
  ASSERT_FALSE(pages.empty());
  EXPECT_EQ(pages[0], 3) << "what is required comes first";
  EXPECT_THAT(pages, testing::UnorderedElementsAre(3, 1, 1, 2, 2));
  EXPECT_EQ(end, "grpc-status: 0\r\n");

  const auto [told, fine] = call("Watch", one + fails);
  EXPECT_THAT(told, testing::UnorderedElementsAre(1, 2, 15));
  EXPECT_THAT(fine, HasSubstr("grpc-status: 0\r\n"));
  EXPECT_THAT(fine, HasSubstr("portico-omitted: b;reason=failed\r\n"));

  const auto [strict, failed] = call("WatchStrictly", one + fails);
  EXPECT_THAT(strict, testing::Contains(1));
  EXPECT_THAT(failed, HasSubstr("grpc-status: 15\r\n"));
  EXPECT_THAT(failed, HasSubstr("grpc-message: worn out\r\n"));
  const auto [none, missing] = call("Watch", "\x0a\x04none");
  EXPECT_TRUE(none.empty());
  EXPECT_THAT(missing, HasSubstr("grpc-status: 5\r\n"));
  WaitForOpen(0);
}

TEST_F(PagesTest, WhoeverLeavesEndsAllStreams) {
  for (const bool resets : {false, true}) {
    Connection connection = Watch(address(), "/v1/live?filler=1000", "text/event-stream");
    ASSERT_TRUE(connection.ReceiveUntil("\"b\":{\"number\":\"1\"}"));
    WaitForOpen(2);
    resets ? connection.Reset() : connection.Close();
    WaitForOpen(0);
  }
}

TEST_F(PagesTest, AReaderThatStopsStopsAllServices) {
  Connection stalled = Watch(address(), "/v1/live?filler=10000", "*/*");
  ASSERT_TRUE(stalled.ReceiveUntil("\"number\":\"1\""));
  const int64_t sent = SentAtRest(address());
  EXPECT_LT(sent, 5000) << "50 MB";
  EXPECT_TRUE(stalled.ReceiveUntil(absl::StrCat("{\"number\":\"", sent, "\"")));
}

}  // namespace
}  // namespace portico::integration
