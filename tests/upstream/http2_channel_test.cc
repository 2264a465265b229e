// The way to one server, and who holds what on it: calls that call again from where they end, that wait, and that
// outlive their transport.

#include "gateway/upstream/http2_channel.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/upstream/grpc_status.h"
#include "gateway/upstream/http2_transport.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/misbehaving_server.h"

namespace portico::upstream {
namespace {

using absl::StatusCode;

class Http2ChannelTest : public CallingTest {
 protected:
  static std::shared_ptr<Http2Peer> At(const std::string& host, int port) {
    auto peer = std::make_shared<Http2Peer>();
    peer->endpoint.host = host;
    peer->endpoint.port = port;
    peer->authority = "test";
    return peer;
  }
  // A call that is under way in the channel, or waits there.
  boost::intrusive_ptr<Http2Call> Ask(const std::shared_ptr<Http2Channel>& channel, const std::string& request) {
    const boost::intrusive_ptr<Http2Call> call(
        new Http2Call(channel, Http2Call::Kind::kUnary, method_, metadata_, In(9000)));
    call->Start(rpc::Payload::Copy(request));
    return call;
  }

  const rpc::Metadata metadata_;
};

// A call, and another one from where the first one ended.
Async<void> CallTwice(Transport& transport, const rpc::Method& method, rpc::Context& context,
                      std::optional<absl::Status>& first, std::optional<absl::Status>& second) {
  first = (co_await transport.Call(method, rpc::Payload::Copy("x"), context)).status();
  second = (co_await transport.Call(method, rpc::Payload::Copy("x"), context)).status();
}

// A server that keeps saying goodbye and keeps its calls: one connection more than are kept ends the oldest one's
// calls, whose callers call again at once, while the channel has no connection.
TEST_F(Http2ChannelTest, WhoeverCallsAgainWhenAnOldConnectionIsClosedFindsANewOne) {
  constexpr int kConnections = 9;
  constexpr int kCallsEach = 3;
  MisbehavingServer server([&](RawPeer& peer, int number) {
    peer.Greet();
    if (number < kConnections) {
      for (int i = 0; i < kCallsEach; ++i) {
        if (peer.Request() == 0) return;
      }
      peer.Goaway(0x7fffffff, 0);
      peer.AwaitEnd();
    }
    peer.Serve();
  });
  Http2TransportFactory factory;
  const auto transport = *factory.Create(worker(), server.address(), {});
  rpc::Context context(worker(), In(9000));
  std::vector<std::optional<absl::Status>> first(kConnections * kCallsEach), second(first.size());
  for (int i = 0; i < kConnections; ++i) {
    for (int j = 0; j < kCallsEach; ++j) {
      const auto at = static_cast<size_t>(i * kCallsEach + j);
      worker().Spawn(CallTwice(*transport, method_, context, first[at], second[at]));
    }
    ASSERT_TRUE(RunUntil([&] { return server.connections() >= i + 2; })) << i;
  }
  ASSERT_TRUE(RunUntil([&] {
    return std::all_of(second.begin(), second.begin() + kCallsEach,
                       [](const auto& ended) { return ended.has_value(); });
  }));
  for (size_t i = 0; i < kCallsEach; ++i) {
    EXPECT_EQ(first[i]->code(), StatusCode::kUnavailable) << *first[i];
    EXPECT_TRUE(second[i]->ok()) << *second[i];
  }
  context.Cancel();
  ASSERT_TRUE(RunUntil(
      [&] { return std::all_of(second.begin(), second.end(), [](const auto& ended) { return ended.has_value(); }); }));
}

// The last call has the last reference to all of it.
TEST_F(Http2ChannelTest, ATransportThatGoesLeavesItsCallInPeaceUntilTheServerEndsIt) {
  const struct {
    const char* name;
    std::function<void(RawPeer& peer, uint32_t stream)> end;
    StatusCode expected;
  } cases[] = {
      {"an answer", [](RawPeer& peer, uint32_t stream) { peer.Reply(stream, "right"); }, StatusCode::kOk},
      {"a reset", [](RawPeer& peer, uint32_t stream) { peer.Reset(stream, 2); }, StatusCode::kInternal},
      {"a goodbye", [](RawPeer& peer, uint32_t) { peer.Goaway(0, 2); }, StatusCode::kUnavailable},
      {"a close", [](RawPeer& peer, uint32_t) { peer.Close(); }, StatusCode::kUnavailable},
      {"garbage", [](RawPeer& peer, uint32_t) { peer.Send("this is no HTTP/2"); }, StatusCode::kUnavailable},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    std::atomic<bool> asked{false}, gone{false};
    MisbehavingServer server([&](RawPeer& peer, int number) {
      peer.Greet();
      const uint32_t stream = peer.Request();
      if (number > 0) return;
      asked = true;
      gone.wait(false);
      each.end(peer, stream);
      peer.AwaitEnd();
    });
    Http2TransportFactory factory;
    auto transport = *factory.Create(worker(), server.address(), {});
    rpc::Context context(worker(), In(9000));
    Result reply;
    Begin(*transport, "x", context, reply);
    EXPECT_TRUE(RunUntil([&] { return asked.load(); }));
    transport.reset();
    bool let_go = false;  // as all that was posted before
    worker().Post([&] { let_go = true; });
    EXPECT_TRUE(RunUntil([&] { return let_go; }));
    gone = true;
    gone.notify_all();
    ASSERT_TRUE(RunUntil([&] { return reply.has_value(); }));
    EXPECT_EQ(reply->status().code(), each.expected) << reply->status();
  }
}

TEST_F(Http2ChannelTest, ACallThatHasEndedWaitsNoMore) {
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet({{3, 1}});  // one call at a time
    peer.AwaitEnd();
  });
  const std::string address = server.address();
  const int port = std::stoi(address.substr(address.find(':') + 1));
  const auto channel = std::make_shared<Http2Channel>(worker(), At("127.0.0.1", port), TransportOptions());
  const auto running = Ask(channel, "x");
  ASSERT_TRUE(RunUntil([&] { return channel->connected(); }));
  std::vector<boost::intrusive_ptr<Http2Call>> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(Ask(channel, std::string(1 << 20, 'x')));
  ASSERT_EQ(channel->waiting(), 3u);
  for (const size_t i : {1u, 0u, 2u}) {
    calls[i]->Abort(Cancelled());
    EXPECT_TRUE(calls[i]->ended());
  }
  EXPECT_EQ(channel->waiting(), 0u);
  EXPECT_FALSE(running->ended());
  running->Abort(Cancelled());
}

// "localhost", in a way that does not depend on /etc/hosts: a look-up without a name knows ::1 and 127.0.0.1.
TEST_F(Http2ChannelTest, ANamesSecondAddressIsReachedWhenTheFirstIsSilent) {
  MisbehavingServer server([&](RawPeer& peer, int) {
    peer.Greet();
    peer.Serve();
  });
  const std::string address = server.address();
  const int port = std::stoi(address.substr(address.find(':') + 1));
  // Takes connections, as far as a client can see, and says nothing.
  const int silent = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 where{};
  where.sin6_family = AF_INET6;
  where.sin6_addr = in6addr_loopback;
  where.sin6_port = htons(static_cast<uint16_t>(port));
  if (silent < 0 || ::bind(silent, reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0 ||
      ::listen(silent, 16) != 0) {
    if (silent >= 0) ::close(silent);
    GTEST_SKIP() << "no ::1 here";
  }
  const auto peer = At("", port);
  peer->options.connect_time = std::chrono::milliseconds(200);
  const auto channel = std::make_shared<Http2Channel>(worker(), peer, TransportOptions());
  const auto call = Ask(channel, "x");  // asks for a connection
  EXPECT_TRUE(RunUntil([&] { return channel->connected() && call->ended(); }));
  const auto later = Ask(channel, "x");
  EXPECT_TRUE(RunUntil([&] { return later->ended(); }));
  EXPECT_TRUE(later->status().ok()) << later->status();
  ::close(silent);
}

}  // namespace
}  // namespace portico::upstream
