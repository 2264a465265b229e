#ifndef PORTICO_TESTS_INTEGRATION_WEBSOCKET_CLIENT_H_
#define PORTICO_TESTS_INTEGRATION_WEBSOCKET_CLIENT_H_

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/connection.h"

namespace portico::integration {

// The key of RFC 6455, section 1.3, and its answer.
inline constexpr char kKey[] = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr char kAccept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

enum Opcode : uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// A frame as a client sends it: masked.
inline std::string Frame(Opcode opcode, absl::string_view payload, bool last = true) {
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

inline std::string CloseFrame(uint16_t code) {
  return Frame(kClose, std::string{static_cast<char>(code >> 8), static_cast<char>(code)});
}

inline std::string Upgrade(absl::string_view target, const std::string& more = "", absl::string_view version = "13") {
  return absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
                      "Sec-WebSocket-Key: ", kKey, "\r\nSec-WebSocket-Version: ", version, "\r\n", more, "\r\n");
}

// A WebSocket on a connection of its own. Every wait is bounded.
class WebSocketClient {
 public:
  struct Received {
    int opcode = -1;  // -1: the connection has ended, or fell silent
    std::string payload;
    bool last = true;  // of its message
    int code() const {
      return payload.size() < 2 ? 0 : static_cast<uint8_t>(payload[0]) << 8 | static_cast<uint8_t>(payload[1]);
    }
    Json json() const { return Json::parse(payload, nullptr, false); }
  };

  explicit WebSocketClient(const std::string& address) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
    to.sin_port = htons(static_cast<uint16_t>(port));
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  }
  ~WebSocketClient() { ::close(socket_); }
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

  void Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  // Sends the bytes again and again, until nothing has been taken for `stalled`, or at least `most` bytes in all; how
  // many that were. The last copy may be sent in part; unsent() is the rest of it.
  int64_t Flood(absl::string_view bytes, std::chrono::milliseconds stalled, int64_t most) {
    int64_t total = 0;
    while (total < most) {
      pollfd wait{socket_, POLLOUT, 0};
      if (::poll(&wait, 1, static_cast<int>(stalled.count())) <= 0) return total;
      if (unsent_.empty()) unsent_ = std::string(bytes);
      const ssize_t sent = ::send(socket_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) return total;
      unsent_.erase(0, static_cast<size_t>(sent));
      total += sent;
    }
    return total;
  }
  const std::string& unsent() const { return unsent_; }

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
    EXPECT_THAT(head, ::testing::HasSubstr("HTTP/1.1 101 ")) << in_;
    EXPECT_THAT(head, ::testing::HasSubstr(kAccept));
    return absl::StartsWith(head, "HTTP/1.1 101 ");
  }

  // The next frame.
  Received Next(std::chrono::milliseconds limit = std::chrono::seconds(20)) {
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
          Received received{in_[0] & 0x0f, in_.substr(at, length), (in_[0] & 0x80) != 0};
          in_.erase(0, at + length);
          return received;
        }
      }
      if (!Fill(limit)) return {};
    }
  }

  // The next message, its fragments joined.
  Received NextMessage() {
    Received message = Next();
    while (!message.last && message.opcode != -1) {
      const Received more = Next();
      if (more.opcode != kContinuation) return more;
      message.payload += more.payload;
      message.last = more.last;
    }
    return message;
  }

  // Sends no more, and might still read.
  void CloseWrite() { ::shutdown(socket_, SHUT_WR); }

  // Closes with a TCP reset.
  void Reset() {
    const linger hard{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    ::close(socket_);
    socket_ = -1;
  }

 private:
  bool Fill(std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    pollfd wait{socket_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(limit.count())) <= 0) return false;
    char bytes[65536];
    const ssize_t received = ::recv(socket_, bytes, sizeof(bytes), 0);
    if (received <= 0) return false;
    in_.append(bytes, static_cast<size_t>(received));
    return true;
  }

  int socket_ = -1;
  std::string in_;
  std::string unsent_;
};

}  // namespace portico::integration

#endif  // PORTICO_TESTS_INTEGRATION_WEBSOCKET_CLIENT_H_
