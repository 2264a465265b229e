#include "tools/bench/backend/server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "tools/bench/backend/connection.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

// What an epoll event belongs to: a listener by its place, these two, or a connection.
constexpr uint64_t kListeners = 1000;
constexpr uint64_t kTimer = 1000;
constexpr uint64_t kSignals = 1001;
constexpr uint64_t kConnections = 1002;
constexpr int kEvents = 256;

int Must(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

}  // namespace

Server::Server(std::chrono::nanoseconds delay)
    : methods_(MakeMethods()),
      delay_(delay),
      epoll_(Must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(Must(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")),
      next_connection_(kConnections) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  signals_ = Must(signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd");
  Watch(timer_, EPOLLIN, kTimer, true);
  Watch(signals_, EPOLLIN, kSignals, true);
}

Server::~Server() {
  connections_.clear();
  for (const int listener : listeners_) close(listener);
  close(signals_);
  close(timer_);
  close(epoll_);
}

void Server::Watch(int fd, uint32_t events, uint64_t id, bool added) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  Must(epoll_ctl(epoll_, added ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event), "epoll_ctl");
}

uint16_t Server::Listen(uint16_t port) {
  const int listener = Must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Must(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), "bind");
  Must(listen(listener, 4096), "listen");
  socklen_t size = sizeof(address);
  Must(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  if (listeners_.size() == kListeners) Must(-1, "too many listeners");
  Watch(listener, EPOLLIN, listeners_.size(), true);
  listeners_.push_back(listener);
  return ntohs(address.sin_port);
}

void Server::Accept(int listener) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    const uint64_t id = next_connection_++;
    const auto added = connections_.emplace(id, std::make_unique<Connection>(*this, id, fd)).first;
    Watch(fd, EPOLLIN, id, true);
    if (!added->second->Flush()) connections_.erase(added);
  }
}

void Server::AnswerLater(uint64_t connection, int32_t stream) {
  due_.push_back({Clock::now() + delay_, connection, stream});
  if (due_.size() == 1) AnswerDue();
}

// Answers what is due, and sets the timer for what is next.
void Server::AnswerDue() {
  const auto now = Clock::now();
  std::vector<uint64_t> answered;
  for (; !due_.empty() && due_.front().when <= now; due_.pop_front()) {
    const auto found = connections_.find(due_.front().connection);
    if (found == connections_.end()) continue;
    found->second->Answer(due_.front().stream);
    answered.push_back(found->first);
  }
  std::sort(answered.begin(), answered.end());
  answered.erase(std::unique(answered.begin(), answered.end()), answered.end());
  for (const uint64_t id : answered) {
    const auto found = connections_.find(id);
    if (!found->second->Flush()) {
      connections_.erase(found);
    } else if (found->second->blocked()) {
      Watch(found->second->fd(), EPOLLIN | EPOLLOUT, id, false);
    }
  }
  if (due_.empty()) return;
  // Clock is CLOCK_MONOTONIC, and the timer takes its times as they are.
  const auto next = std::chrono::nanoseconds(due_.front().when.time_since_epoch()).count();
  itimerspec at{};
  at.it_value.tv_sec = next / 1000000000;
  at.it_value.tv_nsec = next % 1000000000;
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
}

void Server::Run() {
  epoll_event events[kEvents];
  for (;;) {
    const int count = epoll_wait(epoll_, events, kEvents, -1);
    for (int i = 0; i < count; ++i) {
      const uint64_t id = events[i].data.u64;
      if (id < kListeners) {
        Accept(listeners_[id]);
      } else if (id == kTimer) {
        uint64_t expired;
        if (read(timer_, &expired, sizeof(expired)) > 0) AnswerDue();
      } else if (id == kSignals) {
        return;
      } else {
        const auto found = connections_.find(id);
        if (found == connections_.end()) continue;
        Connection& connection = *found->second;
        const bool was_blocked = connection.blocked();
        if (((events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 && !connection.Read()) || !connection.Flush()) {
          connections_.erase(found);
        } else if (connection.blocked() != was_blocked) {
          Watch(connection.fd(), connection.blocked() ? EPOLLIN | EPOLLOUT : EPOLLIN, id, false);
        }
      }
    }
  }
}

}  // namespace bench
