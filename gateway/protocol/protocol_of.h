#ifndef PORTICO_GATEWAY_PROTOCOL_PROTOCOL_OF_H_
#define PORTICO_GATEWAY_PROTOCOL_PROTOCOL_OF_H_

#include "absl/strings/string_view.h"
#include "gateway/http/message.h"

namespace portico::protocol {

enum class Protocol { kRest, kConnect, kGrpcWeb };

// What a request speaks, by its verb, Content-Type, Connect-Protocol-Version and query, in this order:
//   POST with application/grpc-web...        gRPC-Web
//   POST with application/connect+...        Connect
//   POST with Connect-Protocol-Version       Connect
//   GET with connect=v1 in the query         Connect, if the path is an exposed method's (which is not asked here)
//   anything else                            REST
Protocol ProtocolOf(const http::Request& request);

// "rest", "connect" or "grpc-web"; static text.
absl::string_view NameOf(Protocol protocol);

// The media type of the request's body, without parameters; empty when absent. Compare without regard to case.
absl::string_view MediaTypeOf(const http::RequestHeaders& headers);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_PROTOCOL_OF_H_
