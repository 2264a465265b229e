// Connect and gRPC-Web on the wire, byte by byte, from a gateway to the shop.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/integration/envelopes.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

constexpr char kGetPrice[] = "/shop.pricing.v1.PricingService/GetPrice";
constexpr char kWatchPrice[] = "/shop.pricing.v1.PricingService/WatchPrice";
constexpr char kReviewFeed[] = "/shop.reviews.v1.ReviewService/ReviewFeed";
constexpr char kBook[] = R"({"productId":"pojos-in-action"})";
const std::string kBookWire = "\x0a\x0fpojos-in-action";

class RpcProtocolsTest : public testing::Test {
 protected:
  const std::string& address() const { return behind_.address(); }

  Answer Connect(absl::string_view path, const std::string& type, const std::string& body, Headers more = {}) {
    more.insert(more.end(), {{"Connect-Protocol-Version", "1"}, {"Content-Type", type}});
    return Send(address(), "POST", path, more, body);
  }

  ShopBehindGateway behind_{"    limits: { body_bytes: 100000 }\n"};
};

TEST_F(RpcProtocolsTest, OnePathSpeaksThreeProtocols) {
  // This method has an http rule, so its own path is no REST.
  EXPECT_EQ(Send(address(), "POST", kGetPrice, {{"Content-Type", "application/json"}}, kBook).status, 404);
  const Answer json = Connect(kGetPrice, "application/json", kBook);
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.json()["price"]["units"], "35");
  const Answer binary = Connect(kGetPrice, "application/proto", kBookWire);
  EXPECT_EQ(binary.Header("Content-Type"), "application/proto");
  const Answer web =
      Send(address(), "POST", kGetPrice, {{"Content-Type", "application/grpc-web"}}, Envelope(0, kBookWire));
  EXPECT_EQ(web.Header("Content-Type"), "application/grpc-web+proto");
  const auto envelopes = Envelopes(web.body);
  ASSERT_EQ(envelopes.size(), 2u);
  EXPECT_EQ(envelopes[0].second, binary.body);
  EXPECT_EQ(envelopes[1], (std::pair<int, std::string>(0x80, "grpc-status: 0\r\n")));
  for (const char* protocol : {"connect", "grpc-web", "rest"}) {
    const Json line = behind_.gateway->LogLine(
        [&](const Json& entry) { return entry["protocol"] == protocol && entry["path"] == kGetPrice; });
    EXPECT_EQ(line.contains("rpc"), std::string(protocol) != "rest") << line;
  }
}

TEST_F(RpcProtocolsTest, Get) {
  const Answer answer =
      Get(address(),
          absl::StrCat(kGetPrice, "?connect=v1&encoding=json&message=%7B%22productId%22:%22pojos-in-action%22%7D"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["productId"], "pojos-in-action");
  const Answer refused =
      Get(address(), "/shop.pricing.v1.PricingService/WatchPrice?connect=v1&encoding=json&message=%7B%7D");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.Header("Allow"), "POST");
}

TEST_F(RpcProtocolsTest, WhatThereIsNot) {
  const Answer connect = Connect("/shop.pricing.v1.PricingService/GetMoon", "application/json", "{}");
  EXPECT_EQ(connect.status, 404);
  EXPECT_EQ(connect.json()["code"], "unimplemented");
  const Answer web =
      Send(address(), "POST", "/no.Service/Get", {{"Content-Type", "application/grpc-web+proto"}}, Envelope(0, ""));
  EXPECT_EQ(web.status, 200);
  EXPECT_EQ(web.Header("grpc-status"), "12");
  EXPECT_EQ(Get(address(), "/no.Service/Get?connect=v1").status, 404);
}

TEST_F(RpcProtocolsTest, ErrorsHaveTheirProtocolsForm) {
  const Answer connect = Connect(kGetPrice, "application/json", R"({"productId":"none"})");
  EXPECT_EQ(connect.status, 404);
  EXPECT_EQ(connect.json()["code"], "not_found");
  EXPECT_EQ(connect.json()["details"][0]["type"], "google.rpc.ErrorInfo");
  EXPECT_EQ(connect.json()["details"][0]["debug"]["reason"], "RESOURCE_NOT_FOUND");
  const Answer web = Send(address(), "POST", kGetPrice, {{"Content-Type", "application/grpc-web-text"}}, "AAAAAAA=");
  EXPECT_EQ(web.Header("grpc-status"), "3");
  EXPECT_EQ(web.body, "");
  EXPECT_FALSE(web.Header("grpc-message").empty());
}

TEST_F(RpcProtocolsTest, AStreamGoesOnAndEndsAtItsDeadline) {
  const Answer stream =
      Send(address(), "POST", kWatchPrice,
           {{"Content-Type", "application/connect+json"}, {"Connect-Timeout-Ms", "600"}}, Envelope(0, kBook));
  EXPECT_EQ(stream.status, 200);
  const auto envelopes = Envelopes(stream.body);
  ASSERT_EQ(envelopes.size(), 2u);
  EXPECT_EQ(Json::parse(envelopes[0].second)["productId"], "pojos-in-action");
  EXPECT_EQ(envelopes[1].first, 2);
  EXPECT_EQ(Json::parse(envelopes[1].second)["error"]["code"], "deadline_exceeded");
  const Json line = behind_.gateway->LogLine([](const Json& entry) { return entry["path"] == kWatchPrice; });
  EXPECT_EQ(line["code"], "DEADLINE_EXCEEDED") << "of the stream's end, not of its head";
}

TEST_F(RpcProtocolsTest, AClientsMessagesAreAnsweredAsTheyArrive) {
  Connection connection(address());
  ASSERT_TRUE(connection.Send(absl::StrCat("POST ", kReviewFeed,
                                           " HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\n"
                                           "Transfer-Encoding: chunked\r\n\r\n")));
  const auto chunk = [](const std::string& data) { return absl::StrCat(absl::Hex(data.size()), "\r\n", data, "\r\n"); };
  // The body is not over when its first message is answered.
  ASSERT_TRUE(connection.Send(chunk(Envelope(0, R"({"subscribe":"pojos-in-action"})"))));
  ASSERT_TRUE(connection.ReceiveUntil(Envelope(0, R"({"subscribed":"pojos-in-action"})"))) << connection.received();
  ASSERT_TRUE(connection.Send(chunk(Envelope(0, R"({"unsubscribe":"pojos-in-action"})"))));
  ASSERT_TRUE(connection.ReceiveUntil(Envelope(0, R"({"unsubscribed":"pojos-in-action"})"))) << connection.received();
  ASSERT_TRUE(connection.Send("0\r\n\r\n"));
  EXPECT_TRUE(connection.ReceiveUntil(absl::StrCat(Envelope(2, "{}"), "\r\n0\r\n\r\n"))) << connection.received();
}

TEST_F(RpcProtocolsTest, LargeMessagesAreRefused) {
  const Answer announced = Send(address(), "POST", kReviewFeed, {{"Content-Type", "application/grpc-web"}},
                                std::string("\0\x7f\xff\xff\xff", 5));
  EXPECT_EQ(announced.Header("grpc-status"), "8") << announced.body;
  EXPECT_EQ(Connect(kGetPrice, "application/proto", std::string(100001, 'x')).status, 413);
  const Answer after = Connect(kGetPrice, "application/json", kBook);
  EXPECT_EQ(after.status, 200) << "and life goes on";
}

}  // namespace
}  // namespace portico::integration
