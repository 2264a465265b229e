#include "gateway/http/connection_h1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/http/serving.h"

namespace portico::http {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

constexpr char kGet[] = "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n";

using ConnectionH1Test = ServingTest;

TEST_F(ConnectionH1Test, AnswersAndKeepsTheConnection) {
  Serve();
  RawClient client(address());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send(kGet));
    const RawClient::Answer answer = client.Read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a?b=c ");
    EXPECT_EQ(answer.Header("Content-Type"), "text/plain");
    EXPECT_THAT(answer.Header("Date"), testing::MatchesRegex("[A-Z][a-z]+, [0-9]+ [A-Za-z]+ [0-9]+ [0-9:]+ GMT"));
    EXPECT_EQ(answer.Header("Connection"), "");
    EXPECT_EQ(answer.Header("Server"), "");
  }
}

TEST_F(ConnectionH1Test, HeadHasTheSameHeadAndNoBody) {
  Serve();
  RawClient client(address());
  client.Send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  const RawClient::Answer head = client.Read(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("Content-Length"), "8");
  EXPECT_EQ(client.Read().body, "GET /b ");
}

TEST_F(ConnectionH1Test, NoContentHasNeitherBodyNorLength) {
  Serve();
  RawClient client(address());
  client.Send(absl::StrCat("GET /none HTTP/1.1\r\nHost: h\r\n\r\n", kGet));
  const RawClient::Answer none = client.Read();
  EXPECT_EQ(none.status, 204);
  EXPECT_THAT(none.head, Not(HasSubstr("Content-Length")));
  EXPECT_EQ(client.Read().body, "GET /a?b=c ");
}

TEST_F(ConnectionH1Test, TrailersFollowTheBodyWhereTheyCan) {
  Serve();
  RawClient client(address());
  client.Send(
      "GET /trailers HTTP/1.1\r\nHost: h\r\n\r\nGET /trailers HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string answers = client.ReadAll();
  EXPECT_THAT(answers,
              HasSubstr("Transfer-Encoding: chunked\r\nTrailer: Grpc-Trailer-Cost, Grpc-Trailer-Shard\r\n\r\n"
                        "5\r\nwhole\r\n0\r\nGrpc-Trailer-Cost: 7\r\nGrpc-Trailer-Shard: a\r\n\r\nHTTP/1.1 200"));
  EXPECT_THAT(answers, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(answers, testing::EndsWith("\r\n0\r\nGrpc-Trailer-Cost: 7\r\nGrpc-Trailer-Shard: a\r\n\r\n"));

  RawClient old(address());
  old.Send("GET /trailers HTTP/1.0\r\n\r\n");
  const RawClient::Answer answer = old.Read();
  EXPECT_EQ(answer.Header("Grpc-Trailer-Cost"), "7");
  EXPECT_EQ(answer.Header("Trailer"), "");
  EXPECT_EQ(answer.body, "whole");
}

TEST_F(ConnectionH1Test, Http10ClosesUnlessAsked) {
  Serve();
  RawClient once(address());
  once.Send("GET /a HTTP/1.0\r\n\r\n");
  EXPECT_EQ(once.Read().Header("Connection"), "close");
  EXPECT_TRUE(once.Closed());
  RawClient kept(address());
  kept.Send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.Read().Header("Connection"), "keep-alive");
  kept.Send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.Read().status, 200);
}

TEST_F(ConnectionH1Test, ConnectionCloseIsHonoured) {
  Serve();
  RawClient client(address());
  client.Send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n");
  EXPECT_EQ(client.Read().Header("Connection"), "close");
  EXPECT_TRUE(client.Closed());
}

TEST_F(ConnectionH1Test, AbsoluteTargetsAreReduced) {
  Serve();
  RawClient client(address());
  client.Send("GET http://h:80/x?y HTTP/1.1\r\nHost: h\r\n\r\nGET http://h HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.Read().body, "GET /x?y ");
  EXPECT_EQ(client.Read().body, "GET / ");
}

TEST_F(ConnectionH1Test, OptionsMayMeanTheServerAsAWhole) {
  Serve();
  RawClient client(address());
  client.Send("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.Read().body, "OPTIONS * ");
}

TEST_F(ConnectionH1Test, ContinuesOnlyWhenTheBodyIsWanted) {
  Serve();
  RawClient wanted(address());
  wanted.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(wanted.Read().status, 100);
  wanted.Send("abc");
  EXPECT_EQ(wanted.Read().body, "POST /p abc");
  RawClient large(address());
  large.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(large.Read().status, 413);
  EXPECT_TRUE(large.Closed());
}

TEST_F(ConnectionH1Test, OversizedBodyIsAnsweredAlthoughTheClientSendsItAll) {
  Limits limits;
  limits.body_bytes = 1000;
  Serve(limits);
  for (const bool chunked : {false, true}) {
    RawClient client(address());
    const std::string body(1 << 20, 'x');
    if (chunked) {
      client.Send(
          "POST /p HTTP/1.1\r\nHost: h\r\nOrigin: https://shop.example\r\nTransfer-Encoding: "
          "chunked\r\n\r\n100000\r\n");
    } else {
      client.Send("POST /p HTTP/1.1\r\nHost: h\r\nOrigin: https://shop.example\r\nContent-Length: 1048576\r\n\r\n");
    }
    EXPECT_TRUE(client.Send(body));
    const RawClient::Answer answer = client.Read();
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.Header("Refused-Origin"), "https://shop.example");
    EXPECT_EQ(answer.body, R"({"code":8,"message":"the request's body is too large"})");
    EXPECT_TRUE(client.Closed());
    EXPECT_FALSE(client.reset());
  }
  EXPECT_EQ(handler_.handled, 0);
  EXPECT_TRUE(Eventually([&] { return RefusedSoFar().size() == 2; }));
  EXPECT_EQ(RefusedSoFar()[0], "413 RESOURCE_EXHAUSTED POST /p");
}

TEST_F(ConnectionH1Test, ABodyOfTheLimitPasses) {
  Serve();
  RawClient client(address());
  const std::string body(4194304, 'x');
  client.Send(absl::StrCat("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: ", body.size(), "\r\n\r\n"));
  client.Send(body);
  EXPECT_EQ(client.Read().body.size(), body.size() + 8);
}

TEST_F(ConnectionH1Test, SlowHeadIsTimedOutAndSilenceClosedSilently) {
  Limits limits;
  limits.header_time = milliseconds(150);
  Serve(limits);
  RawClient slow(address());
  slow.Send("GET /a HTTP/1.1\r\nHo");
  EXPECT_EQ(slow.Read().status, 408);
  EXPECT_TRUE(slow.Closed());
  RawClient silent(address());
  EXPECT_EQ(silent.ReadAll(), "");
}

TEST_F(ConnectionH1Test, IdleAndStalledBodiesAreTimedOut) {
  Limits limits;
  limits.idle_time = milliseconds(150);
  Serve(limits);
  RawClient idle(address());
  idle.Send(kGet);
  EXPECT_EQ(idle.Read().status, 200);
  EXPECT_TRUE(idle.Closed());
  RawClient stalled(address());
  stalled.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na");
  EXPECT_EQ(stalled.Read().status, 408);
}

TEST_F(ConnectionH1Test, ClientThatLeavesCancels) {
  Serve();
  for (const bool reset : {false, true}) {
    RawClient client(address());
    client.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(Eventually([&] { return handler_.Waiting() == 1; }));
    const int before = handler_.cancelled;
    reset ? client.Reset() : client.Close();
    EXPECT_TRUE(Eventually([&] { return handler_.cancelled == before + 1; }));
    const std::lock_guard<std::mutex> lock(handler_.mutex);
    handler_.waiting.clear();
  }
  EXPECT_TRUE(Eventually([&] { return listener_->in_flight() == 0; }));
}

TEST_F(ConnectionH1Test, LeavingCancelsAlsoBehindPipelinedRequests) {
  Serve();
  RawClient client(address());
  client.Send(absl::StrCat("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n", kGet, kGet));
  ASSERT_TRUE(Eventually([&] { return handler_.Waiting() == 1; }));
  client.Send(kGet);
  client.Close();
  EXPECT_TRUE(Eventually([&] { return handler_.cancelled == 1; }));
}

// More than is read ahead, so that no read is left to tell.
TEST_F(ConnectionH1Test, LeavingCancelsAlsoBehindMoreThanIsReadAhead) {
  Serve();
  for (const bool reset : {false, true}) {
    RawClient client(address());
    client.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(40000, 'G'));
    ASSERT_TRUE(Eventually([&] { return handler_.Waiting() == 1; }));
    const int before = handler_.cancelled;
    reset ? client.Reset() : client.Close();
    EXPECT_TRUE(Eventually([&] { return handler_.cancelled == before + 1; }));
    handler_.Forget();
  }
  EXPECT_TRUE(Eventually([&] { return listener_->in_flight() == 0; }));
}

TEST_F(ConnectionH1Test, PipelinedWhileHandledIsAnsweredInOrder) {
  Serve();
  RawClient client(address());
  std::string burst = "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n";
  for (int i = 0; i < 2000; ++i)
    absl::StrAppend(&burst, "GET /", i, " HTTP/1.1\r\nHost: h\r\n\r\n");  // beyond the bound
  std::thread sender([&] { client.Send(burst); });
  ASSERT_TRUE(Eventually([&] { return handler_.Waiting() == 1; }));
  handler_.Release();
  EXPECT_EQ(client.Read().body, "waited");
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(client.Read().body, absl::StrCat("GET /", i, " "));
  sender.join();
}

TEST_F(ConnectionH1Test, SlowReaderIsCutAndCostsNobodyElse) {
  Limits limits;
  limits.write_stall = milliseconds(200);
  Serve(limits);
  RawClient slow(address(), 4096);
  slow.Send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  RawClient other(address());
  other.Send(kGet);
  EXPECT_EQ(other.Read().status, 200);
  ASSERT_TRUE(Eventually([&] { return handler_.SentSoFar().size() == 2; }));
  EXPECT_FALSE(handler_.SentSoFar()[1].complete);
}

TEST_F(ConnectionH1Test, StreamsChunked) {
  Serve();
  RawClient client(address());
  client.Send(absl::StrCat("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", kGet));
  const RawClient::Answer answer = client.Read();
  EXPECT_EQ(answer.Header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.body, "first;0;1;2;");
  EXPECT_EQ(client.Read().status, 200);
  EXPECT_EQ(handler_.SentSoFar()[0].body_bytes, 12u);
  EXPECT_TRUE(handler_.SentSoFar()[0].complete);
  RawClient head(address());
  head.Send(absl::StrCat("HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n", kGet));
  EXPECT_EQ(head.Read(true).Header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(head.Read().body, "GET /a?b=c ");
  RawClient old(address());
  old.Send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = old.ReadAll();
  EXPECT_THAT(all, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(all, testing::EndsWith("\r\n\r\nfirst;0;1;2;"));
}

TEST_F(ConnectionH1Test, AFailedStreamHasNoLastChunk) {
  Serve();
  RawClient client(address());
  client.Send("GET /broken HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string all = client.ReadAll();
  EXPECT_THAT(all, HasSubstr("1;\r\n"));
  EXPECT_THAT(all, Not(HasSubstr("\r\n0\r\n")));
  EXPECT_TRUE(Eventually([&] { return handler_.SentSoFar().size() == 1; }));
  EXPECT_FALSE(handler_.SentSoFar()[0].complete);
}

TEST_F(ConnectionH1Test, AStreamIsReadNoFasterThanItsClientReads) {
  Limits limits;
  limits.write_stall = milliseconds(300);
  Serve(limits);
  RawClient client(address(), 4096);
  client.Send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return handler_.SentSoFar().size() == 1; }));  // stalled, and cut
  EXPECT_LT(handler_.pieces, 200);  // what the kernel's buffers hold, and no more
}

TEST_F(ConnectionH1Test, AFaultClosesItsConnectionOnly) {
  Serve();
  RawClient client(address());
  client.Send(absl::StrCat("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n", kGet));
  const RawClient::Answer answer = client.Read();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, R"({"code":13,"message":"internal error"})");
  EXPECT_TRUE(client.Closed());
  RawClient next(address());
  next.Send(kGet);
  EXPECT_EQ(next.Read().status, 200);
}

// The request is gone, but the read that waits for news of its client is not.
TEST_F(ConnectionH1Test, AFaultAfterTheAnswerClosesItsConnectionOnly) {
  Serve();
  for (const char* request : {"GET /throw/late HTTP/1.1\r\nHost: h\r\n\r\n",
                              "POST /throw/late HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"}) {
    RawClient client(address());
    client.Send(request);
    EXPECT_EQ(client.Read().status, 200);
    EXPECT_TRUE(client.Closed());
    RawClient next(address());
    next.Send(kGet);
    EXPECT_EQ(next.Read().status, 200);
  }
}

TEST_F(ConnectionH1Test, BeyondInFlightIsRefusedAndTheConnectionStays) {
  Limits limits;
  limits.in_flight = 1;
  Serve(limits);
  RawClient first(address());
  first.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return handler_.Waiting() == 1; }));
  RawClient second(address());
  second.Send(kGet);
  const RawClient::Answer refused = second.Read();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  EXPECT_EQ(handler_.handled, 1);
  handler_.Release();
  EXPECT_EQ(first.Read().body, "waited");
  ASSERT_TRUE(Eventually([&] { return listener_->in_flight() == 0; }));
  second.Send(kGet);
  EXPECT_EQ(second.Read().status, 200);
}

// Every split of a stream of pipelined requests, in two pieces, gives the same answers.
TEST_F(ConnectionH1Test, EverySplitGivesTheSameAnswers) {
  Serve();
  const std::string stream =
      "\r\nGET /1?q HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX-Blank: \t v \r\n\r\n"
      "POST /2 HTTP/1.1\r\nhost:h\r\ncontent-length: 5\r\n\r\nhello"
      "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "3;a=b\r\nabc\r\n00A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n\r\n"
      "HEAD /none HTTP/1.1\r\nHost: h\r\n\r\n"
      "DELETE /4 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  const auto answers = [&](size_t split) {
    RawClient client(address());
    client.Send(absl::string_view(stream).substr(0, split));
    if (split > 0) std::this_thread::yield();
    client.Send(absl::string_view(stream).substr(split));
    std::string all;
    for (const bool head_only : {false, false, false, true, false}) {
      const RawClient::Answer answer = client.Read(head_only);
      absl::StrAppend(&all, answer.status, " ", answer.body, "\n");
    }
    EXPECT_TRUE(client.Closed()) << split;
    return all;
  };
  const std::string whole = answers(0);
  EXPECT_EQ(whole, "200 GET /1?q \n200 POST /2 hello\n200 POST /3 abc0123456789\n204 \n200 DELETE /4 \n");
  for (size_t split = 1; split < stream.size(); ++split) ASSERT_EQ(answers(split), whole) << "split at " << split;
}

}  // namespace
}  // namespace portico::http
