#include "gateway/protocol/rest.h"

#include <memory>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/accept.h"
#include "gateway/http/syntax.h"
#include "gateway/protocol/form_body.h"
#include "gateway/protocol/page_fields.h"
#include "gateway/protocol/timeout.h"
#include "gateway/protocol/warning_header.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/field_error.h"
#include "gateway/transcode/http_body.h"

namespace portico::protocol {
namespace {

constexpr absl::string_view kJsonType = "application/json";
constexpr absl::string_view kProblemType = "application/problem+json";
constexpr absl::string_view kFormTypes = "application/json, application/x-www-form-urlencoded, multipart/form-data";
constexpr absl::string_view kStreamedTypes = "application/x-ndjson, application/json";

// RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5: these have none.
bool HasContent(int status) {
  return status != 204 && status != 205 && status != 304;
}

}  // namespace

absl::StatusOr<RestEndpoint> RestEndpoint::Compile(const routing::CheckedRule& rule, const schema::TypeResolver& types,
                                                   rpc::Handler& handler) {
  transcode::RequestBinding::Rule binding_rule;
  binding_rule.verb = rule.rule->verb;
  binding_rule.body = rule.rule->body;
  for (const routing::TemplateVariable& variable : rule.path.variables) {
    binding_rule.path_fields.push_back(variable.FieldPath());
  }
  absl::StatusOr<transcode::RequestBinding> binding =
      transcode::RequestBinding::Compile(*rule.method->input, types, binding_rule);
  if (!binding.ok()) return binding.status();
  absl::StatusOr<transcode::ResponseShape> shape =
      transcode::ResponseShape::Compile(*rule.method->output, types, rule.rule->response_body);
  if (!shape.ok()) return shape.status();
  absl::StatusOr<protocol::Success> success = protocol::Success::Compile(*rule.method, types);
  if (!success.ok()) return success.status();
  RestEndpoint endpoint(*rule.method, handler, *std::move(binding), *std::move(shape), *std::move(success));
  endpoint.has_body_ = !rule.rule->body.empty();
  endpoint.body_field_ = rule.body;
  if (const schema::FieldTable* field = rule.response_body; field != nullptr) {
    endpoint.raw_reply_ =
        field->type == schema::FieldType::kMessage && !field->repeated && transcode::IsHttpBody(*field->message);
    endpoint.raw_field_ = field;
  } else {
    endpoint.raw_reply_ = transcode::IsHttpBody(*rule.method->output);
    endpoint.has_pages_ = rule.method->service->facade && !endpoint.raw_reply_;
  }
  return endpoint;
}

absl::Status RestEndpoint::CheckAccept(const http::Request& request) const {
  // Who takes problem details takes JSON.
  if (raw_reply_ || http::QualityOfType(request.headers, kJsonType) > 0 ||
      http::NamedQuality(request.headers, kProblemType) > 0) {
    return absl::OkStatus();
  }
  return rpc::WithHttpStatus(absl::InvalidArgumentError("the answer is application/json, which Accept excludes"), 406);
}

absl::Status RestEndpoint::Prepare(http::Request& request, const RestOptions& options) const {
  rpc::Context& context = request.context;
  const absl::StatusOr<absl::Duration> timeout = ClientTimeout(request.headers);
  if (!timeout.ok()) return timeout.status();
  const absl::Duration shortest = std::min(*timeout, method_->timeout);
  if (shortest != absl::InfiniteDuration()) {
    context.ShortenDeadline(net::After(request.received, absl::ToChronoNanoseconds(shortest)));
  }
  rpc::Metadata metadata = RequestMetadata(request, options.metadata);
  if (!metadata.empty()) context.set_metadata(std::make_shared<const rpc::Metadata>(std::move(metadata)));
  context.set_headers(&request.headers);
  return absl::OkStatus();
}

absl::Status RestEndpoint::Bind(const http::Request& request, std::span<const routing::PathValue> path_values,
                                const RestOptions& options, transcode::RequestBinding::Output* bound) const {
  absl::InlinedVector<absl::string_view, 4> values;
  for (const routing::PathValue& value : path_values) values.push_back(value.view());
  transcode::RequestBinding::Input input;
  input.path_values = std::span<const absl::string_view>(values.data(), values.size());
  input.query = request.query;
  input.body = request.body;
  input.content_type = request.headers.Get("content-type");
  std::vector<transcode::FormField> form;
  if (binding_.TakesForms() && !input.body.empty() && IsForm(input.content_type)) {
    if (absl::Status read = ReadForm(input.content_type, input.body, &form); !read.ok()) return read;
    input.form = &form;
  }
  return binding_.Bind(input, options.read, bound);
}

absl::StatusOr<std::unique_ptr<const transcode::FieldSelection>> RestEndpoint::Select(
    const transcode::RequestBinding::Output& bound, bool pages) const {
  if (!bound.fields.has_value()) return nullptr;
  if (!raw_reply_) return shape_.Select(pages ? WithOmitted(*bound.fields, *method_->output) : *bound.fields);
  if (bound.fields->empty() || *bound.fields == "*") return nullptr;
  return transcode::FieldError("fields", "the reply has no fields, it is a google.api.HttpBody");
}

Async<http::Response> RestEndpoint::Handle(http::Request& request, std::span<const routing::PathValue> path_values,
                                           const RestOptions& options) const {
  if (method_->client_streaming || method_->server_streaming) {
    co_return co_await HandleStream(request, path_values, options);
  }
  if (has_pages_) {
    const std::optional<StreamForm> pages = PagesFormOf(request.headers);
    if (pages.has_value()) co_return co_await HandlePages(request, path_values, *pages, options);
  }
  absl::Status prepared = CheckAccept(request);
  if (prepared.ok()) prepared = Prepare(request, options);
  if (!prepared.ok()) co_return Refuse(prepared, request, options);

  transcode::RequestBinding::Output bound;
  rpc::Payload payload;
  bound.wire = std::move(payload.buffer());
  const absl::Status status = Bind(request, path_values, options, &bound);
  if (!status.ok()) co_return Refuse(status, request, options);
  payload.buffer() = std::move(bound.wire);
  const absl::StatusOr<std::unique_ptr<const transcode::FieldSelection>> selection = Select(bound, /*pages=*/false);
  if (!selection.ok()) co_return Refuse(selection.status(), request, options);
  request.context.set_selection(selection->get());

  absl::StatusOr<rpc::Reply> reply = co_await handler_->Call(*method_, std::move(payload), request.context);
  request.context.set_selection(nullptr);
  if (!reply.ok()) co_return Failure(reply.status(), request, options);
  co_return Answer(*std::move(reply), bound, selection->get(), request, options);
}

http::Response RestEndpoint::Refuse(const absl::Status& status, const http::Request& request,
                                    const RestOptions& options) const {
  http::Response response = options.errors->Render(status, request);
  if (response.status == 415) {
    // RFC 9110, section 15.5.16: what would have been taken.
    response.headers.Add("Accept", binding_.TakesRawBody()     ? "*/*"
                                   : method_->client_streaming ? kStreamedTypes
                                   : binding_.TakesForms()     ? kFormTypes
                                                               : kJsonType);
  }
  return response;
}

http::Response RestEndpoint::Failure(absl::Status status, const http::Request& request,
                                     const RestOptions& options) const {
  const rpc::FailureMetadata* const metadata = request.context.failure_metadata();
  if (metadata == nullptr) return options.errors->Render(status, request);
  const std::optional<int> code = HttpCodeOf(metadata->headers, metadata->trailers);
  if (code.has_value() && *code >= 400) status = rpc::WithHttpStatus(std::move(status), *code);
  http::Response response = options.errors->Render(status, request);
  AddMetadata(metadata->headers, "Grpc-Metadata-", options.metadata, &response.headers);
  AddTrailingMetadata(metadata->trailers, request, options.metadata, &response);
  return response;
}

absl::Status RestEndpoint::WriteReply(std::string message, const transcode::WriteOptions& write,
                                      const transcode::FieldSelection* selection, http::Response* response) const {
  if (!raw_reply_) {
    const absl::Status written = shape_.Write(message, write, selection, &response->body);
    if (!written.ok()) return written;
    if (write.pretty) response->body += '\n';
    response->headers.AddKnown("Content-Type", kJsonType);
    return absl::OkStatus();
  }
  const absl::StatusOr<transcode::HttpBody> body = transcode::ReadHttpBody(message, raw_field_);
  if (!body.ok()) return body.status();
  if (!http::IsFieldValue(body->content_type)) {
    return absl::DataLossError("content_type of the google.api.HttpBody is no header value");
  }
  // RFC 9110, section 8.3: bytes of no known type.
  response->headers.Add("Content-Type", body->content_type.empty() ? "application/octet-stream" : body->content_type);
  const size_t begin = body->data.empty() ? 0 : static_cast<size_t>(body->data.data() - message.data());
  const size_t size = body->data.size();
  response->body = std::move(message);
  response->body.resize(begin + size);
  response->body.erase(0, begin);
  return absl::OkStatus();
}

http::Response RestEndpoint::Answer(rpc::Reply reply, const transcode::RequestBinding::Output& bound,
                                    const transcode::FieldSelection* selection, const http::Request& request,
                                    const RestOptions& options) const {
  http::Response response;
  response.status = HttpCodeOf(reply.headers, reply.trailers).value_or(success_.code());
  const std::string location = success_.Location(reply.message);
  if (HasContent(response.status)) {
    transcode::WriteOptions write = options.write;
    write.pretty |= bound.pretty;
    const absl::Status written = WriteReply(std::move(reply.message), write, selection, &response);
    if (!written.ok()) {
      const bool raw = raw_reply_;
      return options.errors->Render(
          rpc::WithHttpStatus(absl::DataLossError(absl::StrCat(
                                  raw ? "the service's reply is malformed: " : "the service's reply has no JSON form: ",
                                  written.message())),
                              502),
          request);
    }
  }
  if (has_pages_) response.headers.AddToList("Vary", "Accept");
  if (!location.empty()) response.headers.Add("Location", location);
  AddMetadata(reply.headers, "Grpc-Metadata-", options.metadata, &response.headers);
  AddTrailingMetadata(reply.trailers, request, options.metadata, &response);
  if (!reply.omitted.empty()) response.headers.Add("Portico-Omitted", reply.omitted);
  if (!bound.warnings.empty()) response.headers.Add("Portico-Warning", WarningHeader(bound.warnings));
  return response;
}

}  // namespace portico::protocol
