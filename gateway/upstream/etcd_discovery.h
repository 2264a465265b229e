#ifndef PORTICO_GATEWAY_UPSTREAM_ETCD_DISCOVERY_H_
#define PORTICO_GATEWAY_UPSTREAM_ETCD_DISCOVERY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/upstream/discovery.h"

namespace portico::upstream {

// "etcd:///PREFIX", or "etcd://HOST:PORT,HOST:PORT/PREFIX" to name etcd's own servers.
struct EtcdTarget {
  std::string servers;  // "HOST:PORT,HOST:PORT"; empty: those of the environment
  std::string prefix;
};
absl::StatusOr<EtcdTarget> ParseEtcdTarget(absl::string_view target);

// Where etcd is when the target does not say: the variable ETCD_ENDPOINTS ("HOST:PORT,...", each with or without
// http://), else 127.0.0.1:2379.
std::string EtcdServersOfEnvironment();

// The address in a value: the value itself ("10.0.0.1:5101"), or "Addr" of the JSON object that etcd's own gRPC naming
// writes ({"Op":0,"Addr":"10.0.0.1:5101"}). INVALID_ARGUMENT for others.
absl::StatusOr<std::string> AddressOfValue(absl::string_view value);

// Every key below the prefix ("PREFIX/...") is a server. They are listed once and then watched from that revision on;
// when the watch ends (etcd is gone, the revision is compacted) they are listed anew, after failures 100 ms to 2 s
// later. Values that hold no address are passed over, and told as a failure when there is nothing else.
absl::StatusOr<std::unique_ptr<Discovery>> WatchEtcd(absl::string_view target, const DiscoveryLoop& loop, Told told);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_ETCD_DISCOVERY_H_
