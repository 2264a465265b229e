#include "gateway/upstream/name_lookup.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/net/operation.h"

namespace portico::upstream {
namespace {

using Descriptor = boost::asio::posix::basic_stream_descriptor<net::Executor>;

constexpr int kTryMilliseconds = 1000;
constexpr int kTries = 3;

std::string TextOf(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* bytes = address->sa_family == AF_INET6
                          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr)
                          : &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  ::inet_ntop(address->sa_family, bytes, text, sizeof(text));
  return text;
}

NamedHosts HostsOf(const ares_addrinfo& found) {
  NamedHosts named;
  std::optional<int> ttl;
  for (const ares_addrinfo_node* node = found.nodes; node != nullptr; node = node->ai_next) {
    named.hosts.push_back(TextOf(node->ai_addr));
    ttl = std::min(ttl.value_or(node->ai_ttl), node->ai_ttl);
  }
  for (const ares_addrinfo_cname* alias = found.cnames; alias != nullptr; alias = alias->next) {
    ttl = std::min(ttl.value_or(alias->ttl), alias->ttl);
  }
  named.ttl = std::chrono::seconds(std::max(ttl.value_or(0), 0));
  return named;
}

}  // namespace

class NameLookup::Impl {
 public:
  explicit Impl(net::Worker& worker) : worker_(worker), timer_(worker.executor()) {}
  ~Impl() {
    if (channel_ != nullptr) ares_destroy(channel_);
  }

  absl::Status Start(const std::string& servers) {
    static std::once_flag once;
    std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });
    ares_options options{};
    options.timeout = kTryMilliseconds;
    options.tries = kTries;
    options.sock_state_cb = &Impl::Watch;
    options.sock_state_cb_data = this;
    int status = ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
      channel_ = nullptr;
      return absl::InternalError(absl::StrCat("name lookup: ", ares_strerror(status)));
    }
    if (servers.empty()) return absl::OkStatus();
    status = ares_set_servers_ports_csv(channel_, servers.c_str());
    if (status == ARES_SUCCESS) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("\"", servers, "\" is no name server"));
  }

  Async<absl::StatusOr<NamedHosts>> Ask(std::string host) {
    answer_.reset();
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NOSORT;
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &Impl::Answered, this);
    // The library counts time only when it is asked to.
    while (!answer_.has_value()) {
      timeval most{kTryMilliseconds / 1000, 0};
      timeval wait{};
      ares_timeout(channel_, &most, &wait);
      timer_.expires_after(std::chrono::seconds(wait.tv_sec) + std::chrono::microseconds(wait.tv_usec));
      co_await net::Operation<boost::system::error_code>([this](auto done) { timer_.async_wait(std::move(done)); });
      if (!answer_.has_value()) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
    co_return *std::exchange(answer_, std::nullopt);
  }

  void Cancel() { ares_cancel(channel_); }

 private:
  // A socket of the library's: its own to open and close, ours to wait on.
  struct Socket {
    explicit Socket(net::Worker& worker, int descriptor) : wait(worker.executor(), descriptor) {}
    Descriptor wait;
    bool closed = false;
    bool wanted[2] = {false, false};   // to read, to write
    bool waiting[2] = {false, false};  // likewise
  };

  static void Answered(void* self, int status, int /*timeouts*/, ares_addrinfo* found) {
    Impl& impl = *static_cast<Impl*>(self);
    if (status == ARES_SUCCESS && found != nullptr) {
      impl.answer_.emplace(HostsOf(*found));
    } else if (status == ARES_ENOTFOUND || status == ARES_ENODATA) {
      impl.answer_.emplace(absl::NotFoundError("the name has no address"));
    } else {
      impl.answer_.emplace(absl::UnavailableError(absl::StrCat("name lookup: ", ares_strerror(status))));
    }
    if (found != nullptr) ares_freeaddrinfo(found);
    impl.timer_.cancel();
  }

  static void Watch(void* self, ares_socket_t descriptor, int readable, int writable) {
    Impl& impl = *static_cast<Impl*>(self);
    std::shared_ptr<Socket>& socket = impl.sockets_[descriptor];
    if (readable == 0 && writable == 0) {
      if (socket != nullptr) {
        socket->closed = true;
        socket->wait.release();  // ends the waits; the library closes it
      }
      impl.sockets_.erase(descriptor);
      return;
    }
    if (socket == nullptr) socket = std::make_shared<Socket>(impl.worker_, descriptor);
    socket->wanted[0] = readable != 0;
    socket->wanted[1] = writable != 0;
    impl.Wait(socket);
  }

  void Wait(const std::shared_ptr<Socket>& socket) {
    for (const int way : {0, 1}) {
      if (!socket->wanted[way] || socket->waiting[way]) continue;
      socket->waiting[way] = true;
      // A socket that is not closed has a channel, which has this.
      socket->wait.async_wait(way == 0 ? Descriptor::wait_read : Descriptor::wait_write,
                              [this, socket, way](const boost::system::error_code& error) {
                                socket->waiting[way] = false;
                                if (error || socket->closed) return;
                                const int descriptor = socket->wait.native_handle();
                                ares_process_fd(channel_, way == 0 ? descriptor : ARES_SOCKET_BAD,
                                                way == 1 ? descriptor : ARES_SOCKET_BAD);
                                if (!socket->closed) Wait(socket);
                              });
    }
  }

  net::Worker& worker_;
  boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor> timer_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, std::shared_ptr<Socket>> sockets_;
  std::optional<absl::StatusOr<NamedHosts>> answer_;
};

NameLookup::NameLookup(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
NameLookup::~NameLookup() = default;

absl::StatusOr<std::unique_ptr<NameLookup>> NameLookup::Create(net::Worker& worker, const std::string& servers) {
  auto impl = std::make_unique<Impl>(worker);
  absl::Status started = impl->Start(servers);
  if (!started.ok()) return started;
  return std::unique_ptr<NameLookup>(new NameLookup(std::move(impl)));
}

Async<absl::StatusOr<NamedHosts>> NameLookup::Ask(std::string host) {
  return impl_->Ask(std::move(host));
}

void NameLookup::Cancel() {
  impl_->Cancel();
}

}  // namespace portico::upstream
