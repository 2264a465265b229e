#ifndef PORTICO_GATEWAY_NET_LISTEN_SOCKET_H_
#define PORTICO_GATEWAY_NET_LISTEN_SOCKET_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace portico::net {

// A listening TCP socket, non-blocking, one of several on the same address (SO_REUSEPORT), among which the kernel
// distributes connections. Not thread-safe.
class ListenSocket {
 public:
  ListenSocket() = default;
  explicit ListenSocket(int fd) : fd_(fd) {}
  ~ListenSocket() { Close(); }
  ListenSocket(ListenSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ListenSocket& operator=(ListenSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int fd() const { return fd_; }

  // Gives the descriptor up to the caller.
  int Release() { return std::exchange(fd_, -1); }

  // Closing resets the connections that are still queued: accept until there are none first.
  void Close();

 private:
  int fd_ = -1;
};

// The sockets of all workers for one address, and the address with its real port.
struct ListenSockets {
  std::vector<ListenSocket> sockets;
  std::string address;  // "127.0.0.1:43121", "[::1]:8080"
};

// Whether the address is one that sockets of this process listen on, which are about to be closed.
enum class Handover { kNo, kYes };

// Binds `count` sockets to `address`: "HOST:PORT", "[V6]:PORT" or ":PORT" for every interface; port 0 is a free port,
// the same for all. Without a handover, an address that any process listens on is an error, although SO_REUSEPORT would
// let the same user share it: two gateways by mistake would take each other's connections. Errors name the address.
absl::StatusOr<ListenSockets> Listen(absl::string_view address, int count, Handover handover = Handover::kNo);

// Splits "HOST:PORT"; INVALID_ARGUMENT when it is none. The host of "[::1]:80" is "::1", of ":80" is "".
struct HostPort {
  std::string host;
  int port = 0;
};
absl::StatusOr<HostPort> ParseHostPort(absl::string_view address);

// One queued connection of a listening socket.
struct Accepted {
  enum class Result {
    kConnection,
    kNone,       // the queue is empty
    kExhausted,  // out of descriptors or memory: try again after a while
    kClosed,     // the socket is none any more
  };
  Result result = Result::kNone;
  int fd = -1;       // the caller's; non-blocking, TCP_NODELAY
  std::string peer;  // "203.0.113.9:51342"
};

// Never blocks.
Accepted Accept(int listen_fd);

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_LISTEN_SOCKET_H_
