#ifndef PORTICO_GATEWAY_UPSTREAM_GRPC_STATUS_H_
#define PORTICO_GATEWAY_UPSTREAM_GRPC_STATUS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portico::upstream {

// What a call that ended without a grpc-status came to, by the tables of gRPC's "http-grpc-status-mapping" and
// "PROTOCOL-HTTP2, Errors". Messages name no addresses.

// A response that is not gRPC's.
absl::Status StatusOfHttp(int http_status);

// RST_STREAM with an error code of HTTP/2. CANCEL after the deadline is the server's own idea of the deadline.
absl::Status StatusOfReset(uint32_t code, bool deadline_passed);

// The words used wherever a transport ends a call by itself.
absl::Status Unavailable();
// The same of a call that no server has seen.
absl::Status Unreached();
absl::Status TooLate();
absl::Status Cancelled();
// An answer that breaks the protocol: 502 to REST clients.
absl::Status Malformed(absl::StatusCode code, absl::string_view message);

// grpc-message, percent-encoded; what is no valid escape stays as it is.
std::string DecodeGrpcMessage(absl::string_view text);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_GRPC_STATUS_H_
