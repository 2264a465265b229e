#include "gateway/upstream/etcd_discovery.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "etcd/rpc.pb.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/loop_task.h"
#include "gateway/upstream/transport.h"

namespace portico::upstream {
namespace {

using std::chrono::milliseconds;

constexpr char kDefaultServer[] = "127.0.0.1:2379";
constexpr std::chrono::seconds kListTime(2);
constexpr milliseconds kFirstPause(100);
constexpr milliseconds kLastPause(2000);
// A watch that says nothing for so long is replaced: the connection's own pings find out sooner that etcd is gone.
constexpr std::chrono::hours kWatchTime(1);
// More keys than a cluster could use are not asked for.
constexpr int64_t kMostKeys = 4096;

// The first key behind all that begin with `prefix`, as etcd wants it.
std::string EndOf(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::string(1, '\0');  // all keys there are
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

// What the keys of a prefix begin with: "shop/catalog" is not to name the servers of "shop/catalogs".
std::string KeysOf(const std::string& prefix) {
  return absl::EndsWith(prefix, "/") ? prefix : prefix + "/";
}

template <class Message>
rpc::Payload PayloadOf(const Message& message) {
  return rpc::Payload::Copy(message.SerializeAsString());
}

rpc::Method MethodOf(const char* name, bool streaming) {
  rpc::Method method;
  method.full_name = name;
  method.path = absl::StrCat("/", name);
  method.client_streaming = method.server_streaming = streaming;
  return method;
}

class Watching final : public LoopTask {
 public:
  Watching(const DiscoveryLoop& loop, std::string prefix, std::vector<std::unique_ptr<Transport>> servers, Told told)
      : LoopTask(loop), prefix_(std::move(prefix)), servers_(std::move(servers)), told_(std::move(told)) {}

  static Async<void> Run(std::shared_ptr<Watching> self) {
    milliseconds pause = kFirstPause;
    while (!self->stopped()) {
      const absl::StatusOr<int64_t> revision = co_await self->List();
      if (self->stopped()) break;
      absl::Status ended = revision.status();
      if (revision.ok()) {
        pause = kFirstPause;
        self->Tell();
        ended = co_await self->Follow(*revision + 1);
        if (self->stopped()) break;
      }
      // A watch that ends is listed anew at once where it can be; what is known stays until then.
      if (!revision.ok()) {
        self->told_(absl::UnavailableError(absl::StrCat("etcd: ", ended.message())));
        self->next_ = (self->next_ + 1) % self->servers_.size();
      }
      co_await self->Sleep(pause);
      pause = std::min(pause * 2, kLastPause);
    }
    self->servers_.clear();
  }

 private:
  rpc::Handler& server() { return *servers_[next_]; }

  // All keys at one revision, which is returned.
  Async<absl::StatusOr<int64_t>> List() {
    etcdserverpb::RangeRequest request;
    request.set_key(prefix_);
    request.set_range_end(EndOf(prefix_));
    request.set_limit(kMostKeys);
    rpc::Context context(worker(), net::Clock::now() + kListTime);
    set_call(&context);
    const absl::StatusOr<rpc::Reply> reply = co_await server().Call(range_, PayloadOf(request), context);
    set_call(nullptr);
    if (!reply.ok()) co_return reply.status();
    etcdserverpb::RangeResponse response;
    if (!response.ParseFromString(reply->message)) co_return absl::DataLossError("the answer is malformed");
    values_.clear();
    for (const mvccpb::KeyValue& pair : response.kvs()) values_[pair.key()] = pair.value();
    co_return response.header().revision();
  }

  // Applies what changes from `revision` on until the watch ends; why it did.
  Async<absl::Status> Follow(int64_t revision) {
    etcdserverpb::WatchRequest request;
    request.mutable_create_request()->set_key(prefix_);
    request.mutable_create_request()->set_range_end(EndOf(prefix_));
    request.mutable_create_request()->set_start_revision(revision);
    rpc::Context context(worker(), net::Clock::now() + kWatchTime);
    set_call(&context);
    absl::Status ended = co_await Read(request, context);
    set_call(nullptr);
    co_return ended;
  }

  Async<absl::Status> Read(const etcdserverpb::WatchRequest& request, rpc::Context& context) {
    absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await server().Open(watch_, context);
    if (!stream.ok()) co_return stream.status();
    const absl::Status asked = co_await (*stream)->Write(PayloadOf(request));
    if (!asked.ok()) co_return asked;
    std::string message;
    while (true) {
      const absl::StatusOr<bool> read = co_await (*stream)->Read(&message);
      if (!read.ok()) co_return read.status();
      etcdserverpb::WatchResponse response;
      if (!*read || !response.ParseFromString(message)) co_return absl::UnavailableError("the watch has ended");
      if (response.canceled()) {
        co_return absl::UnavailableError(absl::StrCat("the watch was ended: ", response.cancel_reason()));
      }
      if (response.events().empty()) continue;
      for (const mvccpb::Event& event : response.events()) {
        if (event.type() == mvccpb::Event::DELETE) {
          values_.erase(event.kv().key());
        } else if (values_.size() < static_cast<size_t>(kMostKeys) || values_.contains(event.kv().key())) {
          values_[event.kv().key()] = event.kv().value();
        }
      }
      Tell();
    }
  }

  void Tell() {
    Addresses addresses;
    absl::Status mistake;
    for (const auto& [key, value] : values_) {
      absl::StatusOr<std::string> address = AddressOfValue(value);
      if (address.ok()) {
        addresses.push_back(*std::move(address));
      } else {
        mistake.Update(absl::InvalidArgumentError(absl::StrCat("etcd: ", key, ": ", address.status().message())));
      }
    }
    if (addresses.empty() && !mistake.ok()) return told_(mistake);
    told_(std::move(addresses));
  }

  const std::string prefix_;
  std::vector<std::unique_ptr<Transport>> servers_;  // of etcd; the one in use is asked until it fails
  const Told told_;
  const rpc::Method range_ = MethodOf("etcdserverpb.KV/Range", false);
  const rpc::Method watch_ = MethodOf("etcdserverpb.Watch/Watch", true);
  size_t next_ = 0;
  std::map<std::string, std::string> values_;  // by key
};

}  // namespace

absl::StatusOr<EtcdTarget> ParseEtcdTarget(absl::string_view target) {
  const absl::Status mistake = absl::InvalidArgumentError(
      absl::StrCat("expected etcd:///PREFIX or etcd://HOST:PORT/PREFIX, found \"", target, "\""));
  absl::string_view rest = target;
  if (!absl::ConsumePrefix(&rest, "etcd://")) return mistake;
  const size_t slash = rest.find('/');
  if (slash == absl::string_view::npos || slash + 1 == rest.size()) return mistake;
  EtcdTarget parsed{std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))};
  for (const absl::string_view server : absl::StrSplit(parsed.servers, ',', absl::SkipEmpty())) {
    if (!ParseEndpoint(server).ok()) return mistake;
  }
  return parsed;
}

std::string EtcdServersOfEnvironment() {
  const char* const variable = std::getenv("ETCD_ENDPOINTS");
  std::vector<std::string> servers;
  for (absl::string_view server : absl::StrSplit(variable == nullptr ? "" : variable, ',', absl::SkipWhitespace())) {
    server = absl::StripAsciiWhitespace(server);
    absl::ConsumePrefix(&server, "http://");
    absl::ConsumeSuffix(&server, "/");
    servers.emplace_back(server);
  }
  return servers.empty() ? kDefaultServer : absl::StrJoin(servers, ",");
}

absl::StatusOr<std::string> AddressOfValue(absl::string_view value) {
  std::string address(absl::StripAsciiWhitespace(value));
  if (absl::StartsWith(address, "{")) {
    const nlohmann::json object = nlohmann::json::parse(address, nullptr, /*allow_exceptions=*/false);
    const auto found = object.is_object() ? object.find("Addr") : object.end();
    if (!object.is_object() || found == object.end() || !found->is_string()) {
      return absl::InvalidArgumentError("the value has no \"Addr\"");
    }
    address = found->get<std::string>();
  }
  const absl::Status readable = ParseEndpoint(address).status();
  if (!readable.ok()) return absl::InvalidArgumentError("the value is no address");
  return address;
}

absl::StatusOr<std::unique_ptr<Discovery>> WatchEtcd(absl::string_view target, const DiscoveryLoop& loop, Told told) {
  absl::StatusOr<EtcdTarget> parsed = ParseEtcdTarget(target);
  if (!parsed.ok()) return parsed.status();
  std::vector<std::unique_ptr<Transport>> servers;
  const std::string named = parsed->servers.empty() ? EtcdServersOfEnvironment() : parsed->servers;
  for (const absl::string_view server : absl::StrSplit(named, ',', absl::SkipEmpty())) {
    absl::StatusOr<std::unique_ptr<Transport>> transport =
        loop.transports->Create(*loop.worker, std::string(server), TransportOptions());
    if (!transport.ok()) return absl::InvalidArgumentError(absl::StrCat("etcd: ", transport.status().message()));
    servers.push_back(*std::move(transport));
  }
  auto task = std::make_shared<Watching>(loop, KeysOf(parsed->prefix), std::move(servers), std::move(told));
  loop.worker->Post([task] { task->worker().Spawn(Watching::Run(task)); });
  return std::make_unique<TaskDiscovery>(task);
}

}  // namespace portico::upstream
