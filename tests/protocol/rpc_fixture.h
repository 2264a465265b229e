#ifndef PORTICO_TESTS_PROTOCOL_RPC_FIXTURE_H_
#define PORTICO_TESTS_PROTOCOL_RPC_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/net/event.h"
#include "gateway/protocol/envelope.h"
#include "gateway/protocol/rpc_endpoint.h"
#include "gateway/transcode/json_to_wire.h"
#include "tests/schema/temp_folder.h"

namespace portico::protocol {

// Answers what a test has set, and remembers what it was asked.
class ItemsService final : public rpc::Handler {
 public:
  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method&, rpc::Payload request, rpc::Context& context) override {
    received.emplace_back(request.bytes());
    Note(context);
    if (!failure.ok()) {
      context.set_failure_metadata(std::make_unique<rpc::FailureMetadata>(rpc::FailureMetadata{headers, trailers}));
      co_return failure;
    }
    rpc::Reply reply;
    if (!messages.empty()) reply.message = messages.front();
    reply.headers = headers;
    reply.trailers = trailers;
    reply.omitted = omitted;
    co_return reply;
  }

  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method&, rpc::Context& context) override {
    Note(context);
    if (!open_failure.ok()) co_return open_failure;
    co_return std::make_unique<Exchange>(*this, context);
  }

  // What it says; of a stream after the client is done, when it waits for that.
  std::vector<std::string> messages;
  absl::Status failure;
  absl::Status open_failure;
  rpc::Metadata headers;
  rpc::Metadata trailers;
  std::string omitted;
  bool awaits_client = false;

  // What it was asked.
  std::vector<std::string> received;
  bool closed = false;
  bool cancelled = false;
  rpc::Metadata metadata;
  net::Clock::duration time_left = net::Clock::duration::max();

 private:
  class Exchange final : public rpc::Stream {
   public:
    Exchange(ItemsService& service, rpc::Context& context)
        : service_(service), cancel_(context, [this] {
            service_.cancelled = true;
            cancelled_ = true;
            done_.Set();
          }) {}
    Async<absl::Status> Write(rpc::Payload message) override {
      service_.received.emplace_back(message.bytes());
      co_return absl::OkStatus();
    }
    Async<absl::Status> CloseWrite() override {
      service_.closed = true;
      done_.Set();
      co_return absl::OkStatus();
    }
    Async<bool> AwaitHeaders(net::Deadline) override { co_return true; }
    Async<absl::StatusOr<bool>> Read(std::string* message) override {
      if (service_.awaits_client && !done_.is_set()) co_await done_.Wait();
      if (cancelled_) co_return absl::CancelledError("the call was cancelled");
      if (next_ < service_.messages.size()) {
        *message = service_.messages[next_++];
        co_return true;
      }
      if (!service_.failure.ok()) co_return service_.failure;
      co_return false;
    }
    const rpc::Metadata& headers() const override { return service_.headers; }
    const rpc::Metadata& trailers() const override { return service_.trailers; }

   private:
    ItemsService& service_;
    net::Event done_;
    bool cancelled_ = false;
    size_t next_ = 0;
    rpc::CancelCallback cancel_;
  };

  void Note(const rpc::Context& context) {
    metadata = context.metadata();
    if (context.deadline() != net::kNoDeadline) time_left = context.deadline() - net::Clock::now();
  }
};

// The service t.Items, answered by a ItemsService.
class RpcFixture : public ::testing::Test {
 protected:
  static constexpr char kContracts[] = R"(syntax = "proto3";
package t;
import "google/api/annotations.proto";
import "portico/annotations.proto";
message Request { string id = 1; int32 size = 2; }
message Item { string name = 1; int64 weight = 2; }
service Items {
  rpc Get(Request) returns (Item) {
    option (google.api.http) = { get: "/v1/items/{id}" };
    option (portico.policy) = { timeout: "2s" success: { code: 201 } };
    option idempotency_level = NO_SIDE_EFFECTS;
  }
  rpc Put(Request) returns (Item) { option idempotency_level = IDEMPOTENT; }
  rpc Watch(Request) returns (stream Item) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Import(stream Request) returns (Item);
  rpc Chat(stream Request) returns (stream Item);
}
)";
  static constexpr size_t kMaxMessage = 1000;

  RpcFixture() {
    folder_.Write("t.proto", kContracts);
    schema::Diagnostics diagnostics;
    schema_ = schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder_.path(), {}}}, diagnostics);
    EXPECT_NE(schema_, nullptr) << diagnostics.ToString();
    request_.received = net::Clock::now();
    request_.method = "POST";
  }

  std::string Wire(absl::string_view message, absl::string_view json) {
    std::string wire;
    EXPECT_TRUE(transcode::JsonToWire(*schema_->FindMessage(message), *schema_, json, {}, &wire, nullptr).ok());
    return wire;
  }

  static std::string Envelope(int flags, const std::string& data) {
    std::string bytes;
    const size_t begin = BeginEnvelope(static_cast<uint8_t>(flags), &bytes);
    bytes += data;
    EndEnvelope(begin, &bytes);
    return bytes;
  }

  // Has `answer` (AnswerConnect, AnswerGrpcWeb) answer the request for a method, and reads the answer to its end.
  template <class Answer>
  http::Response Call(Answer answer, absl::string_view method, const std::string& body) {
    RpcEndpoint endpoint;
    endpoint.method = schema_->FindMethod("t.Items/" + std::string(method));
    endpoint.handler = &service_;
    endpoint.types = schema_.get();
    endpoint.max_message_bytes = kMaxMessage;
    endpoint.buffer_bytes = 1000;
    body_ = body;
    request_.body = body_;
    std::optional<http::Response> response;
    ended_code_.clear();
    worker_.Spawn(Run(answer, endpoint, request_, response, ended_code_));
    worker_.context().restart();
    worker_.context().poll();
    EXPECT_TRUE(response.has_value()) << "no answer";
    return response.has_value() ? *std::move(response) : http::Response();
  }

  static std::string Header(const http::Response& response, absl::string_view name) {
    absl::string_view value;
    return response.headers.Find(name, &value) ? std::string(value) : "(none)";
  }

  portico::testing::TempFolder folder_;
  std::shared_ptr<const schema::Schema> schema_;
  net::Worker worker_{0};
  ItemsService service_;
  std::string body_;
  http::Request request_{worker_, net::kNoDeadline};
  std::string ended_code_;  // what a stream says of its end

 private:
  template <class Answer>
  static Async<void> Run(Answer answer, const RpcEndpoint& endpoint, http::Request& request,
                         std::optional<http::Response>& out, std::string& ended_code) {
    http::Response response = co_await answer(endpoint, request);
    if (response.stream != nullptr) {
      std::string piece;
      while (true) {
        const absl::StatusOr<bool> more = co_await response.stream->Read(&piece);
        EXPECT_TRUE(more.ok());
        if (!more.ok() || !*more) break;
        response.body += piece;
      }
      ended_code = std::string(response.stream->code());
      response.stream.reset();
    }
    out = std::move(response);
  }
};

}  // namespace portico::protocol

#endif  // PORTICO_TESTS_PROTOCOL_RPC_FIXTURE_H_
