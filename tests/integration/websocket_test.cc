// WebSockets through the real binary, by a client that sends exactly what it is given.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;

// The key of RFC 6455, section 1.3, and its answer.
constexpr char kKey[] = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr char kAccept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

enum Opcode : uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// A frame as a client sends it: masked.
std::string Frame(Opcode opcode, absl::string_view payload, bool last = true) {
  std::string frame(1, static_cast<char>((last ? 0x80 : 0) | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() < 65536) {
    frame += static_cast<char>(0x80 | 126);
    for (const int shift : {8, 0}) frame += static_cast<char>(payload.size() >> shift);
  } else {
    frame += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>(uint64_t{payload.size()} >> shift);
  }
  const std::string mask = "\x11\x22\x33\x44";
  frame += mask;
  for (size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  return frame;
}

std::string CloseFrame(uint16_t code) {
  return Frame(kClose, std::string{static_cast<char>(code >> 8), static_cast<char>(code)});
}

std::string Upgrade(absl::string_view target, const std::string& more = "", absl::string_view version = "13") {
  return absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
                      "Sec-WebSocket-Key: ", kKey, "\r\nSec-WebSocket-Version: ", version, "\r\n", more, "\r\n");
}

class Client {
 public:
  struct Received {
    int opcode = -1;  // -1: the connection has ended, or fell silent
    std::string payload;
    int code() const {
      return payload.size() < 2 ? 0 : static_cast<uint8_t>(payload[0]) << 8 | static_cast<uint8_t>(payload[1]);
    }
    Json json() const { return Json::parse(payload, nullptr, false); }
  };

  explicit Client(const std::string& address) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
    to.sin_port = htons(static_cast<uint16_t>(port));
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;

  void Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  // The head of the answer to the upgrade.
  std::string Head() {
    size_t end;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return in_;
    }
    std::string head = in_.substr(0, end + 4);
    in_.erase(0, end + 4);
    return head;
  }

  bool Open(absl::string_view target, const std::string& more = "") {
    Send(Upgrade(target, more));
    const std::string head = Head();
    EXPECT_THAT(head, HasSubstr("HTTP/1.1 101 ")) << in_;
    EXPECT_THAT(head, HasSubstr(kAccept));
    return absl::StartsWith(head, "HTTP/1.1 101 ");
  }

  Received Next() {
    while (true) {
      if (in_.size() >= 2) {
        size_t length = static_cast<uint8_t>(in_[1]) & 0x7f;
        size_t at = 2;
        const size_t wide = length == 126 ? 2 : length == 127 ? 8 : 0;
        if (wide > 0 && in_.size() >= 2 + wide) {
          length = 0;
          for (size_t i = 0; i < wide; ++i) length = length << 8 | static_cast<uint8_t>(in_[2 + i]);
          at += wide;
        }
        if ((wide == 0 || at > 2) && in_.size() >= at + length) {
          Received received{in_[0] & 0x0f, in_.substr(at, length)};
          in_.erase(0, at + length);
          return received;
        }
      }
      if (!Fill()) return {};
    }
  }

  // Closes with a TCP reset.
  void Reset() {
    const linger hard{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    ::close(socket_);
    socket_ = -1;
  }

 private:
  bool Fill() {
    pollfd wait{socket_, POLLIN, 0};
    if (::poll(&wait, 1, 20000) <= 0) return false;
    char bytes[65536];
    const ssize_t received = ::recv(socket_, bytes, sizeof(bytes), 0);
    if (received <= 0) return false;
    in_.append(bytes, static_cast<size_t>(received));
    return true;
  }

  int socket_ = -1;
  std::string in_;
};

constexpr char kFeed[] = "/v1/reviews:feed";
constexpr char kProduct[] = "pojos-in-action";

class WebSocketTest : public testing::Test {
 protected:
  ShopBehindGateway shop_{"    cors: { origins: [\"https://shop.example\"] }\n    limits: { body_bytes: 65536 }\n"};
};

TEST_F(WebSocketTest, BothSidesTalk) {
  Client client(shop_.address());
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
  const Client::Received end = client.Next();
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
  Client client(shop_.address());
  ASSERT_TRUE(client.Open(absl::StrCat("/v1/products/", kProduct, "/stock:watch")));
  EXPECT_EQ(client.Next().json().value("productId", ""), kProduct);
  client.Send(Frame(kText, "{}"));  // nobody asked
  EXPECT_TRUE(client.Next().json().contains("error"));
  EXPECT_EQ(client.Next().code(), 1007);
}

TEST_F(WebSocketTest, AClientStreamOfAPostMethodEndsWithItsReply) {
  Client client(shop_.address());
  ASSERT_TRUE(client.Open("/v1/products:import"));
  client.Send(Frame(kText, R"({"productId": "ws-one", "title": "One", "categoryId": "no-such"})"));
  client.Send(Frame(kText, ""));
  const Client::Received reply = client.Next();
  EXPECT_EQ(reply.opcode, kText) << reply.payload;
  EXPECT_FALSE(reply.json().is_discarded()) << reply.payload;
  EXPECT_EQ(client.Next().opcode, kClose);
}

TEST_F(WebSocketTest, EverySplitOfHandshakeAndFrames) {
  const std::string handshake = Upgrade(kFeed);
  const std::string message =
      Frame(kText, "{\"subscribe\": \"pojos", false) + Frame(kPing, "?") + Frame(kContinuation, "-in-action\"}");
  for (size_t at = 1; at < std::max(handshake.size(), message.size()); ++at) {
    Client client(shop_.address());
    const size_t head = std::min(at, handshake.size() - 1);
    client.Send(handshake.substr(0, head));
    ::usleep(500);  // apart, mostly
    client.Send(handshake.substr(head));
    ASSERT_THAT(client.Head(), HasSubstr("HTTP/1.1 101 ")) << at;
    const size_t cut = std::min(at, message.size() - 1);
    client.Send(message.substr(0, cut));
    ::usleep(500);
    client.Send(message.substr(cut));
    const Client::Received pong = client.Next();
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
  Client client(shop_.address());
  ASSERT_TRUE(client.Open(kFeed));
  client.Send(GetParam().frames);
  Client::Received received = client.Next();
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
  Client client(shop_.address());
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
  Client client(shop_.address());
  client.Send(Upgrade(kFeed, "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  EXPECT_THAT(client.Head(), HasSubstr("permessage-deflate"));
}

TEST_F(WebSocketTest, AnUnavailableServiceIsAnOrdinaryError) {
  shop_.shop.Kill("reviews");
  GetUntil(shop_.address(), absl::StrCat("/v1/products/", kProduct, "/reviews"),
           [](const Answer& answer) { return answer.status == 503; });
  Client client(shop_.address());
  client.Send(Upgrade(kFeed));
  EXPECT_THAT(client.Head(), HasSubstr("HTTP/1.1 503 "));
}

TEST_F(WebSocketTest, AServiceThatDiesEndsTheSocket) {
  Client client(shop_.address());
  ASSERT_TRUE(client.Open(kFeed));
  shop_.shop.Kill("reviews");
  EXPECT_EQ(client.Next().json()["error"].value("code", 0), 14);
  EXPECT_EQ(client.Next().code(), 1013);
}

TEST_F(WebSocketTest, AClientThatLeavesTakesItsCallWithIt) {
  {
    Client client(shop_.address());
    ASSERT_TRUE(client.Open(kFeed));
    client.Reset();
  }
  const Json line = shop_.gateway->LogLine([](const Json& entry) { return entry["status"] == 101; });
  EXPECT_EQ(line.value("code", ""), "CANCELLED") << line;
  EXPECT_EQ(line.value("complete", true), false) << line;
}

TEST_F(WebSocketTest, AGatewayThatStopsSaysSo) {
  Client client(shop_.address());
  ASSERT_TRUE(client.Open(kFeed));
  shop_.gateway->process().Signal(SIGTERM);
  EXPECT_EQ(client.Next().json()["error"].value("code", 0), 14);
  EXPECT_EQ(client.Next().code(), 1001);
}

}  // namespace
}  // namespace portico::integration
