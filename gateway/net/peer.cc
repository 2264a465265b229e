#include "gateway/net/peer.h"

// The kernel's tcp_info: the C library's ends before tcpi_bytes_acked, and no file can have both.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace portico::net {

bool PeerHasLeft(int fd) {
  pollfd look{fd, POLLRDHUP, 0};  // POLLHUP and POLLERR are always told
  return ::poll(&look, 1, 0) > 0;
}

uint64_t BytesTaken(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_acked : 0;
}

}  // namespace portico::net
