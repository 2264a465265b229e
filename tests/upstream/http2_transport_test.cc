// gRPC over HTTP/2 against a server that does what the protocol allows, and a gRPC server rarely does; what it does not
// allow is in http2_misdeeds_test.cc.

#include "gateway/upstream/http2_transport.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/status.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/misbehaving_server.h"

namespace portico::upstream {
namespace {

using absl::StatusCode;
using ::testing::Contains;
using ::testing::Pair;

Http2Options Within(Http2Options::Duration connect, Http2Options::Duration silence) {
  Http2Options options;
  options.connect_time = connect;
  options.keepalive_after = options.keepalive_timeout = silence;
  return options;
}

// For tests that wait until a time is over; the others keep within theirs on a busy machine, too.
constexpr std::chrono::milliseconds kShort(200);

class Http2TransportTest : public CallingTest {
 protected:
  std::unique_ptr<Transport> Connect(const std::string& address, TransportOptions options = {}) {
    return *factory_.Create(worker(), address, options);
  }
  std::unique_ptr<Transport> Connect(const MisbehavingServer& server, TransportOptions options = {}) {
    return Connect(server.address(), options);
  }

  explicit Http2TransportTest(const Http2Options& options = Within(300 * kShort, 7 * kShort)) : factory_(options) {}

  Http2TransportFactory factory_;
};

class Http2TimesTest : public Http2TransportTest {
 protected:
  Http2TimesTest() : Http2TransportTest(Within(kShort, kShort)) {}
};

TEST_F(Http2TransportTest, RefusedAndUnseenCallsAreSentAgain) {
  std::atomic<int> refused{0};
  MisbehavingServer server([&](RawPeer& peer, int number) {
    peer.Greet();
    if (number == 0) {
      peer.Reset(peer.Request(), 7);  // REFUSED_STREAM
      ++refused;
      if (peer.Request() != 0) peer.Goaway(1, 0);  // the second try was not seen
      peer.AwaitEnd();
      return;
    }
    peer.Serve();
  });
  auto transport = Connect(server);
  const absl::StatusOr<rpc::Reply> reply = Call(*transport, "x");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->message, "right");
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(Http2TransportTest, WhoeverRefusesForEverIsUnavailable) {
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet();
    while (const uint32_t stream = peer.Request()) peer.Reset(stream, 7);
  });
  auto transport = Connect(server);
  EXPECT_EQ(Call(*transport, "x").status().code(), StatusCode::kUnavailable);
}

TEST_F(Http2TransportTest, ACallThatTheServerKeepsEndsOnTheOldConnectionAfterGoaway) {
  MisbehavingServer server([&](RawPeer& peer, int number) {
    peer.Greet();
    const uint32_t stream = peer.Request();
    if (number == 0) {
      peer.Goaway(stream, 0);
      peer.Reply(stream, "from the old one");
    } else if (stream != 0) {
      peer.Reply(stream, "from the new one");
    }
    peer.AwaitEnd();
  });
  auto transport = Connect(server);
  EXPECT_EQ(Call(*transport, "x")->message, "from the old one");
  EXPECT_EQ(Call(*transport, "x")->message, "from the new one");
}

// A gRPC server cancels what arrives while it shuts down. That is no client who has left.
TEST_F(Http2TransportTest, WhatAServerCancelsAfterGoawayIsUnavailable) {
  struct Case {
    const char* name;
    std::function<void(RawPeer& peer, uint32_t stream)> end;
  };
  const Case cases[] = {
      {"a status without a head",
       [](RawPeer& peer, uint32_t stream) {
         peer.SendHeaders(stream,
                          {{":status", "200"},
                           {"content-type", "application/grpc"},
                           {"grpc-status", "1"},
                           {"grpc-message", "CANCELLED"}},
                          true);
       }},
      {"a status after a head",
       [](RawPeer& peer, uint32_t stream) {
         peer.SendHead(stream);
         peer.SendTrailers(stream, "1");
       }},
      {"a reset", [](RawPeer& peer, uint32_t stream) { peer.Reset(stream, 8); }},
  };
  for (const Case& each : cases) {
    for (const bool goaway : {true, false}) {
      SCOPED_TRACE(absl::StrCat(each.name, goaway ? " after GOAWAY" : ""));
      MisbehavingServer server([&](RawPeer& peer, int) {
        peer.Greet();
        const uint32_t stream = peer.Request();
        if (goaway) peer.Goaway(0x7fffffff, 0);
        each.end(peer, stream);
        peer.AwaitEnd();
      });
      auto transport = Connect(server);
      EXPECT_EQ(Call(*transport, "x").status().code(), goaway ? StatusCode::kUnavailable : StatusCode::kCancelled);
    }
  }
}

TEST_F(Http2TransportTest, AConnectionLostInMidCallMakesItUnavailable) {
  MisbehavingServer server([&](RawPeer& peer, int number) {
    peer.Greet();
    const uint32_t stream = peer.Request();
    if (number > 0 && stream != 0) {
      peer.Reply(stream, "right");
      peer.Serve();
    }
  });
  auto transport = Connect(server);
  EXPECT_EQ(Call(*transport, "x").status().code(), StatusCode::kUnavailable);
  absl::Status later = absl::UnknownError("not called");
  const net::Deadline end = In(3000);
  while (!later.ok() && net::Clock::now() < end) later = Call(*transport, "x").status();
  EXPECT_TRUE(later.ok()) << later;
}

TEST_F(Http2TimesTest, ASilentServerIsGivenUp) {
  MisbehavingServer server([&](RawPeer& peer, int) { peer.AwaitEnd(); });
  auto transport = Connect(server);
  const net::Deadline begin = net::Clock::now();
  EXPECT_EQ(Call(*transport, "x").status().code(), StatusCode::kUnavailable);
  EXPECT_GE(net::Clock::now() - begin, kShort) << "a first attempt is waited for";
  EXPECT_FALSE(transport->reachable());
}

TEST_F(Http2TransportTest, AServerThatClosesAtOnceIsUnavailable) {
  MisbehavingServer server([](RawPeer&, int) {});
  auto transport = Connect(server);
  EXPECT_EQ(Call(*transport, "x").status().code(), StatusCode::kUnavailable);
}

TEST_F(Http2TimesTest, NoAnswerToAPingEndsTheConnection) {
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet();
    peer.AwaitEnd();
  });
  auto transport = Connect(server);
  rpc::Context context(worker(), In(9000));
  EXPECT_EQ(Call(*transport, "x", context).status().code(), StatusCode::kUnavailable);
  EXPECT_LT(net::Clock::now(), context.deadline());
}

TEST_F(Http2TimesTest, AServerThatTakesItsTimeButAnswersPingsIsWaitedFor) {
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet();
    const uint32_t stream = peer.Request();
    bool pinged = false;
    while (!pinged) {
      const auto frame = peer.Next();
      if (!frame.has_value()) return;
      pinged = frame->type == RawPeer::kPing && (frame->flags & RawPeer::kAck) == 0;
      if (pinged) peer.SendFrame(RawPeer::kPing, RawPeer::kAck, 0, frame->payload);
    }
    peer.Reply(stream, "at last");
    peer.AwaitEnd();
  });
  auto transport = Connect(server);
  const absl::StatusOr<rpc::Reply> reply = Call(*transport, "x");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->message, "at last");
}

TEST_F(Http2TransportTest, CallsWaitForTheServersLeaveToBegin) {
  constexpr uint16_t kMaxStreams = 3;
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet({{kMaxStreams, 0}});
    peer.SendFrame(RawPeer::kPing, 0, 0, "12345678");
    while (const auto frame = peer.Next()) {
      // Nothing was asked before the client had read the settings and answered the ping.
      if (frame->type == RawPeer::kHeaders) return;
      if (frame->type == RawPeer::kPing) break;
    }
    peer.SendSettings({{kMaxStreams, 1}});
    peer.Serve();
  });
  auto transport = Connect(server);
  rpc::Context context(worker(), In(5000));
  std::vector<Result> replies(5);
  for (Result& reply : replies) Begin(*transport, "x", context, reply);
  ASSERT_TRUE(RunUntil([&] {
    return std::all_of(replies.begin(), replies.end(), [](const Result& reply) { return reply.has_value(); });
  }));
  for (const Result& reply : replies) EXPECT_TRUE(reply->ok()) << reply->status();
}

TEST_F(Http2TransportTest, WaitingForLeaveCountsAgainstTheDeadline) {
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet({{3, 0}});
    peer.AwaitEnd();
  });
  auto transport = Connect(server);
  rpc::Context context(worker(), In(100));
  EXPECT_EQ(Call(*transport, "x", context).status().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(Http2TransportTest, AWindowThatShrinksBelowZeroOnlyDelays) {
  constexpr uint16_t kWindowSize = 4;
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet({{kWindowSize, 1000}});
    size_t received = 0;
    bool shrunk = false;
    while (const auto frame = peer.Next()) {
      if (frame->type == RawPeer::kSettings && (frame->flags & RawPeer::kAck) == 0) {
        peer.SendFrame(RawPeer::kSettings, RawPeer::kAck, 0, "");
      }
      if (frame->type != RawPeer::kData) continue;
      received += frame->payload.size();
      if (!shrunk) peer.SendSettings({{kWindowSize, 10}});
      shrunk = true;
      if ((frame->flags & RawPeer::kEndStream) != 0) {
        peer.Reply(frame->stream, std::to_string(received));
      } else if (received % 1000 == 0) {
        peer.SendFrame(RawPeer::kWindow, 0, frame->stream, RawPeer::Number(1990));
      }
    }
  });
  auto transport = Connect(server);
  const absl::StatusOr<rpc::Reply> reply = Call(*transport, std::string(1500, 'x'));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->message, "1505");
}

TEST_F(Http2TransportTest, SettingsMayChangeUnderACall) {
  constexpr uint16_t kTableSize = 1, kFrameSize = 5;
  constexpr size_t kLarger = 20000;
  std::atomic<bool> table_follows{false};
  std::atomic<size_t> largest{0};
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet();
    const uint32_t stream = peer.Request();
    peer.SendSettings({{kTableSize, 0}, {kFrameSize, kLarger}});
    while (const auto frame = peer.Next()) {
      if (frame->type == RawPeer::kSettings && (frame->flags & RawPeer::kAck) != 0) break;
    }
    peer.Reply(stream, "right");
    while (const auto frame = peer.Next()) {
      // A block of fields begins with the table's new size (RFC 7541, section 6.3).
      if (frame->type == RawPeer::kHeaders) table_follows = (frame->payload[0] & 0xe0) == 0x20;
      largest = std::max<size_t>(largest, frame->payload.size());
      if ((frame->flags & RawPeer::kEndStream) != 0) peer.Reply(frame->stream, "right");
    }
  });
  auto transport = Connect(server);
  EXPECT_TRUE(Call(*transport, "x").ok());
  const absl::Status later = Call(*transport, std::string(60000, 'x')).status();
  EXPECT_TRUE(later.ok()) << later;
  EXPECT_TRUE(table_follows);
  EXPECT_LE(largest, kLarger);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(Http2TransportTest, AServerThatNeverOpensItsWindowCostsItsCallOnly) {
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet({{4, 16}});
    peer.Serve();
  });
  auto transport = Connect(server);
  rpc::Context context(worker(), In(150));
  Result stalled;
  Begin(*transport, std::string(100000, 'x'), context, stalled);
  EXPECT_TRUE(Call(*transport, "small").ok());
  ASSERT_TRUE(RunUntil([&] { return stalled.has_value(); }));
  EXPECT_EQ(stalled->status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(Call(*transport, "small").ok());
}

TEST_F(Http2TransportTest, AFloodOfPingsIsAnsweredOrEnded) {
  MisbehavingServer server([&](RawPeer& peer, int number) {
    peer.Greet();
    const uint32_t stream = peer.Request();
    if (stream == 0) return;
    for (int i = 0; number == 0 && i < 20000; ++i) peer.SendFrame(RawPeer::kPing, 0, 0, "12345678");
    peer.Reply(stream, "right");
    peer.Serve();
  });
  auto transport = Connect(server);
  const absl::Status status = Call(*transport, "x").status();
  EXPECT_TRUE(status.ok() || status.code() == StatusCode::kUnavailable) << status;
  absl::Status later = absl::UnknownError("not called");
  const net::Deadline end = In(5000);
  while (!later.ok() && net::Clock::now() < end) later = Call(*transport, "x").status();
  EXPECT_TRUE(later.ok()) << later;
}

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(&out[0]);
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(Http2TransportTest, CompressedRepliesAreReadWithinTheLimit) {
  std::atomic<size_t> size{1000};
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet();
    while (const uint32_t stream = peer.Request()) {
      const std::string message = Gzip(std::string(size, 'x'));
      peer.SendHeaders(
          stream, {{":status", "200"}, {"content-type", "application/grpc+proto"}, {"grpc-encoding", "gzip"}}, false);
      peer.SendFrame(RawPeer::kData, 0, stream,
                     std::string(1, '\1') + RawPeer::Number(static_cast<uint32_t>(message.size())) + message);
      peer.SendTrailers(stream);
    }
  });
  TransportOptions options;
  options.max_reply_bytes = 100000;
  auto transport = Connect(server, options);
  EXPECT_EQ(Call(*transport, "x")->message, std::string(1000, 'x'));
  size = 100000;
  EXPECT_EQ(Call(*transport, "x")->message, std::string(100000, 'x'));
  size = 100001;
  EXPECT_EQ(Call(*transport, "x").status().code(), StatusCode::kResourceExhausted);
}

TEST_F(Http2TransportTest, InformationalHeadsAreSkippedAndBinaryMetadataDecoded) {
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet();
    const uint32_t stream = peer.Request();
    peer.SendHeaders(stream, {{":status", "103"}, {"link", "</x>"}}, false);
    peer.SendHeaders(stream, {{":status", "200"}, {"content-type", "application/grpc"}, {"key-bin", "AP8,/w"}}, false);
    peer.SendMessage(stream, "x");
    peer.SendHeaders(stream, {{"grpc-status", "5"}, {"grpc-message", "no %F0%9F%98%80 100% %zz"}}, true);
    peer.AwaitEnd();
  });
  auto transport = Connect(server);
  rpc::Context context(worker(), In(5000));
  const absl::Status status = Call(*transport, "x", context).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no \xF0\x9F\x98\x80 100% %zz");
  ASSERT_NE(context.failure_metadata(), nullptr);
  EXPECT_THAT(context.failure_metadata()->headers,
              ::testing::ElementsAre(Pair("key-bin", std::string("\0\xff", 2)), Pair("key-bin", "\xff")));
}

TEST_F(Http2TransportTest, UnusableCertificatesAreRefused) {
  TransportOptions options;
  options.tls.enabled = true;
  options.tls.ca = "no PEM";
  EXPECT_EQ(factory_.Create(worker(), "127.0.0.1:1", options).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(Http2TransportTest, AddressesThatAreNoneAreRefused) {
  for (const char* address : {"", "nowhere", "host:0", ":80", "host:port", "unix:", "xds:///x"}) {
    EXPECT_EQ(factory_.Create(worker(), address, {}).status().code(), StatusCode::kInvalidArgument) << address;
  }
}

// Opens a stream and sends its only message.
Async<void> Ask(Transport& transport, const rpc::Method& method, rpc::Context& context,
                std::unique_ptr<rpc::Stream>& asked) {
  std::unique_ptr<rpc::Stream> stream = *co_await transport.Open(method, context);
  (void)co_await stream->Write(rpc::Payload::Copy("go"));
  (void)co_await stream->CloseWrite();
  asked = std::move(stream);
}

Async<void> ReadAll(rpc::Stream& stream, std::vector<std::string>& messages, std::optional<absl::Status>& end) {
  std::string message;
  while (true) {
    const absl::StatusOr<bool> more = co_await stream.Read(&message);
    if (!more.ok() || !*more) {
      end = more.status();
      co_return;
    }
    messages.push_back(message);
  }
}

// All there is was there before anybody read: the stream had come to its good end.
TEST_F(Http2TransportTest, WhatCannotBeReadBehindAGoodMessageIsNoGoodEnd) {
  const struct {
    const char* name;
    std::string bytes;
    StatusCode code;
  } cases[] = {
      {"garbage", std::string("\1\0\0\0\3abc", 8), StatusCode::kInternal},
      {"a giant", std::string("\0\xff\xff\xff\xff", 5), StatusCode::kResourceExhausted},
      {"half a message", std::string("\0\0\0\0\3ab", 7), StatusCode::kInternal},
      {"half a prefix", std::string("\0\0", 2), StatusCode::kInternal},
      {"nothing", "", StatusCode::kOk},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    MisbehavingServer server([&](RawPeer& peer, int) {
      peer.Greet();
      const uint32_t stream = peer.Request();
      peer.SendHeaders(stream, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-encoding", "gzip"}},
                       false);
      peer.SendMessage(stream, "good");
      peer.SendFrame(RawPeer::kData, 0, stream, each.bytes);
      peer.SendTrailers(stream);
      peer.Serve();
    });
    auto transport = Connect(server);
    rpc::Context context(worker(), In(5000));
    std::unique_ptr<rpc::Stream> stream;
    worker().Spawn(Ask(*transport, method_, context, stream));
    EXPECT_TRUE(RunUntil([&] { return stream != nullptr; }));
    EXPECT_TRUE(Call(*transport, "x").ok()) << "answered behind the stream";
    std::vector<std::string> messages;
    std::optional<absl::Status> end;
    worker().Spawn(ReadAll(*stream, messages, end));
    ASSERT_TRUE(RunUntil([&] { return end.has_value(); }));
    EXPECT_THAT(messages, ::testing::ElementsAre("good"));
    EXPECT_EQ(end->code(), each.code) << *end;
  }
}

// Reads one message after the other, with the server sending as fast as it may.
Async<void> ReadSlowly(Transport& transport, const rpc::Method& method, rpc::Context& context,
                       std::atomic<size_t>& sent, size_t& most_ahead, size_t& messages,
                       std::optional<absl::Status>& end) {
  auto stream = co_await transport.Open(method, context);
  (void)co_await (*stream)->Write(rpc::Payload::Copy("go"));
  (void)co_await (*stream)->CloseWrite();
  std::string message;
  size_t bytes = 0;
  while (true) {
    const absl::StatusOr<bool> more = co_await (*stream)->Read(&message);
    if (!more.ok() || !*more) {
      end = more.status();
      co_return;
    }
    ++messages;
    bytes += message.size();
    most_ahead = std::max(most_ahead, sent > bytes ? sent - bytes : 0);
  }
}

TEST_F(Http2TransportTest, ASlowReaderOfAStreamStopsTheServer) {
  constexpr size_t kMessages = 200;
  constexpr size_t kMessage = 16000;
  std::atomic<size_t> sent{0};
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet();
    const uint32_t stream = peer.Request();
    peer.SendHead(stream);
    // Keeps to the client's window, which is announced in its settings, and grows by its updates.
    int64_t window = 256 << 10;
    for (size_t i = 0; i < kMessages; ++i) {
      while (window < static_cast<int64_t>(kMessage + 5)) {
        const auto frame = peer.Next();
        if (!frame.has_value()) return;
        if (frame->type != RawPeer::kWindow || frame->stream != stream) continue;
        const auto byte = [&](size_t at) {
          return static_cast<int64_t>(static_cast<unsigned char>(frame->payload[at]));
        };
        window += byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
      }
      peer.SendMessage(stream, std::string(kMessage, 'x'));
      window -= static_cast<int64_t>(kMessage + 5);
      sent += kMessage;
    }
    peer.SendTrailers(stream);
    peer.AwaitEnd();
  });
  auto transport = Connect(server);
  rpc::Context context(worker(), In(9000));
  size_t most_ahead = 0;
  size_t messages = 0;
  std::optional<absl::Status> end;
  worker().Spawn(ReadSlowly(*transport, method_, context, sent, most_ahead, messages, end));
  ASSERT_TRUE(RunUntil([&] { return end.has_value(); }));
  EXPECT_TRUE(end->ok()) << *end;
  EXPECT_EQ(messages, kMessages);
  EXPECT_LE(most_ahead, (256u << 10) + kMessage);
}

}  // namespace
}  // namespace portico::upstream
