#include "gateway/protocol/grpc_web.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "gateway/http/content_coding.h"
#include "google/rpc/status.pb.h"
#include "tests/protocol/rpc_fixture.h"

namespace portico::protocol {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class GrpcWebTest : public RpcFixture {
 protected:
  GrpcWebTest() { request_.headers.Add("X-Grpc-Web", "1"); }

  http::Response Post(absl::string_view method, const std::string& body,
                      const std::string& type = "application/grpc-web+proto") {
    type_ = type;
    request_.headers.Set("Content-Type", type_);
    return Call(AnswerGrpcWeb, method, body);
  }

  static std::string Base64(const std::string& bytes) { return absl::Base64Escape(bytes); }

  const std::string chair_ = Wire("t.Item", R"({"name":"chair"})");
  std::string type_;
};

TEST_F(GrpcWebTest, ContentTypes) {
  struct Case {
    const char* type;
    const char* expected;  // codec and text; "": none
  };
  const Case cases[] = {{"application/grpc-web", "proto"},
                        {"application/grpc-web+proto", "proto"},
                        {"application/grpc-web+json", "json"},
                        {"application/grpc-web-text", "proto text"},
                        {"Application/grpc-Web-Text+PROTO", "proto text"},
                        {"application/grpc-web+thrift", ""},
                        {"application/grpc-web-texts", ""},
                        {"application/grpc-web+", ""},
                        {"application/grpc", ""}};
  for (const Case& c : cases) {
    const std::optional<GrpcWebType> type = ParseGrpcWebType(c.type);
    std::string text;
    if (type.has_value()) text = std::string(NameOf(type->codec)) + (type->text ? " text" : "");
    EXPECT_EQ(text, c.expected) << c.type;
  }
  const http::Response refused = Post("Get", "", "application/grpc-web+thrift");
  EXPECT_EQ(refused.status, 415);
  EXPECT_EQ(Header(refused, "grpc-status"), "12");
}

TEST_F(GrpcWebTest, Unary) {
  service_.messages = {chair_};
  service_.headers = {{"cost", "3"}};
  service_.trailers = {{"Cache", "no"}, {"trace-bin", "\xff"}};
  service_.omitted = "reviews;reason=deadline";
  request_.headers.Add("Tenant", "blue");
  request_.headers.Add("X-User-Agent", "grpc-web-javascript/0.1");
  request_.headers.Add("grpc-timeout", "500m");
  service_.trailers[0].first = "cache";
  const http::Response response = Post("Get", Envelope(0, "\x0a\x02i1"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Header(response, "Content-Type"), "application/grpc-web+proto");
  EXPECT_EQ(Header(response, "cost"), "3");
  EXPECT_EQ(Header(response, "Portico-Omitted"), "reviews;reason=deadline");
  EXPECT_EQ(response.body, Envelope(0, chair_) + Envelope(0x80, "grpc-status: 0\r\ncache: no\r\ntrace-bin: /w\r\n"));
  EXPECT_THAT(service_.received, ElementsAre("\x0a\x02i1"));
  EXPECT_THAT(service_.metadata, ElementsAre(Pair("tenant", "blue"), Pair("x-user-agent", "grpc-web-javascript/0.1")));
  EXPECT_LE(service_.time_left, std::chrono::milliseconds(500));
}

TEST_F(GrpcWebTest, TextIsBase64BothWays) {
  service_.messages = {chair_};
  const std::string request = Envelope(0, "\x0a\x02i1");
  const std::string end = Envelope(0x80, "grpc-status: 0\r\n");
  for (const std::string& body : {Base64(request), Base64(request.substr(0, 4)) + Base64(request.substr(4))}) {
    const http::Response response = Post("Get", body, "application/grpc-web-text");
    EXPECT_EQ(Header(response, "Content-Type"), "application/grpc-web-text+proto");
    EXPECT_EQ(response.body, Base64(Envelope(0, chair_)) + Base64(end));
  }
  EXPECT_THAT(service_.received, ElementsAre("\x0a\x02i1", "\x0a\x02i1"));
  EXPECT_EQ(Header(Post("Get", "no base64!!", "application/grpc-web-text"), "grpc-status"), "3");
  EXPECT_EQ(Header(Post("Get", Base64(request) + "YQ=", "application/grpc-web-text"), "grpc-status"), "3");
}

TEST_F(GrpcWebTest, AcceptChoosesTheAnswersForm) {
  service_.messages = {chair_};
  request_.headers.Add("Accept", "application/grpc-web-text");
  EXPECT_EQ(Header(Post("Get", Envelope(0, "")), "Content-Type"), "application/grpc-web-text+proto");
  request_.headers.Set("Accept", "application/grpc-web+proto, */*");
  EXPECT_EQ(Header(Post("Get", Base64(Envelope(0, "")), "application/grpc-web-text"), "Content-Type"),
            "application/grpc-web+proto");
}

TEST_F(GrpcWebTest, Json) {
  service_.messages = {chair_};
  const http::Response response = Post("Get", Envelope(0, R"({"id":"i1"})"), "application/grpc-web+json");
  EXPECT_EQ(Header(response, "Content-Type"), "application/grpc-web+json");
  EXPECT_EQ(response.body, Envelope(0, R"({"name":"chair"})") + Envelope(0x80, "grpc-status: 0\r\n"));
}

TEST_F(GrpcWebTest, AFailureIsTrailersOnly) {
  service_.failure = absl::NotFoundError("no item: 100% caf\xc3\xa9\n");
  service_.failure.SetPayload("type.googleapis.com/t.Item", absl::Cord(chair_));
  service_.headers = {{"shard", "7"}};
  service_.trailers = {{"cost", "3"}};
  const http::Response response = Post("Get", Envelope(0, ""));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.code, "NOT_FOUND");
  EXPECT_EQ(Header(response, "grpc-status"), "5");
  EXPECT_EQ(Header(response, "grpc-message"), "no item: 100%25 caf%C3%A9%0A");
  EXPECT_EQ(Header(response, "shard"), "7");
  EXPECT_EQ(Header(response, "cost"), "3");
  std::string details;
  ASSERT_TRUE(absl::Base64Unescape(Header(response, "grpc-status-details-bin"), &details));
  google::rpc::Status status;
  ASSERT_TRUE(status.ParseFromString(details));
  EXPECT_EQ(status.code(), 5);
  EXPECT_EQ(status.message(), service_.failure.message());
  ASSERT_EQ(status.details_size(), 1);
  EXPECT_EQ(status.details(0).type_url(), "type.googleapis.com/t.Item");
  EXPECT_EQ(status.details(0).value(), chair_);
}

TEST_F(GrpcWebTest, MalformedRequests) {
  struct Case {
    const char* name;
    const char* method;
    std::string body;
    const char* status;
  };
  const Case cases[] = {
      {"no message", "Get", "", "12"},
      {"two messages", "Get", Envelope(0, "") + Envelope(0, ""), "12"},
      {"cut within a prefix", "Get", std::string(4, '\0'), "3"},
      {"cut within a message", "Get", Envelope(0, "\x0a\x02i1").substr(0, 7), "3"},
      {"too large", "Get", Envelope(0, std::string(kMaxMessage + 1, 'x')), "8"},
      {"trailers", "Get", Envelope(0x80, "x: y\r\n"), "3"},
      {"not a message", "Get", Envelope(0, "\x0a\x05x"), "3"},
      {"compressed without a compression", "Get", Envelope(1, ""), "13"},
  };
  for (const Case& c : cases) {
    const http::Response response = Post(c.method, c.body);
    EXPECT_EQ(response.status, 200) << c.name;
    EXPECT_EQ(Header(response, "grpc-status"), c.status) << c.name;
    EXPECT_NE(Header(response, "grpc-message"), "(none)") << c.name;
  }
  request_.headers.Add("grpc-timeout", "soon");
  EXPECT_EQ(Header(Post("Get", Envelope(0, "")), "grpc-status"), "3");
  EXPECT_TRUE(service_.received.empty());
}

TEST_F(GrpcWebTest, Compression) {
  request_.headers.Add("grpc-encoding", "gzip");
  EXPECT_EQ(Header(Post("Get", Envelope(1, *http::EncodeContent("gzip", "\x0a\x02i1"))), "grpc-status"), "(none)");
  EXPECT_THAT(service_.received, ElementsAre("\x0a\x02i1"));
  EXPECT_EQ(Header(Post("Get", Envelope(0, "")), "grpc-status"), "(none)") << "a message may be as it is";
  EXPECT_EQ(Header(Post("Get", Envelope(1, "")), "grpc-status"), "(none)") << "nothing is not unpacked";
  request_.headers.Set("grpc-encoding", "snappy");
  const http::Response unknown = Post("Get", Envelope(1, "x"));
  EXPECT_EQ(Header(unknown, "grpc-status"), "12");
  EXPECT_THAT(Header(unknown, "grpc-accept-encoding"), HasSubstr("gzip"));
}

TEST_F(GrpcWebTest, AServersStreamEndsWithTrailers) {
  service_.messages = {chair_, ""};
  service_.trailers = {{"cost", "3"}};
  EXPECT_EQ(Header(Post("Watch", Envelope(0, "")), "X-Accel-Buffering"), "no");
  EXPECT_EQ(Post("Watch", Envelope(0, "")).body,
            Envelope(0, chair_) + Envelope(0, "") + Envelope(0x80, "grpc-status: 0\r\ncost: 3\r\n"));
  service_.failure = absl::UnavailableError("going down");
  const std::string failed = Envelope(0x80, "grpc-status: 14\r\ngrpc-message: going down\r\ncost: 3\r\n");
  EXPECT_EQ(Post("Watch", Envelope(0, "")).body, Envelope(0, chair_) + Envelope(0, "") + failed);
  EXPECT_EQ(ended_code_, "UNAVAILABLE");
  EXPECT_EQ(Post("Watch", Base64(Envelope(0, "")), "application/grpc-web-text").body,
            Base64(Envelope(0, chair_)) + Base64(Envelope(0, "")) + Base64(failed));
}

TEST_F(GrpcWebTest, ClientsStreams) {
  service_.awaits_client = true;
  service_.messages = {chair_};
  for (const char* method : {"Import", "Chat"}) {
    service_.received.clear();
    EXPECT_EQ(Post(method, Envelope(0, "\x0a\x01x") + Envelope(0, "")).body,
              Envelope(0, chair_) + Envelope(0x80, "grpc-status: 0\r\n"));
    EXPECT_THAT(service_.received, ElementsAre("\x0a\x01x", ""));
  }
  const http::Response broken = Post("Chat", Envelope(0, "") + Envelope(0, "\xff"));
  EXPECT_EQ(Header(broken, "grpc-status"), "3") << "no message has come back yet";
}

TEST_F(GrpcWebTest, ErrorsBeforeAMethodAreTrailersOnly) {
  request_.headers.Set("Content-Type", "application/grpc-web-text");
  const http::Response response = GrpcWebError(request_, absl::UnauthenticatedError("who?"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Header(response, "Content-Type"), "application/grpc-web-text+proto");
  EXPECT_EQ(Header(response, "grpc-status"), "16");
}

}  // namespace
}  // namespace portico::protocol
