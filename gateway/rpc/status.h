#ifndef PORTICO_GATEWAY_RPC_STATUS_H_
#define PORTICO_GATEWAY_RPC_STATUS_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portico::rpc {

// An error is an absl::Status throughout the gateway. Its details are the status's payloads:
//  - keyed "type.googleapis.com/google.rpc.Status": the google.rpc.Status a service sent in grpc-status-details-bin,
//    whose details come first and in the service's order;
//  - keyed by any other "type.googleapis.com/...": one detail of that type, serialized;
//  - keyed kHttpStatusPayload: decimal digits of the HTTP status to answer with, where the code's own would mislead
//  (405, 413, 415,
//    431, 502). Never sent to clients, as all that begins with "portico/";
//  - keyed kOmissionPayload: what OmissionReason() says of it, where the gateway itself refused the call;
//  - keyed kNotSentPayload: no server has seen the call, so that it may be sent again whatever it does.
inline constexpr char kServiceStatusPayload[] = "type.googleapis.com/google.rpc.Status";
inline constexpr char kHttpStatusPayload[] = "portico/http-status";
inline constexpr char kOmissionPayload[] = "portico/omission";
inline constexpr char kNotSentPayload[] = "portico/not-sent";

// The HTTP status of a google.rpc.Code, by the table in google/rpc/code.proto. CANCELLED is 499.
int HttpStatusOfCode(absl::StatusCode code);

// The HTTP status an error is answered with: kHttpStatusPayload when there is one, else that of its code.
int HttpStatusOf(const absl::Status& status);

// `status` to be answered with `http_status`.
absl::Status WithHttpStatus(absl::Status status, int http_status);

// UNAVAILABLE by the gateway's own decision, before any server was asked: `reason` is breaker_open or shed. Clients are
// told by google.rpc.RetryInfo, and by Retry-After, when to come back: in whole seconds, rounded up, at least one.
absl::Status Refused(absl::string_view message, absl::string_view reason, std::chrono::nanoseconds retry_after);
bool IsRefused(const absl::Status& status);

// UNAVAILABLE that is known not to have reached a server.
absl::Status NotSent(absl::string_view message);
bool IsNotSent(const absl::Status& status);

// "NOT_FOUND" and so on; numbers outside the published ones are UNKNOWN.
absl::string_view CodeName(absl::StatusCode code);

// The status of a failed call as gRPC sends it. `details_bin` is the decoded grpc-status-details-bin, empty when
// absent; one that does not parse is dropped. A code outside 1..16 becomes UNKNOWN.
absl::Status FromGrpc(int code, absl::string_view message, absl::string_view details_bin);

// One detail of an error: a google.protobuf.Any taken apart.
struct Detail {
  std::string type_url;
  std::string value;
};

// All details, the service's own first.
std::vector<Detail> DetailsOf(const absl::Status& status);

// Why a part of a composed answer was left out, from the error it failed with: unavailable, deadline, malformed,
// denied, not_found, breaker_open, shed or failed (the design's list; the composer itself names the rest).
absl::string_view OmissionReason(const absl::Status& status);

}  // namespace portico::rpc

#endif  // PORTICO_GATEWAY_RPC_STATUS_H_
