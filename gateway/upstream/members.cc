#include "gateway/upstream/members.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/dns_discovery.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/health_checker.h"

namespace portico::upstream {
namespace {

// The servers of a name are asked by that name.
TransportOptions TransportOptionsOf(const ClusterOptions& options) {
  TransportOptions transport = options.transport;
  const absl::StatusOr<DnsTarget> name = ParseDnsTarget(options.target);
  if (name.ok()) transport.authority = Endpoint{name->host, name->port, ""}.authority();
  return transport;
}

}  // namespace

Members::Members(const ClusterOptions& options, TransportFactory* factory,
                 const std::vector<std::unique_ptr<net::Worker>>& workers, const ClusterSurroundings& surroundings)
    : options_(options),
      transport_(TransportOptionsOf(options)),
      factory_(factory),
      loop_(surroundings.loop),
      events_(surroundings.events) {
  for (const auto& worker : workers) {
    workers_.push_back(worker.get());
    lanes_.push_back(std::make_shared<Lane>(options_.balance.policy, static_cast<size_t>(worker->index())));
  }
  if (surroundings.previous == nullptr) return;
  const Members& before = surroundings.previous->members();
  if (before.options_.protocol != options_.protocol || before.transport_ != transport_) return;
  const std::lock_guard<std::mutex> lock(before.mutex_);
  inherited_ = before.members_;
  for (Member& member : inherited_) member.checker.reset();
}

Members::~Members() = default;

void Members::Tell(const char* event, const std::string& server, const std::string& message) const {
  if (events_ != nullptr) events_({options_.name, event, server, message});
}

const Members::Member* Members::Known(const std::string& address) const {
  for (const std::vector<Member>* list : {&members_, &inherited_}) {
    for (const Member& member : *list) {
      if (member.server->address == address) return &member;
    }
  }
  return nullptr;
}

absl::StatusOr<Members::Member> Members::Make(const std::string& address) {
  if (!absl::StartsWith(address, "xds:")) {
    const absl::Status readable = ParseEndpoint(address).status();
    if (!readable.ok()) return readable;
  }
  Member member;
  if (const Member* const known = Known(address); known != nullptr) {
    member = *known;
  } else {
    member.server = std::make_shared<Server>(address);
    for (net::Worker* worker : workers_) {
      absl::StatusOr<std::unique_ptr<Transport>> transport = factory_->Create(*worker, address, transport_);
      if (!transport.ok()) return transport.status();
      member.paths.push_back(std::make_shared<Path>(Path{member.server, *std::move(transport)}));
    }
  }
  const bool checked = options_.health.interval > net::Clock::duration::zero() && loop_.worker != nullptr;
  if (checked && member.checker == nullptr && !absl::StartsWith(address, "xds:")) {
    member.checker = HealthChecker::Start(loop_, options_.health, transport_, member.server,
                                          [self = weak_from_this()](const Server& server, Health::State state) {
                                            const std::shared_ptr<Members> members = self.lock();
                                            if (members == nullptr) return;
                                            if (state == Health::State::kUnhealthy) {
                                              members->Tell("server_unhealthy", server.address, "");
                                            } else {
                                              members->Tell("server_healthy", server.address, "");
                                            }
                                          });
  }
  return member;
}

absl::Status Members::Use(const absl::StatusOr<Addresses>& told, bool direct) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return absl::OkStatus();
  if (!told.ok()) {
    Fail(std::string(told.status().message()), direct);
    return absl::OkStatus();
  }
  absl::Status mistake;
  std::vector<Member> members;
  for (const std::string& address : *told) {
    const auto same = [&](const Member& member) { return member.server->address == address; };
    if (std::any_of(members.begin(), members.end(), same)) continue;
    if (members.size() == kMaxServers) {
      mistake.Update(absl::ResourceExhaustedError(absl::StrCat("only the first ", kMaxServers, " servers are used")));
      break;
    }
    absl::StatusOr<Member> member = Make(address);
    if (member.ok()) {
      members.push_back(*std::move(member));
    } else {
      mistake.Update(member.status());
    }
  }
  if (members.empty()) {
    Fail(mistake.ok() ? "the source names no server" : std::string(mistake.message()), direct);
    return mistake;
  }
  failure_ = std::string(mistake.message());
  if (!mistake.ok()) {
    ++failures_;
    Tell("discovery_failed", "", failure_);
  }
  const auto same = [](const Member& a, const Member& b) { return a.server == b.server; };
  if (std::equal(members.begin(), members.end(), members_.begin(), members_.end(), same)) return mistake;
  ++changes_;
  members_.swap(members);
  inherited_.clear();
  HandOut(direct);
  if (IsWatched(options_.target)) {
    const auto address = [](std::string* out, const Member& member) { absl::StrAppend(out, member.server->address); };
    Tell("servers_changed", "", absl::StrJoin(members_, ",", address));
  }
  return mistake;
}

void Members::Fail(const std::string& why, bool direct) {
  ++failures_;
  if (failure_ != why) Tell("discovery_failed", "", why);
  failure_ = why;
  // Those that wait for a first set need not any longer. What served the configuration before is better than nothing.
  if (!members_.empty()) return;
  members_.swap(inherited_);
  HandOut(direct);
}

void Members::HandOut(bool direct) {
  for (size_t i = 0; i < workers_.size(); ++i) {
    std::vector<std::shared_ptr<Path>> paths;
    for (const Member& member : members_) paths.push_back(member.paths[i]);
    if (direct) {
      lanes_[i]->paths = std::move(paths);
      lanes_[i]->known = true;
      continue;
    }
    workers_[i]->Post([lane = lanes_[i], paths = std::move(paths)]() mutable {
      lane->paths.swap(paths);
      lane->known = true;
      // One that wakes may make others end, and leave the list.
      while (!lane->waiting.empty()) {
        Waiter* const waiter = lane->waiting.front();
        lane->waiting.pop_front();
        waiter->done.Set();
      }
    });
  }
}

void Members::Eject(Server& server, net::Deadline now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (server.outlier.At(now) == Outlier::State::kOut) return;  // by another worker
  size_t out = 0;
  for (const Member& member : members_) {
    if (member.server->outlier.At(now) == Outlier::State::kOut) ++out;
  }
  if (!Outlier::MayEject(options_.eject, out, members_.size())) return;
  server.outlier.Eject(net::After(now, options_.eject.duration));
  ++ejections_;
  Tell("server_ejected", server.address, "");
}

Members::Status Members::status() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  Status status{{}, failure_, changes_, failures_, ejections_};
  for (const Member& member : members_) status.servers.push_back(member.server);
  return status;
}

void Members::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  for (Member& member : members_) member.checker.reset();
  inherited_.clear();
}

}  // namespace portico::upstream
