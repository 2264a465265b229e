#include "gateway/gateway.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/admin/gather_metrics.h"
#include "gateway/admin/metrics.h"
#include "gateway/admin/safeguard_metrics.h"
#include "gateway/candidate.h"
#include "gateway/cluster_status.h"
#include "gateway/event_log.h"
#include "gateway/explain_request.h"
#include "gateway/http/chain.h"
#include "gateway/http/listener.h"
#include "gateway/middleware/stats.h"
#include "gateway/net/addresses.h"

namespace portico {
namespace {

http::Limits LimitsOf(const config::Limits& limits) {
  const auto milliseconds = [](const google::protobuf::Duration& duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        absl::ToChronoNanoseconds(config::ToDuration(duration)));
  };
  http::Limits result;
  result.header_bytes = limits.header_bytes();
  result.headers = limits.headers();
  result.body_bytes = limits.body_bytes();
  result.header_time = milliseconds(limits.header_time());
  result.idle_time = milliseconds(limits.idle_time());
  result.in_flight = limits.in_flight();
  return result;
}

int WorkerCount(const config::Config& config) {
  return config.workers() > 0 ? static_cast<int>(config.workers()) : net::DefaultWorkerCount();
}

std::vector<admin::Route> RoutesOf(const Snapshot& snapshot) {
  std::vector<admin::Route> routes;
  for (const auto& frontend : snapshot.frontends()) {
    for (const Route& route : frontend->routes()) {
      routes.push_back({frontend->name(), route.verb, route.path, route.endpoint.method().full_name, route.target});
    }
  }
  return routes;
}

// What a listener was made of; another listener takes its place when this changes.
bool SameListener(const config::Frontend& a, const config::Frontend& b) {
  return a.listen() == b.listen() && a.errors() == b.errors() &&
         a.limits().SerializeAsString() == b.limits().SerializeAsString();
}

}  // namespace

// What of a frontend outlives snapshots: its listener, its log, its counters. Hands every request to the frontend of
// its name in the snapshot in use. Everything but Handle() and Refused() is for one thread at a time.
class Gateway::Port final : public http::Handler, public http::RefusalObserver {
 public:
  Port(std::string name, size_t workers, middleware::AccessLogSink* sink)
      : name_(name), access_log_(name, sink), stats_(name, static_cast<int>(workers)), lanes_(workers) {}

  const std::string& name() const { return name_; }
  const middleware::Stats& stats() const { return stats_; }
  bool serving() const { return listening_ != nullptr && listening_->listener->serving(); }
  bool open() const { return listening_ != nullptr; }

  // Whether `frontend` needs no other listener than the one there is.
  bool Fits(const config::Frontend& frontend) const {
    return listening_ != nullptr && SameListener(listening_->config, frontend);
  }

  // Where it listens; empty when it does not.
  std::string address() const { return listening_ == nullptr ? "" : listening_->listener->address(); }

  // Whether a listener of `frontend` would have the address of the one there is.
  bool SameAddress(const config::Frontend& frontend) const {
    if (listening_ == nullptr) return false;
    if (listening_->config.listen() == frontend.listen()) return true;
    const std::vector<std::string> wanted = net::AddressesOf(frontend.listen());
    return std::find(wanted.begin(), wanted.end(), address()) != wanted.end();
  }

  // Binds a listener for `frontend`. It serves beside the present one until Replace() or Forget(). `taken_over`: the
  // address of a listener, of this or another port, that is about to drain, beside which this one serves for a moment,
  // so that no connection is refused; empty when there is none.
  absl::Status Listen(absl::Span<net::Worker* const> workers, const config::Frontend& frontend,
                      const std::string& taken_over) {
    auto next = std::make_shared<Listening>(frontend);
    absl::StatusOr<std::unique_ptr<http::Listener>> listener = http::Listener::Create(
        workers, taken_over.empty() ? frontend.listen() : taken_over, LimitsOf(frontend.limits()), *this, next->errors,
        this, taken_over.empty() ? net::Handover::kNo : net::Handover::kYes);
    if (!listener.ok()) return listener.status();
    next->listener = *std::move(listener);
    next_ = std::move(next);
    return absl::OkStatus();
  }

  // The listener bound last takes over; the one before drains.
  void Replace() {
    if (next_ == nullptr) return;
    Retire(std::exchange(listening_, std::exchange(next_, nullptr)));
    LogEvent({{"event", "listening"}, {"frontend", name_}, {"address", listening_->listener->address()}});
  }
  // Drains the listener bound last instead.
  void Forget() { Retire(std::exchange(next_, nullptr)); }
  // Drains the listener in use: the frontend is no more.
  void Close() { Retire(std::exchange(listening_, nullptr)); }

  // Drains every listener. `drained` is called once all connections are closed, on any thread.
  void Drain(std::chrono::milliseconds limit, std::function<void()> drained) {
    if (listening_ == nullptr) return drained();
    listening_->listener->Drain(limit, std::move(drained));
  }

  // Frees listeners that have drained.
  void DropRetired() {
    std::erase_if(retired_, [](const std::shared_ptr<Listening>& listening) { return listening->drained.load(); });
  }
  bool retiring() const { return !retired_.empty(); }

  // Makes the worker's requests go to the frontend of `snapshot`. On the worker's own thread.
  void Use(size_t worker, std::shared_ptr<const Snapshot> snapshot) {
    Lane& lane = lanes_[worker];
    Frontend* const frontend = snapshot == nullptr ? nullptr : snapshot->FindFrontend(name_);
    lane.counted.reset();
    if (frontend != nullptr) lane.counted.emplace(stats_, *frontend);
    lane.pin = std::make_shared<const std::shared_ptr<const Snapshot>>(std::move(snapshot));
  }

  Async<http::Response> Handle(http::Request& request) override {
    Lane& lane = lanes_[static_cast<size_t>(request.context.worker().index())];
    if (!lane.counted.has_value()) return NotReady();
    request.context.set_pin(lane.pin);
    return access_log_.Handle(request, *lane.counted);
  }

  bool StreamsBody(const http::Request& head) override {
    Lane& lane = lanes_[static_cast<size_t>(head.context.worker().index())];
    return lane.counted.has_value() && lane.counted->StreamsBody(head);
  }
  bool MayStreamBodies(const net::Worker& worker) override {
    Lane& lane = lanes_[static_cast<size_t>(worker.index())];
    return lane.counted.has_value() && lane.counted->MayStreamBodies(worker);
  }

  void AmendRefusal(const http::Request& head, http::Response* response) override {
    Lane& lane = lanes_[static_cast<size_t>(head.context.worker().index())];
    if (lane.counted.has_value()) lane.counted->AmendRefusal(head, response);
  }

  void Refused(const http::Refusal& refusal) override {
    access_log_.Refused(refusal);
    stats_.Refused(refusal);
  }

 private:
  struct Listening {
    explicit Listening(const config::Frontend& frontend) : config(frontend), errors(ErrorFormatOf(frontend), nullptr) {}
    const config::Frontend config;
    const http::ErrorRenderer errors;
    std::unique_ptr<http::Listener> listener;
    std::atomic<bool> drained{false};
  };
  // Each worker's own pointers, touched by that worker only.
  struct alignas(64) Lane {
    // The snapshot, counted by the references of this worker's requests only: a count that all workers change would
    // travel between their caches.
    std::shared_ptr<const std::shared_ptr<const Snapshot>> pin;
    std::optional<http::Chain> counted;  // the frontend of that snapshot behind the counters
  };

  // Accepted at the moment the frontend came or went.
  static Async<http::Response> NotReady() {
    co_return http::ErrorRenderer(http::ErrorFormat::kStatus, nullptr).Render(absl::UnavailableError("not ready"));
  }

  void Retire(std::shared_ptr<Listening> listening) {
    if (listening == nullptr) return;
    retired_.push_back(listening);
    listening->listener->Drain(kDrainLimit, [raw = listening.get()] { raw->drained = true; });
  }

  static constexpr std::chrono::seconds kDrainLimit{30};

  const std::string name_;
  middleware::AccessLog access_log_;
  middleware::Stats stats_;
  std::vector<Lane> lanes_;
  std::shared_ptr<Listening> listening_;
  std::shared_ptr<Listening> next_;
  std::vector<std::shared_ptr<Listening>> retired_;
};

Gateway::Gateway(std::string path, int workers)
    : path_(std::move(path)),
      grpc_(workers, LogUnreached),
      discovery_worker_(workers),
      discovery_{&discovery_worker_, &http2_, std::make_shared<int>()},
      access_log_(STDOUT_FILENO, static_cast<size_t>(workers)) {
  for (int i = 0; i < workers; ++i) workers_.push_back(std::make_unique<net::Worker>(i));
  threads_.emplace_back([this] {
    pthread_setname_np(pthread_self(), "discovery");
    discovery_worker_.Run();
  });
  for (const auto& owned : workers_) {
    threads_.emplace_back([worker = owned.get()] {
      pthread_setname_np(pthread_self(), absl::StrCat("worker-", worker->index()).c_str());
      worker->Run();
    });
  }
}

std::unique_ptr<Gateway> Gateway::Start(const std::string& path, schema::Diagnostics& diagnostics) {
  // How many workers there are must be known before anything can be built for them.
  const std::unique_ptr<const config::LoadedConfig> config = config::LoadConfig(path, diagnostics);
  if (config == nullptr) return nullptr;
  auto gateway = std::unique_ptr<Gateway>(new Gateway(path, WorkerCount(config->config)));
  gateway->started_ = config->config;
  Gateway* const self = gateway.get();
  // Watches before anything is read, and begins once all is there.
  gateway->reloader_ = std::make_unique<Reloader>(
      PathsOf(*config), [self](const std::string& reason) { return self->LoadAnew(reason); },
      [self] { self->DropRetired(); });
  const SnapshotInputs inputs = gateway->Inputs();
  std::shared_ptr<const Snapshot> first = Snapshot::Build(path, inputs, diagnostics);
  if (first == nullptr || !gateway->Apply(std::move(first), diagnostics) || !gateway->StartAdmin(diagnostics)) {
    return nullptr;
  }
  gateway->learner_ = std::make_unique<ContractLearner>(
      *gateway->workers_.front(), [self](const std::string& cluster) { self->Reload("contracts of " + cluster); });
  gateway->AskForContracts();
  gateway->reloader_->Start(PathsOf(gateway->snapshot()->config()));
  return gateway;
}

SnapshotInputs Gateway::Inputs() {
  SnapshotInputs inputs;
  inputs.grpc = &grpc_;
  inputs.http2 = &http2_;
  inputs.workers = &workers_;
  inputs.discovery = discovery_;
  inputs.cluster_events = LogClusterEvent;
  return inputs;
}

std::vector<net::Watched> Gateway::LoadAnew(const std::string& reason) {
  const std::shared_ptr<const Snapshot> before = snapshot();
  SnapshotInputs inputs = Inputs();
  inputs.previous = before.get();
  Candidate next = BuildCandidate(path_, inputs, learner_->contracts(), accepted_);
  if (next.snapshot == nullptr || !Apply(next.snapshot, next.mistakes)) {
    const std::vector<schema::Diagnostic> mistakes = FirstOf(next.mistakes.entries());
    LogEvent({{"event", "reload_failed"}, {"reason", reason}, {"errors", ToJson(mistakes)}});
    reload_status_.Failed(mistakes);
    // What has just been named and is wrong is watched too, until it is mended or named no more.
    const std::vector<net::Watched> old = PathsOf(before->config());
    std::vector<net::Watched> all;
    std::set_union(old.begin(), old.end(), next.read.begin(), next.read.end(), std::back_inserter(all));
    return all;
  }
  accepted_ = std::move(next.reflected);
  const std::vector<schema::Diagnostic> refused = FirstOf(next.refused.entries());
  const std::vector<std::string> restart = NeedRestart(next.snapshot->config().config);
  reload_status_.Succeeded(refused, restart);
  LogEvent({{"event", "reloaded"}, {"reason", reason}});
  if (!refused.empty()) LogEvent({{"event", "contracts_refused"}, {"errors", ToJson(refused)}});
  if (!restart.empty()) LogEvent({{"event", "restart_needed"}, {"keys", restart}});
  AskForContracts();
  return PathsOf(next.snapshot->config());
}

std::vector<std::string> Gateway::NeedRestart(const config::Config& config) const {
  std::vector<std::string> keys;
  if (config.admin().listen() != started_.admin().listen()) keys.push_back("admin.listen");
  if (config.workers() != started_.workers()) keys.push_back("workers");
  return keys;
}

bool Gateway::Apply(std::shared_ptr<const Snapshot> next, schema::Diagnostics& diagnostics) {
  const config::LoadedConfig& loaded = next->config();
  std::vector<net::Worker*> workers;
  for (const auto& worker : workers_) workers.push_back(worker.get());
  // New addresses are bound before anything changes: one that cannot be had leaves all as it was.
  std::vector<Port*> bound;
  std::vector<std::unique_ptr<Port>> created;
  std::set<const Port*> taken_over;  // an address goes to one frontend only
  for (int i = 0; i < loaded.config.frontends_size(); ++i) {
    const config::Frontend& frontend = loaded.config.frontends(i);
    Port* port = nullptr;
    for (Port* known : ports()) {
      if (known->name() == frontend.name()) port = known;
    }
    if (port == nullptr) {
      created.push_back(std::make_unique<Port>(frontend.name(), workers_.size(), &access_log_));
      port = created.back().get();
    }
    if (port->Fits(frontend)) continue;
    Port* const user = UserOf(*port, frontend);
    const bool left = user != nullptr && (user == port || Leaves(*user, loaded.config)) && !taken_over.contains(user);
    if (left) taken_over.insert(user);
    const absl::Status listening =
        port->Listen(absl::MakeConstSpan(workers), frontend, left ? user->address() : std::string());
    bound.push_back(port);
    if (listening.ok()) continue;
    diagnostics.Add(
        loaded.PositionOf(absl::StrCat("frontends[", i, "].listen")),
        absl::StrCat(listening.message(), user == nullptr ? "" : absl::StrCat(" by frontend ", user->name())));
    for (Port* forgotten : bound) forgotten->Forget();
    // A port whose first listener is draining must outlive it.
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& port_of_nobody : created) ports_.push_back(std::move(port_of_nobody));
    return false;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& port : created) ports_.push_back(std::move(port));
    if (snapshot_ != nullptr) retired_.push_back(std::move(snapshot_));
    snapshot_ = next;
  }
  for (const auto& worker : workers_) {
    worker->Post([index = static_cast<size_t>(worker->index()), next, ports = ports()] {
      for (Port* port : ports) port->Use(index, next);
    });
  }
  for (Port* port : bound) port->Replace();
  for (Port* port : ports()) {
    if (next->FindFrontend(port->name()) == nullptr) port->Close();
  }
  return true;
}

Gateway::Port* Gateway::UserOf(Port& port, const config::Frontend& frontend) const {
  if (port.SameAddress(frontend)) return &port;
  if (absl::EndsWith(frontend.listen(), ":0")) return nullptr;
  for (Port* other : ports()) {
    if (other->SameAddress(frontend)) return other;
  }
  return nullptr;
}

bool Gateway::Leaves(const Port& port, const config::Config& config) {
  return std::none_of(config.frontends().begin(), config.frontends().end(), [&](const config::Frontend& frontend) {
    return frontend.name() == port.name() && port.SameAddress(frontend);
  });
}

void Gateway::DropRetired() {
  // Whoever holds a retired snapshot got it before; the last one that lets go leaves it to this vector.
  std::erase_if(retired_, [](const std::shared_ptr<const Snapshot>& snapshot) { return snapshot.use_count() == 1; });
  for (Port* port : ports()) port->DropRetired();
}

void Gateway::AskForContracts() {
  const std::shared_ptr<const Snapshot> current = snapshot();
  std::map<std::string, ContractLearner::Source> sources;
  for (const config::Contract& contract : current->config().config.contracts()) {
    if (!contract.has_reflection()) continue;
    constexpr std::chrono::seconds kDefaultRefresh(10);
    sources[contract.reflection()] = {
        current->clusters().at(contract.reflection()),
        contract.has_refresh() ? absl::ToChronoMilliseconds(config::ToDuration(contract.refresh())) : kDefaultRefresh};
  }
  learner_->Ask(std::move(sources));
}

bool Gateway::StartAdmin(schema::Diagnostics& diagnostics) {
  const std::shared_ptr<const Snapshot> first = snapshot();
  const std::string address = first->config().config.admin().listen();
  if (address.empty()) return true;
  admin::Sources sources;
  sources.ready = [this] { return ready(); };
  sources.routes = [this] { return RoutesOf(*snapshot()); };
  sources.clusters = [this] { return ClustersJson(*snapshot()); };
  sources.jwks = [this] { return snapshot()->IdentityKeys(); };
  sources.config = [this] { return reload_status_.ToJson(); };
  sources.explain = [this](const admin::Question& question) {
    return ExplainRequest(snapshot(), *workers_.front(), question);
  };
  // Not owned: the admin server goes before what it shows.
  const std::shared_ptr<prometheus::Collectable> reloads(std::shared_ptr<void>(), &reload_status_);
  sources.metrics = {admin::RequestMetrics([this] {
                       std::vector<const middleware::Stats*> stats;
                       for (const Port* port : ports()) stats.push_back(&port->stats());
                       return stats;
                     }),
                     admin::SafeguardMetrics([this] { return snapshot()->safeguards(); }),
                     admin::CacheMetrics([this] { return snapshot()->cache(); }),
                     admin::GatherMetrics([this] { return snapshot()->gathered(); }),
                     admin::ProcessMetrics(PORTICO_VERSION),
                     reloads,
                     ClusterMetrics([this] { return snapshot(); })};
  absl::StatusOr<std::unique_ptr<admin::Server>> server = admin::Server::Create(address, std::move(sources));
  if (!server.ok()) {
    diagnostics.Add(first->config().PositionOf("admin.listen"), std::string(server.status().message()));
    return false;
  }
  admin_ = *std::move(server);
  LogEvent({{"event", "listening"}, {"admin", true}, {"address", admin_->address()}});
  return true;
}

std::shared_ptr<const Snapshot> Gateway::snapshot() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return snapshot_;
}

std::vector<Gateway::Port*> Gateway::ports() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Port*> ports;
  for (const auto& port : ports_) ports.push_back(port.get());
  return ports;
}

bool Gateway::ready() const {
  if (draining_) return false;
  const std::shared_ptr<const Snapshot> current = snapshot();
  const std::vector<Port*> all = ports();
  return std::all_of(all.begin(), all.end(), [&](const Port* port) {
    return port->serving() || current->FindFrontend(port->name()) == nullptr;
  });
}

void Gateway::Drain(std::chrono::milliseconds limit) {
  draining_ = true;
  reloader_->Stop();  // from here on nothing but this thread touches ports and snapshots
  learner_.reset();   // what it learns until then, it still tells the reloader
  std::mutex mutex;
  std::condition_variable changed;
  const std::vector<Port*> all = ports();
  size_t open = all.size();
  for (Port* port : all) {
    port->Drain(limit, [&] {
      const std::lock_guard<std::mutex> lock(mutex);
      if (--open == 0) changed.notify_one();
    });
  }
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return open == 0; });
}

Gateway::~Gateway() {
  if (!draining_) Drain(std::chrono::milliseconds(0));
  admin_.reset();
  // Calls whose answers nobody waits for any more may still be coming to their end; they pin their snapshot. Each
  // worker lets go of its own in its turn, and the loops stop once the last call has returned.
  for (const auto& worker : workers_) {
    worker->Post([index = static_cast<size_t>(worker->index()), ports = ports()] {
      for (Port* port : ports) port->Use(index, nullptr);
    });
  }
  if (snapshot_ != nullptr) retired_.push_back(std::move(snapshot_));
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  const auto waiting = [this] {
    DropRetired();
    return !retired_.empty() ||
           std::any_of(ports_.begin(), ports_.end(), [](const auto& port) { return port->retiring(); });
  };
  while (waiting() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  // With the last cluster nothing looks for servers any more; what did lets go on the loop.
  while (discovery_.alive.use_count() > 1 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  discovery_worker_.Post([this] { discovery_worker_.Stop(); });
  for (const auto& worker : workers_) worker->Stop();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace portico
