// WebSockets through the real binary, by a client that sends exactly what it is given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"
#include "tests/integration/websocket_client.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;

constexpr char kFeed[] = "/v1/reviews:feed";
constexpr char kProduct[] = "pojos-in-action";

class WebSocketTest : public testing::Test {
 protected:
  ShopBehindGateway shop_{"    cors: { origins: [\"https://shop.example\"] }\n    limits: { body_bytes: 65536 }\n"};
};

TEST_F(WebSocketTest, BothSidesTalk) {
  WebSocketClient client(shop_.address());
  ASSERT_TRUE(client.Open(kFeed));
  client.Send(Frame(kText, absl::StrCat("{\"subscribe\": \"", kProduct, "\"}")));
  EXPECT_EQ(client.Next().json().value("subscribed", ""), kProduct);
  client.Send(Frame(
      kText, absl::StrCat("{\"create\": {\"productId\": \"", kProduct, "\", \"rating\": 5, \"title\": \"Live\"}}")));
  const Json first = client.Next().json();
  const Json second = client.Next().json();
  EXPECT_TRUE((first.contains("created") && second.contains("review")) ||
              (first.contains("review") && second.contains("created")))
      << first << second;
  // An empty frame: the last message was sent.
  client.Send(Frame(kText, ""));
  const WebSocketClient::Received end = client.Next();
  EXPECT_EQ(end.opcode, kClose);
  EXPECT_EQ(end.code(), 1000);
  client.Send(CloseFrame(1000));
  const Json line = shop_.gateway->LogLine([](const Json& entry) { return entry["status"] == 101; });
  EXPECT_EQ(line.value("rpc", ""), "shop.reviews.v1.ReviewService/ReviewFeed") << line;
  EXPECT_EQ(line.value("code", ""), "OK") << line;
  EXPECT_EQ(line.value("protocol", ""), "websocket") << line;
  EXPECT_GT(line.value("bytes", 0), 0) << line;
}

TEST_F(WebSocketTest, AServerStreamNeedsNoMessageWhenThePathSaysAll) {
  WebSocketClient client(shop_.address());
  ASSERT_TRUE(client.Open(absl::StrCat("/v1/products/", kProduct, "/stock:watch")));
  EXPECT_EQ(client.Next().json().value("productId", ""), kProduct);
  client.Send(Frame(kText, "{}"));  // nobody asked
  EXPECT_TRUE(client.Next().json().contains("error"));
  EXPECT_EQ(client.Next().code(), 1007);
}

TEST_F(WebSocketTest, AClientStreamOfAPostMethodEndsWithItsReply) {
  WebSocketClient client(shop_.address());
  ASSERT_TRUE(client.Open("/v1/products:import"));
  client.Send(Frame(kText, R"({"productId": "ws-one", "title": "One", "categoryId": "no-such"})"));
  client.Send(Frame(kText, ""));
  const WebSocketClient::Received reply = client.Next();
  EXPECT_EQ(reply.opcode, kText) << reply.payload;
  EXPECT_FALSE(reply.json().is_discarded()) << reply.payload;
  EXPECT_EQ(client.Next().opcode, kClose);
}

TEST_F(WebSocketTest, EverySplitOfHandshakeAndFrames) {
  const std::string handshake = Upgrade(kFeed);
  const std::string message =
      Frame(kText, "{\"subscribe\": \"pojos", false) + Frame(kPing, "?") + Frame(kContinuation, "-in-action\"}");
  for (size_t at = 1; at < std::max(handshake.size(), message.size()); ++at) {
    WebSocketClient client(shop_.address());
    const size_t head = std::min(at, handshake.size() - 1);
    client.Send(handshake.substr(0, head));
    ::usleep(500);  // apart, mostly
    client.Send(handshake.substr(head));
    ASSERT_THAT(client.Head(), HasSubstr("HTTP/1.1 101 ")) << at;
    const size_t cut = std::min(at, message.size() - 1);
    client.Send(message.substr(0, cut));
    ::usleep(500);
    client.Send(message.substr(cut));
    const WebSocketClient::Received pong = client.Next();
    ASSERT_EQ(pong.opcode, kPong) << at;
    ASSERT_EQ(pong.payload, "?");
    ASSERT_EQ(client.Next().json().value("subscribed", ""), kProduct) << at;
    client.Send(CloseFrame(1000));
    ASSERT_EQ(client.Next().code(), 1000) << at;
  }
}

struct Wrong {
  const char* name;
  std::string frames;
  int code;
  bool error_first;  // a text frame says why
};

class WebSocketMistakeTest : public WebSocketTest, public testing::WithParamInterface<Wrong> {};

TEST_P(WebSocketMistakeTest, EndsWithItsCode) {
  WebSocketClient client(shop_.address());
  ASSERT_TRUE(client.Open(kFeed));
  client.Send(GetParam().frames);
  WebSocketClient::Received received = client.Next();
  if (GetParam().error_first) {
    EXPECT_EQ(received.opcode, kText);
    EXPECT_EQ(received.json()["error"].value("code", 0), 3) << received.payload;
    received = client.Next();
  }
  EXPECT_EQ(received.opcode, kClose);
  EXPECT_EQ(received.code(), GetParam().code) << received.payload;
}

INSTANTIATE_TEST_SUITE_P(All, WebSocketMistakeTest,
                         testing::Values(Wrong{"no_json", Frame(kText, "{"), 1007, true},
                                         Wrong{"unknown_field", Frame(kText, "{\"nothing\": 1}"), 1007, true},
                                         Wrong{"binary", Frame(kBinary, "\x0a\x01x"), 1003, true},
                                         Wrong{"too_large", Frame(kText, std::string(70000, ' ')), 1009, false},
                                         Wrong{"no_utf8", Frame(kText, "\"\xff\xfe\""), 1007, false},
                                         Wrong{"unmasked", std::string("\x81\x02{}", 4), 1002, false},
                                         Wrong{"long_ping", Frame(kPing, std::string(126, 'x')), 1002, false},
                                         Wrong{"fragmented_ping", Frame(kPing, "x", false), 1002, false},
                                         Wrong{"continuation_of_nothing", Frame(kContinuation, "x"), 1002, false}),
                         [](const auto& info) { return std::string(info.param.name); });

struct Refused {
  const char* name;
  std::string request;
  const char* status;
};

class WebSocketRefusalTest : public WebSocketTest, public testing::WithParamInterface<Refused> {};

TEST_P(WebSocketRefusalTest, IsAnOrdinaryAnswer) {
  WebSocketClient client(shop_.address());
  client.Send(GetParam().request);
  EXPECT_THAT(client.Head(), HasSubstr(absl::StrCat("HTTP/1.1 ", GetParam().status, " ")));
}

std::string Without(std::string request, const std::string& line) {
  request.erase(request.find(line), line.size());
  return request;
}

INSTANTIATE_TEST_SUITE_P(
    All, WebSocketRefusalTest,
    testing::Values(
        Refused{"no_such_path", Upgrade("/v1/nothing"), "404"},
        Refused{"no_such_product", Upgrade("/v1/products/no-such/stock:watch"), "404"},
        Refused{"unknown_parameter", Upgrade("/v1/reviews:feed?nothing=1"), "400"},
        Refused{"other_version", Upgrade(kFeed, "", "8"), "426"},
        Refused{"no_key", Without(Upgrade(kFeed), absl::StrCat("Sec-WebSocket-Key: ", kKey, "\r\n")), "400"},
        Refused{"body", Upgrade(kFeed, "Content-Length: 2\r\n") + "{}", "400"},
        Refused{"frames_ahead", Upgrade(kFeed) + Frame(kText, "{}"), "400"},
        Refused{"foreign_origin", Upgrade(kFeed, "Origin: https://evil.example\r\n"), "403"},
        Refused{"null_origin", Upgrade(kFeed, "Origin: null\r\n"), "403"},
        Refused{"listed_origin", Upgrade(kFeed, "Origin: https://shop.example\r\n"), "101"},
        Refused{"own_origin", Upgrade(kFeed, "Origin: http://shop.test\r\n"), "101"},
        Refused{"rpc_path_of_a_method_with_a_rule", Upgrade("/shop.reviews.v1.ReviewService/ReviewFeed"), "404"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(WebSocketTest, CompressionIsNegotiated) {
  WebSocketClient client(shop_.address());
  client.Send(Upgrade(kFeed, "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  EXPECT_THAT(client.Head(), HasSubstr("permessage-deflate"));
}

TEST_F(WebSocketTest, AnUnavailableServiceIsAnOrdinaryError) {
  shop_.shop.Kill("reviews");
  GetUntil(shop_.address(), absl::StrCat("/v1/products/", kProduct, "/reviews"),
           [](const Answer& answer) { return answer.status == 503; });
  WebSocketClient client(shop_.address());
  client.Send(Upgrade(kFeed));
  EXPECT_THAT(client.Head(), HasSubstr("HTTP/1.1 503 "));
}

TEST_F(WebSocketTest, AServiceThatDiesEndsTheSocket) {
  WebSocketClient client(shop_.address());
  ASSERT_TRUE(client.Open(kFeed));
  shop_.shop.Kill("reviews");
  EXPECT_EQ(client.Next().json()["error"].value("code", 0), 14);
  EXPECT_EQ(client.Next().code(), 1013);
}

TEST_F(WebSocketTest, AClientThatLeavesTakesItsCallWithIt) {
  {
    WebSocketClient client(shop_.address());
    ASSERT_TRUE(client.Open(kFeed));
    client.Reset();
  }
  const Json line = shop_.gateway->LogLine([](const Json& entry) { return entry["status"] == 101; });
  EXPECT_EQ(line.value("code", ""), "CANCELLED") << line;
  EXPECT_EQ(line.value("complete", true), false) << line;
}

TEST_F(WebSocketTest, AGatewayThatStopsSaysSo) {
  WebSocketClient client(shop_.address());
  ASSERT_TRUE(client.Open(kFeed));
  shop_.gateway->process().Signal(SIGTERM);
  EXPECT_EQ(client.Next().json()["error"].value("code", 0), 14);
  EXPECT_EQ(client.Next().code(), 1001);
}

}  // namespace
}  // namespace portico::integration
