#ifndef PORTICO_GATEWAY_UPSTREAM_DNS_DISCOVERY_H_
#define PORTICO_GATEWAY_UPSTREAM_DNS_DISCOVERY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/upstream/discovery.h"

namespace portico::upstream {

// "dns:///HOST:PORT", or "dns://SERVER[:PORT]/HOST:PORT" to ask another name server than the system's.
struct DnsTarget {
  std::string servers;  // empty: the system's
  std::string host;
  int port = 0;
};
absl::StatusOr<DnsTarget> ParseDnsTarget(absl::string_view target);

// All addresses (A, AAAA) of a name are servers. It is looked up again when what is known expires (by TTL, a second at
// least, an hour at most), after failures a second to half a minute later, and soon when no server is in reach.
absl::StatusOr<std::unique_ptr<Discovery>> WatchName(absl::string_view target, const DiscoveryLoop& loop, Told told);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_DNS_DISCOVERY_H_
