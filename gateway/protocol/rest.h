#ifndef PORTICO_GATEWAY_PROTOCOL_REST_H_
#define PORTICO_GATEWAY_PROTOCOL_REST_H_

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/http/error_response.h"
#include "gateway/http/message.h"
#include "gateway/protocol/message_stream.h"
#include "gateway/protocol/metadata.h"
#include "gateway/protocol/request_messages.h"
#include "gateway/protocol/stream_call.h"
#include "gateway/protocol/success.h"
#include "gateway/protocol/upload.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/rule_check.h"
#include "gateway/rpc/handler.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/request_binding.h"
#include "gateway/transcode/response_shape.h"
#include "gateway/transcode/wire_to_json.h"

namespace portico::protocol {

// How a frontend reads and writes JSON, which headers it hands on, and how it says that something failed.
struct RestOptions {
  transcode::ReadOptions read;
  transcode::WriteOptions write;
  MetadataNames metadata;
  const http::ErrorRenderer* errors = nullptr;  // outlives what uses it
  StreamOptions streams;
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
  // the reply as JSON, or as it is where it is a google.api.HttpBody. Deadline: the earliest of the client's and the
  // method's policy.
  Async<http::Response> Handle(http::Request& request, std::span<const routing::PathValue> path_values,
                               const RestOptions& options) const;

 private:
  RestEndpoint(const schema::Method& method, rpc::Handler& handler, transcode::RequestBinding binding,
               transcode::ResponseShape shape, Success success)
      : method_(&method),
        handler_(&handler),
        binding_(std::move(binding)),
        shape_(std::move(shape)),
        success_(std::move(success)) {}

  // The same of a streaming method. In rest_stream.cc, as the next three.
  Async<http::Response> HandleStream(http::Request& request, std::span<const routing::PathValue> path_values,
                                     const RestOptions& options) const;
  // Starts to write what the body brings; nullptr, and all is written, when `bound` is the only message.
  Async<absl::StatusOr<std::shared_ptr<Upload>>> StartUpload(http::Request& request, RequestFrame frame,
                                                             std::string bound, std::shared_ptr<StreamCall> call,
                                                             const RestOptions& options) const;
  // What the response to `call`, which may begin now, looks like.
  http::Response BeginMessages(std::shared_ptr<StreamCall> call, std::shared_ptr<Upload> upload, StreamForm form,
                               std::unique_ptr<const transcode::FieldSelection> selection, bool pretty,
                               const http::Request& request, const RestOptions& options) const;
  // The same of a composed answer that the client wants page by page. In rest_pages.cc.
  Async<http::Response> HandlePages(http::Request& request, std::span<const routing::PathValue> path_values,
                                    StreamForm form, const RestOptions& options) const;
  Async<absl::StatusOr<http::Response>> BeginDownload(std::shared_ptr<StreamCall> call,
                                                      std::shared_ptr<Upload> upload) const;

  // Who takes no JSON, which the answer would be, gets 406.
  absl::Status CheckAccept(const http::Request& request) const;
  // Fills the context from the request's headers.
  absl::Status Prepare(http::Request& request, const RestOptions& options) const;
  absl::Status Bind(const http::Request& request, std::span<const routing::PathValue> path_values,
                    const RestOptions& options, transcode::RequestBinding::Output* bound) const;
  // What ?fields= selects; nullptr when everything. Of pages also the field that says what was omitted.
  absl::StatusOr<std::unique_ptr<const transcode::FieldSelection>> Select(
      const transcode::RequestBinding::Output& bound, bool pages) const;
  // An error of the request.
  http::Response Refuse(const absl::Status& status, const http::Request& request, const RestOptions& options) const;
  // An error of the call.
  http::Response Failure(absl::Status status, const http::Request& request, const RestOptions& options) const;
  http::Response Answer(rpc::Reply reply, const transcode::RequestBinding::Output& bound,
                        const transcode::FieldSelection* selection, const http::Request& request,
                        const RestOptions& options) const;
  // Fills body and Content-Type.
  absl::Status WriteReply(std::string message, const transcode::WriteOptions& write,
                          const transcode::FieldSelection* selection, http::Response* response) const;

  const schema::Method* method_;
  rpc::Handler* handler_;
  transcode::RequestBinding binding_;
  transcode::ResponseShape shape_;
  Success success_;
  bool has_body_ = false;                           // the body is mapped to something
  const schema::FieldTable* body_field_ = nullptr;  // the field; nullptr: to the whole request
  // The method's answer is composed, and can be given page by page: no field of it is the whole body.
  bool has_pages_ = false;
  bool raw_reply_ = false;                         // the client sees a google.api.HttpBody
  const schema::FieldTable* raw_field_ = nullptr;  // the field that holds it; nullptr: the reply is it
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_REST_H_
