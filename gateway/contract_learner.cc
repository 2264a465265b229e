#include "gateway/contract_learner.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <condition_variable>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/event_log.h"
#include "gateway/net/operation.h"
#include "gateway/upstream/reflection.h"

namespace portico {
namespace {

using Timer = boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor>;

// How often a server that did not answer is asked, and a connection is looked at.
constexpr std::chrono::milliseconds kTick{250};
// How long one conversation may take.
constexpr std::chrono::seconds kConversation{5};

// Of so many servers the contracts are put together; those of a larger cluster tell nothing new.
constexpr size_t kMostVersions = 16;

// The files of all answers. Of two that have one name the longer is taken, whoever is asked first: contracts grow, and
// what is served must not change back and forth while an old and a new version run side by side.
std::string Union(const std::map<std::string, std::string>& answers) {
  std::map<std::string, std::string> files;
  std::string first;
  bool same = true;
  for (const auto& [address, answer] : answers) {
    if (first.empty()) first = answer;
    same &= answer == first;
  }
  if (same) return first;
  for (const auto& [address, answer] : answers) {
    google::protobuf::FileDescriptorSet set;
    if (!set.ParseFromString(answer)) continue;  // made by ourselves
    for (const google::protobuf::FileDescriptorProto& file : set.file()) {
      std::string bytes = file.SerializeAsString();
      std::string& known = files[file.name()];
      if (std::pair(known.size(), absl::string_view(known)) < std::pair(bytes.size(), absl::string_view(bytes))) {
        known = std::move(bytes);
      }
    }
  }
  google::protobuf::FileDescriptorSet all;
  for (const auto& [name, bytes] : files) all.add_file()->ParseFromString(bytes);
  return all.SerializeAsString();
}

}  // namespace

// One cluster being asked. Touched on the worker only.
struct ContractLearner::Loop {
  Loop(net::Worker& loop_worker, std::string cluster_name, Source asked)
      : worker(loop_worker), name(std::move(cluster_name)), source(std::move(asked)), timer(worker.executor()) {}

  void Stop() {
    stopped = true;
    timer.cancel();
    if (conversation != nullptr) conversation->Cancel();
  }

  net::Worker& worker;
  const std::string name;
  const Source source;
  Timer timer;
  rpc::Context* conversation = nullptr;        // the one under way
  std::map<std::string, std::string> answers;  // the last one of each server, by its address
  bool stopped = false;
};

struct ContractLearner::State {
  std::function<void(const std::string&)> learned;
  std::map<std::string, std::shared_ptr<Loop>> loops;  // on the worker only

  std::mutex mutex;
  std::condition_variable changed;
  config::ReflectedContracts contracts;
  int running = 0;
};

ContractLearner::ContractLearner(net::Worker& worker, std::function<void(const std::string& cluster)> learned)
    : worker_(worker), state_(std::make_shared<State>()) {
  state_->learned = std::move(learned);
}

ContractLearner::~ContractLearner() {
  Ask({});
  // The worker stops the loops before it runs this.
  bool told = false;
  worker_.Post([state = state_, &told] {
    const std::lock_guard<std::mutex> lock(state->mutex);
    told = true;
    state->changed.notify_all();
  });
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->changed.wait(lock, [&] { return told && state_->running == 0; });
}

void ContractLearner::Ask(std::map<std::string, Source> sources) {
  worker_.Post([&worker = worker_, state = state_, sources = std::move(sources)] {
    for (auto at = state->loops.begin(); at != state->loops.end();) {
      const auto wanted = sources.find(at->first);
      const bool same = wanted != sources.end() && wanted->second.cluster == at->second->source.cluster &&
                        wanted->second.refresh == at->second->source.refresh;
      if (same) {
        ++at;
        continue;
      }
      at->second->Stop();
      if (wanted == sources.end()) {
        const std::lock_guard<std::mutex> lock(state->mutex);
        state->contracts.erase(at->first);
      }
      at = state->loops.erase(at);
    }
    for (const auto& [name, source] : sources) {
      std::shared_ptr<Loop>& loop = state->loops[name];
      if (loop != nullptr) continue;
      loop = std::make_shared<Loop>(worker, name, source);
      {
        const std::lock_guard<std::mutex> lock(state->mutex);
        ++state->running;
      }
      worker.Spawn(Run(state, loop));
    }
  });
}

config::ReflectedContracts ContractLearner::contracts() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->contracts;
}

Async<absl::StatusOr<std::string>> ContractLearner::AskOne(Loop& loop, rpc::Handler& server) {
  rpc::Context context(loop.worker, net::Clock::now() + kConversation);
  loop.conversation = &context;
  absl::StatusOr<std::string> answer = co_await upstream::AskReflection(server, context);
  loop.conversation = nullptr;
  co_return answer;
}

Async<absl::StatusOr<std::string>> ContractLearner::AskServers(Loop& loop) {
  const std::vector<std::shared_ptr<upstream::Path>> paths = loop.source.cluster->members().lane(loop.worker).paths;
  if (paths.size() <= 1) {
    loop.answers.clear();
    co_return co_await AskOne(loop, *loop.source.cluster);
  }
  std::map<std::string, std::string> answers;
  absl::Status failure = absl::UnavailableError("the service is unavailable");
  bool any = false;
  // Whoever is away is not waited for, unless that is everybody: then somebody must find out when one is back.
  const bool some =
      std::any_of(paths.begin(), paths.end(), [](const auto& path) { return path->transport->reachable(); });
  for (const std::shared_ptr<upstream::Path>& path : paths) {
    if (loop.stopped) break;
    absl::StatusOr<std::string> answer = failure;
    if (answers.size() < kMostVersions && (!some || path->transport->reachable()))
      answer = co_await AskOne(loop, *path->transport);
    const std::string& address = path->server->address;
    if (answer.ok()) {
      any = true;
      answers[address] = *std::move(answer);
    } else {
      failure = answer.status();
      // It is away, and may come back as it was.
      if (const auto before = loop.answers.find(address); before != loop.answers.end()) answers.insert(*before);
    }
  }
  loop.answers = std::move(answers);
  if (!any) co_return failure;
  co_return Union(loop.answers);
}

Async<void> ContractLearner::Run(std::shared_ptr<State> state, std::shared_ptr<Loop> loop) {
  std::string last_failure;
  while (!loop->stopped) {
    absl::StatusOr<std::string> learned = co_await AskServers(*loop);
    if (loop->stopped) break;
    if (learned.ok()) {
      last_failure.clear();
      bool fresh = false;
      {
        const std::lock_guard<std::mutex> lock(state->mutex);
        std::shared_ptr<const std::string>& known = state->contracts[loop->name];
        fresh = known == nullptr || *known != *learned;
        if (fresh) known = std::make_shared<const std::string>(*std::move(learned));
      }
      if (fresh) {
        LogEvent({{"event", "contracts_learned"}, {"cluster", loop->name}});
        state->learned(loop->name);
      }
    } else if (last_failure != learned.status().message()) {
      last_failure = std::string(learned.status().message());
      LogEvent({{"event", "reflection_failed"}, {"cluster", loop->name}, {"message", last_failure}});
    }
    const net::Deadline next = net::Clock::now() + (last_failure.empty() ? loop->source.refresh : kTick);
    bool lost = false;
    while (!loop->stopped && !lost && net::Clock::now() < next) {
      const net::Deadline tick = net::Clock::now() + kTick;
      if (last_failure.empty() && loop->source.cluster->connected(loop->worker)) {
        lost =
            co_await loop->source.cluster->AwaitLoss(loop->worker, tick);  // whoever comes back may be another version
        continue;
      }
      loop->timer.expires_at(tick);
      co_await net::Operation<boost::system::error_code>([&](auto done) { loop->timer.async_wait(std::move(done)); });
    }
  }
  const std::lock_guard<std::mutex> lock(state->mutex);
  --state->running;
  state->changed.notify_all();
}

}  // namespace portico
