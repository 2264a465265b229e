#ifndef PORTICO_GATEWAY_PROTOCOL_HEADER_METADATA_H_
#define PORTICO_GATEWAY_PROTOCOL_HEADER_METADATA_H_

#include "absl/strings/string_view.h"
#include "gateway/http/message.h"
#include "gateway/rpc/metadata.h"

namespace portico::protocol {

// Metadata as Connect and gRPC-Web carry it: every header is metadata under its own name, but for those that belong to
// HTTP (hop-by-hop, content, caching, ranges), to the browser (Origin, Referer, Sec-..., cookies), to CORS, or to a
// protocol (Grpc-..., Connect-..., X-Grpc-Web). Values of `-bin` names are base64 on the outside and raw within.

// What a request hands to the service. What gRPC does not allow is left out, as by RequestMetadata().
rpc::Metadata HeaderMetadata(const http::RequestHeaders& headers);

// Appends what a service sent as headers named prefix + key. Keys that belong to others are left out: no service can
// set the gateway's CORS headers, say.
void AddHeaderMetadata(const rpc::Metadata& metadata, absl::string_view prefix, http::ResponseHeaders* headers);

// A service's value as a header has it: of a `-bin` key the base64, unpadded, as gRPC and Connect write it.
std::string HeaderValueOf(absl::string_view key, absl::string_view value);

// Whether metadata of that key (lower case) may go to a client under its own name.
bool MayPass(absl::string_view key);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_HEADER_METADATA_H_
