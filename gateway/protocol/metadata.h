#ifndef PORTICO_GATEWAY_PROTOCOL_METADATA_H_
#define PORTICO_GATEWAY_PROTOCOL_METADATA_H_

#include "gateway/http/message.h"
#include "gateway/rpc/metadata.h"

namespace portico::protocol {

// The metadata a REST request hands to services: `Grpc-Metadata-X: v` becomes x, and authorization, accept-language,
// traceparent, tracestate and x-request-id go as they are. Values of `-bin` keys are base64 in the header and raw in
// the metadata. What gRPC does not allow (keys outside [0-9a-z_.-] or beginning with "grpc-", values outside visible
// ASCII and space, base64 that is none) is left out.
rpc::Metadata RequestMetadata(const http::Request& request);

// The reverse: metadata x becomes the header prefix + X ("Grpc-Metadata-", "Grpc-Trailer-"), `-bin` values in base64.
void AddMetadata(const rpc::Metadata& metadata, absl::string_view prefix, http::ResponseHeaders* headers);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_METADATA_H_
