#include "gateway/upstream/cluster.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/net/event.h"

namespace portico::upstream {
namespace {

std::vector<std::string> AddressesOf(absl::string_view target) {
  if (absl::StrContains(target, ":/") || absl::StartsWith(target, "unix:")) return {std::string(target)};
  std::vector<std::string> addresses;
  for (absl::string_view address : absl::StrSplit(target, ',', absl::SkipWhitespace())) {
    addresses.emplace_back(absl::StripAsciiWhitespace(address));
  }
  return addresses;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Cluster>> Cluster::Create(ClusterOptions options, TransportFactory* factory,
                                                         const std::vector<std::unique_ptr<net::Worker>>& workers) {
  auto cluster = std::unique_ptr<Cluster>(new Cluster(std::move(options)));
  cluster->addresses_ = AddressesOf(cluster->options_.target);
  if (cluster->addresses_.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("cluster ", cluster->name(), " has no address"));
  }
  cluster->lanes_.resize(workers.size());
  for (const std::unique_ptr<net::Worker>& worker : workers) {
    Lane& lane = cluster->lanes_[static_cast<size_t>(worker->index())];
    // Workers start at different addresses, so that few clients reach all servers.
    lane.next = static_cast<size_t>(worker->index());
    for (const std::string& address : cluster->addresses_) {
      absl::StatusOr<std::unique_ptr<Transport>> transport =
          factory->Create(*worker, address, cluster->options_.transport);
      if (!transport.ok()) return transport.status();
      lane.transports.push_back(*std::move(transport));
    }
  }
  return cluster;
}

bool Cluster::connected(const net::Worker& worker) const {
  const auto& transports = lanes_[static_cast<size_t>(worker.index())].transports;
  return std::any_of(transports.begin(), transports.end(),
                     [](const auto& transport) { return transport->connected(); });
}

namespace {

// Several transports being waited for.
struct Waiting {
  size_t left = 0;
  bool lost = false;
  net::Event done;
};

Async<void> WaitFor(Transport& transport, net::Deadline until, Waiting& waiting) {
  const bool lost = co_await transport.AwaitLoss(until);
  waiting.lost |= lost;
  if (--waiting.left == 0) waiting.done.Set();
}

}  // namespace

Async<bool> Cluster::AwaitLoss(net::Worker& worker, net::Deadline until) {
  Lane& lane = lanes_[static_cast<size_t>(worker.index())];
  Waiting waiting;
  waiting.left = lane.transports.size();
  for (const auto& transport : lane.transports) worker.Spawn(WaitFor(*transport, until, waiting));
  co_await waiting.done.Wait();
  co_return waiting.lost;
}

Transport& Cluster::Pick(const net::Worker& worker) {
  Lane& lane = lanes_[static_cast<size_t>(worker.index())];
  const size_t count = lane.transports.size();
  const size_t first = lane.next++ % count;
  for (size_t i = 0; i < count; ++i) {
    Transport& transport = *lane.transports[(first + i) % count];
    if (count == 1 || transport.reachable()) return transport;
  }
  return *lane.transports[first];
}

Async<absl::StatusOr<rpc::Reply>> Cluster::Call(const rpc::Method& method, rpc::Payload request,
                                                rpc::Context& context) {
  context.ShortenDeadline(net::After(net::Clock::now(), options_.timeout));
  return Pick(context.worker()).Call(method, std::move(request), context);
}

Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Cluster::Open(const rpc::Method& method, rpc::Context& context) {
  return Pick(context.worker()).Open(method, context);
}

}  // namespace portico::upstream
