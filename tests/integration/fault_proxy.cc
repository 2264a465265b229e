#include "tests/integration/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace portico::integration {
namespace {

constexpr size_t kMostConnections = 200;
constexpr size_t kMostOnTheWay = 256 << 10;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  return at;
}

int Socket() {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) std::abort();
  return descriptor;
}

void SetNoDelay(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void CloseWithReset(int descriptor) {
  const linger at_once = {1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(descriptor);
}

}  // namespace

FaultProxy::FaultProxy(const std::string& target)
    : target_(target), listening_(Socket()), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  sockaddr_in at = Loopback(0);
  socklen_t size = sizeof at;
  if (bind(listening_, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(listening_, SOMAXCONN) != 0 ||
      getsockname(listening_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    std::abort();
  }
  address_ = absl::StrCat("127.0.0.1:", ntohs(at.sin_port));
  thread_ = std::thread([this] { Run(); });
}

FaultProxy::~FaultProxy() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(wake_, 1);
  thread_.join();
  for (const Pair& pair : pairs_) Close(pair);
  close(listening_);
  close(wake_);
}

void FaultProxy::Become(Fault fault) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    fault_ = fault;
    for (Pair& pair : pairs_) pair.carried = 0;
  }
  eventfd_write(wake_, 1);
}

FaultProxy::Counts FaultProxy::counts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

bool FaultProxy::Way::HasRoom() const {
  return !ended && size < kMostOnTheWay;
}

void FaultProxy::Run() {
  std::vector<pollfd> waits;
  while (true) {
    int patience = 0;
    waits = {{wake_, POLLIN, 0}, {listening_, POLLIN, 0}};
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const Clock::time_point now = Clock::now();
      for (const Pair& pair : pairs_) {
        const auto events = [now](const Way& in, const Way& out) {
          return static_cast<short>((in.HasRoom() ? POLLIN : 0) | (out.IsDue(now) ? POLLOUT : 0));
        };
        waits.push_back({pair.client, events(pair.there, pair.back), 0});
        waits.push_back({pair.server, events(pair.back, pair.there), 0});
        // An end that waits for what is before it would be told again and again.
        for (pollfd* wait : {&waits[waits.size() - 2], &waits[waits.size() - 1]}) {
          if (wait->events == 0) wait->fd = -1;
        }
      }
      patience = Patience(now);
    }
    poll(waits.data(), waits.size(), patience);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    eventfd_t ignored;
    if (waits[0].revents != 0) eventfd_read(wake_, &ignored);
    const Clock::time_point now = Clock::now();
    for (auto pair = pairs_.begin(); pair != pairs_.end();) {
      if (Carry(*pair, now)) {
        ++pair;
      } else {
        Close(*pair);
        pair = pairs_.erase(pair);
      }
    }
    if (waits[1].revents != 0) Accept();
  }
}

int FaultProxy::Patience(Clock::time_point now) const {
  Clock::duration least = std::chrono::seconds(1);
  for (const Pair& pair : pairs_) {
    for (const Way* way : {&pair.there, &pair.back}) {
      if (!way->pieces.empty() && !way->IsDue(now)) least = std::min(least, way->pieces.front().due - now);
    }
  }
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(least).count());
}

void FaultProxy::Accept() {
  while (true) {
    const int client = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    int port = 0;
    const int server = Socket();
    const bool known = absl::SimpleAtoi(target_.substr(target_.rfind(':') + 1), &port);
    const sockaddr_in at = Loopback(static_cast<uint16_t>(port));
    const bool connecting =
        connect(server, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 || errno == EINPROGRESS;
    if (!known || !connecting || pairs_.size() == kMostConnections) {
      CloseWithReset(client);
      close(server);
      continue;
    }
    SetNoDelay(client);
    SetNoDelay(server);
    ++counts_.connections;
    Pair& pair = pairs_.emplace_back();
    pair.client = client;
    pair.server = server;
    pair.there.from = pair.back.to = client;
    pair.there.to = pair.back.from = server;
  }
}

bool FaultProxy::Carry(Pair& pair, Clock::time_point now) {
  if (fault_.kind != Fault::kDrop && pair.lost) return false;
  for (Way* way : {&pair.there, &pair.back}) {
    if (!Read(pair, *way, now) || !Write(*way, now)) return false;
    if (!way->ended || way->told || !way->pieces.empty()) continue;
    shutdown(way->to, SHUT_WR);
    way->told = true;
  }
  return !pair.there.told || !pair.back.told;
}

bool FaultProxy::Read(Pair& pair, Way& way, Clock::time_point now) {
  char bytes[16384];
  while (way.HasRoom()) {
    const ssize_t count = recv(way.from, bytes, sizeof bytes, 0);
    if (count < 0) return errno == EAGAIN;
    if (count == 0) {
      way.ended = true;
      return true;
    }
    size_t size = static_cast<size_t>(count);
    if (fault_.kind == Fault::kDrop) {
      pair.lost = true;
      counts_.dropped += size;
      continue;
    }
    bool cut = false;
    if (fault_.kind == Fault::kCut) {
      cut = pair.carried + size >= fault_.bytes;
      size = std::min(size, fault_.bytes - pair.carried);
      pair.carried += size;
    }
    if (fault_.kind == Fault::kDelay) counts_.delayed += size;
    // Never before what was sent earlier.
    Clock::time_point due = now + fault_.delay;
    if (!way.pieces.empty()) due = std::max(due, way.pieces.back().due);
    way.pieces.push_back({due, std::string(bytes, size)});
    way.size += size;
    if (cut) {
      ++counts_.cut;
      Write(way, now);
      return false;
    }
  }
  return true;
}

bool FaultProxy::Write(Way& way, Clock::time_point now) {
  while (way.IsDue(now)) {
    std::string& bytes = way.pieces.front().bytes;
    const ssize_t count = send(way.to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN;
    way.size -= static_cast<size_t>(count);
    bytes.erase(0, static_cast<size_t>(count));
    if (!bytes.empty()) return true;
    way.pieces.pop_front();
  }
  return true;
}

void FaultProxy::Close(const Pair& pair) {
  // What both have ended is not reset: that would take back what is still on its way.
  const bool ended = pair.there.told && pair.back.told;
  for (const int descriptor : {pair.client, pair.server}) {
    ended ? static_cast<void>(close(descriptor)) : CloseWithReset(descriptor);
  }
}

}  // namespace portico::integration
