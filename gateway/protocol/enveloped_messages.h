#ifndef PORTICO_GATEWAY_PROTOCOL_ENVELOPED_MESSAGES_H_
#define PORTICO_GATEWAY_PROTOCOL_ENVELOPED_MESSAGES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/http/message.h"
#include "gateway/net/async.h"
#include "gateway/protocol/envelope.h"
#include "gateway/protocol/grpc_web_text.h"
#include "gateway/protocol/message_codec.h"
#include "gateway/protocol/rpc_endpoint.h"
#include "gateway/rpc/payload.h"

namespace portico::protocol {

// The compressions of request messages, for Connect-Accept-Encoding and grpc-accept-encoding. Replies are never
// compressed message by message.
inline constexpr char kMessageCompressions[] = "gzip, deflate, br, zstd";

// Whether a client's compression is one of these, or none, "" and "identity": UNIMPLEMENTED for any other.
absl::Status CheckCompression(absl::string_view compression);

// Unpacks what a client has compressed in one of these ways; nothing stays nothing. UNIMPLEMENTED for any other,
// RESOURCE_EXHAUSTED when there would be more than `limit` bytes, INVALID_ARGUMENT when it does not unpack.
absl::StatusOr<std::string> Decompress(absl::string_view compression, absl::string_view bytes, size_t limit);

// The messages of a body made of envelopes, one by one as they arrive. Lives on one worker.
class EnvelopedMessages {
 public:
  struct Form {
    Codec codec = Codec::kProto;
    bool text = false;        // base64 around it all (gRPC-Web)
    std::string compression;  // of envelopes that have the flag; empty or "identity": none may have it
  };

  // `body` and what the endpoint points to outlive it.
  EnvelopedMessages(http::BodyStream& body, const RpcEndpoint& endpoint, Form form)
      : body_(body), endpoint_(endpoint), form_(std::move(form)), envelopes_(endpoint.max_message_bytes) {}

  // Reads the next message as wire bytes: true when there was one, false at the end of the body. UNIMPLEMENTED for a
  // compression that is not known, RESOURCE_EXHAUSTED for a message that is too large, INTERNAL for a compressed one
  // where no compression was announced (as gRPC's compression specification has it), INVALID_ARGUMENT for everything
  // else that is malformed, and the body's own errors. No call may follow an error.
  Async<absl::StatusOr<bool>> Next(rpc::Payload* message);

  // Reads the one message of a method that takes no more: UNIMPLEMENTED when there are none or two (gRPC's status
  // codes).
  Async<absl::StatusOr<rpc::Payload>> Only();

 private:
  // Decodes the envelope that is complete.
  absl::Status Decode(rpc::Payload* message);

  http::BodyStream& body_;
  const RpcEndpoint endpoint_;
  const Form form_;
  EnvelopeReader envelopes_;
  GrpcWebTextReader text_;
  std::string piece_;
  std::string decoded_;     // of text
  absl::string_view rest_;  // of the piece
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_ENVELOPED_MESSAGES_H_
