#ifndef PORTICO_GATEWAY_UPSTREAM_FILE_DISCOVERY_H_
#define PORTICO_GATEWAY_UPSTREAM_FILE_DISCOVERY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/upstream/discovery.h"

namespace portico::upstream {

// Watches a file that lists addresses. It is looked at five times a second, and read when a change has come to rest.
absl::StatusOr<std::unique_ptr<Discovery>> WatchFile(const std::string& path, const DiscoveryLoop& loop, Told told);

// The text of a file of at most a megabyte.
absl::StatusOr<std::string> ReadText(const std::string& path);

// Reads a file's list of addresses in JSON or YAML, ["10.0.0.1:5101", "10.0.0.2:5101"]. An error says where.
absl::StatusOr<Addresses> ReadAddresses(absl::string_view text);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_FILE_DISCOVERY_H_
