#include "gateway/http/arriving_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/http/serving.h"

namespace portico::http {
namespace {

using std::chrono::milliseconds;

class ArrivingBodyTest : public ServingTest {
 protected:
  // Sends until the other side takes nothing for a while, or `most` bytes are gone.
  static size_t SendUntilStalled(RawClient& client, size_t most) {
    const std::string piece(16384, 'x');
    size_t sent = 0;
    while (sent < most && client.SendNow(piece, milliseconds(500))) sent += piece.size();
    return sent;
  }
};

std::string Head(absl::string_view path, absl::string_view framing) {
  return absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: h\r\n", framing, "\r\n\r\n");
}

TEST_F(ArrivingBodyTest, PiecesAreHandedOnAsTheyArrive) {
  Serve();
  for (const auto& [framing, first, second] :
       {std::tuple("Content-Length: 6", "abc", "def"),
        std::tuple("Transfer-Encoding: chunked", "3\r\nabc\r\n", "3\r\ndef\r\n0\r\n\r\n")}) {
    RawClient client(address());
    const uint64_t before = handler_.uploaded;
    client.Send(Head("/upload/all", framing));
    client.Send(first);
    EXPECT_TRUE(Eventually([&] { return handler_.uploaded == before + 3; })) << framing;
    client.Send(second);
    const RawClient::Answer answer = client.Read();
    EXPECT_EQ(answer.body, "abcdef|6") << framing;
    EXPECT_EQ(answer.Header("Connection"), "") << framing;
    // The body was read to its end: the connection goes on.
    client.Send(Head("/p", "Content-Length: 1") + "x");
    EXPECT_EQ(client.Read().body, "POST /p x") << framing;
  }
}

TEST_F(ArrivingBodyTest, AHandlerThatStreamsNothingIsNotAskedEveryTime) {
  Serve();
  for (const bool may_stream : {true, false}) {
    handler_.may_stream = may_stream;
    handler_.asked = 0;
    RawClient client(address());
    client.Send(Head("/p", "Content-Length: 1") + "x");
    EXPECT_EQ(client.Read().body, "POST /p x");
    EXPECT_EQ(handler_.asked, may_stream ? 1 : 0);
  }
}

TEST_F(ArrivingBodyTest, EverySplitReadsTheSame) {
  Serve();
  const std::string all = Head("/upload/all", "Transfer-Encoding: chunked") +
                          "3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: t\r\n\r\n" + Head("/upload/all", "Content-Length: 3") +
                          "fgh" + Head("/p", "Content-Length: 1") + "i";
  for (size_t split = 1; split < all.size(); ++split) {
    RawClient client(address());
    client.Send(absl::string_view(all).substr(0, split));
    client.Send(absl::string_view(all).substr(split));
    ASSERT_EQ(client.Read().body, "abcde|5") << split;
    ASSERT_EQ(client.Read().body, "fgh|3") << split;
    ASSERT_EQ(client.Read().body, "POST /p i") << split;
  }
}

TEST_F(ArrivingBodyTest, TheLimitOfBodiesDoesNotBoundAStream) {
  Limits limits;
  limits.body_bytes = 100;
  Serve(limits);
  RawClient client(address());
  const size_t size = size_t{1} << 22;
  client.Send(Head("/upload/all", absl::StrCat("Content-Length: ", size)));
  EXPECT_TRUE(client.Send(std::string(size, 'x')));
  EXPECT_EQ(client.Read().status, 200);
  EXPECT_EQ(handler_.uploaded, size);
}

TEST_F(ArrivingBodyTest, ContinuesWhenTheBodyIsRead) {
  Serve();
  RawClient wanted(address());
  wanted.Send(Head("/upload/all", "Content-Length: 3\r\nExpect: 100-continue"));
  EXPECT_EQ(wanted.Read().status, 100);
  wanted.Send("abc");
  EXPECT_EQ(wanted.Read().body, "abc|3");

  RawClient unwanted(address());
  unwanted.Send(Head("/upload/none", "Content-Length: 3\r\nExpect: 100-continue"));
  EXPECT_TRUE(Eventually([&] { return handler_.Waiting() == 1; }));
  handler_.Release();
  const RawClient::Answer answer = unwanted.Read();
  EXPECT_EQ(answer.body, "not read");
  EXPECT_EQ(answer.Header("Connection"), "close");
}

TEST_F(ArrivingBodyTest, ABodyThatIsNotReadStallsItsClient) {
  Serve();
  RawClient client(address());
  const size_t size = size_t{64} << 20;
  client.Send(Head("/upload/none", absl::StrCat("Content-Length: ", size)));
  EXPECT_TRUE(Eventually([&] { return handler_.Waiting() == 1; }));
  EXPECT_LT(SendUntilStalled(client, size), size);
  handler_.Release();
  // The answer comes although the rest is not read.
  const RawClient::Answer answer = client.Read();
  EXPECT_EQ(answer.body, "not read");
  EXPECT_EQ(answer.Header("Connection"), "close");
}

TEST_F(ArrivingBodyTest, AnEarlyAnswerEndsTheConnection) {
  Serve();
  RawClient client(address());
  client.Send(Head("/upload/one", "Content-Length: 1000") + "abc");
  const RawClient::Answer answer = client.Read();
  EXPECT_EQ(answer.body, "abc|3");
  EXPECT_EQ(answer.Header("Connection"), "close");
}

TEST_F(ArrivingBodyTest, AClientThatLeavesIsNoticedThoughNobodyReads) {
  Serve();
  for (const bool resets : {false, true}) {
    const int before = handler_.cancelled;
    RawClient client(address());
    // More than is read ahead, less than the kernel takes: the end stands behind what is not read.
    client.Send(Head("/upload/none", "Content-Length: 1000000") + std::string(100000, 'x'));
    EXPECT_TRUE(Eventually([&] { return handler_.Waiting() > 0; }));
    resets ? client.Reset() : client.Close();
    EXPECT_TRUE(Eventually([&] { return handler_.cancelled == before + 1; })) << resets;
    handler_.Forget();
  }
}

TEST_F(ArrivingBodyTest, AClientThatLeavesEndsTheReading) {
  Serve();
  for (const bool resets : {false, true}) {
    const int before = handler_.failed_uploads;
    RawClient client(address());
    client.Send(Head("/upload/all", "Content-Length: 10") + "abc");
    resets ? client.Reset() : client.Close();
    EXPECT_TRUE(Eventually([&] { return handler_.failed_uploads == before + 1; })) << resets;
  }
}

TEST_F(ArrivingBodyTest, ASilentClientIsTold) {
  Limits limits;
  limits.idle_time = milliseconds(100);
  Serve(limits);
  RawClient client(address());
  client.Send(Head("/upload/all", "Content-Length: 10") + "abc");
  EXPECT_EQ(client.Read().status, 408);
  EXPECT_TRUE(client.Closed());
}

TEST_F(ArrivingBodyTest, MalformedChunksAreAnError) {
  Serve();
  RawClient client(address());
  client.Send(Head("/upload/all", "Transfer-Encoding: chunked") + "3\r\nabcd");
  EXPECT_EQ(client.Read().status, 400);
  EXPECT_TRUE(client.Closed());
}

}  // namespace
}  // namespace portico::http
