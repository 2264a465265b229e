#include "gateway/upstream/discovery.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/upstream/dns_discovery.h"
#include "gateway/upstream/etcd_discovery.h"
#include "gateway/upstream/file_discovery.h"
#include "gateway/upstream/xds_discovery.h"

namespace portico::upstream {

bool IsWatched(absl::string_view target) {
  for (const char* scheme : {"file:", "dns:", "etcd:", "xds:"}) {
    if (absl::StartsWith(target, scheme)) return true;
  }
  return false;
}

Addresses FixedAddresses(absl::string_view target) {
  if (absl::StrContains(target, ":/") || absl::StartsWith(target, "unix:")) return {std::string(target)};
  Addresses addresses;
  for (absl::string_view address : absl::StrSplit(target, ',', absl::SkipWhitespace())) {
    addresses.emplace_back(absl::StripAsciiWhitespace(address));
  }
  return addresses;
}

absl::StatusOr<std::unique_ptr<Discovery>> Discover(const std::string& target, const DiscoveryLoop& loop, Told told) {
  absl::string_view rest = target;
  if (absl::ConsumePrefix(&rest, "file://")) return WatchFile(std::string(rest), loop, std::move(told));
  if (absl::StartsWith(target, "dns:")) return WatchName(target, loop, std::move(told));
  if (absl::StartsWith(target, "etcd:")) return WatchEtcd(target, loop, std::move(told));
  if (absl::StartsWith(target, "xds:")) return WatchXds(target, loop, std::move(told));
  if (IsWatched(target)) return absl::InvalidArgumentError(absl::StrCat("\"", target, "\" cannot be read"));
  told(FixedAddresses(target));
  return std::make_unique<Discovery>();
}

}  // namespace portico::upstream
