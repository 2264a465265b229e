#ifndef PORTICO_GATEWAY_PROTOCOL_GRPC_WEB_H_
#define PORTICO_GATEWAY_PROTOCOL_GRPC_WEB_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/http/message.h"
#include "gateway/net/async.h"
#include "gateway/protocol/message_codec.h"
#include "gateway/protocol/rpc_endpoint.h"

namespace portico::protocol {

// gRPC-Web (PROTOCOL-WEB.md of gRPC): messages in envelopes, the trailers as a last one, or all of it as base64.

// application/grpc-web[-text][+proto|+json].
struct GrpcWebType {
  Codec codec = Codec::kProto;
  bool text = false;
};
std::optional<GrpcWebType> ParseGrpcWebType(absl::string_view media_type);

// Answers a call of the endpoint's method, unary or streaming. The HTTP status is 200 however the call ends, but 415
// for a content type of another kind. The endpoint is copied; what it points to outlives the response.
Async<http::Response> AnswerGrpcWeb(const RpcEndpoint& endpoint, http::Request& request);

// The answer to a request that reaches no method, or not its end: the status and metadata as headers
// ("Trailers-Only"). Types are not needed: details go as they are.
http::Response GrpcWebError(const http::Request& request, const absl::Status& status,
                            const schema::TypeResolver* types = nullptr);

// "grpc-status", "grpc-message" (percent-encoded), "grpc-status-details-bin" and the metadata, as header fields with
// names in lower case.
void AddGrpcTrailers(const absl::Status& status, const rpc::Metadata& trailers, http::ResponseHeaders* fields);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_GRPC_WEB_H_
