// A control plane that speaks xDS (ADS, state of the world), for targets and servers as a file lists them:
//   control-plane --listen HOST:PORT --targets FILE
// Each line of the file is "TARGET HOST:PORT HOST:PORT...". It is read again fifty times a second; what has changed
// goes to every client. What clients say to answers is written to stderr:
//   {"event":"taken","type":"ClusterLoadAssignment","version":"2"}, or "refused" with a "message".
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/extensions/filters/http/router/v3/router.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "envoy/service/discovery/v3/ads.grpc.pb.h"

namespace {

namespace discovery = envoy::service::discovery::v3;
using envoy::config::cluster::v3::Cluster;
using envoy::config::endpoint::v3::ClusterLoadAssignment;
using envoy::config::listener::v3::Listener;
using envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;

// Servers by target.
using Targets = std::map<std::string, std::vector<std::string>>;

Targets ParseTargets(const std::string& text) {
  Targets targets;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string target;
    if (!(words >> target)) continue;
    targets[target].assign(std::istream_iterator<std::string>(words), {});
  }
  return targets;
}

// What the file says, and since which version.
class World {
 public:
  explicit World(std::string path) : path_(std::move(path)) { Look(); }

  // Reads the file again.
  void Look() {
    std::ifstream file(path_);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::lock_guard<std::mutex> lock(mutex_);
    if (version_ > 0 && text == text_) return;
    text_ = std::move(text);
    targets_ = ParseTargets(text_);
    ++version_;
    changed_.notify_all();
  }

  // What there is, as soon as its version is not `known`, or after a while.
  std::pair<int, Targets> Await(int known) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(50), [&] { return version_ != known; });
    return {version_, targets_};
  }

 private:
  const std::string path_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  Targets targets_;
  int version_ = 0;
};

Listener ListenerOf(const std::string& target) {
  HttpConnectionManager manager;
  auto* const routes = manager.mutable_route_config();
  routes->set_name(target);
  auto* const host = routes->add_virtual_hosts();
  host->add_domains("*");
  auto* const route = host->add_routes();
  route->mutable_match()->set_prefix("");
  route->mutable_route()->set_cluster(target);
  auto* const filter = manager.add_http_filters();
  filter->set_name("router");
  filter->mutable_typed_config()->PackFrom(envoy::extensions::filters::http::router::v3::Router());
  Listener listener;
  listener.set_name(target);
  listener.mutable_api_listener()->mutable_api_listener()->PackFrom(manager);
  return listener;
}

Cluster ClusterOf(const std::string& target) {
  Cluster cluster;
  cluster.set_name(target);
  cluster.set_type(Cluster::EDS);
  cluster.mutable_eds_cluster_config()->mutable_eds_config()->mutable_ads();
  return cluster;
}

ClusterLoadAssignment ServersOf(const std::string& target, const std::vector<std::string>& addresses) {
  ClusterLoadAssignment servers;
  servers.set_cluster_name(target);
  auto* const place = servers.add_endpoints();
  place->mutable_locality()->set_region("here");
  place->mutable_load_balancing_weight()->set_value(1);
  for (const std::string& address : addresses) {
    const size_t colon = address.rfind(':');
    auto* const socket = place->add_lb_endpoints()->mutable_endpoint()->mutable_address()->mutable_socket_address();
    socket->set_address(address.substr(0, colon));
    socket->set_port_value(static_cast<uint32_t>(std::stoi(address.substr(colon + 1))));
  }
  return servers;
}

// "ClusterLoadAssignment", of "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment".
std::string KindOf(const std::string& type) {
  return type.substr(type.rfind('.') + 1);
}

// One client, whose requests are read on the thread of its call and answered on one of its own.
class Client {
 public:
  using Stream = grpc::ServerReaderWriter<discovery::DiscoveryResponse, discovery::DiscoveryRequest>;

  Client(World& world, Stream& stream) : world_(world), stream_(stream) {}

  void Run() {
    std::thread answering([this] { Answer(); });
    discovery::DiscoveryRequest request;
    while (stream_.Read(&request)) Take(request);
    over_ = true;
    answering.join();
  }

 private:
  struct Wanted {
    std::set<std::string> names;
    bool news = false;  // other names than before
    int told = 0;       // the version
  };

  void Take(const discovery::DiscoveryRequest& request) {
    if (!request.response_nonce().empty()) Report(request);
    const std::lock_guard<std::mutex> lock(mutex_);
    Wanted& wanted = wanted_[request.type_url()];
    std::set<std::string> names(request.resource_names().begin(), request.resource_names().end());
    if (!request.response_nonce().empty() && names == wanted.names) return;
    wanted.names = std::move(names);
    wanted.news = true;
  }

  static void Report(const discovery::DiscoveryRequest& request) {
    nlohmann::ordered_json event = {{"event", request.has_error_detail() ? "refused" : "taken"},
                                    {"type", KindOf(request.type_url())},
                                    {"version", request.response_nonce()}};
    if (request.has_error_detail()) event["message"] = request.error_detail().message();
    std::cerr << event.dump() + "\n" << std::flush;
  }

  void Answer() {
    int version = 0;
    while (!over_) {
      Targets targets;
      std::tie(version, targets) = world_.Await(version);
      const std::lock_guard<std::mutex> lock(mutex_);
      for (auto& [type, wanted] : wanted_) {
        if (wanted.names.empty() || (!wanted.news && wanted.told == version)) continue;
        wanted.news = false;
        wanted.told = version;
        discovery::DiscoveryResponse response;
        response.set_type_url(type);
        response.set_version_info(std::to_string(version));
        response.set_nonce(std::to_string(version));
        for (const std::string& name : wanted.names) {
          const auto found = targets.find(name);
          if (found != targets.end()) Add(type, *found, &response);
        }
        if (!stream_.Write(response)) return;
      }
    }
  }

  static void Add(const std::string& type, const Targets::value_type& target, discovery::DiscoveryResponse* response) {
    google::protobuf::Any* const resource = response->add_resources();
    const std::string kind = KindOf(type);
    if (kind == "Listener") resource->PackFrom(ListenerOf(target.first));
    if (kind == "Cluster") resource->PackFrom(ClusterOf(target.first));
    if (kind == "ClusterLoadAssignment") resource->PackFrom(ServersOf(target.first, target.second));
  }

  World& world_;
  Stream& stream_;
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::map<std::string, Wanted> wanted_;  // by type
};

class ControlPlane final : public discovery::AggregatedDiscoveryService::Service {
 public:
  explicit ControlPlane(World& world) : world_(world) {}

 private:
  grpc::Status StreamAggregatedResources(grpc::ServerContext*, Client::Stream* stream) override {
    Client(world_, *stream).Run();
    return grpc::Status::OK;
  }

  World& world_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 || std::strcmp(argv[1], "--listen") != 0 || std::strcmp(argv[3], "--targets") != 0) {
    std::cerr << "usage: control-plane --listen HOST:PORT --targets FILE" << std::endl;
    return 2;
  }
  World world(argv[4]);
  ControlPlane plane(world);
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(argv[2], grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&plane);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "control-plane: cannot listen on " << argv[2] << std::endl;
    return 1;
  }
  std::cerr << "{\"event\":\"listening\",\"address\":\"127.0.0.1:" << port << "\"}" << std::endl;
  while (true) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    world.Look();
  }
}
