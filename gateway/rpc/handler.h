#ifndef PORTICO_GATEWAY_RPC_HANDLER_H_
#define PORTICO_GATEWAY_RPC_HANDLER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/net/async.h"
#include "gateway/rpc/context.h"
#include "gateway/rpc/metadata.h"
#include "gateway/rpc/payload.h"
#include "gateway/schema/schema.h"

namespace portico::rpc {

using Method = schema::Method;

// A unary call's success: the reply as wire bytes (not checked), and the service's metadata.
struct Reply {
  std::string message;
  Metadata headers;
  Metadata trailers;
  // The parts a composed answer lacks, as the Portico-Omitted header names them: "reviews;reason=deadline, sellers;..."
  std::string omitted;
};

// A streaming call under way. Messages are wire bytes. Destroying it cancels the call.
class Stream {
 public:
  virtual ~Stream() = default;

  // Sends one message; returns when the next may be sent, so that a slow service slows its client.
  virtual Async<absl::Status> Write(Payload message) = 0;
  // The client's side is complete.
  virtual Async<absl::Status> CloseWrite() = 0;
  // Waits until the service's initial metadata is there, or the stream has ended: true; false at `until`. headers() has
  // the metadata then. REQUIRES: no other AwaitHeaders() or Read() is under way.
  virtual Async<bool> AwaitHeaders(net::Deadline until) = 0;
  // Reads the next message into `message`: true when there was one, false at the stream's successful end.
  virtual Async<absl::StatusOr<bool>> Read(std::string* message) = 0;
  // What the service sent first, there as soon as AwaitHeaders() or Read() has returned true; and last, once Read() has
  // returned false or an error.
  virtual const Metadata& headers() const = 0;
  virtual const Metadata& trailers() const = 0;
};

// Answers RPC. A transport, a cluster, a composer, and everything that decorates one (breaker, retry, cache) is one of
// these. Implementations serve many calls at once, each on the worker its context names.
//
// A failure is an absl::Status with the gRPC code; its payloads are the error's details (see rpc/status.h).
class Handler {
 public:
  virtual ~Handler() = default;

  // One request, one reply. Returns by the context's deadline, and promptly with CANCELLED once it is cancelled.
  // `method` and `context` outlive the await.
  virtual Async<absl::StatusOr<Reply>> Call(const Method& method, Payload request, Context& context) = 0;

  // Starts a streaming call.
  virtual Async<absl::StatusOr<std::unique_ptr<Stream>>> Open(const Method& method, Context& context) = 0;
};

}  // namespace portico::rpc

#endif  // PORTICO_GATEWAY_RPC_HANDLER_H_
