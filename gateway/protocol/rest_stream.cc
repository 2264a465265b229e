// RestEndpoint for streaming methods.

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/syntax.h"
#include "gateway/http/whole_body.h"
#include "gateway/protocol/message_stream.h"
#include "gateway/protocol/metadata.h"
#include "gateway/protocol/raw_download.h"
#include "gateway/protocol/request_messages.h"
#include "gateway/protocol/rest.h"
#include "gateway/protocol/stream_call.h"
#include "gateway/protocol/stream_form.h"
#include "gateway/protocol/upload.h"
#include "gateway/protocol/warning_header.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/field_error.h"
#include "gateway/transcode/http_body.h"

namespace portico::protocol {
namespace {

constexpr absl::string_view kLastEventId = "Last-Event-ID";
constexpr size_t kLongestEventId = 128;

// How a body of several messages is framed; nullopt: its type cannot be read.
std::optional<JsonFraming::Form> FramingOf(absl::string_view content_type) {
  const std::string type =
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';'))));
  for (const char* lines : {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl"}) {
    if (type == lines) return JsonFraming::Form::kLines;
  }
  if (type.empty() || type == "application/json" || type == "text/json" || absl::EndsWith(type, "+json")) {
    return JsonFraming::Form::kValues;
  }
  return std::nullopt;
}

std::unique_ptr<StreamWriter> WriterOf(StreamForm form, const http::Request& request, const StreamOptions& options) {
  switch (form) {
    case StreamForm::kJsonArray:
      return NewJsonArrayWriter();
    case StreamForm::kEventStream:
      return NewEventStreamWriter(EventNumber(request.headers.Get(kLastEventId)), options.retry.count());
    case StreamForm::kNdjson:
      break;
  }
  return NewNdjsonWriter();
}

absl::Status NotAcceptable() {
  return rpc::WithHttpStatus(
      absl::InvalidArgumentError("the answer is application/x-ndjson, application/json or text/event-stream, all of "
                                 "which Accept excludes"),
      406);
}

// What a browser saw last, for the service to go on behind.
void AddLastEventId(http::Request& request) {
  const absl::string_view id = request.headers.Get(kLastEventId);
  if (!http::IsVisibleAscii(id, kLongestEventId)) return;
  auto metadata = std::make_shared<rpc::Metadata>(request.context.metadata());
  metadata->emplace_back("last-event-id", std::string(id));
  request.context.set_metadata(std::move(metadata));
}

// The only message of a call's reply.
Async<absl::StatusOr<rpc::Reply>> ReadReply(StreamCall& call, rpc::Context& context) {
  rpc::Reply reply;
  absl::StatusOr<bool> more = co_await call.Read(&reply.message);
  if (more.ok() && !*more) {
    more = rpc::WithHttpStatus(absl::InternalError("the service ended the call without a reply"), 502);
  } else if (more.ok()) {
    std::string second;
    more = co_await call.Read(&second);
    if (more.ok() && *more) more = rpc::WithHttpStatus(absl::InternalError("the service sent a second reply"), 502);
  }
  if (!more.ok()) {
    auto metadata = std::make_unique<rpc::FailureMetadata>();
    metadata->headers = call.headers();
    metadata->trailers = call.trailers();
    context.set_failure_metadata(std::move(metadata));
    co_return more.status();
  }
  reply.headers = call.headers();
  reply.trailers = call.trailers();
  co_return reply;
}

// Ends the client's side, and finds out whose fault a failure was.
absl::Status EndUpload(Upload* upload, absl::Status status) {
  if (upload == nullptr) return status;
  upload->Stop();
  return upload->status().ok() ? status : upload->status();
}

}  // namespace

Async<absl::StatusOr<std::shared_ptr<Upload>>> RestEndpoint::StartUpload(http::Request& request, RequestFrame frame,
                                                                         std::string bound,
                                                                         std::shared_ptr<StreamCall> call,
                                                                         const RestOptions& options) const {
  const bool arrives = request.body_stream != nullptr || !request.body.empty();
  if (!method_->client_streaming || (!has_body_ && !arrives)) {
    rpc::Payload payload;
    payload.buffer() = std::move(bound);
    // One that does not take the request has failed, and its side says how.
    if ((co_await call->Write(std::move(payload))).ok()) static_cast<void>(co_await call->CloseWrite());
    co_return nullptr;
  }
  std::shared_ptr<http::BodyStream> body;
  if (request.body_stream != nullptr) {
    body = std::shared_ptr<http::BodyStream>(std::shared_ptr<void>(), request.body_stream);  // not owned
  } else {
    body = std::make_shared<http::WholeBody>(request.body);
  }
  const absl::string_view content_type = request.headers.Get("content-type");
  std::unique_ptr<RequestMessages> messages;
  if (binding_.TakesRawBody()) {
    messages = RawPieces(std::move(frame), std::move(body), std::string(content_type),
                         body_field_ == nullptr ? 0 : body_field_->number);
  } else {
    const std::optional<JsonFraming::Form> form = FramingOf(content_type);
    if (!form.has_value()) co_return transcode::UnsupportedMediaType(content_type);
    messages = JsonMessages(std::move(frame), std::move(body), *form, options.streams.message_bytes);
  }
  co_return Upload::Start(request.context.worker(), std::move(call), std::move(messages));
}

http::Response RestEndpoint::BeginMessages(std::shared_ptr<StreamCall> call, std::shared_ptr<Upload> upload,
                                           StreamForm form, std::unique_ptr<const transcode::FieldSelection> selection,
                                           bool pretty, const http::Request& request,
                                           const RestOptions& options) const {
  http::Response response;
  MessageStream::Shape shape{&shape_, options.errors, options.write, std::move(selection)};
  shape.partial = has_pages_;
  shape.write.pretty |= pretty;
  std::unique_ptr<StreamWriter> writer = WriterOf(form, request, options.streams);
  response.headers.Add("Content-Type", writer->content_type());
  response.headers.AddToList("Vary", "Accept");
  if (writer->resumes()) response.headers.Add("Cache-Control", "no-cache");
  response.headers.Add("X-Accel-Buffering", "no");  // what lies between must hand it on as it comes
  auto stream = std::make_unique<MessageStream>(std::move(call), std::move(upload), std::move(writer), std::move(shape),
                                                options.streams);
  stream->Begin(&response.body);
  response.stream = std::move(stream);
  return response;
}

Async<absl::StatusOr<http::Response>> RestEndpoint::BeginDownload(std::shared_ptr<StreamCall> call,
                                                                  std::shared_ptr<Upload> upload) const {
  // The content type is the first message's to say.
  while (!co_await call->Await(net::kNoDeadline)) continue;
  absl::string_view content_type;
  if (const std::string* const message = call->Peek(); message != nullptr) {
    const absl::StatusOr<transcode::HttpBody> first = transcode::ReadHttpBody(*message, raw_field_);
    if (!first.ok() || !http::IsFieldValue(first->content_type)) {
      co_return rpc::WithHttpStatus(absl::DataLossError("the service's reply is malformed"), 502);
    }
    content_type = first->content_type;
  } else if (!call->EndStatus().ok()) {
    co_return call->EndStatus();
  }
  http::Response response;
  response.headers.Add("Content-Type", content_type.empty() ? "application/octet-stream" : content_type);
  response.headers.Add("Accept-Ranges", "none");
  response.stream = std::make_unique<RawDownload>(std::move(call), std::move(upload), raw_field_);
  co_return response;
}

Async<http::Response> RestEndpoint::HandleStream(http::Request& request,
                                                 std::span<const routing::PathValue> path_values,
                                                 const RestOptions& options) const {
  // Streams of messages have forms of their own.
  absl::Status prepared = method_->server_streaming ? absl::OkStatus() : CheckAccept(request);
  if (prepared.ok()) prepared = Prepare(request, options);
  if (!prepared.ok()) co_return Refuse(prepared, request, options);
  std::optional<StreamForm> form;
  if (method_->server_streaming && !raw_reply_) {
    form = StreamFormOf(request.headers);
    if (!form.has_value()) co_return Refuse(NotAcceptable(), request, options);
  }

  // What a client streams is bound message by message; the query and the path are checked now.
  RequestFrame frame;
  frame.binding = &binding_;
  frame.read = options.read;
  frame.query = std::string(request.query);
  for (const routing::PathValue& value : path_values) frame.path_values.emplace_back(value.view());
  transcode::RequestBinding::Output bound;
  bound.wire = std::move(rpc::Payload().buffer());
  absl::Status status =
      method_->client_streaming ? BindFrame(frame, &bound) : Bind(request, path_values, options, &bound);
  if (!status.ok()) co_return Refuse(status, request, options);
  absl::StatusOr<std::unique_ptr<const transcode::FieldSelection>> selection = Select(bound, has_pages_);
  if (!selection.ok()) co_return Refuse(selection.status(), request, options);
  AddLastEventId(request);

  request.context.set_selection(selection->get());
  absl::StatusOr<std::shared_ptr<StreamCall>> opened =
      co_await StreamCall::Open(*handler_, *method_, request.context, options.streams.buffer_bytes);
  request.context.set_selection(nullptr);
  if (!opened.ok()) co_return Failure(opened.status(), request, options);
  const std::shared_ptr<StreamCall> call = *std::move(opened);
  absl::StatusOr<std::shared_ptr<Upload>> started =
      co_await StartUpload(request, std::move(frame), std::move(bound.wire), call, options);
  if (!started.ok()) {
    call->Cancel();
    co_return Refuse(started.status(), request, options);
  }
  const std::shared_ptr<Upload> upload = *std::move(started);

  if (!method_->server_streaming) {
    absl::StatusOr<rpc::Reply> reply = co_await ReadReply(*call, request.context);
    status = EndUpload(upload.get(), reply.status());
    call->Cancel();
    if (!status.ok()) co_return Failure(status, request, options);
    co_return Answer(*std::move(reply), bound, selection->get(), request, options);
  }

  status = co_await call->AwaitOpening(request.context);
  absl::StatusOr<http::Response> response = status.ok() ? absl::UnknownError("") : status;
  if (status.ok() && raw_reply_) {
    response = co_await BeginDownload(call, upload);
  } else if (status.ok()) {
    response = BeginMessages(call, upload, *form, *std::move(selection), bound.pretty, request, options);
  }
  if (!response.ok()) {
    status = EndUpload(upload.get(), response.status());
    call->Cancel();
    co_return Failure(status, request, options);
  }
  response->status = HttpCodeOf(call->headers(), {}).value_or(success_.code());
  AddMetadata(call->headers(), "Grpc-Metadata-", options.metadata, &response->headers);
  if (!bound.warnings.empty()) response->headers.Add("Portico-Warning", WarningHeader(bound.warnings));
  co_return *std::move(response);
}

}  // namespace portico::protocol
