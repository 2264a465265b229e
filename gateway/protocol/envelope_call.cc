#include "gateway/protocol/envelope_call.h"

#include <chrono>
#include <string>
#include <utility>

#include "gateway/http/whole_body.h"
#include "gateway/protocol/header_metadata.h"
#include "gateway/protocol/stream_call.h"
#include "gateway/rpc/status.h"

namespace portico::protocol {
namespace {

// How long before its connection is cut a stream says that it ends.
constexpr std::chrono::milliseconds kFarewell{500};

// A call under way. Shared by the answer and by the coroutine that sends the client's messages, which may end later.
struct Exchange {
  Exchange(const RpcEndpoint& endpoint, http::Request& request, std::unique_ptr<const ReplyForm> f,
           EnvelopedMessages::Form m)
      : pin(request.context.pin()),
        form(std::move(f)),
        whole(request.body),
        body(request.body_stream != nullptr ? *request.body_stream : whole),
        messages(body, endpoint, std::move(m)) {}

  // The answer is over. The request may go: nobody reads its body any more.
  void Close() {
    closed = true;
    if (sending) body.Stop();
    if (call != nullptr) call->Cancel();
  }

  const std::shared_ptr<const void> pin;
  const std::unique_ptr<const ReplyForm> form;
  http::WholeBody whole;
  http::BodyStream& body;  // not to be touched once closed
  EnvelopedMessages messages;
  std::shared_ptr<StreamCall> call;
  bool sending = false;
  bool closed = false;
  absl::Status fault;  // of the client's messages: what the call came to
};

// Sends the client's messages as they arrive.
Async<void> Send(std::shared_ptr<Exchange> exchange) {
  rpc::Payload message;
  while (!exchange->closed) {
    const absl::StatusOr<bool> read = co_await exchange->messages.Next(&message);
    if (exchange->closed) break;
    if (!read.ok()) {
      exchange->fault = read.status();
      exchange->sending = false;
      exchange->call->Cancel();
      co_return;
    }
    if (!*read) {
      static_cast<void>(co_await exchange->call->CloseWrite());  // the answer says what went wrong
      break;
    }
    // A service that takes no more has ended the call, or is about to: the answer says how.
    if (!(co_await exchange->call->Write(std::move(message))).ok()) break;
  }
  exchange->sending = false;
}

class StreamedReply final : public http::BodyStream {
 public:
  explicit StreamedReply(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~StreamedReply() override { exchange_->Close(); }

  Async<absl::StatusOr<bool>> Read(std::string* piece) override {
    if (ended_) co_return false;
    StreamCall& call = *exchange_->call;
    while (!call.ready() && net::Clock::now() < until_) co_await call.Await(until_);
    piece->clear();
    absl::Status status = absl::UnavailableError("the gateway is going down");
    if (call.ready()) {
      const absl::StatusOr<bool> taken = call.Take(&message_);
      status = taken.status();
      if (taken.ok() && *taken) {
        status = exchange_->form->AppendMessage(message_, piece);
        if (status.ok()) co_return true;
      } else if (!exchange_->fault.ok()) {
        status = exchange_->fault;
      }
    }
    ended_ = true;
    code_ = rpc::CodeName(status.code());
    exchange_->form->AppendEnd(status, call.trailers(), call.omitted(), piece);
    exchange_->Close();
    co_return true;
  }

  void EndBy(net::Deadline deadline) override {
    until_ = deadline - kFarewell;
    exchange_->call->Interrupt();
  }

  absl::string_view code() const override { return code_; }

 private:
  const std::shared_ptr<Exchange> exchange_;
  net::Deadline until_ = net::kNoDeadline;
  std::string message_;
  bool ended_ = false;
  absl::string_view code_;
};

}  // namespace

Async<http::Response> AnswerStream(const RpcEndpoint& endpoint, http::Request& request,
                                   std::unique_ptr<const ReplyForm> form, EnvelopedMessages::Form messages) {
  auto exchange = std::make_shared<Exchange>(endpoint, request, std::move(form), std::move(messages));
  const rpc::Method& method = *endpoint.method;
  rpc::Payload only;
  if (!method.client_streaming) {
    absl::StatusOr<rpc::Payload> message = co_await exchange->messages.Only();
    if (!message.ok()) co_return exchange->form->Failure(request, message.status());
    only = *std::move(message);
  }
  absl::StatusOr<std::shared_ptr<StreamCall>> call =
      co_await StreamCall::Open(*endpoint.handler, method, request.context, endpoint.buffer_bytes);
  if (!call.ok()) co_return exchange->form->Failure(request, call.status());
  exchange->call = *std::move(call);
  if (method.client_streaming) {
    exchange->sending = true;
    request.context.worker().Spawn(Send(exchange));
  } else if ((co_await exchange->call->Write(std::move(only))).ok()) {
    static_cast<void>(co_await exchange->call->CloseWrite());  // reading says what went wrong
  }
  const absl::Status opened = co_await exchange->call->AwaitOpening(request.context);
  if (!opened.ok()) {
    exchange->Close();
    co_return exchange->form->Failure(request, exchange->fault.ok() ? opened : exchange->fault);
  }
  http::Response response = exchange->form->Head();
  response.headers.Add("X-Accel-Buffering", "no");  // what lies between must hand it on as it comes
  AddHeaderMetadata(exchange->call->headers(), "", &response.headers);
  response.stream = std::make_unique<StreamedReply>(std::move(exchange));
  co_return response;
}

}  // namespace portico::protocol
