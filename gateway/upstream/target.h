#ifndef PORTICO_GATEWAY_UPSTREAM_TARGET_H_
#define PORTICO_GATEWAY_UPSTREAM_TARGET_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portico::upstream {

// Whether a cluster's target can be read: "HOST:PORT,HOST:PORT", "unix:PATH", "dns:///HOST:PORT", "file:///PATH",
// "etcd:///PREFIX" or "xds:///NAME". INVALID_ARGUMENT says what was expected. Nothing is looked up.
absl::Status CheckTarget(absl::string_view target);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_TARGET_H_
