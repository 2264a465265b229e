#include "gateway/protocol/rest.h"

#include <memory>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "gateway/protocol/metadata.h"
#include "gateway/protocol/timeout.h"
#include "gateway/rpc/status.h"
#include "portico/annotations.pb.h"

namespace portico::protocol {
namespace {

// Names come from clients: what is no visible ASCII, or would end the list's element, is percent-encoded, and a list
// too long for a header is cut.
std::string WarningHeader(const std::vector<std::string>& names) {
  constexpr size_t kMaxLength = 1024;
  constexpr absl::string_view kHex = "0123456789ABCDEF";
  std::string header;
  for (const std::string& name : names) {
    if (header.size() + name.size() > kMaxLength) {
      absl::StrAppend(&header, header.empty() ? "" : ", ", "...");
      break;
    }
    if (!header.empty()) header += ", ";
    for (char c : name) {
      if (c > ' ' && c <= '~' && c != ',' && c != '%') {
        header += c;
        continue;
      }
      const auto byte = static_cast<unsigned char>(c);
      header += '%';
      header += kHex[byte >> 4];
      header += kHex[byte & 15];
    }
  }
  return header;
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
  return RestEndpoint(*rule.method, handler, *std::move(binding), *std::move(shape));
}

absl::Status RestEndpoint::Prepare(http::Request& request) const {
  rpc::Context& context = request.context;
  const absl::StatusOr<absl::Duration> timeout = ClientTimeout(request.headers);
  if (!timeout.ok()) return timeout.status();
  const absl::Duration shortest = std::min(*timeout, method_->timeout);
  if (shortest != absl::InfiniteDuration()) {
    context.ShortenDeadline(net::After(request.received, absl::ToChronoNanoseconds(shortest)));
  }
  rpc::Metadata metadata = RequestMetadata(request);
  if (!metadata.empty()) context.set_metadata(std::make_shared<const rpc::Metadata>(std::move(metadata)));
  context.set_headers(&request.headers);
  return absl::OkStatus();
}

Async<http::Response> RestEndpoint::Handle(http::Request& request, std::span<const routing::PathValue> path_values,
                                           const RestOptions& options) const {
  if (method_->client_streaming || method_->server_streaming) {
    co_return options.errors->Render(
        absl::UnimplementedError(absl::StrCat(method_->full_name, " streams, which this version does not serve")));
  }
  const absl::Status prepared = Prepare(request);
  if (!prepared.ok()) co_return options.errors->Render(prepared);

  transcode::RequestBinding::Output bound;
  rpc::Payload payload;
  std::unique_ptr<const transcode::FieldSelection> selection;
  {
    absl::InlinedVector<absl::string_view, 4> values;
    for (const routing::PathValue& value : path_values) values.push_back(value.view());
    transcode::RequestBinding::Input input;
    input.path_values = std::span<const absl::string_view>(values.data(), values.size());
    input.query = request.query;
    input.body = request.body;
    input.content_type = request.headers.Get("content-type");
    bound.wire = std::move(payload.buffer());
    const absl::Status status = binding_.Bind(input, options.read, &bound);
    if (!status.ok()) co_return options.errors->Render(status);
    payload.buffer() = std::move(bound.wire);
  }
  if (bound.fields.has_value()) {
    absl::StatusOr<std::unique_ptr<const transcode::FieldSelection>> selected = shape_.Select(*bound.fields);
    if (!selected.ok()) co_return options.errors->Render(selected.status());
    selection = *std::move(selected);
    request.context.set_selection(selection.get());
  }

  absl::StatusOr<rpc::Reply> reply = co_await handler_->Call(*method_, std::move(payload), request.context);
  request.context.set_selection(nullptr);
  if (!reply.ok()) {
    http::Response response = options.errors->Render(reply.status());
    if (const rpc::FailureMetadata* metadata = request.context.failure_metadata(); metadata != nullptr) {
      AddMetadata(metadata->headers, "Grpc-Metadata-", &response.headers);
      AddMetadata(metadata->trailers, "Grpc-Trailer-", &response.headers);
    }
    co_return response;
  }
  co_return Success(*std::move(reply), bound, selection.get(), options);
}

http::Response RestEndpoint::Success(rpc::Reply reply, const transcode::RequestBinding::Output& bound,
                                     const transcode::FieldSelection* selection, const RestOptions& options) const {
  transcode::WriteOptions write = options.write;
  write.pretty |= bound.pretty;
  http::Response response;
  const absl::Status written = shape_.Write(reply.message, write, selection, &response.body);
  if (!written.ok()) {
    return options.errors->Render(rpc::WithHttpStatus(
        absl::DataLossError(absl::StrCat("the service's reply has no JSON form: ", written.message())), 502));
  }
  if (write.pretty) response.body += '\n';
  if (method_->policy->success().code() != 0) response.status = static_cast<int>(method_->policy->success().code());
  response.headers.Add("Content-Type", "application/json");
  AddMetadata(reply.headers, "Grpc-Metadata-", &response.headers);
  AddMetadata(reply.trailers, "Grpc-Trailer-", &response.headers);
  if (!reply.omitted.empty()) response.headers.Add("Portico-Omitted", reply.omitted);
  if (!bound.warnings.empty()) response.headers.Add("Portico-Warning", WarningHeader(bound.warnings));
  return response;
}

}  // namespace portico::protocol
