#include "gateway/protocol/grpc_web.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/accept.h"
#include "gateway/http/whole_body.h"
#include "gateway/protocol/envelope_call.h"
#include "gateway/protocol/enveloped_messages.h"
#include "gateway/protocol/grpc_web_text.h"
#include "gateway/protocol/header_metadata.h"
#include "gateway/protocol/protocol_of.h"
#include "gateway/protocol/reply_form.h"
#include "gateway/protocol/timeout.h"
#include "gateway/rpc/status.h"
#include "google/rpc/status.pb.h"

namespace portico::protocol {
namespace {

constexpr char kTextType[] = "application/grpc-web-text";

std::string ContentTypeOf(const GrpcWebType& type) {
  return absl::StrCat("application/grpc-web", type.text ? "-text" : "", "+", NameOf(type.codec));
}

// What the answer is written as: what the request is, unless Accept says that it is to be text, or not.
GrpcWebType AnswerTypeOf(const http::RequestHeaders& headers, const GrpcWebType& request) {
  GrpcWebType type = request;
  if (http::NamedQuality(headers, kTextType) > 0 ||
      http::NamedQuality(headers, "application/grpc-web-text+proto") > 0) {
    type.text = true;
  } else if (http::NamedQuality(headers, "application/grpc-web") > 0 ||
             http::NamedQuality(headers, "application/grpc-web+proto") > 0) {
    type.text = false;
  }
  return type;
}

// gRPC over HTTP/2, "Percent-Encoded".
std::string PercentEncoded(absl::string_view message) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : message) {
    if (c >= ' ' && c <= '~' && c != '%') {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return encoded;
}

// The google.rpc.Status of an error that has details; empty when it has none.
std::string DetailsBin(const absl::Status& status) {
  const std::vector<rpc::Detail> details = rpc::DetailsOf(status);
  if (details.empty()) return "";
  google::rpc::Status message;
  message.set_code(static_cast<int>(status.code()));
  message.set_message(std::string(status.message()));
  for (const rpc::Detail& detail : details) {
    google::protobuf::Any* any = message.add_details();
    any->set_type_url(detail.type_url);
    any->set_value(detail.value);
  }
  return message.SerializeAsString();
}

class GrpcWebForm final : public ReplyForm {
 public:
  GrpcWebForm(const GrpcWebType& type, const RpcEndpoint& endpoint) : type_(type), endpoint_(endpoint) {}

  http::Response Head() const override {
    http::Response response;
    response.headers.Add("Content-Type", ContentTypeOf(type_));
    return response;
  }

  http::Response Failure(const http::Request& request, const absl::Status& status) const override {
    return GrpcWebError(request, status);
  }

  absl::Status AppendMessage(absl::string_view message, std::string* out) const override {
    std::string frame;
    std::string& to = type_.text ? frame : *out;
    const size_t begin = BeginEnvelope(0, &to);
    const absl::Status written = EncodeMessage(type_.codec, *endpoint_.method->output, *endpoint_.types, message, &to);
    if (!written.ok()) {
      to.resize(begin);
      return written;
    }
    EndEnvelope(begin, &to);
    if (type_.text) AppendGrpcWebText(frame, out);
    return written;
  }

  void AppendEnd(const absl::Status& status, const rpc::Metadata& trailers, absl::string_view omitted,
                 std::string* out) const override {
    http::ResponseHeaders fields;
    AddGrpcTrailers(status, trailers, &fields);
    if (!omitted.empty()) fields.Add("portico-omitted", omitted);
    std::string frame;
    std::string& to = type_.text ? frame : *out;
    const size_t begin = BeginEnvelope(kTrailersFlag, &to);
    to.append(fields.wire().data(), fields.wire().size());
    EndEnvelope(begin, &to);
    if (type_.text) AppendGrpcWebText(frame, out);
  }

 private:
  const GrpcWebType type_;
  const RpcEndpoint endpoint_;
};

Async<http::Response> AnswerUnary(const RpcEndpoint& endpoint, http::Request& request, const GrpcWebForm& form,
                                  EnvelopedMessages::Form messages_form) {
  http::WholeBody body(request.body);
  EnvelopedMessages messages(body, endpoint, std::move(messages_form));
  absl::StatusOr<rpc::Payload> message = co_await messages.Only();
  if (!message.ok()) co_return GrpcWebError(request, message.status());
  const absl::StatusOr<rpc::Reply> reply =
      co_await endpoint.handler->Call(*endpoint.method, *std::move(message), request.context);
  if (!reply.ok()) co_return GrpcWebError(request, reply.status());
  http::Response response = form.Head();
  const absl::Status written = form.AppendMessage(reply->message, &response.body);
  if (!written.ok()) co_return GrpcWebError(request, written);
  form.AppendEnd(absl::OkStatus(), reply->trailers, "", &response.body);
  AddHeaderMetadata(reply->headers, "", &response.headers);
  if (!reply->omitted.empty()) response.headers.Add("Portico-Omitted", reply->omitted);
  co_return response;
}

}  // namespace

std::optional<GrpcWebType> ParseGrpcWebType(absl::string_view media_type) {
  constexpr absl::string_view kBinaryType = "application/grpc-web";
  GrpcWebType type;
  type.text = absl::StartsWithIgnoreCase(media_type, kTextType);
  if (!type.text && !absl::StartsWithIgnoreCase(media_type, kBinaryType)) return std::nullopt;
  const absl::string_view suffix = media_type.substr(type.text ? sizeof(kTextType) - 1 : kBinaryType.size());
  if (suffix.empty()) return type;
  const std::optional<Codec> codec = suffix.front() == '+' ? CodecOf(suffix.substr(1)) : std::nullopt;
  if (!codec.has_value()) return std::nullopt;
  type.codec = *codec;
  return type;
}

void AddGrpcTrailers(const absl::Status& status, const rpc::Metadata& trailers, http::ResponseHeaders* fields) {
  fields->Add("grpc-status", absl::StrCat(static_cast<int>(status.code())));
  if (!status.message().empty()) fields->Add("grpc-message", PercentEncoded(status.message()));
  const std::string details = DetailsBin(status);
  if (!details.empty()) fields->Add("grpc-status-details-bin", HeaderValueOf("-bin", details));
  AddHeaderMetadata(trailers, "", fields);
}

http::Response GrpcWebError(const http::Request& request, const absl::Status& status, const schema::TypeResolver*) {
  http::Response response;
  response.code = rpc::CodeName(status.code());
  const std::optional<GrpcWebType> type = ParseGrpcWebType(MediaTypeOf(request.headers));
  if (!type.has_value()) response.status = 415;
  response.headers.Add("Content-Type", ContentTypeOf(AnswerTypeOf(request.headers, type.value_or(GrpcWebType()))));
  rpc::Metadata trailers;
  if (const rpc::FailureMetadata* metadata = request.context.failure_metadata(); metadata != nullptr) {
    AddHeaderMetadata(metadata->headers, "", &response.headers);
    trailers = metadata->trailers;
  }
  AddGrpcTrailers(status, trailers, &response.headers);
  if (status.code() == absl::StatusCode::kUnimplemented) {
    response.headers.Add("grpc-accept-encoding", absl::StrCat("identity, ", kMessageCompressions));
  }
  return response;
}

Async<http::Response> AnswerGrpcWeb(const RpcEndpoint& endpoint, http::Request& request) {
  const std::optional<GrpcWebType> type = ParseGrpcWebType(MediaTypeOf(request.headers));
  if (!type.has_value()) {
    co_return GrpcWebError(request, absl::UnimplementedError("gRPC-Web is served as +proto and +json"));
  }
  const absl::StatusOr<absl::Duration> timeout = ClientTimeout(request.headers);
  if (!timeout.ok()) co_return GrpcWebError(request, timeout.status());
  endpoint.Prepare(*timeout, &request);
  EnvelopedMessages::Form messages;
  messages.codec = type->codec;
  messages.text = type->text;
  messages.compression = std::string(request.headers.Get("grpc-encoding"));
  auto form = std::make_unique<const GrpcWebForm>(AnswerTypeOf(request.headers, *type), endpoint);
  if (!endpoint.streaming()) co_return co_await AnswerUnary(endpoint, request, *form, std::move(messages));
  co_return co_await AnswerStream(endpoint, request, std::move(form), std::move(messages));
}

}  // namespace portico::protocol
