#include "gateway/protocol/connect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "gateway/http/content_coding.h"
#include "tests/protocol/rpc_fixture.h"

namespace portico::protocol {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class ConnectTest : public RpcFixture {
 protected:
  ConnectTest() { request_.headers.Add("Connect-Protocol-Version", "1"); }

  http::Response Post(absl::string_view method, const std::string& type, const std::string& body) {
    type_ = type;
    request_.headers.Set("Content-Type", type_);
    return Call(AnswerConnect, method, body);
  }
  http::Response Get(const std::string& query, absl::string_view method = "Get") {
    query_ = query;
    request_.method = "GET";
    request_.query = query_;
    return Call(AnswerConnect, method, "");
  }

  std::string type_;
  std::string query_;
};

TEST_F(ConnectTest, UnaryJson) {
  service_.messages = {Wire("t.Item", R"({"name":"chair","weight":"7"})")};
  service_.headers = {{"cost", "3"}, {"trace-bin", "\xff"}};
  service_.trailers = {{"cache", "no"}};
  service_.omitted = "reviews;reason=deadline";
  request_.headers.Add("Tenant", "blue");
  const http::Response response = Post("Get", "application/json; charset=utf-8", R"({"id":"i1","unheard":[1]})");
  EXPECT_EQ(response.status, 200) << "policy.success is REST's";
  EXPECT_EQ(response.body, R"({"name":"chair","weight":"7"})");
  EXPECT_EQ(Header(response, "Content-Type"), "application/json");
  EXPECT_EQ(Header(response, "cost"), "3");
  EXPECT_EQ(Header(response, "trace-bin"), "/w");
  EXPECT_EQ(Header(response, "Trailer-cache"), "no");
  EXPECT_EQ(Header(response, "Portico-Omitted"), "reviews;reason=deadline");
  EXPECT_THAT(service_.received, ElementsAre("\x0a\x02i1"));
  EXPECT_THAT(service_.metadata, Contains(Pair("tenant", "blue")));
}

TEST_F(ConnectTest, UnaryBinary) {
  service_.messages = {Wire("t.Item", R"({"name":"chair"})")};
  const http::Response response = Post("Put", "application/proto", "\x0a\x02i1");
  EXPECT_EQ(Header(response, "Content-Type"), "application/proto");
  EXPECT_EQ(response.body,
            "\x0a\x05"
            "chair");
  EXPECT_THAT(service_.received, ElementsAre("\x0a\x02i1"));
  EXPECT_EQ(Post("Put", "application/proto", "").status, 200) << "an empty message";
}

// Of POST the middleware undoes the Content-Encoding.
TEST_F(ConnectTest, CompressedMessagesOfGet) {
  const auto get = [&](const std::string& message, const std::string& compression) {
    return Get("connect=v1&encoding=json&base64=1&message=" + absl::WebSafeBase64Escape(message) +
               "&compression=" + compression);
  };
  EXPECT_EQ(get(*http::EncodeContent("gzip", R"({"id":"i1"})"), "gzip").status, 200);
  EXPECT_THAT(service_.received, ElementsAre("\x0a\x02i1"));
  EXPECT_EQ(json::parse(get("no gzip", "gzip").body)["code"], "invalid_argument");
  EXPECT_EQ(Get("connect=v1&encoding=proto&message=&compression=gzip").status, 200) << "nothing is not unpacked";
  const std::string bomb = *http::EncodeContent("gzip", std::string(kMaxMessage + 1, ' '));
  EXPECT_EQ(json::parse(get(bomb, "gzip").body)["code"], "resource_exhausted");
  const http::Response unknown = get("x", "lzma");
  EXPECT_EQ(unknown.status, 501);
  EXPECT_THAT(Header(unknown, "Accept-Encoding"), HasSubstr("gzip"));
}

TEST_F(ConnectTest, AFailureIsConnectsJson) {
  service_.failure = absl::NotFoundError("no item i1");
  service_.headers = {{"shard", "7"}};
  service_.trailers = {{"cost", "3"}};
  const http::Response response = Post("Get", "application/proto", "");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"code":"not_found","message":"no item i1"})");
  EXPECT_EQ(Header(response, "Content-Type"), "application/json");
  EXPECT_EQ(Header(response, "shard"), "7");
  EXPECT_EQ(Header(response, "Trailer-cost"), "3");
  EXPECT_EQ(response.code, "NOT_FOUND");
}

TEST_F(ConnectTest, DetailsHaveTheirJsonForm) {
  service_.failure = absl::AbortedError("again");
  service_.failure.SetPayload("type.googleapis.com/t.Item", absl::Cord(Wire("t.Item", R"({"name":"chair"})")));
  EXPECT_EQ(json::parse(Post("Get", "application/json", "{}").body)["details"],
            json::parse(R"([{"type":"t.Item","value":"CgVjaGFpcg","debug":{"name":"chair"}}])"));
}

TEST_F(ConnectTest, BadRequestsReachNoService) {
  struct Case {
    const char* name;
    const char* method;
    const char* type;
    const char* body;
    int status;
    const char* code;
  };
  const Case cases[] = {
      {"another type", "Get", "text/plain", "x", 415, "unimplemented"},
      {"no type", "Get", "", "x", 415, "unimplemented"},
      {"a stream's type for a unary method", "Get", "application/connect+json", "", 415, "unimplemented"},
      {"a unary type for a stream", "Watch", "application/json", "{}", 415, "unimplemented"},
      {"a stream's unknown codec", "Watch", "application/connect+thrift", "", 415, "unimplemented"},
      {"not JSON", "Get", "application/json", "{", 400, "invalid_argument"},
      {"nothing for JSON", "Get", "application/json", "", 400, "invalid_argument"},
      {"a wrong type", "Get", "application/json", R"({"size":"big"})", 400, "invalid_argument"},
      {"not a message", "Get", "application/proto", "\x0a\x05x", 400, "invalid_argument"},
      {"not UTF-8", "Get", "application/proto", "\x0a\x01\xff", 400, "invalid_argument"},
  };
  for (const Case& c : cases) {
    const http::Response response = Post(c.method, c.type, c.body);
    EXPECT_EQ(response.status, c.status) << c.name;
    EXPECT_EQ(json::parse(response.body)["code"], c.code) << c.name;
    EXPECT_EQ(Header(response, "Accept-Post") != "(none)", c.status == 415) << c.name;
  }
  request_.headers.Set("Connect-Protocol-Version", "2");
  EXPECT_EQ(Post("Get", "application/json", "{}").status, 400);
  request_.headers.Set("Connect-Protocol-Version", "1");
  request_.headers.Set("Connect-Timeout-Ms", "1s");
  EXPECT_EQ(Post("Get", "application/json", "{}").status, 400);
  EXPECT_TRUE(service_.received.empty());
}

TEST_F(ConnectTest, AReplyWithoutAJsonFormIsAnError) {
  service_.messages = {"\x0a\x01\xff"};
  EXPECT_EQ(json::parse(Post("Get", "application/json", "{}").body)["code"], "data_loss");
}

TEST_F(ConnectTest, TheDeadlineIsTheEarlierOfThePolicysAndTheClients) {
  Post("Get", "application/json", "{}");
  EXPECT_GT(service_.time_left, std::chrono::milliseconds(1000));
  EXPECT_LE(service_.time_left, std::chrono::milliseconds(2000));
  request_.headers.Add("Connect-Timeout-Ms", "500");
  Post("Get", "application/json", "{}");
  EXPECT_LE(service_.time_left, std::chrono::milliseconds(500));
}

TEST_F(ConnectTest, GetOfAMethodWithoutSideEffects) {
  service_.messages = {Wire("t.Item", R"({"name":"chair"})")};
  const http::Response text = Get("connect=v1&encoding=json&message=%7B%22id%22%3A%22i1%22%7D");
  EXPECT_EQ(text.status, 200);
  EXPECT_EQ(text.body, R"({"name":"chair"})");
  EXPECT_EQ(Header(Get("connect=v1&encoding=proto&base64=1&message=CgJpMQ"), "Content-Type"), "application/proto");
  EXPECT_THAT(service_.received, ElementsAre("\x0a\x02i1", "\x0a\x02i1"));
  EXPECT_EQ(Get("connect=v1&encoding=json").status, 400);
  EXPECT_EQ(Get("connect=v1&encoding=text&message=").status, 415);
}

TEST_F(ConnectTest, GetOfOtherMethodsIsNotAllowed) {
  for (const char* method : {"Put", "Watch"}) {
    const http::Response response = Get("connect=v1&encoding=json&message=%7B%7D", method);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(Header(response, "Allow"), "POST");
    EXPECT_EQ(json::parse(response.body)["code"], "unimplemented");
  }
}

TEST_F(ConnectTest, AServersStream) {
  service_.messages = {Wire("t.Item", R"({"name":"a"})"), Wire("t.Item", R"({"name":"b"})")};
  service_.headers = {{"cost", "3"}};
  service_.trailers = {{"cache", "no"}};
  const http::Response response = Post("Watch", "application/connect+json", Envelope(0, R"({"id":"i1"})"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Header(response, "Content-Type"), "application/connect+json");
  EXPECT_EQ(Header(response, "cost"), "3");
  EXPECT_EQ(response.body, Envelope(0, R"({"name":"a"})") + Envelope(0, R"({"name":"b"})") +
                               Envelope(2, R"({"metadata":{"cache":["no"]}})"));
  EXPECT_THAT(service_.received, ElementsAre("\x0a\x02i1"));
  EXPECT_TRUE(service_.closed);
}

TEST_F(ConnectTest, AStreamThatFailsEndsWithTheError) {
  service_.messages = {Wire("t.Item", R"({"name":"a"})")};
  service_.failure = absl::UnavailableError("going down");
  const http::Response response = Post("Watch", "application/connect+proto", Envelope(0, ""));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, Envelope(0,
                                    "\x0a\x01"
                                    "a") +
                               Envelope(2, R"({"error":{"code":"unavailable","message":"going down"}})"));
  EXPECT_EQ(ended_code_, "UNAVAILABLE");
  service_.open_failure = absl::UnavailableError("not there");
  EXPECT_EQ(Post("Watch", "application/connect+proto", Envelope(0, "")).body,
            Envelope(2, R"({"error":{"code":"unavailable","message":"not there"}})"));
}

TEST_F(ConnectTest, AMessageWithoutAJsonFormEndsTheStream) {
  service_.messages = {"\x0a\x01\xff", ""};
  const http::Response response = Post("Watch", "application/connect+json", Envelope(0, "{}"));
  EXPECT_EQ(response.body[0], 2);
  EXPECT_EQ(json::parse(response.body.substr(5))["error"]["code"], "data_loss");
}

TEST_F(ConnectTest, AClientsStream) {
  service_.awaits_client = true;
  service_.messages = {Wire("t.Item", R"({"name":"two"})")};
  request_.headers.Add("Connect-Content-Encoding", "gzip");
  const http::Response response =
      Post("Import", "application/connect+json",
           Envelope(0, R"({"id":"a"})") + Envelope(1, *http::EncodeContent("gzip", R"({"id":"b"})")));
  EXPECT_EQ(response.body, Envelope(0, R"({"name":"two"})") + Envelope(2, "{}"));
  EXPECT_THAT(service_.received, ElementsAre("\x0a\x01"
                                             "a",
                                             "\x0a\x01"
                                             "b"));
}

TEST_F(ConnectTest, AnEmptyMessageIsNotUnpacked) {
  request_.headers.Add("Connect-Content-Encoding", "gzip");
  EXPECT_EQ(Post("Watch", "application/connect+proto", Envelope(1, "")).body, Envelope(2, "{}"));
  EXPECT_THAT(service_.received, ElementsAre(""));
}

TEST_F(ConnectTest, AnUnknownCompressionIsRefusedBeforeAnyMessage) {
  request_.headers.Add("Connect-Content-Encoding", "lzma");
  for (const char* method : {"Watch", "Import", "Chat"}) {
    const http::Response response = Post(method, "application/connect+json", Envelope(0, "{}"));
    ASSERT_GT(response.body.size(), 5u) << method;
    EXPECT_EQ(json::parse(response.body.substr(5))["error"]["code"], "unimplemented") << method;
    EXPECT_THAT(Header(response, "Connect-Accept-Encoding"), HasSubstr("gzip")) << method;
  }
  EXPECT_TRUE(service_.received.empty());
}

TEST_F(ConnectTest, ProxiesAreToHandStreamsOnAsTheyCome) {
  EXPECT_EQ(Header(Post("Watch", "application/connect+json", Envelope(0, "{}")), "X-Accel-Buffering"), "no");
  EXPECT_EQ(Header(Post("Get", "application/json", "{}"), "X-Accel-Buffering"), "(none)");
}

TEST_F(ConnectTest, BothStreams) {
  service_.awaits_client = true;
  service_.messages = {"", ""};
  EXPECT_EQ(Post("Chat", "application/connect+proto", Envelope(0, "") + Envelope(0, "")).body,
            Envelope(0, "") + Envelope(0, "") + Envelope(2, "{}"));
  EXPECT_EQ(service_.received.size(), 2u);
  service_.received.clear();
  EXPECT_EQ(Post("Chat", "application/connect+proto", "").body, Envelope(0, "") + Envelope(0, "") + Envelope(2, "{}"))
      << "a stream may be empty";
  EXPECT_TRUE(service_.received.empty());
}

TEST_F(ConnectTest, MalformedStreams) {
  struct Case {
    const char* name;
    const char* method;
    std::string body;
    const char* code;
  };
  const Case cases[] = {
      {"no message", "Watch", "", "unimplemented"},
      {"two messages", "Watch", Envelope(0, "{}") + Envelope(0, "{}"), "unimplemented"},
      {"cut within a prefix", "Watch", Envelope(0, "{}") + std::string(3, '\0'), "invalid_argument"},
      {"cut within a message", "Watch", Envelope(0, "{}").substr(0, 6), "invalid_argument"},
      {"too large", "Watch", std::string("\0\xff\xff\xff\xff", 5), "resource_exhausted"},
      {"not JSON", "Watch", Envelope(0, "{"), "invalid_argument"},
      {"an end by the client", "Watch", Envelope(2, "{}"), "invalid_argument"},
      {"unknown flags", "Watch", Envelope(0x40, "{}"), "invalid_argument"},
      {"compressed without a compression", "Watch", Envelope(1, "{}"), "internal"},
      {"malformed after a good one", "Chat", Envelope(0, "{}") + Envelope(0, "{"), "invalid_argument"},
      {"cut after a good one", "Chat", Envelope(0, "{}") + "x", "invalid_argument"},
  };
  service_.awaits_client = true;
  for (const Case& c : cases) {
    const http::Response response = Post(c.method, "application/connect+json", c.body);
    EXPECT_EQ(response.status, 200) << c.name;
    ASSERT_GT(response.body.size(), 5u) << c.name;
    EXPECT_EQ(response.body[0], 2) << c.name;
    EXPECT_EQ(json::parse(response.body.substr(5))["error"]["code"], c.code) << c.name;
  }
  EXPECT_TRUE(service_.cancelled) << "the service need not wait for the rest";
}

TEST_F(ConnectTest, ErrorsBeforeAMethodHaveTheRequestsForm) {
  request_.headers.Set("Content-Type", "application/json");
  EXPECT_EQ(ConnectError(request_, absl::UnauthenticatedError("who?"), nullptr).status, 401);
  request_.headers.Set("Content-Type", "application/connect+json");
  const http::Response stream = ConnectError(request_, absl::UnauthenticatedError("who?"), nullptr);
  EXPECT_EQ(stream.status, 200);
  EXPECT_EQ(stream.body, Envelope(2, R"({"error":{"code":"unauthenticated","message":"who?"}})"));
}

// As the middleware has it that undoes them.
TEST_F(ConnectTest, AnUnknownContentEncodingIsUnimplemented) {
  const absl::Status unknown = http::DecodeContent("lzma", "x", 1).status();
  request_.headers.Set("Content-Type", "application/json");
  const http::Response unary = ConnectError(request_, unknown, nullptr);
  EXPECT_EQ(unary.status, 501);
  EXPECT_EQ(json::parse(unary.body)["code"], "unimplemented");
  EXPECT_THAT(Header(unary, "Accept-Encoding"), HasSubstr("gzip"));
  request_.headers.Set("Content-Type", "application/connect+json");
  const http::Response stream = ConnectError(request_, unknown, nullptr);
  EXPECT_EQ(json::parse(stream.body.substr(5))["error"]["code"], "unimplemented");
}

}  // namespace
}  // namespace portico::protocol
