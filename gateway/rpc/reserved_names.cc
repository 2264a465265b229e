#include "gateway/rpc/reserved_names.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace portico::rpc {
namespace {

// RFC 9110, sections 7.6.1, 8 and 10.1; what RFC 9113 forbids; what the gateway writes itself. Sorted.
constexpr std::array<absl::string_view, 16> kReserved = {"connection",       "content-encoding",
                                                         "content-length",   "content-range",
                                                         "content-type",     "date",
                                                         "expect",           "host",
                                                         "http2-settings",   "keep-alive",
                                                         "proxy-connection", "te",
                                                         "trailer",          "transfer-encoding",
                                                         "upgrade",          "x-http-code"};
static_assert(std::is_sorted(kReserved.begin(), kReserved.end()));

}  // namespace

bool IsReserved(absl::string_view name) {
  if (absl::StartsWith(name, "grpc-")) return true;
  if (!absl::ConsumeSuffix(&name, "*")) return std::binary_search(kReserved.begin(), kReserved.end(), name);
  return absl::StartsWith("grpc-", name) ||
         std::any_of(kReserved.begin(), kReserved.end(), [name](auto own) { return absl::StartsWith(own, name); });
}

}  // namespace portico::rpc
