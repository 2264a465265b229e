#include "gateway/protocol/websocket.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/utf8.h"
#include "gateway/net/event.h"
#include "gateway/protocol/metadata.h"
#include "gateway/protocol/page_fields.h"
#include "gateway/protocol/stream_call.h"
#include "gateway/protocol/timeout.h"
#include "gateway/protocol/warning_header.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/message_pieces.h"

namespace portico::protocol {
namespace {

// RFC 6455, section 7.4.1, and the IANA registry of close codes.
constexpr uint16_t kGoingAway = 1001;
constexpr uint16_t kUnsupportedData = 1003;
constexpr uint16_t kInvalidData = 1007;
constexpr uint16_t kTryAgainLater = 1013;
constexpr uint16_t kPrivate = 4000;
constexpr size_t kLongestReason = 123;
// A buffer that a long message has left behind is not kept for short ones.
constexpr size_t kKeptBytes = 4096;
// How long before its connection is cut a call that would end by itself is given up.
constexpr std::chrono::milliseconds kLastWords{1000};

std::string Reason(absl::string_view message) {
  if (!json::IsUtf8(message)) return "";
  size_t size = std::min(message.size(), kLongestReason);
  // Not within a character.
  while (size < message.size() && size > 0 && (static_cast<unsigned char>(message[size]) & 0xc0) == 0x80) --size;
  return std::string(message.substr(0, size));
}

}  // namespace

http::WebSocketEnd WebSocketEndOf(const absl::Status& status) {
  http::WebSocketEnd end;
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return end;
    case absl::StatusCode::kInvalidArgument:
      end.code = kInvalidData;
      break;
    case absl::StatusCode::kUnavailable:
      end.code = kTryAgainLater;
      break;
    default:
      end.code = static_cast<uint16_t>(kPrivate + static_cast<int>(status.code()));
  }
  end.reason = Reason(status.message());
  return end;
}

// One call, from the switch to the goodbyes.
class WebSocketEndpoint::Session final : public http::WebSocketSession {
 public:
  struct Form {
    std::string parameters;  // of path and query, as wire
    std::unique_ptr<const transcode::FieldSelection> selection;
    bool pretty = false;
  };

  // `complete`: the client's side is, and all its frames are superfluous.
  Session(const WebSocketEndpoint& endpoint, std::shared_ptr<StreamCall> call, Form form, bool complete,
          http::Request& request, const RestOptions& options)
      : WebSocketSession({options.streams.message_bytes, options.streams.ping}),
        endpoint_(endpoint),
        call_(std::move(call)),
        form_(std::move(form)),
        request_(request),
        options_(options),
        complete_(complete) {}
  ~Session() override { call_->Cancel(); }

  Async<void> Serve(http::WebSocket& socket) override {
    net::Event reader_gone;
    request_.context.worker().Spawn(ReadFrames(*this, socket, reader_gone));
    const http::WebSocketEnd end = co_await WriteMessages(socket);
    over_ = true;
    call_->Cancel();
    if (!left_) co_await socket.Close(end);
    co_await reader_gone.Wait();
  }

  void Left() override {
    left_ = true;
    code_ = rpc::CodeName(absl::StatusCode::kCancelled);
    call_->Cancel();
    call_->Interrupt();
  }

  void EndBy(net::Deadline deadline) override {
    // Of the client's messages there is an end, of the service's maybe not.
    end_by_ = endpoint_.method_->server_streaming ? net::Clock::now() : deadline - kLastWords;
    call_->Interrupt();
  }

  absl::string_view code() const override { return code_; }

 private:
  // The service's messages, to the call's end.
  Async<http::WebSocketEnd> WriteMessages(http::WebSocket& socket) {
    std::string message;
    std::string json;
    while (true) {
      const bool ready = co_await call_->Await(end_by_);
      if (left_) co_return http::WebSocketEnd();
      if (!failure_.ok()) co_return co_await Fail(socket, failure_);
      if (!ready) {
        if (net::Clock::now() < end_by_) continue;
        failure_code_ = kGoingAway;
        co_return co_await Fail(socket, absl::UnavailableError("the gateway is stopping"));
      }
      const absl::StatusOr<bool> more = call_->Take(&message);
      if (!more.ok()) co_return co_await Fail(socket, more.status());
      if (!*more) co_return http::WebSocketEnd();
      if (const absl::Status written = Write(message, &json); !written.ok()) co_return co_await Fail(socket, written);
      if (!co_await socket.Write(json)) {
        Left();
        co_return http::WebSocketEnd();
      }
      if (json.capacity() > kKeptBytes) json = std::string();
      message = std::string();
    }
  }

  absl::Status Write(absl::string_view message, std::string* json) const {
    transcode::WriteOptions write = options_.write;
    write.pretty |= form_.pretty;
    json->clear();
    if (options_.streams.envelope) json->append("{\"result\":");
    const absl::Status written =
        endpoint_.shape_.Write(message, write, form_.selection.get(), json, endpoint_.method_->service->facade);
    if (!written.ok()) return absl::DataLossError(absl::StrCat("a message has no JSON form: ", written.message()));
    if (options_.streams.envelope) json->push_back('}');
    return absl::OkStatus();
  }

  Async<http::WebSocketEnd> Fail(http::WebSocket& socket, absl::Status status) {
    over_ = true;
    code_ = rpc::CodeName(status.code());
    std::string json = "{\"error\":";
    options_.errors->AppendStatus(status, &json);
    json.push_back('}');
    if (!co_await socket.Write(json)) left_ = true;
    http::WebSocketEnd end = WebSocketEndOf(status);
    if (failure_code_.has_value()) end.code = *failure_code_;
    co_return end;
  }

  // The client's frames, until it leaves or the call is over.
  static Async<void> ReadFrames(Session& self, http::WebSocket& socket, net::Event& gone) {
    std::string frame;
    while (!self.over_) {
      const http::WebSocket::Incoming incoming = co_await socket.Read(&frame);
      if (self.over_) break;
      if (incoming == http::WebSocket::Incoming::kLeft) {
        self.Left();
        break;
      }
      self.request_.streamed_bytes += frame.size();
      if (incoming == http::WebSocket::Incoming::kBinary) {
        self.failure_code_ = kUnsupportedData;
        self.Blame(absl::InvalidArgumentError("messages are text frames of JSON"));
      } else if (const absl::Status taken = co_await self.TakeFrame(frame); !taken.ok()) {
        self.Blame(taken);
      }
      if (frame.capacity() > kKeptBytes) frame = std::string();
    }
    gone.Set();
  }

  Async<absl::Status> TakeFrame(const std::string& frame) {
    if (complete_) {
      if (frame.empty()) co_return absl::OkStatus();
      co_return absl::InvalidArgumentError("a message behind the last one");
    }
    const bool single = !endpoint_.method_->client_streaming;
    if (!frame.empty() || single) {
      transcode::RequestBinding::Input input;
      input.body = frame;
      input.content_type = "application/json";
      transcode::RequestBinding::Output bound;
      rpc::Payload payload;
      bound.wire = std::move(payload.buffer());
      const size_t begin = bound.wire.size();
      if (!frame.empty()) {
        if (absl::Status status = endpoint_.frames_.Bind(input, options_.read, &bound); !status.ok()) co_return status;
      }
      bound.wire += form_.parameters;  // by the rules of the wire format the later wins
      if (!form_.parameters.empty()) transcode::JoinPieces(*endpoint_.method_->input, begin, &bound.wire);
      payload.buffer() = std::move(bound.wire);
      // One that does not take it has ended the call, which is seen where its messages are.
      if (!(co_await call_->Write(std::move(payload))).ok()) complete_ = true;
    }
    if ((frame.empty() || single) && !complete_) {
      complete_ = true;
      static_cast<void>(co_await call_->CloseWrite());
    }
    co_return absl::OkStatus();
  }

  // Ends the call for what the client has sent.
  void Blame(absl::Status status) {
    failure_ = std::move(status);
    complete_ = true;
    call_->Cancel();
    call_->Interrupt();
  }

  const WebSocketEndpoint& endpoint_;
  const std::shared_ptr<StreamCall> call_;
  const Form form_;
  http::Request& request_;
  const RestOptions& options_;
  bool complete_;         // the client's side is, or nobody takes it
  bool over_ = false;     // so is the call
  bool left_ = false;     // the client has
  absl::Status failure_;  // the client's fault
  std::optional<uint16_t> failure_code_;
  net::Deadline end_by_ = net::kNoDeadline;
  absl::string_view code_;
};

absl::StatusOr<WebSocketEndpoint> WebSocketEndpoint::Compile(const routing::CheckedRule& rule,
                                                             const schema::TypeResolver& types, rpc::Handler& handler) {
  const schema::Method& method = *rule.method;
  transcode::RequestBinding::Rule parameters_rule;
  parameters_rule.verb = "GET";
  for (const routing::TemplateVariable& variable : rule.path.variables) {
    parameters_rule.path_fields.push_back(variable.FieldPath());
  }
  absl::StatusOr<transcode::RequestBinding> parameters =
      transcode::RequestBinding::Compile(*method.input, types, parameters_rule);
  if (!parameters.ok()) return parameters.status();
  transcode::RequestBinding::Rule frames_rule;
  frames_rule.verb = "POST";
  frames_rule.body = rule.rule->body.empty() ? "*" : rule.rule->body;
  absl::StatusOr<transcode::RequestBinding> frames =
      transcode::RequestBinding::Compile(*method.input, types, frames_rule);
  if (!frames.ok()) return frames.status();
  absl::StatusOr<transcode::ResponseShape> shape =
      transcode::ResponseShape::Compile(*method.output, types, rule.rule->response_body);
  if (!shape.ok()) return shape.status();
  return WebSocketEndpoint(method, handler, *std::move(parameters), *std::move(frames), *std::move(shape),
                           method.client_streaming || !rule.rule->body.empty());
}

absl::Status WebSocketEndpoint::Prepare(http::Request& request, const RestOptions& options) const {
  rpc::Context& context = request.context;
  const absl::StatusOr<absl::Duration> timeout = ClientTimeout(request.headers);
  if (!timeout.ok()) return timeout.status();
  const absl::Duration shortest = std::min(*timeout, method_->timeout);
  if (shortest != absl::InfiniteDuration()) {
    context.ShortenDeadline(net::After(request.received, absl::ToChronoNanoseconds(shortest)));
  }
  rpc::Metadata metadata = RequestMetadata(request, options.metadata);
  if (!metadata.empty()) context.set_metadata(std::make_shared<const rpc::Metadata>(std::move(metadata)));
  return absl::OkStatus();
}

Async<http::Response> WebSocketEndpoint::Handle(http::Request& request, std::span<const routing::PathValue> path_values,
                                                const RestOptions& options) const {
  absl::Status status = http::CheckWebSocketRequest(request);
  if (!status.ok()) {
    http::Response response = options.errors->Render(status, request);
    if (response.status == 426) {
      response.headers.Add("Sec-WebSocket-Version", "13");
      response.headers.Add("Upgrade", "websocket");
    }
    co_return response;
  }
  if (status = Prepare(request, options); !status.ok()) co_return options.errors->Render(status, request);
  absl::InlinedVector<absl::string_view, 4> values;
  for (const routing::PathValue& value : path_values) values.push_back(value.view());
  transcode::RequestBinding::Input input;
  input.path_values = std::span<const absl::string_view>(values.data(), values.size());
  input.query = request.query;
  transcode::RequestBinding::Output bound;
  status = parameters_.Bind(input, options.read, &bound);
  if (!status.ok()) co_return options.errors->Render(status, request);
  Session::Form form;
  form.parameters = std::move(bound.wire);
  form.pretty = bound.pretty;
  if (bound.fields.has_value()) {
    absl::StatusOr<std::unique_ptr<const transcode::FieldSelection>> selection = shape_.Select(
        method_->service->facade && shape_.whole() ? WithOmitted(*bound.fields, *method_->output) : *bound.fields);
    if (!selection.ok()) co_return options.errors->Render(selection.status(), request);
    form.selection = *std::move(selection);
  }

  request.context.set_selection(form.selection.get());
  absl::StatusOr<std::shared_ptr<StreamCall>> opened =
      co_await StreamCall::Open(*handler_, *method_, request.context, options.streams.buffer_bytes);
  request.context.set_selection(nullptr);
  if (!opened.ok()) co_return options.errors->Render(opened.status(), request);
  const std::shared_ptr<StreamCall> call = *std::move(opened);
  if (!takes_frames_ && (co_await call->Write(rpc::Payload::Copy(form.parameters))).ok()) {
    static_cast<void>(co_await call->CloseWrite());
  }
  status = co_await call->AwaitOpening(request.context);
  if (!status.ok()) {
    call->Cancel();
    co_return options.errors->Render(status, request);
  }
  http::Response response;
  response.status = 101;
  AddMetadata(call->headers(), "Grpc-Metadata-", options.metadata, &response.headers);
  if (!bound.warnings.empty()) response.headers.Add("Portico-Warning", WarningHeader(bound.warnings));
  response.stream = std::make_unique<Session>(*this, call, std::move(form), !takes_frames_, request, options);
  co_return response;
}

}  // namespace portico::protocol
