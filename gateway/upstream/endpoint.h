#ifndef PORTICO_GATEWAY_UPSTREAM_ENDPOINT_H_
#define PORTICO_GATEWAY_UPSTREAM_ENDPOINT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace portico::upstream {

// Where a server is: a host and a port, or a Unix socket.
struct Endpoint {
  std::string host;  // a name or an IP address
  int port = 0;
  std::string path;  // of the Unix socket; empty for TCP

  // As :authority names it.
  std::string authority() const;
};

// Reads "HOST:PORT", "unix:PATH" or "unix:///PATH"; INVALID_ARGUMENT for everything else.
absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view address);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_ENDPOINT_H_
