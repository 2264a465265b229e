#ifndef PORTICO_GATEWAY_PROTOCOL_REST_H_
#define PORTICO_GATEWAY_PROTOCOL_REST_H_

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/http/error_response.h"
#include "gateway/http/message.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/rule_check.h"
#include "gateway/rpc/handler.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/request_binding.h"
#include "gateway/transcode/response_shape.h"
#include "gateway/transcode/wire_to_json.h"

namespace portico::protocol {

// How a frontend reads and writes JSON, and how it says that something failed.
struct RestOptions {
  transcode::ReadOptions read;
  transcode::WriteOptions write;
  const http::ErrorRenderer* errors = nullptr;  // outlives what uses it
};

// One REST route of a method: an http rule, compiled, and who answers. Immutable and thread-safe.
class RestEndpoint {
 public:
  // `rule` has been checked (routing::CheckRule). The schema and `handler` outlive the endpoint. An error means that
  // the rule does not fit its messages after all.
  static absl::StatusOr<RestEndpoint> Compile(const routing::CheckedRule& rule, const schema::TypeResolver& types,
                                              rpc::Handler& handler);

  const schema::Method& method() const { return *method_; }

  // Answers a request that was routed here with these path values: binds it to the request message, calls, and writes
  // the reply as JSON. Deadline: the earliest of the client's and the method's policy.
  Async<http::Response> Handle(http::Request& request, std::span<const routing::PathValue> path_values,
                               const RestOptions& options) const;

 private:
  RestEndpoint(const schema::Method& method, rpc::Handler& handler, transcode::RequestBinding binding,
               transcode::ResponseShape shape)
      : method_(&method), handler_(&handler), binding_(std::move(binding)), shape_(std::move(shape)) {}

  // Fills the context from the request's headers.
  absl::Status Prepare(http::Request& request) const;
  http::Response Success(rpc::Reply reply, const transcode::RequestBinding::Output& bound,
                         const transcode::FieldSelection* selection, const RestOptions& options) const;

  const schema::Method* method_;
  rpc::Handler* handler_;
  transcode::RequestBinding binding_;
  transcode::ResponseShape shape_;
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_REST_H_
