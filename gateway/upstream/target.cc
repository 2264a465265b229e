#include "gateway/upstream/target.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/upstream/dns_discovery.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/etcd_discovery.h"

namespace portico::upstream {
namespace {

absl::Status Expected(absl::string_view form, absl::string_view found) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", form, ", found \"", found, "\""));
}

// The whole of it goes by one scheme and a name.
absl::Status CheckName(absl::string_view target, absl::string_view scheme, absl::string_view form) {
  absl::string_view name = target;
  return absl::ConsumePrefix(&name, scheme) && !name.empty() ? absl::OkStatus() : Expected(form, target);
}

}  // namespace

absl::Status CheckTarget(absl::string_view target) {
  if (absl::StartsWith(target, "dns:")) return ParseDnsTarget(target).status();
  if (absl::StartsWith(target, "etcd:")) return ParseEtcdTarget(target).status();
  if (absl::StartsWith(target, "file:")) return CheckName(target, "file:///", "file:///PATH");
  if (absl::StartsWith(target, "xds:")) return CheckName(target, "xds:///", "xds:///NAME");
  if (absl::StartsWith(target, "unix:")) {
    return ParseEndpoint(target).ok() ? absl::OkStatus() : Expected("unix:PATH", target);
  }
  for (const absl::string_view item : absl::StrSplit(target, ',')) {
    const absl::StatusOr<Endpoint> address = ParseEndpoint(absl::StripAsciiWhitespace(item));
    if (address.ok() && address->path.empty()) continue;
    return Expected(
        "HOST:PORT,HOST:PORT or one of dns:///HOST:PORT, unix:PATH, file:///PATH, etcd:///PREFIX, xds:///NAME", item);
  }
  return absl::OkStatus();
}

}  // namespace portico::upstream
