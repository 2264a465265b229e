// Where http2_transport goes: names, Unix sockets, servers that go and come, and its own end.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/http2_transport.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/test_server.h"

namespace portico::upstream {
namespace {

using absl::StatusCode;

class Http2ReachTest : public CallingTest {
 protected:
  std::unique_ptr<Transport> Connect(const std::string& address, const Http2Options& options = {}) {
    factories_.push_back(std::make_unique<Http2TransportFactory>(options));
    return *factories_.back()->Create(worker(), address, {});
  }
  // Calls until one is answered.
  bool Answered(Transport& transport) {
    const net::Deadline end = In(8000);
    while (net::Clock::now() < end) {
      if (Call(transport, "echo:x").ok()) return true;
    }
    return false;
  }

  std::vector<std::unique_ptr<Http2TransportFactory>> factories_;
};

TEST_F(Http2ReachTest, TheSystemKnowsLocalhost) {
  TestServer server;
  auto transport = Connect("localhost:" + std::to_string(server.port()));
  EXPECT_TRUE(Answered(*transport));
}

TEST_F(Http2ReachTest, UnixSockets) {
  const std::string path = ::testing::TempDir() + "portico_http2_" + std::to_string(::getpid()) + ".sock";
  TestServer server("unix:" + path, grpc::InsecureServerCredentials());
  for (const std::string& address : {"unix:" + path, "unix://" + path}) {
    auto transport = Connect(address);
    const absl::StatusOr<rpc::Reply> reply = Call(*transport, "echo:x");
    EXPECT_TRUE(reply.ok()) << address << ": " << reply.status();
  }
  EXPECT_EQ(Call(*Connect("unix:" + path + ".none"), "echo:x").status().code(), StatusCode::kUnavailable);
}

TEST_F(Http2ReachTest, ATransportThatGoesLetsItsCallsEnd) {
  TestServer server;
  {
    auto transport = Connect(server.address());
    ASSERT_TRUE(Call(*transport, "echo:x").ok());
    constexpr size_t kCalls = 20;
    rpc::Context context(worker(), In(10000));
    std::vector<Result> replies(kCalls);
    for (Result& reply : replies) Begin(*transport, "big:300000", context, reply);
    bool begun = false;  // as all that was spawned before
    worker().Post([&] { begun = true; });
    ASSERT_TRUE(RunUntil([&] { return begun; }));
    ASSERT_TRUE(std::none_of(replies.begin(), replies.end(), [](const Result& reply) { return reply.has_value(); }));
    transport.reset();
    ASSERT_TRUE(RunUntil([&] {
      return std::all_of(replies.begin(), replies.end(), [](const Result& reply) { return reply.has_value(); });
    }));
    for (const Result& reply : replies) EXPECT_TRUE(reply->ok()) << reply->status();
  }
}

TEST_F(Http2ReachTest, AttemptsGoOnByThemselvesWithGrowingPauses) {
  auto server = std::make_unique<TestServer>();
  const int port = server->port();
  auto transport = Connect(server->address());
  ASSERT_TRUE(Call(*transport, "echo:x").ok());
  server->Stop();
  ASSERT_TRUE(RunUntil([&] { return !transport->reachable(); }));
  // Nobody calls; it comes back all the same.
  TestServer again(port);
  EXPECT_TRUE(RunUntil([&] { return transport->connected(); }));
  EXPECT_EQ(again.calls(), 0);
}

TEST_F(Http2ReachTest, TheFirstCallAfterTheBackoffsPatienceFindsAServerThatIsBack) {
  auto server = std::make_unique<TestServer>();
  const int port = server->port();
  Http2Options options;
  options.first_backoff = options.last_backoff = std::chrono::hours(1);  // so that only calls try
  auto transport = Connect(server->address(), options);
  ASSERT_TRUE(Call(*transport, "echo:x").ok());
  server->Stop();
  ASSERT_TRUE(RunUntil([&] { return !transport->reachable() && !Call(*transport, "echo:x").ok(); }));
  TestServer again(port);
  EXPECT_TRUE(Answered(*transport));
}

}  // namespace
}  // namespace portico::upstream
