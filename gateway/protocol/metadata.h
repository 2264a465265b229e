#ifndef PORTICO_GATEWAY_PROTOCOL_METADATA_H_
#define PORTICO_GATEWAY_PROTOCOL_METADATA_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/http/message.h"
#include "gateway/rpc/metadata.h"

namespace portico::protocol {

// Which headers and metadata go under their own names, besides those with a prefix. Case does not matter; a name that
// ends in "*" stands for all that begin so. REQUIRES: none is rpc::IsReserved().
struct MetadataNames {
  std::vector<std::string> request = {"authorization", "accept-language", "traceparent", "tracestate", "x-request-id"};
  std::vector<std::string> response;
};

// The metadata a REST request hands to services: `Grpc-Metadata-X: v` becomes x, and headers of names.request go as
// they are. Values of `-bin` keys are base64 in the header, padded or not, several of them separated by commas, and raw
// in the metadata. What gRPC does not allow (keys outside [0-9a-z_.-], values outside visible ASCII and space, base64
// that is none) is left out, and so is what rpc::IsReserved().
rpc::Metadata RequestMetadata(const http::Request& request, const MetadataNames& names);

// Appends a client's header `name` as metadata, or leaves it out for the reasons above.
void AddToMetadata(absl::string_view name, absl::string_view value, rpc::Metadata* metadata);

// The reverse: metadata x becomes the header prefix + X ("Grpc-Metadata-", "Grpc-Trailer-"), or X when names.response
// has it; `-bin` values in padded base64. What rpc::IsReserved() is left out, the service's own Date say.
void AddMetadata(const rpc::Metadata& metadata, absl::string_view prefix, const MetadataNames& names,
                 http::ResponseHeaders* headers);

// Trailing metadata likewise, with "Grpc-Trailer-": as trailers when the client takes them (http::TakesTrailers), else
// as headers. What has its own name is a header in any case: such are wanted before the body.
void AddTrailingMetadata(const rpc::Metadata& metadata, const http::Request& request, const MetadataNames& names,
                         http::Response* response);

// The HTTP status that a service asks for with the metadata `x-http-code`, as header or trailer: 200 to 599. nullopt
// when it does not, and for anything else.
std::optional<int> HttpCodeOf(const rpc::Metadata& headers, const rpc::Metadata& trailers);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_METADATA_H_
