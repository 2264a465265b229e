#include "gateway/http/websocket_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/http/serving.h"

namespace portico::http {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

constexpr int kText = 0x1;
constexpr int kClose = 0x8;
constexpr int kPong = 0xa;
constexpr int kLast = 0x80;
constexpr int kPacked = 0x40;

// A frame as a client sends it, masked with nothing.
std::string Frame(int first, const std::string& payload) {
  std::string frame(1, static_cast<char>(first));
  const auto size = static_cast<unsigned>(payload.size());
  if (size < 126) {
    frame += static_cast<char>(0x80 | size);
  } else {
    frame += {static_cast<char>(0x80 | 126), static_cast<char>(size >> 8), static_cast<char>(size)};
  }
  return frame + std::string(4, '\0') + payload;
}

struct Received {
  int first = -1;  // flags and opcode; -1: the connection has ended
  std::string payload;
  int code() const {
    return payload.size() < 2 ? 0 : static_cast<uint8_t>(payload[0]) << 8 | static_cast<uint8_t>(payload[1]);
  }
};

Received Next(RawClient& client) {
  const std::string head = client.ReadBytes(2);
  if (head.size() < 2) return {};
  size_t size = static_cast<uint8_t>(head[1]);
  const size_t wide = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (wide > 0) size = 0;
  for (const char byte : client.ReadBytes(wide)) size = size << 8 | static_cast<uint8_t>(byte);
  return {static_cast<uint8_t>(head[0]), client.ReadBytes(size)};
}

// RFC 7692: raw deflate, without the empty block at its end.
std::string Packed(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_SYNC_FLUSH), Z_OK);
  packed.resize(stream.total_out - 4);
  deflateEnd(&stream);
  return packed;
}

std::string Unpacked(std::string packed) {
  packed += std::string("\0\0\xff\xff", 4);
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, -15), Z_OK);
  std::string text(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_SYNC_FLUSH), Z_OK);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

// Gives messages back, or sends without an end; ends when the socket does, and not before.
class Session final : public WebSocketSession {
 public:
  Session(net::Worker& worker, const WebSocketOptions& options, std::string flood, std::atomic<int>* told,
          std::atomic<int>* ended)
      : WebSocketSession(options), worker_(worker), flood_(std::move(flood)), told_(told), ended_(ended) {}

  Async<void> Serve(WebSocket& socket) override {
    net::Event reader_gone;
    worker_.Spawn(ReadAll(*this, socket, reader_gone));
    while (!flood_.empty() && co_await socket.Write(flood_)) continue;
    co_await reader_gone.Wait();
    ++*ended_;
  }
  void Left() override { ++*told_; }

 private:
  static Async<void> ReadAll(Session& self, WebSocket& socket, net::Event& gone) {
    std::string message;
    while (co_await socket.Read(&message) != WebSocket::Incoming::kLeft) {
      if (self.flood_.empty() && !co_await socket.Write(message)) break;
    }
    gone.Set();
  }

  net::Worker& worker_;
  const std::string flood_;
  std::atomic<int>* const told_;
  std::atomic<int>* const ended_;
};

class WebSocketConnectionTest : public ServingTest {
 protected:
  WebSocketConnectionTest() {
    handler_.web_socket = [this](Request& request) {
      return std::make_unique<Session>(request.context.worker(), options_, flood_, &told_, &ended_);
    };
  }

  static RawClient::Answer Open(RawClient& client, const std::string& more = "") {
    client.Send(absl::StrCat("GET /socket HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n", more,
                             "\r\n"));
    return client.Read();
  }

  WebSocketOptions options_;
  std::string flood_;
  std::atomic<int> told_{0};
  std::atomic<int> ended_{0};
};

constexpr char kDeflate[] = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

TEST_F(WebSocketConnectionTest, TheSwitchNamesNoLibrary) {
  Serve();
  RawClient client(address());
  const RawClient::Answer answer = Open(client);
  EXPECT_EQ(answer.status, 101);
  EXPECT_THAT(answer.head, Not(HasSubstr("Beast")));
}

TEST_F(WebSocketConnectionTest, AMessageIsOneFrame) {
  Serve();
  RawClient client(address());
  Open(client);
  const std::string text(60000, 'x');
  client.Send(Frame(kLast | kText, text));
  const Received received = Next(client);
  EXPECT_EQ(received.first, kLast | kText);
  EXPECT_EQ(received.payload, text);
}

TEST_F(WebSocketConnectionTest, PackedMessages) {
  Serve();
  RawClient client(address());
  EXPECT_THAT(Open(client, kDeflate).Header("Sec-WebSocket-Extensions"), HasSubstr("permessage-deflate"));
  std::string text;
  for (int i = 0; i < 300; ++i) absl::StrAppend(&text, i, ";");
  // Nothing of one message is needed for the next.
  for (int i = 0; i < 3; ++i) {
    client.Send(Frame(kLast | kPacked | kText, Packed(text)));
    const Received received = Next(client);
    EXPECT_EQ(received.first, kLast | kPacked | kText);
    EXPECT_LT(received.payload.size(), text.size());
    EXPECT_EQ(Unpacked(received.payload), text);
  }
  client.Send(Frame(kLast | kPacked | kText, Packed("short")));
  EXPECT_EQ(Next(client).payload, "short") << "not worth packing";
}

TEST_F(WebSocketConnectionTest, PackedMessagesThatAreNone) {
  const struct {
    const char* name;
    std::string payload;
    int code;
  } kRows[] = {
      {"bomb", Packed(std::string(1 << 20, '\0')), 1009},
      {"no deflate", "\xff\xff\xff\xff", 1007},
      {"no UTF-8", Packed("\xff"), 1007},
  };
  options_.message_bytes = 65536;
  Serve();
  int ended = 0;
  for (const auto& row : kRows) {
    RawClient client(address());
    Open(client, kDeflate);
    client.Send(Frame(kLast | kPacked | kText, row.payload));
    const Received received = Next(client);
    EXPECT_EQ(received.first, kLast | kClose) << row.name;
    EXPECT_EQ(received.code(), row.code) << row.name;
    EXPECT_TRUE(client.Closed()) << row.name;
    client.Close();
    ++ended;
    EXPECT_TRUE(Eventually([&] { return ended_ == ended; })) << row.name;
  }
}

// They take nothing of what is sent to them, which is no reason to wait for them for ever.
TEST_F(WebSocketConnectionTest, ClientsThatLeaveWithoutReading) {
  flood_ = std::string(100000, 'x');
  Serve();
  const struct {
    const char* name;
    std::string last;  // and then half of the connection is closed, if it is empty
  } kRows[] = {{"half of the connection", ""}, {"a close frame", Frame(kLast | kClose, "\x03\xe8")}};
  int ended = 0;
  for (const auto& row : kRows) {
    RawClient client(address(), 4096);
    Open(client);
    const int told = told_;
    row.last.empty() ? client.CloseWrite() : static_cast<void>(client.Send(row.last));
    ++ended;
    EXPECT_TRUE(Eventually([&] { return ended_ == ended; })) << row.name;
    EXPECT_GE(told_, told) << row.name;
  }
}

TEST_F(WebSocketConnectionTest, AClientThatOnlySpeaksIsCut) {
  flood_ = std::string(100000, 'x');
  Limits limits;
  limits.write_stall = milliseconds(200);
  Serve(limits);
  RawClient client(address(), 4096);
  Open(client);
  EXPECT_TRUE(Eventually([&] {
    client.Send(Frame(kLast | kPong, ""));
    return ended_ == 1;
  }));
}

}  // namespace
}  // namespace portico::http
