#ifndef PORTICO_GATEWAY_PROTOCOL_WEBSOCKET_H_
#define PORTICO_GATEWAY_PROTOCOL_WEBSOCKET_H_

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/http/message.h"
#include "gateway/http/websocket.h"
#include "gateway/protocol/rest.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/rule_check.h"
#include "gateway/rpc/handler.h"
#include "gateway/transcode/request_binding.h"
#include "gateway/transcode/response_shape.h"

namespace portico::protocol {

// How a WebSocket ends whose call ended so: 1000, 1007 for what the client sent, 1013 when the service is unavailable,
// else 4000 and the gRPC code; the message as reason, as much of it as fits.
http::WebSocketEnd WebSocketEndOf(const absl::Status& status);

// A streaming method over WebSocket: messages are text frames of JSON, both ways (README.md). Immutable and
// thread-safe.
class WebSocketEndpoint {
 public:
  // As RestEndpoint::Compile. REQUIRES: the method streams.
  static absl::StatusOr<WebSocketEndpoint> Compile(const routing::CheckedRule& rule, const schema::TypeResolver& types,
                                                   rpc::Handler& handler);

  // Answers a request for a WebSocket: starts the call, and switches protocols (101) once it has begun well; an error
  // before that is an ordinary one. The endpoint and `options` outlive the response.
  Async<http::Response> Handle(http::Request& request, std::span<const routing::PathValue> path_values,
                               const RestOptions& options) const;

 private:
  class Session;

  WebSocketEndpoint(const schema::Method& method, rpc::Handler& handler, transcode::RequestBinding parameters,
                    transcode::RequestBinding frames, transcode::ResponseShape shape, bool takes_frames)
      : method_(&method),
        handler_(&handler),
        parameters_(std::move(parameters)),
        frames_(std::move(frames)),
        shape_(std::move(shape)),
        takes_frames_(takes_frames) {}

  // Fills the context from the request's headers.
  absl::Status Prepare(http::Request& request, const RestOptions& options) const;

  const schema::Method* method_;
  rpc::Handler* handler_;
  transcode::RequestBinding parameters_;  // path and query
  transcode::RequestBinding frames_;      // a text frame
  transcode::ResponseShape shape_;
  bool takes_frames_;  // else path and query are all of the request
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_WEBSOCKET_H_
