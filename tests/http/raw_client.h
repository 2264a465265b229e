#ifndef PORTICO_TESTS_HTTP_RAW_CLIENT_H_
#define PORTICO_TESTS_HTTP_RAW_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace portico::http {

// A blocking client that sends exactly the bytes it is given.
class RawClient {
 public:
  // `receive_buffer` bounds what the kernel takes for a client that does not read; 0 leaves the default.
  explicit RawClient(absl::string_view address, int receive_buffer = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    timeval patience{10, 0};  // a test that would hang fails
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int port = 0;
    if (!absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port)) std::abort();
    to.sin_port = htons(static_cast<uint16_t>(port));
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;
  }
  ~RawClient() { Close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  // Closes with a reset.
  void Reset() {
    const linger abort{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    Close();
  }
  void CloseWrite() { ::shutdown(fd_, SHUT_WR); }

  // False when the other side has gone.
  bool Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // Sends all of it, unless the other side takes nothing for so long.
  bool SendNow(absl::string_view bytes, std::chrono::milliseconds patience) {
    while (!bytes.empty()) {
      pollfd room{fd_, POLLOUT, 0};
      if (::poll(&room, 1, static_cast<int>(patience.count())) <= 0) return false;
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // Everything until the other side closes; `reset()` says whether it did so properly.
  std::string ReadAll() {
    while (Fill()) continue;
    return std::exchange(buffer_, {});
  }

  // Exactly one response with its framing removed; what follows stays for the next call. `head_only`: it answers HEAD.
  struct Answer {
    int status = 0;  // 0: the connection ended first
    std::string head;
    std::string body;
    std::string Header(absl::string_view name) const {
      for (size_t at = head.find("\r\n"); at != std::string::npos && at + 2 < head.size();
           at = head.find("\r\n", at + 2)) {
        const absl::string_view line = absl::string_view(head).substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        const size_t colon = line.find(": ");
        if (colon != absl::string_view::npos && absl::EqualsIgnoreCase(line.substr(0, colon), name)) {
          return std::string(line.substr(colon + 2));
        }
      }
      return "";
    }
  };
  Answer Read(bool head_only = false) {
    Answer answer;
    size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return answer;
    }
    answer.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    const int status = std::atoi(answer.head.c_str() + 9);
    if (!head_only && answer.Header("Transfer-Encoding") == "chunked") {
      while (true) {
        std::string line;
        if (!TakeLine(&line)) return answer;
        const size_t size = std::strtoul(line.c_str(), nullptr, 16);
        if (!Need(size + 2)) return answer;
        answer.body += buffer_.substr(0, size);
        buffer_.erase(0, size + 2);
        if (size == 0) break;
      }
    } else if (!head_only && !answer.Header("Content-Length").empty()) {
      const size_t size = std::strtoul(answer.Header("Content-Length").c_str(), nullptr, 10);
      if (!Need(size)) return answer;
      answer.body = buffer_.substr(0, size);
      buffer_.erase(0, size);
    }
    answer.status = status;
    return answer;
  }

  // Exactly so many bytes, fewer only when no more come.
  std::string ReadBytes(size_t count) {
    while (buffer_.size() < count && Fill()) continue;
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
  }

  // True when the other side closes within the client's patience, with nothing more to read.
  bool Closed() { return buffer_.empty() && !Fill() && !timed_out_; }
  bool reset() const { return reset_; }

 private:
  bool Fill() {
    char bytes[16384];
    const ssize_t got = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (got > 0) buffer_.append(bytes, static_cast<size_t>(got));
    if (got < 0) {
      timed_out_ = errno == EAGAIN;
      reset_ = errno == ECONNRESET;
    }
    return got > 0;
  }
  bool Need(size_t bytes) {
    while (buffer_.size() < bytes) {
      if (!Fill()) return false;
    }
    return true;
  }
  bool TakeLine(std::string* line) {
    size_t end;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
      if (!Fill()) return false;
    }
    *line = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return true;
  }

  int fd_ = -1;
  bool connected_ = false;
  bool timed_out_ = false;
  bool reset_ = false;
  std::string buffer_;
};

// Waits until `probe` holds; false after 10 s.
template <class Probe>
bool Eventually(Probe probe) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!probe()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace portico::http

#endif  // PORTICO_TESTS_HTTP_RAW_CLIENT_H_
