// What every transport must do; each test runs against all of them.

#include "gateway/upstream/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "gateway/rpc/status.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/grpc_transport.h"
#include "gateway/upstream/http2_transport.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/test_server.h"

namespace portico::upstream {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

using MakeFactory = std::unique_ptr<TransportFactory> (*)();

std::unique_ptr<TransportFactory> MakeGrpc() {
  return std::make_unique<GrpcTransportFactory>(1);
}

std::unique_ptr<TransportFactory> MakeHttp2() {
  return std::make_unique<Http2TransportFactory>();
}

class TransportTest : public CallingTest, public ::testing::WithParamInterface<MakeFactory> {
 protected:
  TransportTest() : factory_(GetParam()()) {}

  std::unique_ptr<Transport> Connect(const std::string& address, TransportOptions options = {}) {
    return *factory_->Create(worker(), address, options);
  }

  std::unique_ptr<TransportFactory> factory_;
};

TEST_P(TransportTest, AReplyHasItsBytesMetadataAndTrailers) {
  TestServer server;
  auto transport = Connect(server.address());
  rpc::Context context(worker(), In(5000));
  context.set_metadata(std::make_shared<rpc::Metadata>(rpc::Metadata{{"x-tenant", "blue"}}));
  const absl::StatusOr<rpc::Reply> reply = Call(*transport, std::string("echo:\0\xff tail", 12), context);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->message, std::string("\0\xff tail", 7));
  EXPECT_THAT(reply->headers, Contains(Pair("seen-x-tenant", "blue")));
  EXPECT_THAT(reply->trailers, Contains(Pair("cost", "7")));
  EXPECT_THAT(reply->trailers, Contains(Pair("has-deadline", "yes")));
}

TEST_P(TransportTest, AnEmptyReplyIsAReply) {
  TestServer server;
  auto transport = Connect(server.address());
  const absl::StatusOr<rpc::Reply> reply = Call(*transport, "echo:");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->message, "");
}

TEST_P(TransportTest, EveryCodeComesBackWithMessageAndDetails) {
  TestServer server;
  auto transport = Connect(server.address());
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status = Call(*transport, "fail:" + std::to_string(code) + ":some words").status();
    EXPECT_EQ(static_cast<int>(status.code()), code);
    EXPECT_EQ(status.message(), "some words") << code;
    EXPECT_TRUE(status.GetPayload(rpc::kServiceStatusPayload).has_value()) << code;
  }
}

TEST_P(TransportTest, NobodyListening) {
  int port = 0;
  {
    TestServer gone;
    port = gone.port();
  }
  auto transport = Connect("127.0.0.1:" + std::to_string(port));
  const absl::Status status = Call(*transport, "echo:x").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("127.0.0.1"))) << "addresses are not for clients";
  EXPECT_FALSE(transport->reachable());
}

TEST_P(TransportTest, ARestartedServerIsFoundAgain) {
  auto server = std::make_unique<TestServer>();
  const int port = server->port();
  auto transport = Connect(server->address());
  ASSERT_TRUE(Call(*transport, "echo:x").ok());
  server->Stop();
  EXPECT_EQ(Call(*transport, "echo:x").status().code(), absl::StatusCode::kUnavailable);
  TestServer again(port);
  const net::Deadline end = In(8000);
  absl::Status status = absl::UnavailableError("not tried");
  while (!status.ok() && net::Clock::now() < end) status = Call(*transport, "echo:x").status();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_P(TransportTest, TheDeadlineEndsACallAndTellsTheServer) {
  TestServer server;
  auto transport = Connect(server.address());
  rpc::Context context(worker(), In(50));
  EXPECT_EQ(Call(*transport, "hang", context).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(server.WaitForCancelled(1));
}

TEST_P(TransportTest, CancellingEndsACallAndTellsTheServer) {
  TestServer server;
  auto transport = Connect(server.address());
  rpc::Context context(worker(), In(5000));
  std::optional<absl::StatusOr<rpc::Reply>> reply;
  worker().Spawn(RunCall(*transport, method_, rpc::Payload::Copy("hang"), context, reply));
  ASSERT_TRUE(RunUntil([&] {
    worker().Post([] {});
    return server.calls() == 1;
  }));
  context.Cancel();
  ASSERT_TRUE(RunUntil([&] { return reply.has_value(); }));
  EXPECT_EQ(reply->status().code(), absl::StatusCode::kCancelled);
  // Long before the server would end it by its deadline.
  const net::Deadline before = net::Clock::now();
  EXPECT_TRUE(RunUntil([&] {
    worker().Post([] {});
    return server.cancelled() == 1;
  }));
  EXPECT_LT(net::Clock::now() - before, std::chrono::seconds(4));
}

TEST_P(TransportTest, ACancelledContextCallsNobody) {
  TestServer server;
  auto transport = Connect(server.address());
  rpc::Context context(worker(), In(5000));
  context.Cancel();
  EXPECT_EQ(Call(*transport, "echo:x", context).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(server.calls(), 0);
}

TEST_P(TransportTest, ATooLargeReplyFailsItsCallOnly) {
  TestServer server;
  TransportOptions options;
  options.max_reply_bytes = 1000;
  auto transport = Connect(server.address(), options);
  const absl::Status status = Call(*transport, "big:100000").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(rpc::HttpStatusOf(status), 502) << status;
  EXPECT_TRUE(Call(*transport, "big:900").ok());
}

TEST_P(TransportTest, ManyCallsAtOnce) {
  TestServer server;
  auto transport = Connect(server.address());
  constexpr int kCalls = 200;
  rpc::Context context(worker(), In(10000));
  std::vector<std::optional<absl::StatusOr<rpc::Reply>>> replies(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    worker().Spawn(RunCall(*transport, method_, rpc::Payload::Copy("echo:" + std::to_string(i)), context,
                           replies[static_cast<size_t>(i)]));
  }
  ASSERT_TRUE(RunUntil([&] {
    return std::all_of(replies.begin(), replies.end(), [](const auto& reply) { return reply.has_value(); });
  }));
  for (int i = 0; i < kCalls; ++i) {
    const auto& reply = *replies[static_cast<size_t>(i)];
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->message, std::to_string(i));
  }
}

Async<void> Converse(Transport& transport, const rpc::Method& method, rpc::Context& context, int messages,
                     std::string last, std::vector<std::string>& received, std::optional<absl::Status>& end) {
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await transport.Open(method, context);
  if (!stream.ok()) {
    end = stream.status();
    co_return;
  }
  for (int i = 0; i < messages; ++i) {
    const absl::Status written = co_await (*stream)->Write(rpc::Payload::Copy("echo:" + std::to_string(i)));
    if (!written.ok()) break;
    std::string message;
    const absl::StatusOr<bool> more = co_await (*stream)->Read(&message);
    if (!more.ok() || !*more) break;
    received.push_back(message);
  }
  if (!last.empty()) EXPECT_TRUE((co_await (*stream)->Write(rpc::Payload::Copy(last))).ok());
  EXPECT_TRUE((co_await (*stream)->CloseWrite()).ok());
  std::string message;
  const absl::StatusOr<bool> more = co_await (*stream)->Read(&message);
  end = more.ok() ? (*more ? absl::InternalError("one message too many") : absl::OkStatus()) : more.status();
}

TEST_P(TransportTest, AStreamEndsWellOrWithItsStatus) {
  TestServer server;
  auto transport = Connect(server.address());
  for (const auto& [last, code] :
       {std::pair("", absl::StatusCode::kOk), std::pair("fail:9:enough", absl::StatusCode::kFailedPrecondition)}) {
    rpc::Context context(worker(), In(5000));
    std::vector<std::string> received;
    std::optional<absl::Status> end;
    worker().Spawn(Converse(*transport, method_, context, 3, last, received, end));
    ASSERT_TRUE(RunUntil([&] { return end.has_value(); }));
    EXPECT_EQ(end->code(), code) << *end;
    EXPECT_EQ(received, (std::vector<std::string>{"0", "1", "2"}));
  }
}

// Looks for headers before there are any, and again when the service has answered `message`.
Async<void> LookForHeaders(Transport& transport, const rpc::Method& method, rpc::Context& context, std::string message,
                           std::vector<std::string>& seen, bool& done) {
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await transport.Open(method, context);
  if (!stream.ok()) co_return;
  const auto in = [](int milliseconds) { return net::Clock::now() + std::chrono::milliseconds(milliseconds); };
  seen.push_back(co_await (*stream)->AwaitHeaders(in(60)) ? "early" : "none yet");
  EXPECT_TRUE((co_await (*stream)->Write(rpc::Payload::Copy(message))).ok());
  if (co_await (*stream)->AwaitHeaders(in(5000))) {
    for (const auto& [name, value] : (*stream)->headers()) {
      if (name == "seen-x-tenant") seen.push_back(value);
    }
    seen.push_back("answered");
  }
  std::string reply;
  const absl::StatusOr<bool> more = co_await (*stream)->Read(&reply);
  seen.push_back(more.ok() ? reply : std::string(more.status().message()));
  done = true;
}

TEST_P(TransportTest, HeadersCanBeAwaited) {
  TestServer server;
  auto transport = Connect(server.address());
  using Seen = std::vector<std::string>;
  for (const auto& [message, expected] : {std::pair("echo:one", Seen{"none yet", "blue", "answered", "one"}),
                                          std::pair("fail:9:enough", Seen{"none yet", "answered", "enough"})}) {
    rpc::Context context(worker(), In(5000));
    context.set_metadata(std::make_shared<rpc::Metadata>(rpc::Metadata{{"x-tenant", "blue"}}));
    Seen seen;
    bool done = false;
    worker().Spawn(LookForHeaders(*transport, method_, context, message, seen, done));
    ASSERT_TRUE(RunUntil([&] { return done; }));
    EXPECT_EQ(seen, expected);
  }
}

Async<void> AwaitAndLeave(Transport& transport, const rpc::Method& method, rpc::Context& context, bool& left) {
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await transport.Open(method, context);
  if (!stream.ok()) co_return;
  EXPECT_FALSE(co_await (*stream)->AwaitHeaders(net::Clock::now() + std::chrono::milliseconds(20)));
  stream->reset();
  left = true;
}

TEST_P(TransportTest, AStreamMayBeLeftBeforeItsHeaders) {
  TestServer server;
  auto transport = Connect(server.address());
  rpc::Context context(worker(), In(5000));
  bool left = false;
  worker().Spawn(AwaitAndLeave(*transport, method_, context, left));
  ASSERT_TRUE(RunUntil([&] { return left; }));
  EXPECT_TRUE(Call(*transport, "echo:still well").ok());
}

Async<void> OpenAndLeave(Transport& transport, const rpc::Method& method, rpc::Context& context, bool& left) {
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await transport.Open(method, context);
  EXPECT_TRUE(stream.ok() && (co_await (*stream)->Write(rpc::Payload::Copy("hang"))).ok());
  left = true;
}

TEST_P(TransportTest, LeavingAStreamCancelsIt) {
  TestServer server;
  auto transport = Connect(server.address());
  rpc::Context context(worker(), In(5000));
  bool left = false;
  worker().Spawn(OpenAndLeave(*transport, method_, context, left));
  ASSERT_TRUE(RunUntil([&] { return left; }));
  std::thread loop([&] {
    worker().context().restart();
    worker().context().run_for(std::chrono::seconds(1));
  });
  EXPECT_TRUE(server.WaitForCancelled(1) || server.calls() == 0);
  worker().Stop();
  loop.join();
}

TEST_P(TransportTest, AClusterGoesRoundRobinOverTheServersItCanReach) {
  TestServer first;
  auto second = std::make_unique<TestServer>();
  ClusterOptions options;
  options.name = "both";
  options.target = first.address() + ", " + second->address();
  auto cluster = *Cluster::Create(options, factory_.get(), workers_);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Call(*cluster, "echo:x").ok());
  EXPECT_EQ(first.calls(), 5);
  EXPECT_EQ(second->calls(), 5);

  second->Stop();
  // A call or two may find out that it is gone; then none goes there any more.
  absl::Status status;
  for (int i = 0; i < 4; ++i) status = Call(*cluster, "echo:x").status();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Call(*cluster, "echo:x").ok());
}

TEST_P(TransportTest, AClustersTimeoutBoundsACall) {
  TestServer server;
  ClusterOptions options;
  options.name = "slow";
  options.target = server.address();
  options.timeout = std::chrono::milliseconds(50);
  auto cluster = *Cluster::Create(options, factory_.get(), workers_);
  EXPECT_EQ(Call(*cluster, "hang").status().code(), absl::StatusCode::kDeadlineExceeded);
}

INSTANTIATE_TEST_SUITE_P(Transports, TransportTest, ::testing::Values(&MakeGrpc, &MakeHttp2),
                         [](const auto& param) { return std::string(param.index == 0 ? "Grpc" : "Http2"); });

}  // namespace
}  // namespace portico::upstream
