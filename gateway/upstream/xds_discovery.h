#ifndef PORTICO_GATEWAY_UPSTREAM_XDS_DISCOVERY_H_
#define PORTICO_GATEWAY_UPSTREAM_XDS_DISCOVERY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/upstream/discovery.h"

namespace portico::upstream {

// xds:///NAME, which the gRPC library resolves and balances by itself: tells the target as its one server as soon as
// the library's bootstrap can be read, and until then, once a second, why not. A channel made without a bootstrap would
// fail for good.
absl::StatusOr<std::unique_ptr<Discovery>> WatchXds(const std::string& target, const DiscoveryLoop& loop, Told told);

// Whether the library will find a bootstrap: the file that GRPC_XDS_BOOTSTRAP names, else what is in
// GRPC_XDS_BOOTSTRAP_CONFIG. An error says what is wrong and where.
absl::Status CheckXdsBootstrap();

// Whether such a text names a control plane, and credentials for it, as this library knows them: insecure,
// google_default, fake.
absl::Status CheckXdsBootstrap(absl::string_view text);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_XDS_DISCOVERY_H_
