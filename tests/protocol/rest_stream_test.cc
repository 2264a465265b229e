#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/http/whole_body.h"
#include "gateway/protocol/rest.h"
#include "gateway/routing/rule_check.h"
#include "gateway/wire/writer.h"
#include "tests/protocol/scripted_stream.h"
#include "tests/schema/temp_folder.h"

namespace portico::protocol {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr char kContracts[] = R"(syntax = "proto3";
package t;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
message Request { string id = 1; Item item = 2; }
message Item { string name = 1; int32 weight = 2; }
message File { string id = 1; google.api.HttpBody content = 2; }
service Items {
  rpc Watch(Request) returns (stream Item) { option (google.api.http) = { get: "/v1/items/{id}:watch" }; }
  rpc Import(stream Request) returns (Item) { option (google.api.http) = { post: "/v1/items/{id}:import" body: "item" }; }
  rpc Talk(stream Request) returns (stream Item) { option (google.api.http) = { post: "/v1/items/{id}:talk" body: "*" }; }
  rpc Listen(stream Request) returns (stream Item) { option (google.api.http) = { get: "/v1/items/{id}:listen" }; }
  rpc Download(Request) returns (stream google.api.HttpBody) { option (google.api.http) = { get: "/v1/items/{id}:download" }; }
  rpc Upload(stream File) returns (Item) { option (google.api.http) = { post: "/v1/items/{id}:upload" body: "content" }; }
  rpc Store(stream google.api.HttpBody) returns (Item) { option (google.api.http) = { post: "/v1/{content_type}:store" body: "*" }; }
}
)";

// A body whose pieces a test gives.
class GivenBody final : public http::BodyStream {
 public:
  void Give(std::string piece) {
    pieces_.push_back(std::move(piece));
    Wake();
  }
  void Finish() {
    finished_ = true;
    Wake();
  }
  bool stopped() const { return stopped_; }

  Async<absl::StatusOr<bool>> Read(std::string* piece) override {
    while (pieces_.empty() && !finished_ && !stopped_) {
      arrival_.emplace();
      co_await arrival_->Wait();
      arrival_.reset();
    }
    if (stopped_) co_return absl::CancelledError("stopped");
    if (pieces_.empty()) co_return false;
    *piece = std::move(pieces_.front());
    pieces_.pop_front();
    co_return true;
  }
  void Stop() override {
    stopped_ = true;
    Wake();
  }

 private:
  void Wake() {
    if (arrival_) arrival_->Set();
  }

  std::deque<std::string> pieces_;
  bool finished_ = false;
  bool stopped_ = false;
  std::optional<net::Event> arrival_;
};

class RestStreamTest : public ::testing::Test {
 public:
  RestStreamTest() {
    folder_.Write("t.proto", kContracts);
    schema::Diagnostics diagnostics;
    schema_ = schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder_.path(), {}}}, diagnostics);
    EXPECT_NE(schema_, nullptr) << diagnostics.ToString();
    errors_ = std::make_unique<http::ErrorRenderer>(http::ErrorFormat::kStatus, schema_.get());
    options_.errors = errors_.get();
    options_.streams.heartbeat = std::chrono::milliseconds(0);
    request_.received = net::Clock::now();
  }
  ~RestStreamTest() override {
    response_.reset();
    Turn();
  }

  std::string Wire(absl::string_view json, const char* type = "t.Item") {
    std::string wire;
    EXPECT_TRUE(transcode::JsonToWire(*schema_->FindMessage(type), *schema_, json, {}, &wire, nullptr).ok());
    return wire;
  }
  std::string Json(absl::string_view wire, const char* type = "t.Request") {
    std::string json;
    EXPECT_TRUE(transcode::WireToJson(*schema_->FindMessage(type), *schema_, wire, {}, &json).ok());
    return json;
  }
  std::vector<std::string> Written(const char* type = "t.Request") {
    std::vector<std::string> written;
    for (const std::string& wire : service_.written) written.push_back(Json(wire, type));
    return written;
  }

  // Begins to answer; response_ is there once the response has begun.
  void Call(const std::string& method, const std::string& query = "", const char* value = "i1") {
    const schema::Method& called = *schema_->FindMethod("t.Items/" + method);
    schema::Diagnostics diagnostics;
    const auto rule = routing::CheckRule(called, called.http.front(), diagnostics);
    absl::StatusOr<RestEndpoint> endpoint = RestEndpoint::Compile(*rule, *schema_, service_);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    endpoint_ = std::make_unique<RestEndpoint>(*std::move(endpoint));
    query_ = query;
    request_.query = query_;
    values_ = {routing::PathValue(absl::string_view(value))};
    worker_.Spawn([](RestStreamTest* test) -> Async<void> {
      test->response_ = co_await test->endpoint_->Handle(test->request_, test->values_, test->options_);
    }(this));
    Turn();
  }

  // All of the response's body so far.
  std::string Body() {
    Pull();
    return response_->body;
  }

  void Turn() { worker_.context().poll(); }
  void Pull() {
    if (response_->stream != nullptr && !pulling_ && !finished_) {
      pulling_ = true;
      worker_.Spawn([](RestStreamTest* test) -> Async<void> {
        std::string piece;
        while (test->response_->stream != nullptr) {
          const absl::StatusOr<bool> more = co_await test->response_->stream->Read(&piece);
          if (!more.ok() || !*more) {
            test->cut_ = !more.ok();
            break;
          }
          test->response_->body += piece;
        }
        test->finished_ = true;
        test->pulling_ = false;
      }(this));
    }
    Turn();
  }
  std::string Header(absl::string_view name) {
    absl::string_view value;
    return response_->headers.Find(name, &value) ? std::string(value) : "(none)";
  }

  portico::testing::TempFolder folder_;
  std::shared_ptr<const schema::Schema> schema_;
  std::unique_ptr<http::ErrorRenderer> errors_;
  RestOptions options_;
  net::Worker worker_{0};
  http::Request request_{worker_, net::kNoDeadline};
  GivenBody body_;
  std::string query_;
  std::vector<routing::PathValue> values_;
  ScriptedService service_;
  std::unique_ptr<RestEndpoint> endpoint_;
  std::optional<http::Response> response_;
  bool pulling_ = false;
  bool finished_ = false;
  bool cut_ = false;
};

TEST_F(RestStreamTest, MessagesGoOutAsTheyCome) {
  service_.Send(Wire(R"({"name":"a"})"));
  service_.headers = {{"cost", "3"}};
  Call("Watch");
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(response_->status, 200);
  EXPECT_EQ(Header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(Header("Vary"), "Accept") << "which chooses the form";
  EXPECT_EQ(Header("Grpc-Metadata-Cost"), "3");
  EXPECT_EQ(response_->body, "{\"name\":\"a\"}\n");  // with the head
  EXPECT_THAT(Written(), ElementsAre(R"({"id":"i1"})"));
  EXPECT_TRUE(service_.closed);
  Pull();
  service_.Send(Wire(R"({"name":"b"})"));
  EXPECT_THAT(Body(), HasSubstr("\"b\""));
  service_.End();
  EXPECT_EQ(Body(), "{\"name\":\"a\"}\n{\"name\":\"b\"}\n");
  EXPECT_TRUE(finished_);
  EXPECT_EQ(response_->stream->code(), "");
}

TEST_F(RestStreamTest, AFailureBeforeTheFirstMessageIsAnsweredLikeAUnaryCalls) {
  service_.End(absl::NotFoundError("no item i1"));
  service_.trailers = {{"cost", "3"}};
  Call("Watch");
  EXPECT_EQ(response_->status, 404);
  EXPECT_EQ(response_->body, R"({"code":5,"message":"no item i1"})");
  EXPECT_EQ(Header("Grpc-Trailer-Cost"), "3");
}

TEST_F(RestStreamTest, AFailureAfterItIsTheLastElement) {
  struct Case {
    const char* accept;
    const char* end;
  };
  for (const Case& c : {Case{"application/x-ndjson", "{\"error\":{\"code\":5,\"message\":\"gone\"}}\n"},
                        Case{"application/json", ",\n{\"error\":{\"code\":5,\"message\":\"gone\"}}\n]\n"},
                        Case{"text/event-stream", "event: error\ndata: {\"code\":5,\"message\":\"gone\"}\n\n"}}) {
    SCOPED_TRACE(c.accept);
    request_.headers.Set("Accept", c.accept);
    service_.end.reset();
    service_.Send(Wire(R"({"name":"a"})"));
    Call("Watch");
    finished_ = false;
    EXPECT_EQ(Header("Content-Type"), c.accept);
    service_.End(absl::NotFoundError("gone"));
    EXPECT_THAT(Body(), ::testing::EndsWith(c.end));
    EXPECT_EQ(response_->stream->code(), "NOT_FOUND");
    EXPECT_FALSE(cut_);
    response_.reset();
  }
}

TEST_F(RestStreamTest, EventStreamsGoOnAfterTheLastEvent) {
  request_.headers.Add("Accept", "text/event-stream");
  request_.headers.Add("Last-Event-ID", "41");
  service_.Send(Wire(R"({"name":"a"})"));
  Call("Watch");
  EXPECT_EQ(response_->body, "retry: 3000\n\nid: 42\ndata: {\"name\":\"a\"}\n\n");
  EXPECT_EQ(Header("Cache-Control"), "no-cache");
  EXPECT_THAT(service_.metadata, Contains(Pair("last-event-id", "41")));
  service_.End();
  EXPECT_THAT(Body(), ::testing::EndsWith("event: end\ndata: {}\n\n"));
}

TEST_F(RestStreamTest, SilentEventStreamsHaveAHeartbeat) {
  options_.streams.heartbeat = std::chrono::milliseconds(1);
  request_.headers.Add("Accept", "text/event-stream");
  service_.Send(Wire(R"({"name":"a"})"));
  Call("Watch");
  const auto give_up = net::Clock::now() + std::chrono::seconds(5);
  while (Body().find("\n:\n\n") == std::string::npos && net::Clock::now() < give_up) {
    worker_.context().run_one_for(std::chrono::milliseconds(20));
  }
  EXPECT_THAT(response_->body, HasSubstr("\n:\n\n"));
}

TEST_F(RestStreamTest, FieldsPrettyAndEnvelope) {
  options_.streams.envelope = true;
  service_.Send(Wire(R"({"name":"a","weight":3})"));
  service_.Send(Wire(R"({"name":"b"})"));
  service_.End();
  Call("Watch", "fields=weight&pretty");
  EXPECT_EQ(Body(), "{\"result\":{\"weight\":3}}\n{\"result\":{}}\n");  // a line each, however pretty

  options_.streams.envelope = false;
  request_.headers.Add("Accept", "application/json");
  service_.Send(Wire(R"({"name":"a","weight":3})"));
  Call("Watch", "fields=weight&pretty");
  EXPECT_EQ(Body(), "[\n{\n  \"weight\": 3\n}\n]\n");

  Call("Watch", "fields=colour");
  EXPECT_EQ(response_->status, 400);
}

TEST_F(RestStreamTest, AcceptMayExcludeAllForms) {
  request_.headers.Add("Accept", "image/png");
  Call("Watch");
  EXPECT_EQ(response_->status, 406);
  EXPECT_TRUE(service_.written.empty());
}

TEST_F(RestStreamTest, AMessageWithoutAJsonFormEndsTheStream) {
  service_.Send("\x0a\x02\xff\xfe");
  Call("Watch");
  EXPECT_THAT(Body(), StartsWith("{\"error\":{\"code\":15,"));
  EXPECT_TRUE(finished_);
}

TEST_F(RestStreamTest, WhenTheGatewayStops) {
  request_.headers.Add("Accept", "text/event-stream");
  service_.Send(Wire(R"({"name":"a"})"));
  Call("Watch");
  Pull();
  response_->stream->EndBy(net::Clock::now() + std::chrono::seconds(30));
  EXPECT_THAT(Body(), ::testing::EndsWith(": the gateway ends, please reconnect\n\n"));
  EXPECT_TRUE(finished_);
  EXPECT_FALSE(cut_);
  response_.reset();

  finished_ = false;
  request_.headers.Set("Accept", "application/x-ndjson");
  service_.end.reset();
  service_.messages.clear();
  service_.Send(Wire(R"({"name":"a"})"));
  Call("Watch");
  Pull();
  response_->stream->EndBy(net::Clock::now() + std::chrono::seconds(30));
  Turn();
  EXPECT_FALSE(finished_);  // it may come to its end
  response_->stream->EndBy(net::Clock::now());
  EXPECT_THAT(Body(), HasSubstr("{\"error\":{\"code\":14,\"message\":\"the gateway is stopping\"}}\n"));
  EXPECT_TRUE(finished_);
}

TEST_F(RestStreamTest, AClientThatLeavesCancels) {
  service_.Send(Wire(R"({"name":"a"})"));
  Call("Watch");
  Pull();
  request_.context.Cancel();
  Turn();
  EXPECT_TRUE(service_.cancelled);
}

TEST_F(RestStreamTest, ClientStreamsAreWrittenAsTheyArrive) {
  struct Case {
    const char* type;
    const char* first;
    const char* second;
  };
  for (const Case& c : {Case{"application/x-ndjson", "{\"name\":\"a\"}\n{\"na", "me\":\"b\"}\n"},
                        Case{"application/json", "[{\"name\":\"a\"},{\"na", "me\":\"b\"}]"},
                        Case{"application/json", "{\"name\":\"a\"}{\"na", "me\":\"b\"}"}}) {
    SCOPED_TRACE(c.first);
    GivenBody body;
    service_.written.clear();
    service_.end.reset();
    service_.closed = false;
    service_.reply = Wire(R"({"weight":2})");
    service_.ends_on_close = true;
    request_.headers.Set("Content-Type", c.type);
    request_.body_stream = &body;
    response_.reset();
    Call("Import");
    body.Give(c.first);
    Turn();
    EXPECT_THAT(Written(), ElementsAre(R"({"id":"i1","item":{"name":"a"}})"));
    EXPECT_FALSE(response_.has_value());
    body.Give(c.second);
    body.Finish();
    Turn();
    EXPECT_THAT(Written(), ElementsAre(R"({"id":"i1","item":{"name":"a"}})", R"({"id":"i1","item":{"name":"b"}})"));
    ASSERT_TRUE(response_.has_value());
    EXPECT_EQ(response_->status, 200);
    EXPECT_EQ(response_->body, R"({"weight":2})");
  }
}

TEST_F(RestStreamTest, AWrongMessageIsNamed) {
  request_.headers.Add("Content-Type", "application/x-ndjson");
  request_.body_stream = &body_;
  Call("Import");
  body_.Give("{\"name\":\"a\"}\n{\"weight\":\"heavy\"}\n");
  Turn();
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(response_->status, 400);
  EXPECT_THAT(response_->body, HasSubstr("message 2 (at byte 13 of the body): item.weight"));
  EXPECT_THAT(response_->body, HasSubstr("fieldViolations"));
  EXPECT_TRUE(service_.cancelled);
}

TEST_F(RestStreamTest, AMessageThatIsTooLongIs413) {
  options_.streams.message_bytes = 10;
  request_.headers.Add("Content-Type", "application/x-ndjson");
  request_.body_stream = &body_;
  Call("Import");
  body_.Give("{\"name\":\"abcdef");
  Turn();
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(response_->status, 413);
}

TEST_F(RestStreamTest, OtherTypesAre415) {
  request_.headers.Add("Content-Type", "text/plain");
  request_.body_stream = &body_;
  Call("Import");
  EXPECT_EQ(response_->status, 415);
  EXPECT_EQ(Header("Accept"), "application/x-ndjson, application/json") << "a stream takes no forms";
  EXPECT_TRUE(service_.cancelled);
}

TEST_F(RestStreamTest, AnEarlyReplyEndsTheReading) {
  request_.headers.Add("Content-Type", "application/x-ndjson");
  request_.body_stream = &body_;
  service_.ends_at = 1;
  service_.reply = Wire(R"({"weight":1})");
  Call("Import");
  body_.Give("{}\n{}\n");
  Turn();
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(response_->body, R"({"weight":1})");
  EXPECT_TRUE(body_.stopped());
}

TEST_F(RestStreamTest, AFailureOfTheServiceEndsTheReading) {
  request_.headers.Add("Content-Type", "application/x-ndjson");
  request_.body_stream = &body_;
  service_.ends_at = 1;
  service_.end_after_close = absl::ResourceExhaustedError("full");
  Call("Import");
  body_.Give("{}\n");
  Turn();
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(response_->status, 429);
  EXPECT_TRUE(body_.stopped());
}

TEST_F(RestStreamTest, AServiceThatTakesNothingStopsTheReading) {
  request_.headers.Add("Content-Type", "application/x-ndjson");
  request_.body_stream = &body_;
  service_.stalls = true;
  Call("Import");
  body_.Give("{}\n{}\n{}\n");
  Turn();
  EXPECT_EQ(service_.written.size(), 1u);
  request_.context.Cancel();
  Turn();
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(response_->status, 499);
}

TEST_F(RestStreamTest, AMissingReplyIsTheServicesFault) {
  request_.body_stream = &body_;
  service_.ends_on_close = true;
  Call("Import");
  body_.Finish();
  Turn();
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(response_->status, 502);
}

TEST_F(RestStreamTest, BothSidesMayTalk) {
  request_.body_stream = &body_;
  service_.echoes = true;
  Call("Talk");
  body_.Give("{\"id\":\"ignored\",\"item\":{}}\n");
  Turn();
  ASSERT_TRUE(response_.has_value());
  Pull();
  EXPECT_EQ(Body(), "{\"name\":\"i1\"}\n");  // the path's value wins; Request.id reads as Item.name
  body_.Give("{}\n{\"oops\":1}\n");
  EXPECT_THAT(Body(), HasSubstr("{\"error\":{\"code\":3,\"message\":\"message 3 (at byte 30 of the body): oops"));
  EXPECT_EQ(response_->stream->code(), "INVALID_ARGUMENT");
}

TEST_F(RestStreamTest, AResponseThatGoesLetsTheBodyGo) {
  request_.body_stream = &body_;
  service_.SendHeaders();
  service_.echoes = true;
  Call("Talk");
  body_.Give("{}\n");
  Turn();
  ASSERT_TRUE(response_.has_value());
  response_.reset();
  EXPECT_TRUE(body_.stopped());
  Turn();
  EXPECT_TRUE(service_.cancelled);
}

TEST_F(RestStreamTest, WithoutABodyTheRequestIsTheOnlyMessage) {
  service_.ends_on_close = true;
  Call("Listen");
  ASSERT_TRUE(response_.has_value());
  EXPECT_THAT(Written(), ElementsAre(R"({"id":"i1"})"));
  EXPECT_EQ(Body(), "");
}

std::string HttpBody(absl::string_view type, absl::string_view data) {
  std::string wire;
  if (!type.empty()) wire::AppendBytesField(1, type, &wire);
  if (!data.empty()) wire::AppendBytesField(2, data, &wire);
  return wire;
}

TEST_F(RestStreamTest, HttpBodiesAreADownload) {
  service_.Send(HttpBody("text/csv", "a,b\n"));
  service_.Send(HttpBody("", "c,d\n"));
  service_.Send(HttpBody("", ""));
  service_.End();
  Call("Download");
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(Header("Content-Type"), "text/csv");
  EXPECT_EQ(Body(), "a,b\nc,d\n");
  EXPECT_FALSE(cut_);
}

TEST_F(RestStreamTest, AFailedDownloadIsCutOff) {
  service_.Send(HttpBody("", "a"));
  service_.End(absl::DataLossError("disk"));
  Call("Download");
  EXPECT_EQ(Header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(Body(), "a");
  EXPECT_TRUE(cut_);
  EXPECT_EQ(response_->stream->code(), "DATA_LOSS");
}

TEST_F(RestStreamTest, ADownloadThatNeverBeginsIsAnError) {
  Call("Download");
  service_.SendHeaders();
  service_.End(absl::NotFoundError("no file"));
  Turn();
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(response_->status, 404);
}

TEST_F(RestStreamTest, UploadsAreCutInHttpBodies) {
  request_.body_stream = &body_;
  request_.headers.Add("Content-Type", "image/png");
  service_.reply = Wire("{}");
  service_.ends_on_close = true;
  Call("Upload");
  body_.Give("abc");
  body_.Give("de");
  body_.Finish();
  Turn();
  ASSERT_TRUE(response_.has_value());
  EXPECT_EQ(response_->status, 200);
  EXPECT_THAT(Written("t.File"), ElementsAre(R"({"id":"i1","content":{"contentType":"image/png","data":"YWJj"}})",
                                             R"({"content":{"data":"ZGU="}})"));
}

TEST_F(RestStreamTest, AnEmptyUploadIsOneMessage) {
  request_.headers.Add("Content-Type", "image/png");
  service_.reply = Wire("{}");
  service_.ends_on_close = true;
  Call("Upload");
  ASSERT_TRUE(response_.has_value());
  EXPECT_THAT(Written("t.File"), ElementsAre(R"({"id":"i1","content":{"contentType":"image/png"}})"));
}

}  // namespace
}  // namespace portico::protocol
