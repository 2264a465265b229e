#include "gateway/upstream/cluster.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/net/event.h"
#include "gateway/upstream/grpc_status.h"

namespace portico::upstream {
namespace {

// How long a call waits for the first set of servers.
constexpr std::chrono::seconds kFirstSet(2);
// How many may wait so on one worker.
constexpr size_t kMaxWaiting = 10000;
// How often calls that find no server in reach make the source look again.
constexpr std::chrono::seconds kLookAgain(1);

// The servers of a lane for a balancer.
class LaneView final : public Candidates {
 public:
  enum class Among { kInService, kReachable, kAll };

  // `left`: servers that are not to be taken; nullptr: none.
  LaneView(const Members::Lane& lane, const ClusterOptions& options, net::Deadline now, Among among,
           const rpc::TriedServers* left)
      : paths_(lane.paths),
        health_(options.health.interval > net::Clock::duration::zero()),
        now_(now),
        among_(among),
        left_(left) {}

  size_t size() const override { return paths_.size(); }
  bool usable(size_t index) const override {
    const Path& path = *paths_[index];
    if (left_ != nullptr && left_->Has(path.server->hash)) return false;
    if (among_ == Among::kAll) return true;
    if (!path.transport->reachable()) return false;
    if (among_ == Among::kReachable) return true;
    const Server& server = *path.server;
    if (health_ && server.health.state() == Health::State::kUnhealthy) return false;
    if (!server.outlier.suspicious()) return true;
    const Outlier::State state = server.outlier.At(now_);
    return state == Outlier::State::kIn || (state == Outlier::State::kOnTrial && path.in_flight == 0);
  }
  uint32_t load(size_t index) const override { return paths_[index]->in_flight; }
  uint64_t hash(size_t index) const override { return paths_[index]->server->hash; }

 private:
  const std::vector<std::shared_ptr<Path>>& paths_;
  const bool health_;
  const net::Deadline now_;
  const Among among_;
  const rpc::TriedServers* const left_;
};

// A call under way at a server, and what its end says of the server. The members outlive it: whoever calls pins the
// cluster.
class OneCall {
 public:
  OneCall(Members& members, std::shared_ptr<Path> path, net::Deadline began)
      : members_(members), path_(std::move(path)), began_(began) {
    ++path_->in_flight;
  }
  ~OneCall() { --path_->in_flight; }
  OneCall(const OneCall&) = delete;
  OneCall& operator=(const OneCall&) = delete;

  Transport& transport() { return *path_->transport; }

  // The call has come to an end, or far enough to know.
  void Ended(absl::StatusCode code) {
    const EjectOptions& eject = members_.options().eject;
    if (eject.failures == 0 || code == absl::StatusCode::kCancelled) return;
    Server& server = *path_->server;
    const net::Deadline now = net::Clock::now();
    if (Outlier::IsFailure(code, now - began_)) {
      if (server.outlier.Failed(eject.failures, now)) members_.Eject(server, now);
    } else if (code != absl::StatusCode::kDeadlineExceeded) {
      if (server.outlier.Succeeded(now)) members_.Returned(server);
    }
  }

 private:
  Members& members_;
  const std::shared_ptr<Path> path_;
  const net::Deadline began_;
};

// A stream that is counted as a call for as long as it lives.
class CountedStream final : public rpc::Stream {
 public:
  CountedStream(std::unique_ptr<OneCall> call, std::unique_ptr<rpc::Stream> stream)
      : call_(std::move(call)), stream_(std::move(stream)) {}

  Async<absl::Status> Write(rpc::Payload message) override { return stream_->Write(std::move(message)); }
  Async<absl::Status> CloseWrite() override { return stream_->CloseWrite(); }
  Async<bool> AwaitHeaders(net::Deadline until) override { return stream_->AwaitHeaders(until); }
  Async<absl::StatusOr<bool>> Read(std::string* message) override {
    if (judged_) return stream_->Read(message);
    return FirstRead(message);
  }
  const rpc::Metadata& headers() const override { return stream_->headers(); }
  const rpc::Metadata& trailers() const override { return stream_->trailers(); }

 private:
  // The first message, or the end without any, says how the server is.
  Async<absl::StatusOr<bool>> FirstRead(std::string* message) {
    judged_ = true;
    absl::StatusOr<bool> read = co_await stream_->Read(message);
    call_->Ended(read.status().code());
    co_return read;
  }

  const std::unique_ptr<OneCall> call_;
  const std::unique_ptr<rpc::Stream> stream_;  // goes before its way
  bool judged_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Cluster>> Cluster::Create(ClusterOptions options, TransportFactory* factory,
                                                         const std::vector<std::unique_ptr<net::Worker>>& workers,
                                                         const ClusterSurroundings& surroundings) {
  auto members = std::make_shared<Members>(options, factory, workers, surroundings);
  auto cluster = std::unique_ptr<Cluster>(new Cluster(members));
  if (!IsWatched(options.target)) {
    const Addresses addresses = FixedAddresses(options.target);
    if (addresses.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("cluster ", options.name, " has no address"));
    }
    const absl::Status used = members->Use(addresses, /*direct=*/true);
    if (!used.ok()) return used;
    return cluster;
  }
  if (surroundings.loop.worker == nullptr) return cluster;  // nobody will call
  absl::StatusOr<std::unique_ptr<Discovery>> discovery =
      Discover(options.target, surroundings.loop, [members](const absl::StatusOr<Addresses>& told) {
        members->Use(told).IgnoreError();  // it is in the status
      });
  if (!discovery.ok()) return discovery.status();
  cluster->discovery_ = *std::move(discovery);
  return cluster;
}

Cluster::~Cluster() {
  discovery_.reset();
  members_->Close();
}

bool Cluster::connected(const net::Worker& worker) const {
  const auto& paths = members_->lane(worker).paths;
  return std::any_of(paths.begin(), paths.end(), [](const auto& path) { return path->transport->connected(); });
}

namespace {

// Several transports being waited for.
struct Waiting {
  size_t left = 0;
  bool lost = false;
  net::Event done;
};

Async<void> WaitFor(std::shared_ptr<Path> path, net::Deadline until, Waiting& waiting) {
  const bool lost = co_await path->transport->AwaitLoss(until);
  waiting.lost |= lost;
  if (--waiting.left == 0) waiting.done.Set();
}

}  // namespace

Async<bool> Cluster::AwaitLoss(net::Worker& worker, net::Deadline until) {
  const std::vector<std::shared_ptr<Path>> paths = members_->lane(worker).paths;
  if (paths.empty()) co_return false;
  Waiting waiting;
  waiting.left = paths.size();
  for (const auto& path : paths) worker.Spawn(WaitFor(path, until, waiting));
  co_await waiting.done.Wait();
  co_return waiting.lost;
}

void Cluster::LookAgain(Members::Lane& lane, net::Deadline now) const {
  if (discovery_ == nullptr || now - lane.looked_again <= kLookAgain) return;
  lane.looked_again = now;
  discovery_->LookAgain();
}

std::shared_ptr<Path> Cluster::Pick(Members::Lane& lane, rpc::Context& context, net::Deadline now) const {
  if (lane.paths.size() == 1) {
    if (!lane.paths.front()->transport->reachable()) LookAgain(lane, now);
    return lane.paths.front();
  }
  uint64_t hash = 0;
  const uint64_t* key = nullptr;
  if (options().balance.policy == BalanceOptions::Policy::kHash && context.headers() != nullptr) {
    absl::string_view value;
    if (context.headers()->Find(options().balance.header, &value)) {
      hash = Balancer::HashOf(value);
      key = &hash;
    }
  }
  const auto pick = [&](LaneView::Among among) {
    if (!context.tried().empty()) {
      const size_t untried = lane.balancer.Pick(LaneView(lane, options(), now, among, &context.tried()), key);
      if (untried != Balancer::kNone) return untried;
    }
    return lane.balancer.Pick(LaneView(lane, options(), now, among, nullptr), key);
  };
  for (const LaneView::Among among :
       {LaneView::Among::kInService, LaneView::Among::kReachable, LaneView::Among::kAll}) {
    const size_t index = pick(among);
    if (index != Balancer::kNone) {
      context.tried().Add(lane.paths[index]->server->hash);
      return lane.paths[index];
    }
    if (among == LaneView::Among::kReachable) LookAgain(lane, now);
  }
  return nullptr;
}

Async<absl::StatusOr<std::shared_ptr<Path>>> Cluster::Choose(rpc::Context& context, net::Deadline now) {
  Members::Lane& lane = members_->lane(context.worker());
  if (!lane.known && lane.waiting.size() < kMaxWaiting && !context.cancelled()) {
    Members::Waiter waiter;
    lane.waiting.push_back(&waiter);
    waiter.Set(context.worker().timeouts(), std::min(context.deadline(), now + kFirstSet));
    {
      const rpc::CancelCallback cancel(context, [&waiter] { waiter.done.Set(); });
      co_await waiter.done.Wait();
    }
    std::erase(lane.waiting, &waiter);
  }
  if (context.cancelled()) co_return Cancelled();
  std::shared_ptr<Path> path = Pick(lane, context, now);
  if (path != nullptr) co_return path;
  co_return context.deadline() <= net::Clock::now() ? TooLate() : Unreached();
}

Async<absl::StatusOr<rpc::Reply>> Cluster::Call(const rpc::Method& method, rpc::Payload request,
                                                rpc::Context& context) {
  const net::Deadline began = net::Clock::now();
  context.ShortenDeadline(net::After(began, options().timeout));
  Members::Lane& lane = members_->lane(context.worker());
  std::shared_ptr<Path> path = Pick(lane, context, began);
  if (path == nullptr) {
    absl::StatusOr<std::shared_ptr<Path>> chosen = co_await Choose(context, began);
    if (!chosen.ok()) co_return chosen.status();
    path = *std::move(chosen);
  }
  OneCall call(*members_, std::move(path), began);
  absl::StatusOr<rpc::Reply> reply = co_await call.transport().Call(method, std::move(request), context);
  call.Ended(reply.status().code());
  co_return reply;
}

Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Cluster::Open(const rpc::Method& method, rpc::Context& context) {
  const net::Deadline began = net::Clock::now();
  absl::StatusOr<std::shared_ptr<Path>> path = co_await Choose(context, began);
  if (!path.ok()) co_return path.status();
  auto call = std::make_unique<OneCall>(*members_, *std::move(path), began);
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await call->transport().Open(method, context);
  if (!stream.ok()) {
    call->Ended(stream.status().code());
    co_return stream.status();
  }
  co_return std::make_unique<CountedStream>(std::move(call), *std::move(stream));
}

}  // namespace portico::upstream
