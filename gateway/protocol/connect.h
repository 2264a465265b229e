#ifndef PORTICO_GATEWAY_PROTOCOL_CONNECT_H_
#define PORTICO_GATEWAY_PROTOCOL_CONNECT_H_

#include "absl/status/status.h"
#include "gateway/http/message.h"
#include "gateway/net/async.h"
#include "gateway/protocol/rpc_endpoint.h"

namespace portico::protocol {

// The Connect protocol, version 1 (connectrpc.com/docs/protocol).

// Answers a call of the endpoint's method: a unary one by POST with application/json or application/proto or, where it
// has no side effects, by GET; a streaming one by POST with application/connect+json or +proto. 415 with Accept-Post
// for other content types, and for a unary method called as a stream or the reverse. The endpoint is copied; what it
// points to outlives the response.
Async<http::Response> AnswerConnect(const RpcEndpoint& endpoint, http::Request& request);

// The answer to a request that reaches no method, or not its end: in a stream's form when the request is one. A
// Content-Encoding that is not known is `unimplemented`, as a compression is. `types` may be nullptr.
http::Response ConnectError(const http::Request& request, const absl::Status& error, const schema::TypeResolver* types);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_CONNECT_H_
