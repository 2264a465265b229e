#include "gateway/upstream/http2_addresses.h"

#include <algorithm>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "gateway/net/operation.h"
#include "gateway/upstream/grpc_status.h"

namespace portico::upstream {
namespace {

using Tcp = boost::asio::ip::tcp;

// A name with more servers than that is used in part: each costs a connection per worker.
constexpr size_t kMaxServers = 128;

Async<absl::StatusOr<std::vector<std::string>>> ResolveBySystem(net::Worker& worker, std::string name) {
  using Resolver = boost::asio::ip::basic_resolver<Tcp, net::Executor>;
  Resolver resolver(worker.executor());
  const auto [error, found] = co_await net::Operation<boost::system::error_code, Resolver::results_type>(
      [&](auto done) { resolver.async_resolve(name, "", std::move(done)); });
  if (error) co_return Unavailable();
  std::vector<std::string> hosts;
  for (const auto& entry : found) hosts.push_back(entry.endpoint().address().to_string());
  co_return hosts;
}

}  // namespace

struct Http2Addresses::Waiter final : net::DeadlineQueue::Item {
  void Expired() override { done.Set(); }
  net::Event done;
  bool woken = false;  // by Wake(), which has taken it from its list
};

Http2Addresses::Http2Addresses(net::Worker& worker, std::shared_ptr<const Http2Peer> peer,
                               const TransportOptions& options)
    : worker_(worker),
      peer_(std::move(peer)),
      options_(options),
      deadlines_(worker.executor()),
      // Workers start at different addresses, so that few clients reach all servers.
      next_(static_cast<size_t>(worker.index())) {}

// ---- choosing

Async<absl::StatusOr<std::shared_ptr<Http2Channel>>> Http2Addresses::Pick(std::shared_ptr<Http2Addresses> self,
                                                                          rpc::Context& context) {
  if (self->servers_.empty()) {
    self->Refresh(false);
    const Http2Options& options = self->peer_->options;
    if (self->servers_.empty() && self->resolving_ && self->waiting_.size() < options.max_waiting) {
      Waiter waiter;
      self->waiting_.push_back(&waiter);
      self->deadlines_.Set(
          waiter,
          std::min(context.deadline(), net::Clock::now() + (self->unknown_ ? options.patience : options.connect_time)));
      {
        const rpc::CancelCallback cancel(context, [&] { waiter.done.Set(); });
        co_await waiter.done.Wait();
      }
      if (!waiter.woken) std::erase(self->waiting_, &waiter);
      if (context.cancelled()) co_return Cancelled();
    }
    if (self->servers_.empty()) co_return context.deadline() <= net::Clock::now() ? TooLate() : Unreached();
  }
  co_return self->Next();
}

std::shared_ptr<Http2Channel> Http2Addresses::Next() {
  const size_t count = servers_.size();
  const size_t first = next_++ % count;
  for (size_t i = 0; i < count; ++i) {
    const std::shared_ptr<Http2Channel>& channel = servers_[(first + i) % count].channel;
    if (!channel->reachable()) continue;
    if (i == 0) return channel;
    next_ = first + i + 1;  // else the one behind a dead server would get its calls, too
    const std::shared_ptr<Http2Channel> chosen = channel;
    Refresh(true);
    return chosen;
  }
  // Somebody has to find out when one is back.
  const std::shared_ptr<Http2Channel> chosen = servers_[first].channel;
  Refresh(false);
  return chosen;
}

bool Http2Addresses::reachable() const {
  if (servers_.empty()) return !unknown_;
  return std::any_of(servers_.begin(), servers_.end(), [](const Server& s) { return s.channel->reachable(); });
}

bool Http2Addresses::connected() const {
  return std::any_of(servers_.begin(), servers_.end(), [](const Server& s) { return s.channel->connected(); });
}

namespace {

struct Losses {
  size_t left = 0;
  bool lost = false;
  net::Event done;
};

Async<void> WaitFor(std::shared_ptr<Http2Channel> channel, net::Deadline until, std::shared_ptr<Losses> losses) {
  const bool lost = co_await channel->AwaitLoss(until);
  losses->lost |= lost;
  // One that is lost is enough; who waits for the others lives on by itself.
  if (--losses->left == 0 || lost) losses->done.Set();
}

}  // namespace

Async<bool> Http2Addresses::AwaitLoss(std::shared_ptr<Http2Addresses> self, net::Deadline until) {
  const auto losses = std::make_shared<Losses>();
  for (const Server& server : self->servers_) losses->left += server.channel->connected() ? 1 : 0;
  if (losses->left == 0) co_return false;
  for (const Server& server : self->servers_) {
    if (server.channel->connected()) self->worker_.Spawn(WaitFor(server.channel, until, losses));
  }
  co_await losses->done.Wait();
  co_return losses->lost;
}

// ---- looking up

void Http2Addresses::Refresh(bool any_reachable) {
  if (resolving_) return;
  const Http2Options& options = peer_->options;
  // Long while others serve; shorter when all are out of reach, since the name may have moved.
  const auto pause = any_reachable ? options.resolve_pause : servers_.empty() ? options.patience : options.last_backoff;
  if (last_resolve_ != net::Deadline() && net::Clock::now() - last_resolve_ < pause) return;
  resolving_ = true;
  worker_.Spawn(Resolve(shared_from_this()));
}

Async<void> Http2Addresses::Resolve(std::shared_ptr<Http2Addresses> self) {
  const absl::StatusOr<std::vector<std::string>> hosts =
      self->peer_->options.resolve != nullptr
          ? co_await self->peer_->options.resolve(self->worker_, self->peer_->endpoint.host)
          : co_await ResolveBySystem(self->worker_, self->peer_->endpoint.host);
  self->resolving_ = false;
  self->last_resolve_ = net::Clock::now();
  if (hosts.ok() && !hosts->empty()) {
    self->unknown_ = false;
    self->Use(*hosts);
  } else if (self->servers_.empty()) {
    // Those known before may well be there still when a name server is not.
    self->unknown_ = true;
  }
  self->Wake();
}

void Http2Addresses::Use(const std::vector<std::string>& hosts) {
  std::vector<Server> servers;
  for (const std::string& host : hosts) {
    if (servers.size() == kMaxServers) break;
    const auto same = [&](const Server& server) { return server.host == host; };
    if (std::any_of(servers.begin(), servers.end(), same)) continue;
    const auto known = std::find_if(servers_.begin(), servers_.end(), same);
    if (known != servers_.end()) {
      servers.push_back(*known);
      continue;
    }
    auto peer = std::make_shared<Http2Peer>(*peer_);
    peer->endpoint.host = host;
    peer->endpoint.all = false;
    servers.push_back({host, std::make_shared<Http2Channel>(worker_, std::move(peer), options_)});
  }
  servers_.swap(servers);
}

void Http2Addresses::Wake() {
  // One that wakes may make others end, and leave the list.
  while (!waiting_.empty()) {
    Waiter* const waiter = waiting_.front();
    waiting_.pop_front();
    waiter->woken = true;
    waiter->done.Set();
  }
}

}  // namespace portico::upstream
