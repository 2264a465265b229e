#include "gateway/net/listen_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/net/addresses.h"

namespace portico::net {
namespace {

constexpr int kBacklog = 4096;  // the kernel's own limit (somaxconn) applies too

std::string ErrnoText(int error) {
  return std::system_category().message(error);
}

void SetOption(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof(value));
}

enum class Sharing { kAlone, kReusePort };

// A socket bound to `address`; -1 with errno when that fails.
int OpenBound(const sockaddr* address, socklen_t length, Sharing sharing) {
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (sharing == Sharing::kReusePort) SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (::bind(fd, address, length) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

// Binds all sockets to one resolved address; errno says why not.
bool BindAll(const sockaddr* wanted, socklen_t length, int count, Handover handover, ListenSockets* out) {
  const bool any_port = reinterpret_cast<const sockaddr_in*>(wanted)->sin_port == 0;  // at the same place in both kinds
  if (!any_port && handover == Handover::kNo) {
    const ListenSocket probe(OpenBound(wanted, length, Sharing::kAlone));
    if (probe.fd() < 0) return false;
  }
  sockaddr_storage bound{};
  socklen_t bound_length = sizeof(bound);
  for (int i = 0; i < count; ++i) {
    const sockaddr* address = i == 0 ? wanted : reinterpret_cast<const sockaddr*>(&bound);
    ListenSocket socket(OpenBound(address, i == 0 ? length : bound_length, Sharing::kReusePort));
    if (socket.fd() < 0 || ::listen(socket.fd(), kBacklog) != 0) return false;
    if (i == 0) {
      if (::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&bound), &bound_length) != 0) return false;
      out->address = AddressText(bound);
    }
    out->sockets.push_back(std::move(socket));
  }
  return true;
}

}  // namespace

void ListenSocket::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

absl::StatusOr<HostPort> ParseHostPort(absl::string_view address) {
  const absl::Status malformed =
      absl::InvalidArgumentError(absl::StrCat("\"", address, "\" is not an address HOST:PORT"));
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return malformed;
  absl::string_view host = address.substr(0, colon);
  const absl::string_view port = address.substr(colon + 1);
  const bool bracketed = absl::StartsWith(host, "[");
  if (bracketed) {
    if (host.back() != ']' || host.find(':') == absl::string_view::npos) return malformed;
    host = host.substr(1, host.size() - 2);
  }
  // An IPv6 address without brackets would be ambiguous.
  if (host.find_first_of(bracketed ? "/[] " : ":/[] ") != absl::string_view::npos) return malformed;
  HostPort parsed;
  parsed.host = std::string(host == "*" ? "" : host);
  if (port.empty() || port.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(port, &parsed.port) || parsed.port > 65535) {
    return malformed;
  }
  return parsed;
}

absl::StatusOr<ListenSockets> Listen(absl::string_view address, int count, Handover handover) {
  const absl::StatusOr<FoundAddresses> found = FindAddresses(address);
  if (!found.ok()) return found.status();
  int error = 0;
  for (const addrinfo* at = found->get(); at != nullptr; at = at->ai_next) {
    ListenSockets sockets;
    if (BindAll(at->ai_addr, at->ai_addrlen, count, handover, &sockets)) return sockets;
    if (error == 0 || error == EAFNOSUPPORT) error = errno;
  }
  return absl::UnavailableError(absl::StrCat("cannot listen on ", address, ": ", ErrnoText(error)));
}

Accepted Accept(int listen_fd) {
  Accepted accepted;
  sockaddr_storage peer{};
  while (true) {
    socklen_t length = sizeof(peer);
    accepted.fd = ::accept4(listen_fd, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted.fd >= 0) break;
    switch (errno) {
      case EAGAIN:
        accepted.result = Accepted::Result::kNone;
        return accepted;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        accepted.result = Accepted::Result::kExhausted;
        return accepted;
      case EBADF:
      case EINVAL:
      case ENOTSOCK:
        accepted.result = Accepted::Result::kClosed;
        return accepted;
      default:
        continue;  // the connection failed before it was accepted: the next one
    }
  }
  SetOption(accepted.fd, IPPROTO_TCP, TCP_NODELAY, 1);
  accepted.result = Accepted::Result::kConnection;
  accepted.peer = AddressText(peer);
  return accepted;
}

}  // namespace portico::net
