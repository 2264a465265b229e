#include "gateway/upstream/file_discovery.h"

#include <yaml-cpp/yaml.h>

#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/net/file_watch.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/loop_task.h"

namespace portico::upstream {
namespace {

constexpr std::chrono::milliseconds kLook(200);
constexpr size_t kMaxBytes = 1 << 20;

absl::StatusOr<Addresses> ReadFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadText(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<Addresses> addresses = ReadAddresses(*text);
  if (addresses.ok()) return addresses;
  return absl::InvalidArgumentError(absl::StrCat(path, ":", addresses.status().message()));
}

class Watching final : public LoopTask {
 public:
  Watching(const DiscoveryLoop& loop, std::string path, Told told)
      : LoopTask(loop), path_(std::move(path)), told_(std::move(told)) {}

  static Async<void> Run(std::shared_ptr<Watching> self) {
    // Watched before it is read: what changes meanwhile is seen.
    self->watch_.Watch({self->path_});
    self->told_(ReadFile(self->path_));
    while (true) {
      co_await self->Sleep(kLook);
      if (self->stopped()) break;
      if (self->watch_.Changed()) self->told_(ReadFile(self->path_));
    }
  }

 private:
  const std::string path_;
  const Told told_;
  net::FileWatch watch_;
};

}  // namespace

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return absl::UnavailableError(absl::StrCat("cannot read ", path));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxBytes) return absl::InvalidArgumentError(absl::StrCat(path, " is larger than a megabyte"));
  return text;
}

absl::StatusOr<Addresses> ReadAddresses(absl::string_view text) {
  // The library reports mistakes by exceptions, and those stay here.
  try {
    const YAML::Node list = YAML::Load(std::string(text));
    const auto mistake = [](const YAML::Node& node, absl::string_view what) {
      const int line = node.Mark().is_null() ? 0 : node.Mark().line;
      return absl::InvalidArgumentError(absl::StrCat(line + 1, ": ", what));
    };
    if (!list.IsSequence()) return mistake(list, "expected a list of addresses");
    Addresses addresses;
    for (const YAML::Node& item : list) {
      if (!item.IsScalar()) return mistake(item, "expected an address");
      const absl::Status readable = ParseEndpoint(item.Scalar()).status();
      if (!readable.ok()) return mistake(item, readable.message());
      addresses.push_back(item.Scalar());
    }
    return addresses;
  } catch (const YAML::Exception& exception) {
    return absl::InvalidArgumentError(absl::StrCat(exception.mark.line + 1, ": ", exception.msg));
  }
}

absl::StatusOr<std::unique_ptr<Discovery>> WatchFile(const std::string& path, const DiscoveryLoop& loop, Told told) {
  auto task = std::make_shared<Watching>(loop, path, std::move(told));
  loop.worker->Post([task] { task->worker().Spawn(Watching::Run(task)); });
  return std::make_unique<TaskDiscovery>(task);
}

}  // namespace portico::upstream
