#include "gateway/protocol/connect.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/protocol/connect_error.h"
#include "gateway/protocol/connect_get.h"
#include "gateway/protocol/envelope.h"
#include "gateway/protocol/envelope_call.h"
#include "gateway/protocol/enveloped_messages.h"
#include "gateway/protocol/header_metadata.h"
#include "gateway/protocol/message_codec.h"
#include "gateway/protocol/protocol_of.h"
#include "gateway/protocol/reply_form.h"
#include "gateway/protocol/timeout.h"
#include "gateway/rpc/status.h"

namespace portico::protocol {
namespace {

constexpr absl::string_view kUnaryPrefix = "application/";
constexpr absl::string_view kStreamPrefix = "application/connect+";
constexpr char kAcceptEncodingOfStreams[] = "Connect-Accept-Encoding";

std::optional<Codec> CodecOfType(absl::string_view media_type, absl::string_view prefix) {
  if (!absl::StartsWithIgnoreCase(media_type, prefix)) return std::nullopt;
  return CodecOf(media_type.substr(prefix.size()));
}

class ConnectStreamForm final : public ReplyForm {
 public:
  ConnectStreamForm(Codec codec, const RpcEndpoint& endpoint) : codec_(codec), endpoint_(endpoint) {}

  http::Response Head() const override {
    http::Response response;
    response.headers.Add("Content-Type", absl::StrCat(kStreamPrefix, NameOf(codec_)));
    return response;
  }

  http::Response Failure(const http::Request& request, const absl::Status& status) const override {
    return ConnectError(request, status, endpoint_.types);
  }

  absl::Status AppendMessage(absl::string_view message, std::string* out) const override {
    const size_t begin = BeginEnvelope(0, out);
    const absl::Status written = EncodeMessage(codec_, *endpoint_.method->output, *endpoint_.types, message, out);
    if (written.ok()) {
      EndEnvelope(begin, out);
    } else {
      out->resize(begin);
    }
    return written;
  }

  void AppendEnd(const absl::Status& status, const rpc::Metadata& trailers, absl::string_view omitted,
                 std::string* out) const override {
    AppendConnectEnd(status, trailers, omitted, endpoint_.types, out);
  }

 private:
  const Codec codec_;
  const RpcEndpoint endpoint_;
};

// Whether HTTP's answer is 415 because of a Content-Encoding that is not known: Connect has `unimplemented` for that.
bool IsAboutCoding(const absl::Status& error) {
  return error.code() == absl::StatusCode::kInvalidArgument && rpc::HttpStatusOf(error) == 415;
}

// The answer to a unary call that failed, with what the service sent along.
http::Response UnaryError(const http::Request& request, const RpcEndpoint& endpoint, const absl::Status& status) {
  http::Response response = ConnectUnaryError(status, endpoint.types);
  if (const rpc::FailureMetadata* metadata = request.context.failure_metadata(); metadata != nullptr) {
    AddHeaderMetadata(metadata->headers, "", &response.headers);
    AddHeaderMetadata(metadata->trailers, "Trailer-", &response.headers);
  }
  if (status.code() == absl::StatusCode::kUnimplemented) response.headers.Add("Accept-Encoding", kMessageCompressions);
  return response;
}

// `message` is as the client has sent it.
Async<http::Response> AnswerUnary(const RpcEndpoint& endpoint, http::Request& request, Codec codec,
                                  absl::string_view compression, absl::string_view message) {
  const absl::StatusOr<std::string> unpacked = Decompress(compression, message, endpoint.max_message_bytes);
  if (!unpacked.ok()) co_return UnaryError(request, endpoint, unpacked.status());
  rpc::Payload payload;
  const absl::Status decoded =
      DecodeMessage(codec, *endpoint.method->input, *endpoint.types, *unpacked, &payload.buffer());
  if (!decoded.ok()) co_return UnaryError(request, endpoint, decoded);
  const absl::StatusOr<rpc::Reply> reply =
      co_await endpoint.handler->Call(*endpoint.method, std::move(payload), request.context);
  if (!reply.ok()) co_return UnaryError(request, endpoint, reply.status());
  http::Response response;
  const absl::Status written =
      EncodeMessage(codec, *endpoint.method->output, *endpoint.types, reply->message, &response.body);
  if (!written.ok()) co_return UnaryError(request, endpoint, written);
  response.headers.Add("Content-Type", absl::StrCat(kUnaryPrefix, NameOf(codec)));
  AddHeaderMetadata(reply->headers, "", &response.headers);
  AddHeaderMetadata(reply->trailers, "Trailer-", &response.headers);
  if (!reply->omitted.empty()) response.headers.Add("Portico-Omitted", reply->omitted);
  co_return response;
}

Async<http::Response> AnswerGet(const RpcEndpoint& endpoint, http::Request& request) {
  if (endpoint.streaming() || !endpoint.no_side_effects()) {
    http::Response response = ConnectUnaryError(
        rpc::WithHttpStatus(
            absl::UnimplementedError(absl::StrCat(endpoint.method->full_name, " is called by POST, not by GET")), 405),
        endpoint.types);
    response.headers.Add("Allow", "POST");
    co_return response;
  }
  absl::StatusOr<ConnectQuery> query = ParseConnectQuery(request.query);
  if (!query.ok()) co_return ConnectUnaryError(query.status(), endpoint.types);
  const ConnectQuery parsed = *std::move(query);
  co_return co_await AnswerUnary(endpoint, request, parsed.codec, parsed.compression, parsed.message);
}

http::Response WrongType(const RpcEndpoint& endpoint) {
  const absl::string_view accepted = endpoint.streaming() ? "application/connect+json, application/connect+proto"
                                                          : "application/json, application/proto";
  http::Response response = ConnectUnaryError(
      rpc::WithHttpStatus(absl::UnimplementedError(absl::StrCat(endpoint.method->full_name, " takes ", accepted)), 415),
      endpoint.types);
  response.headers.Add("Accept-Post", absl::StrCat(accepted, ", application/grpc-web, application/grpc-web-text"));
  return response;
}

// The deadline of the client; INVALID_ARGUMENT for a head that is malformed.
absl::StatusOr<absl::Duration> CheckHead(const http::Request& request) {
  absl::string_view text;
  if (request.headers.Find("Connect-Protocol-Version", &text) && text != "1") {
    return absl::InvalidArgumentError("Connect-Protocol-Version is not 1");
  }
  if (!request.headers.Find("Connect-Timeout-Ms", &text)) return absl::InfiniteDuration();
  const std::optional<absl::Duration> timeout = ParseConnectTimeout(text);
  if (!timeout.has_value()) return absl::InvalidArgumentError("Connect-Timeout-Ms is not a number of up to ten digits");
  return *timeout;
}

}  // namespace

http::Response ConnectError(const http::Request& request, const absl::Status& error,
                            const schema::TypeResolver* types) {
  const bool coding = IsAboutCoding(error);
  const absl::Status status = coding ? absl::UnimplementedError(error.message()) : error;
  const std::optional<Codec> codec = CodecOfType(MediaTypeOf(request.headers), kStreamPrefix);
  if (!codec.has_value()) {
    http::Response response = ConnectUnaryError(status, types);
    if (coding) response.headers.Add("Accept-Encoding", kMessageCompressions);
    return response;
  }
  http::Response response;
  response.code = rpc::CodeName(status.code());
  response.headers.Add("Content-Type", absl::StrCat(kStreamPrefix, NameOf(*codec)));
  if (status.code() == absl::StatusCode::kUnimplemented) {
    response.headers.Add(kAcceptEncodingOfStreams, kMessageCompressions);
  }
  const rpc::FailureMetadata* metadata = request.context.failure_metadata();
  if (metadata != nullptr) AddHeaderMetadata(metadata->headers, "", &response.headers);
  AppendConnectEnd(status, metadata == nullptr ? rpc::Metadata() : metadata->trailers, "", types, &response.body);
  return response;
}

Async<http::Response> AnswerConnect(const RpcEndpoint& endpoint, http::Request& request) {
  const absl::string_view type = MediaTypeOf(request.headers);
  const bool get = request.method == "GET";
  const std::optional<Codec> codec = CodecOfType(type, endpoint.streaming() ? kStreamPrefix : kUnaryPrefix);
  if (!get && !codec.has_value()) co_return WrongType(endpoint);
  const absl::StatusOr<absl::Duration> timeout = CheckHead(request);
  if (!timeout.ok()) co_return ConnectError(request, timeout.status(), endpoint.types);
  endpoint.Prepare(*timeout, &request);
  if (get) co_return co_await AnswerGet(endpoint, request);
  if (!endpoint.streaming()) {
    // A Content-Encoding has been undone by then.
    co_return co_await AnswerUnary(endpoint, request, *codec, "", request.body);
  }
  EnvelopedMessages::Form messages;
  messages.codec = *codec;
  messages.compression = std::string(request.headers.Get("Connect-Content-Encoding"));
  if (const absl::Status known = CheckCompression(messages.compression); !known.ok()) {
    co_return ConnectError(request, known, endpoint.types);
  }
  co_return co_await AnswerStream(endpoint, request, std::make_unique<const ConnectStreamForm>(*codec, endpoint),
                                  std::move(messages));
}

}  // namespace portico::protocol
