// What stands in for a part that fails: a literal, or its last good reply.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/compose/last_good.h"
#include "gateway/rpc/status.h"
#include "tests/compose/fake_services.h"

namespace portico::compose {
namespace {

constexpr char kContracts[] = R"(syntax = "proto3";
package web;
import "google/protobuf/any.proto";
import "google/protobuf/timestamp.proto";
import "portico/annotations.proto";

message StockRequest { string product_id = 1; }
message Stock { int32 available = 1; string warehouse = 2; }
message Reviews { repeated Review reviews = 1; }
message Review { string text = 1; }
message Delivery { string note = 1; google.protobuf.Timestamp due = 2; google.protobuf.Any more = 3; }
message Items { repeated Item items = 1; }
message Item { string product_id = 1; }
message BatchRequest { repeated string product_ids = 1; }
message BatchReply { repeated Product products = 1; }
message Product { string product_id = 1; string title = 2; }
service Shop {
  rpc GetStock(StockRequest) returns (Stock);
  rpc ListReviews(StockRequest) returns (Reviews);
  rpc GetDelivery(StockRequest) returns (Delivery);
  rpc ListItems(StockRequest) returns (Items);
  rpc BatchGet(BatchRequest) returns (BatchReply);
}

message PageRequest { string product_id = 1; }
message LiteralPage {
  Stock stock = 1 [(portico.fetch) = { method: "web.Shop/GetStock" bind: "product_id = request.product_id"
    fallback: '{"available": 1, "warehouse": "unknown"}' }];
  repeated Review reviews = 2 [(portico.fetch) = { method: "web.Shop/ListReviews" select: "reviews" fallback: '[]' }];
  int32 available = 3 [(portico.fetch) = { method: "web.Shop/GetStock" select: "available" fallback: '-1' }];
  repeated Review dependent = 4 [(portico.fetch) = { method: "web.Shop/ListReviews" select: "reviews"
    bind: "product_id = self.stock.warehouse" fallback: '[{"text": "none"}]' }];
  repeated portico.Omitted omitted = 15;
}
message StalePage {
  Stock stock = 1 [(portico.fetch) = { method: "web.Shop/GetStock" bind: "product_id = request.product_id"
    stale: "10s" required: true }];
  repeated portico.Omitted omitted = 15;
}
message SharedPage {
  Stock fresh = 1 [(portico.fetch) = { method: "web.Shop/GetStock" }];
  Stock old = 2 [(portico.fetch) = { method: "web.Shop/GetStock" stale: "10s" }];
  Reviews first = 3 [(portico.fetch) = { method: "web.Shop/ListReviews" }];
  Stock later = 4 [(portico.fetch) = { method: "web.Shop/GetStock" when: "self.first" stale: "10s" }];
  repeated portico.Omitted omitted = 15;
}
message ShortPage {
  Stock stock = 1 [(portico.fetch) = { method: "web.Shop/GetStock" stale: "1ms" fallback: "stale" }];
  repeated portico.Omitted omitted = 15;
}
message BatchPage {
  repeated Part items = 1 [(portico.fetch) = { method: "web.Shop/ListItems" select: "items" }];
  repeated portico.Omitted omitted = 15;
}
message Part {
  string product_id = 1;
  Product product = 2 [(portico.fetch) = { method: "web.Shop/BatchGet" stale: "10s" fallback: '{"title": "?"}'
    batch: { keys: "product_ids" from: "self.product_id" items: "products" item_key: "product_id" } }];
}
message DatedPage {
  Delivery delivery = 1 [(portico.fetch) = { method: "web.Shop/GetDelivery" stale: "10s" }];
  Delivery other = 2 [(portico.fetch) = { method: "web.Shop/GetDelivery" fallback: '{"note": "soon"}' }];
  Noted noted = 3 [(portico.fetch) = { method: "web.Shop/GetDelivery" }];
  repeated portico.Omitted omitted = 15;
}
message Noted { string note = 1; }
message RequiredDatedPage {
  Delivery delivery = 1 [(portico.fetch) = { method: "web.Shop/GetDelivery" required: true fallback: '{"note": "soon"}' }];
}
message LatePage {
  Stock stock = 1 [(portico.fetch) = { method: "web.Shop/GetStock" fallback: '{"available": 5}' }];
}
service Web {
  option (portico.facade) = true;
  rpc GetLiteral(PageRequest) returns (LiteralPage);
  rpc GetStale(PageRequest) returns (StalePage);
  rpc GetShared(PageRequest) returns (SharedPage);
  rpc GetShort(PageRequest) returns (ShortPage);
  rpc GetBatch(PageRequest) returns (BatchPage);
  rpc GetDated(PageRequest) returns (DatedPage);
  rpc GetRequiredDated(PageRequest) returns (RequiredDatedPage);
  rpc GetLate(PageRequest) returns (LatePage) { option (portico.policy) = { timeout: "30ms" }; }
}
)";

// A delivery that is due 2^50 seconds after 1970.
constexpr char kOddDelivery[] = "\x0a\x01n\x12\x09\x08\x80\x80\x80\x80\x80\x80\x80\x02";

class StandInTest : public ::testing::Test {
 protected:
  StandInTest() { folder_.Write("web.proto", kContracts); }
  portico::testing::TempFolder folder_;
};

TEST_F(StandInTest, ALiteralStandsInAndIsNotNamed) {
  Page page(folder_, "web.Web/GetLiteral");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  EXPECT_EQ(page.Get(R"({"productId": "p"})"),
            R"({"stock":{"available":1,"warehouse":"unknown"},"available":-1,"dependent":[{"text":"none"}]})");
  EXPECT_EQ(page.omitted(), "");
}

TEST_F(StandInTest, ALiteralIsNotUsedWhenThePartIsIn) {
  Page page(folder_, "web.Web/GetLiteral");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetStock", R"({"available": 9, "warehouse": "north"})");
  page.services().On("web.Shop/ListReviews", R"({"reviews": [{"text": "good"}]})");
  EXPECT_EQ(page.Get("{}"), R"({"stock":{"available":9,"warehouse":"north"},"reviews":[{"text":"good"}],"available":9,)"
                            R"("dependent":[{"text":"good"}]})");
}

TEST_F(StandInTest, ALiteralStandsInForWhatIsNotInWhenTheTimeIsUp) {
  Page page(folder_, "web.Web/GetLate");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetStock", R"({"available": 9})", /*held=*/true);
  EXPECT_EQ(page.Get("{}"), R"({"stock":{"available":5}})");
}

// What is sound on the wire may have no JSON. It costs the part, not the page.
TEST_F(StandInTest, AReplyWithoutJsonIsAMalformedOne) {
  const struct {
    const char* name;
    std::string wire;
  } cases[] = {
      {"a timestamp out of its range", kOddDelivery},
      {"an Any of no known contract", "\x0a\x01n\x1a\x05\x0a\x03x/y"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Page page(folder_, "web.Web/GetDated");
    ASSERT_TRUE(page.ok()) << page.mistakes();
    page.services().OnWire("web.Shop/GetDelivery", c.wire);
    // Twice: what has no JSON does not stand in for itself either. What does not show the field is not concerned.
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(page.Get("{}"), R"({"other":{"note":"soon"},"noted":{"note":"n"},)"
                                R"("omitted":[{"part":"delivery","reason":"malformed"}]})");
    }
  }
}

TEST_F(StandInTest, AReplyWithoutJsonIsNotTheLastGoodOne) {
  Page page(folder_, "web.Web/GetDated");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetDelivery", R"({"note": "good"})");
  const std::string good = R"({"delivery":{"note":"good"},"other":{"note":"good"},"noted":{"note":"good"}})";
  EXPECT_EQ(page.Get("{}"), good);
  page.services().OnWire("web.Shop/GetDelivery", kOddDelivery);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(page.Get("{}"), R"({"delivery":{"note":"good"},"other":{"note":"soon"},"noted":{"note":"n"}})");
  }
}

TEST_F(StandInTest, OnlyWhatTheClientWantsNeedsJson) {
  Page page(folder_, "web.Web/GetDated");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().OnWire("web.Shop/GetDelivery", kOddDelivery);
  EXPECT_EQ(page.Get("{}", "delivery.note"), R"({"delivery":{"note":"n"}})");
  EXPECT_EQ(page.omitted(), "");
}

TEST_F(StandInTest, ALiteralStandsInForARequiredReplyWithoutJson) {
  Page page(folder_, "web.Web/GetRequiredDated");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().OnWire("web.Shop/GetDelivery", kOddDelivery);
  EXPECT_EQ(page.Get("{}"), R"({"delivery":{"note":"soon"}})");
}

TEST_F(StandInTest, TheLastGoodReplyStandsInEvenForARequiredPart) {
  Page page(folder_, "web.Web/GetStale");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetStock", R"({"available": 3})");
  EXPECT_EQ(page.Get(R"({"productId": "p"})"), R"({"stock":{"available":3}})");
  page.services().On("web.Shop/GetStock", [](const std::string&) { return absl::UnavailableError("down"); });
  EXPECT_EQ(page.Get(R"({"productId": "p"})"), R"({"stock":{"available":3}})");
  EXPECT_EQ(page.omitted(), "");
  // Of another product nothing is known.
  page.Get(R"({"productId": "q"})");
  EXPECT_EQ(page.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(StandInTest, WhoSharesACallHasItsReplyLater) {
  Page page(folder_, "web.Web/GetShared");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetStock", R"({"available": 3})");
  page.services().On("web.Shop/ListReviews", R"({"reviews": [{"text": "good"}]})");
  page.Get("{}");
  EXPECT_EQ(page.services().Count("web.Shop/GetStock"), 1) << "one waits for it, one comes when it is over";
  page.services().On("web.Shop/GetStock", [](const std::string&) { return absl::UnavailableError("down"); });
  EXPECT_EQ(page.Get("{}"), R"({"old":{"available":3},"first":{"reviews":[{"text":"good"}]},"later":{"available":3},)"
                            R"("omitted":[{"part":"fresh","reason":"unavailable"}]})");
}

TEST_F(StandInTest, WhatTheServiceDeniesIsNotAnsweredFromBefore) {
  for (const auto code : {absl::StatusCode::kNotFound, absl::StatusCode::kPermissionDenied,
                          absl::StatusCode::kUnauthenticated, absl::StatusCode::kInvalidArgument}) {
    Page page(folder_, "web.Web/GetStale");
    ASSERT_TRUE(page.ok()) << page.mistakes();
    page.services().On("web.Shop/GetStock", R"({"available": 3})");
    page.Get("{}");
    page.services().On("web.Shop/GetStock", [code](const std::string&) { return absl::Status(code, "no"); });
    page.Get("{}");
    EXPECT_EQ(page.status().code(), code);
  }
}

TEST_F(StandInTest, OnesLastReplyIsNobodyElses) {
  Page page(folder_, "web.Web/GetStale");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  const auto as = [&](const std::string& token) {
    page.context().set_metadata(std::make_shared<rpc::Metadata>(
        rpc::Metadata{{"authorization", "Bearer " + token}, {"x-request-id", "differs every time " + token}}));
  };
  page.services().On("web.Shop/GetStock", R"({"available": 3})");
  as("ann");
  page.Get("{}");
  page.services().On("web.Shop/GetStock", [](const std::string&) { return absl::UnavailableError("down"); });
  as("bob");
  page.Get("{}");
  EXPECT_EQ(page.status().code(), absl::StatusCode::kUnavailable);
  as("ann");
  EXPECT_EQ(page.Get("{}"), R"({"stock":{"available":3}})");
}

TEST_F(StandInTest, AReplyThatIsTooOldDoesNotStandIn) {
  Page page(folder_, "web.Web/GetShort");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetStock", R"({"available": 3})");
  page.Get("{}");
  const auto old = net::Clock::now() + std::chrono::milliseconds(2);
  while (net::Clock::now() < old) page.Poll();
  page.services().On("web.Shop/GetStock", [](const std::string&) { return absl::UnavailableError("down"); });
  EXPECT_EQ(page.Get("{}"), R"({"omitted":[{"part":"stock","reason":"unavailable"}]})");
}

TEST_F(StandInTest, ABatchHasBoth) {
  Page page(folder_, "web.Web/GetBatch");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/ListItems", R"({"items": [{"productId": "a"}, {"productId": "b"}]})");
  page.services().On("web.Shop/BatchGet", R"({"products": [{"productId": "a", "title": "A"}]})");
  const std::string whole =
      R"({"items":[{"productId":"a","product":{"productId":"a","title":"A"}},{"productId":"b","product":{"title":"?"}}]})";
  EXPECT_EQ(page.Get("{}"), whole);
  page.services().On("web.Shop/BatchGet", [](const std::string&) { return absl::UnavailableError("down"); });
  EXPECT_EQ(page.Get("{}"), whole);
  page.services().On("web.Shop/ListItems", R"({"items": [{"productId": "c"}]})");
  EXPECT_EQ(page.Get("{}"), R"({"items":[{"productId":"c","product":{"title":"?"}}]})");
}

TEST(LastGoodTest, IsBounded) {
  LastGood kept;
  const net::Deadline now = net::Clock::now();
  const auto reply = std::make_shared<const std::string>(100000, 'x');
  for (int i = 0; i < 1000; ++i) kept.Put(std::to_string(i), reply, now);
  EXPECT_EQ(kept.Get("0", now), nullptr);
  EXPECT_EQ(kept.Get("900", now), nullptr);
  EXPECT_NE(kept.Get("999", now), nullptr);
  EXPECT_EQ(kept.Get("999", now + std::chrono::seconds(1)), nullptr);
  kept.Put("large", std::make_shared<const std::string>(LastGood::kMaxBytes, 'x'), now);
  EXPECT_EQ(kept.Get("large", now), nullptr);
  EXPECT_NE(kept.Get("999", now), nullptr);
  const auto newer = std::make_shared<const std::string>("new");
  kept.Put("999", newer, now);
  EXPECT_EQ(kept.Get("999", now), newer);
}

}  // namespace
}  // namespace portico::compose
