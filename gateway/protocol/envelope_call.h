#ifndef PORTICO_GATEWAY_PROTOCOL_ENVELOPE_CALL_H_
#define PORTICO_GATEWAY_PROTOCOL_ENVELOPE_CALL_H_

#include <memory>

#include "gateway/http/message.h"
#include "gateway/net/async.h"
#include "gateway/protocol/enveloped_messages.h"
#include "gateway/protocol/reply_form.h"
#include "gateway/protocol/rpc_endpoint.h"

namespace portico::protocol {

// Makes the streaming call that the request's envelopes are, and answers with envelopes: every message as the service
// sends it, then the end. REQUIRES: endpoint.Prepare() has been called.
//
// The head goes out with the service's initial metadata or first message, at the latest after 250 ms, so that a client
// sees the stream open; a failure before that is an answer by itself (ReplyForm::Failure). A client's messages go to
// the service as they arrive, at the pace at which it takes them, while answers come back: over HTTP/1.1 too, though
// most clients there send everything first. A message that is malformed ends the call. When the connection is to be
// cut, the stream ends with UNAVAILABLE shortly before.
Async<http::Response> AnswerStream(const RpcEndpoint& endpoint, http::Request& request,
                                   std::unique_ptr<const ReplyForm> form, EnvelopedMessages::Form messages);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_ENVELOPE_CALL_H_
