#include "gateway/http/listener.h"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "gateway/http/connection_h1.h"
#include "gateway/http/connection_site.h"
#include "gateway/net/alarm.h"
#include "gateway/net/listen_socket.h"

namespace portico::http {

using std::chrono::milliseconds;

namespace {

// How many connections one worker accepts before it turns to those it has.
constexpr int kAcceptedAtOnce = 64;
// How long a worker out of descriptors waits before it accepts again.
constexpr milliseconds kExhaustedPause{100};

}  // namespace

// What all workers share.
struct Listener::Shared {
  Shared(const Limits& l, Handler& h, const ErrorRenderer& e, RefusalObserver* r)
      : limits(l), handler(h), errors(e), refusals(r) {}

  const Limits limits;
  Handler& handler;
  const ErrorRenderer& errors;
  RefusalObserver* const refusals;
  std::atomic<int64_t> in_flight{0};
  std::atomic<bool> draining{false};
  std::atomic<size_t> open_shards{0};
  absl::AnyInvocable<void()> drained;  // written before any shard learns of the drain
};

// The listener's part on one worker. Everything but construction happens on its loop.
class Listener::Shard final : public ConnectionSite, public std::enable_shared_from_this<Shard> {
 public:
  Shard(net::Worker& on, std::shared_ptr<Shared> shared, net::ListenSocket socket)
      : ConnectionSite(on, shared->limits, shared->handler, shared->errors, shared->refusals, shared->in_flight),
        shared_(std::move(shared)),
        socket_(std::move(socket)),
        descriptor_(on.executor()),
        resume_([this] { WaitForConnections(); }),
        cut_([this] { CutAll(); }) {}

  void Start() {
    boost::system::error_code error;
    descriptor_.assign(socket_.fd(), error);
    if (!error) socket_.Release();
    WaitForConnections();
  }

  void Drain(milliseconds limit) {
    draining = true;
    resume_.Clear();
    if (descriptor_.is_open()) {
      // Closing would reset what is queued.
      while (AcceptOne() == net::Accepted::Result::kConnection) continue;
      descriptor_.close();
    }
    const net::Deadline cut_at = net::Clock::now() + limit;
    for (const std::shared_ptr<ConnectionH1>& connection : Connections()) connection->Drain(cut_at);
    if (!connections_.empty()) cut_.Set(worker.timeouts(), cut_at);
    ReportWhenEmpty();
  }

  void Closed(ConnectionH1& connection) override {
    connections_.erase(&connection);
    if (draining) ReportWhenEmpty();
  }

 private:
  void WaitForConnections() {
    if (draining || !descriptor_.is_open()) return;
    descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                             if (!error) self->AcceptQueued();
                           });
  }

  void AcceptQueued() {
    if (draining) return;
    for (int i = 0; i < kAcceptedAtOnce; ++i) {
      const net::Accepted::Result result = AcceptOne();
      if (result == net::Accepted::Result::kClosed) return;
      if (result == net::Accepted::Result::kExhausted) {
        resume_.Set(worker.timeouts(), net::Clock::now() + kExhaustedPause);
        return;
      }
      if (result == net::Accepted::Result::kNone) break;
    }
    WaitForConnections();
  }

  net::Accepted::Result AcceptOne() {
    net::Accepted accepted = net::Accept(descriptor_.native_handle());
    if (accepted.result != net::Accepted::Result::kConnection) return accepted.result;
    const bool v6 = accepted.peer.front() == '[';
    ConnectionH1::Socket socket(worker.executor());
    boost::system::error_code error;
    socket.assign(v6 ? boost::asio::ip::tcp::v6() : boost::asio::ip::tcp::v4(), accepted.fd, error);
    if (error) {
      net::ListenSocket(accepted.fd).Close();
      return accepted.result;
    }
    socket.non_blocking(true, error);  // tells Asio what the descriptor is already
    const auto connection =
        std::make_shared<ConnectionH1>(shared_from_this(), std::move(socket), std::move(accepted.peer));
    connections_.insert(connection.get());
    connection->Start();
    return accepted.result;
  }

  // Held, because closing one may end another.
  std::vector<std::shared_ptr<ConnectionH1>> Connections() {
    std::vector<std::shared_ptr<ConnectionH1>> held;
    held.reserve(connections_.size());
    for (ConnectionH1* connection : connections_) held.push_back(connection->shared_from_this());
    return held;
  }

  void CutAll() {
    for (const std::shared_ptr<ConnectionH1>& connection : Connections()) connection->Cut();
  }

  void ReportWhenEmpty() {
    if (reported_ || !connections_.empty()) return;
    reported_ = true;
    // The last reference may be dropped by the listener's owner.
    resume_.Detach();
    cut_.Detach();
    if (shared_->open_shards.fetch_sub(1, std::memory_order_acq_rel) == 1) shared_->drained();
  }

  const std::shared_ptr<Shared> shared_;
  net::ListenSocket socket_;  // until Start()
  boost::asio::posix::basic_stream_descriptor<net::Executor> descriptor_;
  absl::flat_hash_set<ConnectionH1*> connections_;
  net::CallingAlarm resume_;  // accepting, after descriptors ran out
  net::CallingAlarm cut_;     // what is still open while draining
  bool reported_ = false;
};

absl::StatusOr<std::unique_ptr<Listener>> Listener::Create(absl::Span<net::Worker* const> workers,
                                                           absl::string_view address, const Limits& limits,
                                                           Handler& handler, const ErrorRenderer& errors,
                                                           RefusalObserver* refusals, net::Handover handover) {
  absl::StatusOr<net::ListenSockets> sockets = net::Listen(address, static_cast<int>(workers.size()), handover);
  if (!sockets.ok()) return sockets.status();
  std::unique_ptr<Listener> listener(new Listener());
  listener->address_ = std::move(sockets->address);
  listener->shared_ = std::make_shared<Shared>(limits, handler, errors, refusals);
  listener->shared_->open_shards = workers.size();
  for (size_t i = 0; i < workers.size(); ++i) {
    listener->shards_.push_back(
        std::make_shared<Shard>(*workers[i], listener->shared_, std::move(sockets->sockets[i])));
    workers[i]->Post([shard = listener->shards_.back()] { shard->Start(); });
  }
  listener->serving_.store(true, std::memory_order_release);
  return listener;
}

Listener::~Listener() = default;

int64_t Listener::in_flight() const {
  return shared_->in_flight.load(std::memory_order_relaxed);
}

void Listener::Drain(milliseconds limit, absl::AnyInvocable<void()> drained) {
  if (shared_->draining.exchange(true)) return;
  serving_.store(false, std::memory_order_release);
  shared_->drained = std::move(drained);
  for (const std::shared_ptr<Shard>& shard : shards_) {
    shard->worker.Post([shard, limit] { shard->Drain(limit); });
  }
}

}  // namespace portico::http
