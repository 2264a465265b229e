#include "gateway/gateway.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/admin/metrics.h"
#include "gateway/event_log.h"
#include "gateway/http/chain.h"
#include "gateway/http/listener.h"
#include "gateway/middleware/stats.h"

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

std::string ClustersJson(const Snapshot& snapshot) {
  nlohmann::json clusters = nlohmann::json::array();
  for (const auto& [name, cluster] : snapshot.clusters()) {
    const config::Cluster& config = snapshot.config().config.clusters().at(name);
    clusters.push_back({{"cluster", name},
                        {"target", config.target()},
                        {"addresses", cluster->addresses()},
                        {"services", std::vector<std::string>(config.services().begin(), config.services().end())}});
  }
  return clusters.dump();
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

}  // namespace

// What of a frontend outlives snapshots: its address, its log, its counters. Hands every request to the frontend of its
// name in the snapshot in use.
class Gateway::Port final : public http::Handler, public http::RefusalObserver {
 public:
  Port(const config::Frontend& config, size_t index, const std::shared_ptr<const Snapshot>& snapshot, size_t workers,
       middleware::AccessLogSink* sink)
      : index_(index),
        errors_(ErrorFormatOf(config), nullptr),
        access_log_(config.name(), sink),
        stats_(config.name(), static_cast<int>(workers)),
        lanes_(workers) {
    for (Lane& lane : lanes_) lane.snapshot = snapshot;
  }

  absl::Status Listen(absl::Span<net::Worker* const> workers, const config::Frontend& config) {
    absl::StatusOr<std::unique_ptr<http::Listener>> listener =
        http::Listener::Create(workers, config.listen(), LimitsOf(config.limits()), *this, errors_, this);
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
    return absl::OkStatus();
  }

  http::Listener* listener() { return listener_.get(); }
  const middleware::Stats& stats() const { return stats_; }

  // Lets go of the snapshot. REQUIRES: the listener has drained.
  void Release(size_t worker) { lanes_[worker].snapshot.reset(); }

  Async<http::Response> Handle(http::Request& request) override {
    const std::shared_ptr<const Snapshot>& snapshot =
        lanes_[static_cast<size_t>(request.context.worker().index())].snapshot;
    Frontend& frontend = *snapshot->frontends()[index_];
    request.context.set_pin(snapshot);
    http::Chain counted(stats_, frontend);
    co_return co_await access_log_.Handle(request, counted);
  }

  void Refused(const http::Refusal& refusal) override {
    access_log_.Refused(refusal);
    stats_.Refused(refusal);
  }

 private:
  // Each worker's own pointer to the snapshot, touched by that worker only.
  struct alignas(64) Lane {
    std::shared_ptr<const Snapshot> snapshot;
  };

  const size_t index_;
  const http::ErrorRenderer errors_;
  middleware::AccessLog access_log_;
  middleware::Stats stats_;
  std::vector<Lane> lanes_;
  std::unique_ptr<http::Listener> listener_;
};

Gateway::Gateway(int workers) : grpc_(workers), access_log_(middleware::AccessLogSink::Destination::kStdout) {
  for (int i = 0; i < workers; ++i) workers_.push_back(std::make_unique<net::Worker>(i));
}

std::unique_ptr<Gateway> Gateway::Start(const std::string& path, schema::Diagnostics& diagnostics) {
  // How many workers there are must be known before anything can be built for them.
  const std::unique_ptr<const config::LoadedConfig> config = config::LoadConfig(path, diagnostics);
  if (config == nullptr) return nullptr;
  auto gateway = std::unique_ptr<Gateway>(new Gateway(WorkerCount(config->config)));
  gateway->snapshot_ = Snapshot::Build(path, &gateway->grpc_, gateway->workers_, diagnostics);
  if (gateway->snapshot_ == nullptr) return nullptr;
  if (!gateway->Listen(diagnostics) || !gateway->StartAdmin(diagnostics)) return nullptr;
  return gateway;
}

bool Gateway::Listen(schema::Diagnostics& diagnostics) {
  const config::LoadedConfig& loaded = snapshot_->config();
  std::vector<net::Worker*> workers;
  for (const auto& worker : workers_) workers.push_back(worker.get());
  // The loops run before the first listener exists: one that fails to bind leaves the others to be closed by a loop.
  for (net::Worker* worker : workers) {
    threads_.emplace_back([worker] {
      pthread_setname_np(pthread_self(), absl::StrCat("worker-", worker->index()).c_str());
      worker->Run();
    });
  }
  for (int i = 0; i < loaded.config.frontends_size(); ++i) {
    const config::Frontend& frontend = loaded.config.frontends(i);
    auto port = std::make_unique<Port>(frontend, static_cast<size_t>(i), snapshot_, workers.size(), &access_log_);
    const absl::Status listening = port->Listen(absl::MakeConstSpan(workers), frontend);
    if (!listening.ok()) {
      diagnostics.Add(loaded.PositionOf(absl::StrCat("frontends[", i, "].listen")), std::string(listening.message()));
      return false;
    }
    LogEvent({{"event", "listening"}, {"frontend", frontend.name()}, {"address", port->listener()->address()}});
    ports_.push_back(std::move(port));
  }
  return true;
}

bool Gateway::StartAdmin(schema::Diagnostics& diagnostics) {
  const config::LoadedConfig& loaded = snapshot_->config();
  if (loaded.config.admin().listen().empty()) return true;
  admin::Sources sources;
  sources.ready = [this] { return ready(); };
  sources.routes = [snapshot = snapshot_.get()] { return RoutesOf(*snapshot); };
  sources.clusters = [snapshot = snapshot_.get()] { return ClustersJson(*snapshot); };
  std::vector<const middleware::Stats*> stats;
  for (const auto& port : ports_) stats.push_back(&port->stats());
  sources.metrics = {admin::RequestMetrics(std::move(stats)), admin::ProcessMetrics(PORTICO_VERSION)};
  absl::StatusOr<std::unique_ptr<admin::Server>> server =
      admin::Server::Create(loaded.config.admin().listen(), std::move(sources));
  if (!server.ok()) {
    diagnostics.Add(loaded.PositionOf("admin.listen"), std::string(server.status().message()));
    return false;
  }
  admin_ = *std::move(server);
  LogEvent({{"event", "listening"}, {"admin", true}, {"address", admin_->address()}});
  return true;
}

bool Gateway::ready() const {
  return !draining_ &&
         std::all_of(ports_.begin(), ports_.end(), [](const auto& port) { return port->listener()->serving(); });
}

void Gateway::Drain(std::chrono::milliseconds limit) {
  draining_ = true;
  std::mutex mutex;
  std::condition_variable changed;
  size_t open = ports_.size();
  for (const auto& port : ports_) {
    port->listener()->Drain(limit, [&] {
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
  // Calls whose answers nobody waits for any more may still be coming to their end; they pin the snapshot. Each worker
  // lets go of it in its turn, and the loops stop once the last call has returned.
  const std::weak_ptr<const Snapshot> last = snapshot_;
  for (const auto& worker : workers_) {
    worker->Post([this, index = static_cast<size_t>(worker->index())] {
      for (const auto& port : ports_) port->Release(index);
    });
  }
  snapshot_.reset();
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (!last.expired() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (const auto& worker : workers_) worker->Stop();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace portico
