// gRPC over HTTP/2 against servers that break a rule each: the call that it is about ends with the right status, in
// bounded time, and no other one is harmed.

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/rpc/status.h"
#include "gateway/upstream/http2_transport.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/misbehaving_server.h"

namespace portico::upstream {
namespace {

using absl::StatusCode;
using ::testing::Each;

// What a deed costs.
enum Cost {
  kItsCall,
  kItsUnaryCall,   // a stream may be answered so
  kItsConnection,  // what else is on it is UNAVAILABLE
};

struct Misdeed {
  std::string name;
  StatusCode code;
  int http_status;
  // What the server does with a call, whose only good messages are "x".
  std::function<void(RawPeer& peer, uint32_t stream)> deed;
  Cost cost = kItsCall;
};

// More than nghttp2 is willing to answer at once.
constexpr int kFlood = 20000;

const std::string kHalfAMessage("\0\0\0\0\x09half", 9);

// A frame that ends before its payload does.
std::string HalfAFrame(uint8_t type, uint32_t stream, const std::string& payload) {
  return RawPeer::Number(100).substr(1) + static_cast<char>(type) + std::string(1, '\0') + RawPeer::Number(stream) +
         payload;
}

using Fields = RawPeer::Fields;

std::vector<Misdeed> Misdeeds() {
  return {
      {"HalfAFrameHead", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t) {
         p.Send(std::string("\0\0\x10\0", 4));
         p.Close();
       },
       kItsConnection},
      {"HalfAFrameOfHeaders", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t s) {
         p.Send(HalfAFrame(RawPeer::kHeaders, s, "\x88"));
         p.Close();
       },
       kItsConnection},
      {"HalfAFrameOfData", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.Send(HalfAFrame(RawPeer::kData, s, kHalfAMessage));
         p.Close();
       },
       kItsConnection},
      {"HalfAFrameAndSilence", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.Send(HalfAFrame(RawPeer::kData, s, kHalfAMessage));
         p.AwaitEnd();
       },
       kItsConnection},
      {"AFloodOfSettings", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t) {
         for (int i = 0; i < kFlood; ++i) p.SendSettings({{4, 1000}});
         p.Close();
       },
       kItsConnection},
      {"AFloodOfContinuations", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t s) {
         p.SendFrame(RawPeer::kHeaders, 0, s, "");
         for (int i = 0; i < kFlood; ++i) p.SendFrame(RawPeer::kContinuation, 0, s, "");
         p.Close();
       },
       kItsConnection},
      {"AFloodOfFieldsInContinuations", StatusCode::kResourceExhausted, 502,
       [](RawPeer& p, uint32_t s) {
         // ":status: 200" (RFC 7541, appendix A), and then literals without end.
         p.SendFrame(RawPeer::kHeaders, 0, s, "\x88");
         const std::string field = std::string("\0\1a\x7f\x81\x7d", 6) + std::string(16128, 'x');
         for (int i = 0; i < 100; ++i) p.SendFrame(RawPeer::kContinuation, 0, s, field);
         p.Close();
       },
       kItsConnection},
      {"AMaxFrameSizeThatIsNone", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t) {
         p.SendSettings({{5, 100}});
         p.AwaitEnd();
       },
       kItsConnection},
      {"AWindowThatIsNone", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t) {
         p.SendSettings({{4, 0x80000000}});
         p.AwaitEnd();
       },
       kItsConnection},
      {"ResetWithCancel", StatusCode::kCancelled, 499, [](RawPeer& p, uint32_t s) { p.Reset(s, 8); }},
      {"ResetWithInternalError", StatusCode::kInternal, 502, [](RawPeer& p, uint32_t s) { p.Reset(s, 2); }},
      {"ResetWithNoError", StatusCode::kInternal, 502, [](RawPeer& p, uint32_t s) { p.Reset(s, 0); }},
      {"ResetToCalmDown", StatusCode::kResourceExhausted, 429, [](RawPeer& p, uint32_t s) { p.Reset(s, 11); }},
      {"ResetForSecurity", StatusCode::kPermissionDenied, 403, [](RawPeer& p, uint32_t s) { p.Reset(s, 12); }},
      {"ResetWithAnUnknownCode", StatusCode::kInternal, 502, [](RawPeer& p, uint32_t s) { p.Reset(s, 0xdead); }},
      {"ResetInMidMessage", StatusCode::kInternal, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.SendFrame(RawPeer::kData, 0, s, kHalfAMessage);
         p.Reset(s, 2);
       }},
      {"EndInMidMessage", StatusCode::kInternal, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.SendFrame(RawPeer::kData, 0, s, kHalfAMessage);
         p.SendTrailers(s);
       }},
      {"OkWithoutMessage", StatusCode::kInternal, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.SendTrailers(s);
       },
       kItsUnaryCall},
      {"TwoMessages", StatusCode::kInternal, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.SendMessage(s, "one");
         p.SendMessage(s, "two");
       },
       kItsUnaryCall},
      {"MissingTrailers", StatusCode::kUnknown, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.SendMessage(s, "x");
         p.SendFrame(RawPeer::kData, RawPeer::kEndStream, s, "");
       }},
      {"TrailersWithoutStatus", StatusCode::kUnknown, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.SendMessage(s, "x");
         p.SendHeaders(s, {{"cost", "7"}}, true);
       }},
      {"StatusOutOfRange", StatusCode::kUnknown, 500,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.SendTrailers(s, "99");
       }},
      {"StatusThatIsNoNumber", StatusCode::kUnknown, 500,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.SendTrailers(s, "fine");
       }},
      {"WrongContentType", StatusCode::kUnknown, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHeaders(s, {{":status", "200"}, {"content-type", "text/html"}}, false);
         p.SendFrame(RawPeer::kData, RawPeer::kEndStream, s, "<html>");
       }},
      {"Http503", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t s) {
         p.SendHeaders(s, {{":status", "503"}, {"content-type", "text/plain"}}, false);
         p.SendFrame(RawPeer::kData, RawPeer::kEndStream, s, "overloaded");
       }},
      {"Http404", StatusCode::kUnimplemented, 501,
       [](RawPeer& p, uint32_t s) {
         p.SendHeaders(s, Fields{{":status", "404"}}, true);
       }},
      {"Http401", StatusCode::kUnauthenticated, 401,
       [](RawPeer& p, uint32_t s) {
         p.SendHeaders(s, Fields{{":status", "401"}}, true);
       }},
      {"StatusWinsOverHttp", StatusCode::kNotFound, 404,
       [](RawPeer& p, uint32_t s) {
         p.SendHeaders(s, Fields{{":status", "503"}, {"grpc-status", "5"}}, true);
       }},
      {"HugeHeaders", StatusCode::kResourceExhausted, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHeaders(s,
                       {{":status", "200"},
                        {"content-type", "application/grpc"},
                        {"a", std::string(20000, 'x')},
                        {"b", std::string(20000, 'x')},
                        {"c", std::string(20000, 'x')},
                        {"d", std::string(20000, 'x')}},
                       false);
       }},
      {"GiantMessage", StatusCode::kResourceExhausted, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.SendFrame(RawPeer::kData, 0, s, std::string("\0\xff\xff\xff\xff", 5) + "xxx");
       }},
      {"CompressedWithoutEncoding", StatusCode::kInternal, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHead(s);
         p.SendFrame(RawPeer::kData, 0, s, std::string("\1\0\0\0\3abc", 8));
       }},
      {"CompressedGarbage", StatusCode::kInternal, 502,
       [](RawPeer& p, uint32_t s) {
         p.SendHeaders(s, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-encoding", "gzip"}}, false);
         p.SendFrame(RawPeer::kData, 0, s, std::string("\1\0\0\0\3abc", 8));
       }},
      {"GoawayAndSilence", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t) {
         p.Goaway(0x7fffffff, 2);
         p.AwaitEnd();
       },
       kItsConnection},
      {"GarbageBytes", StatusCode::kUnavailable, 503,
       [](RawPeer& p, uint32_t) { p.Send("HTTP/1.1 400 Bad Request\r\n\r\nthis is no HTTP/2 at all"); },
       kItsConnection},
      {"DataBeforeTheHead", StatusCode::kUnavailable, 503, [](RawPeer& p, uint32_t s) { p.SendMessage(s, "x"); },
       kItsConnection},
      {"WindowOverflow", StatusCode::kInternal, 502,
       [](RawPeer& p, uint32_t s) { p.SendFrame(RawPeer::kWindow, 0, s, RawPeer::Number(0x7fffffff)); }}};
}

enum class Kind { kUnary, kStreaming };

class MisdeedTest : public CallingTest, public ::testing::WithParamInterface<std::tuple<Misdeed, Kind>> {
 protected:
  static Http2Options Options() {
    Http2Options options;
    options.connect_time = std::chrono::seconds(60);  // busy machines take their time
    options.keepalive_after = options.keepalive_timeout = std::chrono::milliseconds(1400);
    return options;
  }
  std::unique_ptr<Transport> Connect(const MisbehavingServer& server) {
    return *factory_.Create(worker(), server.address(), {});
  }

  struct Ended {
    std::vector<std::string> messages;
    std::optional<absl::Status> status;
  };
  // Says one message, and hears the answers to the end.
  static Async<void> Stream(Transport& transport, const rpc::Method& method, rpc::Context& context, Ended& ended) {
    const auto stream = co_await transport.Open(method, context);
    (void)co_await (*stream)->Write(rpc::Payload::Copy("go"));
    (void)co_await (*stream)->CloseWrite();
    co_await ReadAll(**stream, ended);
  }
  static Async<void> ReadAll(rpc::Stream& stream, Ended& ended) {
    std::string message;
    while (true) {
      const absl::StatusOr<bool> more = co_await stream.Read(&message);
      if (!more.ok() || !*more) {
        ended.status = more.status();
        co_return;
      }
      ended.messages.push_back(message);
    }
  }
  static Async<void> Unary(Transport& transport, const rpc::Method& method, rpc::Context& context, Ended& ended) {
    const absl::StatusOr<rpc::Reply> reply = co_await transport.Call(method, rpc::Payload::Copy("go"), context);
    ended.status = reply.status();
  }

  Http2TransportFactory factory_{Options()};
};

// Three calls at the same time: the first gets the status the deed calls for, a second one on the same connection an
// answer unless that is gone, and one to another server an answer in any case. So does a later call, wherever.
TEST_P(MisdeedTest, EndsItsCallAndNoOther) {
  const auto& [misdeed, kind] = GetParam();
  if (misdeed.cost == kItsUnaryCall && kind == Kind::kStreaming) return;
  MisbehavingServer server([&, deed = misdeed.deed](RawPeer& peer, int number) {
    peer.Greet();
    if (number == 0) {
      const uint32_t one = peer.Request(), two = peer.Request();
      if (one == 0 || two == 0) return;
      deed(peer, std::min(one, two));
      peer.Reply(std::max(one, two), "right");
    }
    peer.Serve();
  });
  MisbehavingServer good([](RawPeer& peer, int) {
    peer.Greet();
    peer.Serve();
  });
  const auto transport = Connect(server), other = Connect(good);
  rpc::Context context(worker(), In(9000));
  Ended first;
  worker().Spawn(kind == Kind::kUnary ? Unary(*transport, method_, context, first)
                                      : Stream(*transport, method_, context, first));
  Result second, elsewhere;
  Begin(*transport, "x", context, second);
  Begin(*other, "x", context, elsewhere);
  ASSERT_TRUE(RunUntil([&] { return first.status.has_value() && second.has_value() && elsewhere.has_value(); }));

  EXPECT_EQ(first.status->code(), misdeed.code) << *first.status;
  EXPECT_EQ(rpc::HttpStatusOf(*first.status), misdeed.http_status) << *first.status;
  EXPECT_THAT(first.messages, Each("x"));
  if (misdeed.cost == kItsConnection) {
    EXPECT_EQ(second->status().code(), StatusCode::kUnavailable) << second->status();
  } else {
    EXPECT_TRUE(second->ok()) << second->status();
  }
  EXPECT_TRUE(elsewhere->ok()) << elsewhere->status();

  absl::Status later = absl::UnknownError("not called");
  const net::Deadline end = In(3000);
  while (!later.ok() && net::Clock::now() < end) later = Call(*transport, "x").status();
  EXPECT_TRUE(later.ok()) << later;
  EXPECT_EQ(good.connections(), 1);
}

INSTANTIATE_TEST_SUITE_P(Misdeeds, MisdeedTest,
                         ::testing::Combine(::testing::ValuesIn(Misdeeds()),
                                            ::testing::Values(Kind::kUnary, Kind::kStreaming)),
                         [](const auto& param) {
                           return std::get<0>(param.param).name +
                                  (std::get<1>(param.param) == Kind::kUnary ? "" : "InAStream");
                         });

}  // namespace
}  // namespace portico::upstream
