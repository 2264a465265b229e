#ifndef PORTICO_GATEWAY_PROTOCOL_REQUEST_MESSAGES_H_
#define PORTICO_GATEWAY_PROTOCOL_REQUEST_MESSAGES_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/http/message.h"
#include "gateway/protocol/json_framing.h"
#include "gateway/rpc/payload.h"
#include "gateway/transcode/request_binding.h"

namespace portico::protocol {

// The request messages that a body brings, made as it arrives.
class RequestMessages {
 public:
  virtual ~RequestMessages() = default;
  // Replaces `message` by the next one: true; false at the end. An error is the client's answer.
  virtual Async<absl::StatusOr<bool>> Next(rpc::Payload* message) = 0;
  // The body is not touched any more: a Next() under way is resumed on the caller's stack and fails.
  virtual void Stop() = 0;
};

// What every message of a REST request has besides its part of the body.
struct RequestFrame {
  const transcode::RequestBinding* binding = nullptr;  // outlives it
  transcode::ReadOptions read;
  std::vector<std::string> path_values;
  std::string query;
};

// The request message of `frame` and this body, as RequestBinding::Bind.
absl::Status BindFrame(const RequestFrame& frame, transcode::RequestBinding::Output* bound, absl::string_view body = {},
                       absl::string_view content_type = {});

// A message for each JSON text of the body, each with the path's and the query's fields. Of those texts and of `body`
// see JsonFraming; an error in one names its number and place.
std::unique_ptr<RequestMessages> JsonMessages(RequestFrame frame, std::shared_ptr<http::BodyStream> body,
                                              JsonFraming::Form form, size_t message_bytes);

// A google.api.HttpBody for each piece of the body as it arrives: all have the piece in `data`, the first has
// `content_type` too, and is made even of an empty body. Where the body is mapped to a field (`field`, else 0), the
// HttpBody is that field's, and the first message has the path's and the query's fields.
std::unique_ptr<RequestMessages> RawPieces(RequestFrame frame, std::shared_ptr<http::BodyStream> body,
                                           std::string content_type, uint32_t field);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_REQUEST_MESSAGES_H_
