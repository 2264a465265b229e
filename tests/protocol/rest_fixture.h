#ifndef PORTICO_TESTS_PROTOCOL_REST_FIXTURE_H_
#define PORTICO_TESTS_PROTOCOL_REST_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/protocol/rest.h"
#include "gateway/routing/rule_check.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "tests/schema/temp_folder.h"

namespace portico::protocol {

// Answers what a test has set, and remembers what it was asked.
class FakeService final : public rpc::Handler {
 public:
  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method&, rpc::Payload request, rpc::Context& context) override {
    asked = std::string(request.bytes());
    metadata = context.metadata();
    time_left = context.deadline() - net::Clock::now();
    has_deadline = context.deadline() != net::kNoDeadline;
    if (!failure.ok()) {
      context.set_failure_metadata(std::make_unique<rpc::FailureMetadata>(failure_metadata));
      co_return failure;
    }
    co_return reply;
  }
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method&, rpc::Context&) override {
    co_return absl::UnimplementedError("");
  }

  rpc::Reply reply;
  absl::Status failure;
  rpc::FailureMetadata failure_metadata;
  std::optional<std::string> asked;
  rpc::Metadata metadata;
  net::Clock::duration time_left{};
  bool has_deadline = false;
};

// A method of a service t.Items, called as REST: routed already, with the path value "i1" for every variable.
class RestFixture : public ::testing::Test {
 protected:
  explicit RestFixture(const char* contracts) {
    folder_.Write("t.proto", contracts);
    schema::Diagnostics diagnostics;
    schema_ = schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder_.path(), {}}}, diagnostics);
    EXPECT_NE(schema_, nullptr) << diagnostics.ToString();
    errors_ = std::make_unique<http::ErrorRenderer>(http::ErrorFormat::kStatus, schema_.get());
    options_.errors = errors_.get();
    request_.received = net::Clock::now();
  }

  std::string Wire(absl::string_view json, absl::string_view type = "t.Item") {
    std::string wire;
    EXPECT_TRUE(transcode::JsonToWire(*schema_->FindMessage(type), *schema_, json, {}, &wire, nullptr).ok());
    return wire;
  }

  // What the service was asked, as JSON; "(nothing)" when it was not.
  std::string Asked(absl::string_view type) {
    if (!service_.asked.has_value()) return "(nothing)";
    std::string json;
    const absl::Status status =
        transcode::WireToJson(*schema_->FindMessage(type), *schema_, *service_.asked, {}, &json);
    return status.ok() ? json : status.ToString();
  }

  http::Response Call(const std::string& method, const std::string& query = "", const std::string& body = "",
                      const std::string& content_type = "application/json") {
    const schema::Method& called = *schema_->FindMethod("t.Items/" + method);
    schema::Diagnostics diagnostics;
    const auto rule = routing::CheckRule(called, called.http.front(), diagnostics);
    const absl::StatusOr<RestEndpoint> endpoint = RestEndpoint::Compile(*rule, *schema_, service_);
    EXPECT_TRUE(endpoint.ok()) << endpoint.status();
    request_.query = query;
    request_.body = body;
    request_.rpc = &called;
    if (!body.empty() && !content_type.empty()) request_.headers.Set("Content-Type", content_type);
    const std::vector<routing::PathValue> values(rule->path.variables.size(),
                                                 routing::PathValue(absl::string_view("i1")));
    std::optional<http::Response> response;
    worker_.Spawn(Run(*endpoint, request_, values, options_, response));
    worker_.context().restart();
    worker_.context().poll();
    return *std::move(response);
  }

  static Async<void> Run(const RestEndpoint& endpoint, http::Request& request,
                         const std::vector<routing::PathValue>& values, const RestOptions& options,
                         std::optional<http::Response>& response) {
    response = co_await endpoint.Handle(request, values, options);
  }

  static std::string Header(const http::Response& response, absl::string_view name) {
    absl::string_view value;
    return response.headers.Find(name, &value) ? std::string(value) : "(none)";
  }

  portico::testing::TempFolder folder_;
  std::shared_ptr<const schema::Schema> schema_;
  std::unique_ptr<http::ErrorRenderer> errors_;
  RestOptions options_;
  net::Worker worker_{0};
  http::Request request_{worker_, net::kNoDeadline};
  FakeService service_;
};

}  // namespace portico::protocol

#endif  // PORTICO_TESTS_PROTOCOL_REST_FIXTURE_H_
