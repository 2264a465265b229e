#ifndef PORTICO_TESTS_UPSTREAM_NAME_SERVER_H_
#define PORTICO_TESTS_UPSTREAM_NAME_SERVER_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace portico::upstream {

// A name server on loopback (RFC 1035, UDP) that knows one name, whatever it is called.
class NameServer {
 public:
  NameServer() : socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    socklen_t size = sizeof(address);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    const timeval tick{0, 20000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
    thread_ = std::thread([this] { Serve(); });
  }
  ~NameServer() {
    stopping_ = true;
    thread_.join();
    ::close(socket_);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Questions for A records.
  int asked() const { return asked_; }

  // What it says from now on. No hosts: NOERROR without records; `code` 3: there is no such name, 2: failure.
  void Say(std::vector<std::string> hosts, uint32_t ttl, uint8_t code = 0) {
    const std::lock_guard<std::mutex> lock(mutex_);
    hosts_ = std::move(hosts);
    ttl_ = ttl;
    code_ = code;
    silent_ = false;
  }
  void SayNothing() {
    const std::lock_guard<std::mutex> lock(mutex_);
    silent_ = true;
  }

 private:
  void Serve() {
    while (!stopping_) {
      uint8_t question[512];
      sockaddr_in peer{};
      socklen_t size = sizeof(peer);
      const ssize_t got = ::recvfrom(socket_, question, sizeof(question), 0, reinterpret_cast<sockaddr*>(&peer), &size);
      if (got < 17) continue;
      const std::string answer = Answer(question, static_cast<size_t>(got));
      if (!answer.empty()) ::sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
    }
  }

  std::string Answer(const uint8_t* question, size_t size) {
    const std::lock_guard<std::mutex> lock(mutex_);
    size_t end = 12;
    while (end < size && question[end] != 0) end += question[end] + 1u;
    if (end + 5 > size) return "";
    const int type = question[end + 1] << 8 | question[end + 2];
    asked_ += type == 1 ? 1 : 0;
    if (silent_) return "";
    std::string records;
    int count = 0;
    for (const std::string& host : hosts_) {
      const bool v6 = host.find(':') != std::string::npos;
      if (type != (v6 ? 28 : 1)) continue;
      char bytes[16];
      ::inet_pton(v6 ? AF_INET6 : AF_INET, host.c_str(), bytes);
      const char length = v6 ? 16 : 4;
      const char head[] = {'\xc0',
                           12,
                           0,
                           static_cast<char>(type),
                           0,
                           1,
                           static_cast<char>(ttl_ >> 24),
                           static_cast<char>(ttl_ >> 16),
                           static_cast<char>(ttl_ >> 8),
                           static_cast<char>(ttl_),
                           0,
                           length};
      records.append(head, sizeof(head));
      records.append(bytes, static_cast<size_t>(length));
      ++count;
    }
    std::string answer(reinterpret_cast<const char*>(question), end + 5);
    answer[2] = '\x81';
    answer[3] = static_cast<char>(0x80 | code_);
    answer[6] = 0;
    answer[7] = static_cast<char>(count);
    answer[8] = answer[9] = answer[10] = answer[11] = 0;
    return answer + records;
  }

  const int socket_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> asked_{0};
  std::mutex mutex_;
  std::vector<std::string> hosts_;
  uint32_t ttl_ = 0;
  uint8_t code_ = 0;
  bool silent_ = true;
  std::thread thread_;
};

}  // namespace portico::upstream

#endif  // PORTICO_TESTS_UPSTREAM_NAME_SERVER_H_
