#ifndef PORTICO_GATEWAY_PROTOCOL_TIMEOUT_H_
#define PORTICO_GATEWAY_PROTOCOL_TIMEOUT_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http/message.h"

namespace portico::protocol {

// Parses the value of a `grpc-timeout` header (gRPC over HTTP/2): up to eight digits and one of H M S m u n.
std::optional<absl::Duration> ParseGrpcTimeout(absl::string_view text);

// Parses the value of an `X-Request-Timeout` header: "250ms" or plain seconds, "1.5".
std::optional<absl::Duration> ParseRequestTimeout(absl::string_view text);

// Parses the value of a `Connect-Timeout-Ms` header: up to ten digits.
std::optional<absl::Duration> ParseConnectTimeout(absl::string_view text);

// How long the client is willing to wait, by its Grpc-Timeout and X-Request-Timeout headers, the shorter of both;
// infinite without them. INVALID_ARGUMENT when one cannot be read.
absl::StatusOr<absl::Duration> ClientTimeout(const http::RequestHeaders& headers);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_TIMEOUT_H_
