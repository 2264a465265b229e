#include "gateway/upstream/dns_discovery.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/loop_task.h"
#include "gateway/upstream/name_lookup.h"

namespace portico::upstream {
namespace {

using std::chrono::seconds;

constexpr seconds kLeast(1);
constexpr seconds kMost(3600);
constexpr seconds kMostAfterFailure(30);

class Watching final : public LoopTask {
 public:
  Watching(const DiscoveryLoop& loop, DnsTarget target, std::unique_ptr<NameLookup> lookup, Told told)
      : LoopTask(loop), target_(std::move(target)), lookup_(std::move(lookup)), told_(std::move(told)) {}

  static Async<void> Run(std::shared_ptr<Watching> self) {
    seconds pause = kLeast;
    while (!self->stopped()) {
      absl::StatusOr<NamedHosts> found = co_await self->lookup_->Ask(self->target_.host);
      if (self->stopped()) break;
      self->last_ = net::Clock::now();
      if (found.ok()) {
        pause = kLeast;
        Addresses addresses;
        for (const std::string& host : found->hosts) {
          addresses.push_back(absl::StrCat(absl::StrContains(host, ':') ? absl::StrCat("[", host, "]") : host, ":",
                                           self->target_.port));
        }
        // Name servers shuffle; the order means nothing.
        std::sort(addresses.begin(), addresses.end());
        self->told_(std::move(addresses));
        co_await self->Sleep(std::clamp(found->ttl, kLeast, kMost));
      } else {
        self->told_(found.status());
        co_await self->Sleep(pause);
        pause = std::min(2 * pause, kMostAfterFailure);
      }
    }
    self->lookup_.reset();
  }

  // On the loop.
  void LookAgain() {
    if (net::Clock::now() - last_ >= kLeast) Wake();
  }

 private:
  void Stopping() override {
    if (lookup_ != nullptr) lookup_->Cancel();
  }

  const DnsTarget target_;
  std::unique_ptr<NameLookup> lookup_;
  const Told told_;
  net::Deadline last_;
};

class DnsDiscovery final : public TaskDiscovery {
 public:
  explicit DnsDiscovery(std::shared_ptr<Watching> task) : TaskDiscovery(task), watching_(std::move(task)) {}
  void LookAgain() override {
    watching_->worker().Post([watching = watching_] { watching->LookAgain(); });
  }

 private:
  const std::shared_ptr<Watching> watching_;
};

}  // namespace

absl::StatusOr<DnsTarget> ParseDnsTarget(absl::string_view target) {
  const absl::Status mistake = absl::InvalidArgumentError(
      absl::StrCat("expected dns:///HOST:PORT or dns://SERVER/HOST:PORT, found \"", target, "\""));
  absl::string_view rest = target;
  if (!absl::ConsumePrefix(&rest, "dns://")) return mistake;
  const size_t slash = rest.find('/');
  if (slash == absl::string_view::npos) return mistake;
  const absl::StatusOr<Endpoint> name = ParseEndpoint(rest.substr(slash + 1));
  if (!name.ok() || !name->path.empty()) return mistake;
  return DnsTarget{std::string(rest.substr(0, slash)), name->host, name->port};
}

absl::StatusOr<std::unique_ptr<Discovery>> WatchName(absl::string_view target, const DiscoveryLoop& loop, Told told) {
  absl::StatusOr<DnsTarget> name = ParseDnsTarget(target);
  if (!name.ok()) return name.status();
  absl::StatusOr<std::unique_ptr<NameLookup>> lookup = NameLookup::Create(*loop.worker, name->servers);
  if (!lookup.ok()) return lookup.status();
  auto task = std::make_shared<Watching>(loop, *std::move(name), *std::move(lookup), std::move(told));
  loop.worker->Post([task] { task->worker().Spawn(Watching::Run(task)); });
  return std::make_unique<DnsDiscovery>(task);
}

}  // namespace portico::upstream
