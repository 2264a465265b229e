#ifndef PORTICO_GATEWAY_PROTOCOL_RPC_ENDPOINT_H_
#define PORTICO_GATEWAY_PROTOCOL_RPC_ENDPOINT_H_

#include <cstddef>

#include "absl/time/time.h"
#include "gateway/http/message.h"
#include "gateway/rpc/handler.h"
#include "gateway/schema/schema.h"

namespace portico::protocol {

// An exposed method as Connect and gRPC-Web call it: by POST /{package.Service}/{Method}, whatever http rules it has.
// Borrows from the schema and the snapshot. Immutable.
struct RpcEndpoint {
  const schema::Method* method = nullptr;
  rpc::Handler* handler = nullptr;
  const schema::TypeResolver* types = nullptr;
  size_t max_message_bytes = 0;  // of one request message, also when it is unpacked
  size_t buffer_bytes = 0;       // of a service's stream, what is read ahead of a slow client

  bool streaming() const { return method->client_streaming || method->server_streaming; }
  // The method has idempotency_level NO_SIDE_EFFECTS: Connect may call it by GET.
  bool no_side_effects() const;

  // Fills the request's context: the earlier deadline of the client's and the method's policy, and the metadata.
  void Prepare(absl::Duration client_timeout, http::Request* request) const;
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_RPC_ENDPOINT_H_
