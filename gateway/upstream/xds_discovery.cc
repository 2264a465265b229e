#include "gateway/upstream/xds_discovery.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/upstream/file_discovery.h"
#include "gateway/upstream/loop_task.h"

namespace portico::upstream {
namespace {

constexpr std::chrono::seconds kLook(1);

using Json = nlohmann::json;

absl::Status Mistake(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

// A member that is a list with something in it; null when it is not.
const Json* List(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_array() && !member->empty() ? &*member : nullptr;
}

bool HasText(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() && !member->get_ref<const std::string&>().empty();
}

bool IsKnownCredential(const Json& credential) {
  if (!credential.is_object() || !HasText(credential, "type")) return false;
  const auto& type = credential["type"].get_ref<const std::string&>();
  return type == "insecure" || type == "google_default" || type == "fake";
}

absl::Status CheckServer(const Json& server) {
  if (!server.is_object() || !HasText(server, "server_uri")) return Mistake("a server without \"server_uri\"");
  const Json* const credentials = List(server, "channel_creds");
  if (credentials == nullptr || std::none_of(credentials->begin(), credentials->end(), IsKnownCredential)) {
    return Mistake("\"channel_creds\" has no type that is known: insecure, google_default, fake");
  }
  return absl::OkStatus();
}

class Watching final : public LoopTask {
 public:
  Watching(const DiscoveryLoop& loop, std::string target, Told told)
      : LoopTask(loop), target_(std::move(target)), told_(std::move(told)) {}

  static Async<void> Run(std::shared_ptr<Watching> self) {
    while (!self->stopped()) {
      const absl::Status bootstrap = CheckXdsBootstrap();
      if (bootstrap.ok()) {
        self->told_(Addresses{self->target_});
        break;
      }
      self->told_(bootstrap);
      co_await self->Sleep(kLook);
    }
  }

 private:
  const std::string target_;
  const Told told_;
};

}  // namespace

absl::Status CheckXdsBootstrap(absl::string_view text) {
  const Json bootstrap = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!bootstrap.is_object()) return Mistake("no JSON object");
  const Json* const servers = List(bootstrap, "xds_servers");
  if (servers == nullptr) return Mistake("\"xds_servers\" names nobody");
  for (const Json& server : *servers) {
    const absl::Status usable = CheckServer(server);
    if (!usable.ok()) return usable;
  }
  return absl::OkStatus();
}

absl::Status CheckXdsBootstrap() {
  const auto of_bootstrap = [](absl::string_view place, const absl::Status& status) {
    if (status.ok()) return status;
    return absl::Status(status.code(), absl::StrCat("the xDS bootstrap: ", place, status.message()));
  };
  if (const char* const path = std::getenv("GRPC_XDS_BOOTSTRAP"); path != nullptr) {
    const absl::StatusOr<std::string> text = ReadText(path);
    if (!text.ok()) return of_bootstrap("", text.status());
    return of_bootstrap(absl::StrCat(path, ": "), CheckXdsBootstrap(*text));
  }
  if (const char* const text = std::getenv("GRPC_XDS_BOOTSTRAP_CONFIG"); text != nullptr) {
    return of_bootstrap("GRPC_XDS_BOOTSTRAP_CONFIG: ", CheckXdsBootstrap(text));
  }
  return absl::FailedPreconditionError(
      "xds:/// needs an xDS bootstrap: set GRPC_XDS_BOOTSTRAP to the path of one, or GRPC_XDS_BOOTSTRAP_CONFIG to it");
}

absl::StatusOr<std::unique_ptr<Discovery>> WatchXds(const std::string& target, const DiscoveryLoop& loop, Told told) {
  auto task = std::make_shared<Watching>(loop, target, std::move(told));
  loop.worker->Post([task] { task->worker().Spawn(Watching::Run(task)); });
  return std::make_unique<TaskDiscovery>(task);
}

}  // namespace portico::upstream
