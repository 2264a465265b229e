// Where http2_transport goes: names with several addresses, Unix sockets, servers that go and come, and its own end.

#include "gateway/upstream/http2_addresses.h"

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

// A name server of one name.
struct Names {
  absl::StatusOr<std::vector<std::string>> hosts;
  int asked = 0;

  ResolveName Resolver() {
    return [this](net::Worker&, std::string name) { return Answer(std::move(name)); };
  }
  Async<absl::StatusOr<std::vector<std::string>>> Answer(std::string name) {
    EXPECT_EQ(name, "shop.test");
    ++asked;
    co_return hosts;
  }
};

class Http2AddressesTest : public CallingTest {
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
  std::string NameAt(const TestServer& server) { return "dns:///shop.test:" + std::to_string(server.port()); }

  std::vector<std::unique_ptr<Http2TransportFactory>> factories_;
};

TEST_F(Http2AddressesTest, CallsGoRoundRobinOverAllAddressesOfAName) {
  TestServer first;
  TestServer second("127.0.0.2:" + std::to_string(first.port()), grpc::InsecureServerCredentials());
  ASSERT_EQ(second.port(), first.port());
  Names names{std::vector<std::string>{"127.0.0.1", "127.0.0.2", "127.0.0.1"}};
  Http2Options options;
  options.resolve = names.Resolver();
  auto transport = Connect(NameAt(first), options);
  EXPECT_TRUE(transport->reachable());
  EXPECT_FALSE(transport->connected());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Call(*transport, "echo:x").ok());
  EXPECT_EQ(first.calls(), 5);
  EXPECT_EQ(second.calls(), 5);
  EXPECT_EQ(names.asked, 1);
  EXPECT_TRUE(transport->connected());

  // One goes: calls find out, go to the other, and ask for the name no more often than they may.
  second.Stop();
  for (int i = 0; i < 4; ++i) (void)Call(*transport, "echo:x").status();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Call(*transport, "echo:x").ok());
  EXPECT_EQ(names.asked, 1);
}

TEST_F(Http2AddressesTest, AServerOutOfReachMakesCallsAskForTheNameAgain) {
  TestServer first;
  auto second =
      std::make_unique<TestServer>("127.0.0.2:" + std::to_string(first.port()), grpc::InsecureServerCredentials());
  TestServer third("127.0.0.3:" + std::to_string(first.port()), grpc::InsecureServerCredentials());
  Names names{std::vector<std::string>{"127.0.0.1", "127.0.0.2"}};
  Http2Options options;
  options.resolve = names.Resolver();
  options.resolve_pause = std::chrono::milliseconds(0);
  auto transport = Connect(NameAt(first), options);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Call(*transport, "echo:x").ok());
  names.hosts = std::vector<std::string>{"127.0.0.1", "127.0.0.3"};
  second->Stop();
  const net::Deadline end = In(8000);
  while (third.calls() == 0 && net::Clock::now() < end) (void)Call(*transport, "echo:x").status();
  EXPECT_GT(third.calls(), 0);
  // Those that are left out get nothing any more; those that stay keep their connections.
  const int asked = names.asked;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Call(*transport, "echo:x").ok());
  EXPECT_EQ(names.asked, asked);
}

TEST_F(Http2AddressesTest, AnUnknownNameIsUnavailableUntilItIsKnown) {
  TestServer server;
  Names names{absl::UnavailableError("no such name")};
  Http2Options options;
  options.resolve = names.Resolver();
  auto transport = Connect(NameAt(server), options);
  EXPECT_EQ(Call(*transport, "echo:x").status().code(), StatusCode::kUnavailable);
  EXPECT_FALSE(transport->reachable());
  names.hosts = std::vector<std::string>{};
  EXPECT_EQ(Call(*transport, "echo:x").status().code(), StatusCode::kUnavailable);
  names.hosts = std::vector<std::string>{"127.0.0.1"};
  EXPECT_TRUE(Answered(*transport));
  // A name server that fails takes nothing away.
  names.hosts = absl::UnavailableError("no name server");
  EXPECT_TRUE(Call(*transport, "echo:x").ok());
}

// Never says anything, until the test lets it.
struct SlowNames {
  net::Event answer;
  Async<absl::StatusOr<std::vector<std::string>>> Answer() {
    co_await answer.Wait();
    co_return std::vector<std::string>{"127.0.0.1"};
  }
};

TEST_F(Http2AddressesTest, WaitingForANameEndsByDeadlineCancellationAndAnswer) {
  TestServer server;
  SlowNames names;
  Http2Options options;
  options.connect_time = std::chrono::seconds(60);
  options.resolve = [&](net::Worker&, std::string) { return names.Answer(); };
  auto transport = Connect(NameAt(server), options);
  rpc::Context soon(worker(), In(20)), cancelled(worker(), In(60000)), patient(worker(), In(60000));
  Result by_deadline, by_cancel, answered;
  Begin(*transport, "echo:x", soon, by_deadline);
  Begin(*transport, "echo:x", cancelled, by_cancel);
  Begin(*transport, "echo:x", patient, answered);
  ASSERT_TRUE(RunUntil([&] { return by_deadline.has_value(); }));
  EXPECT_EQ(by_deadline->status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(by_cancel.has_value());
  cancelled.Cancel();
  ASSERT_TRUE(RunUntil([&] { return by_cancel.has_value(); }));
  EXPECT_EQ(by_cancel->status().code(), StatusCode::kCancelled);
  EXPECT_FALSE(answered.has_value());
  names.answer.Set();
  ASSERT_TRUE(RunUntil([&] { return answered.has_value(); }));
  EXPECT_TRUE(answered->ok()) << answered->status();
}

TEST_F(Http2AddressesTest, TheSystemKnowsLocalhost) {
  TestServer server;
  for (const char* scheme : {"", "dns:///"}) {
    auto transport = Connect(std::string(scheme) + "localhost:" + std::to_string(server.port()));
    EXPECT_TRUE(Answered(*transport)) << scheme;
  }
}

TEST_F(Http2AddressesTest, UnixSockets) {
  const std::string path = ::testing::TempDir() + "portico_http2_" + std::to_string(::getpid()) + ".sock";
  TestServer server("unix:" + path, grpc::InsecureServerCredentials());
  for (const std::string& address : {"unix:" + path, "unix://" + path}) {
    auto transport = Connect(address);
    const absl::StatusOr<rpc::Reply> reply = Call(*transport, "echo:x");
    EXPECT_TRUE(reply.ok()) << address << ": " << reply.status();
  }
  EXPECT_EQ(Call(*Connect("unix:" + path + ".none"), "echo:x").status().code(), StatusCode::kUnavailable);
}

TEST_F(Http2AddressesTest, ATransportThatGoesLetsItsCallsEnd) {
  TestServer server;
  for (const std::string& address : {server.address(), "dns:///" + server.address()}) {
    auto transport = Connect(address);
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

TEST_F(Http2AddressesTest, AttemptsGoOnByThemselvesWithGrowingPauses) {
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

TEST_F(Http2AddressesTest, TheFirstCallAfterTheBackoffsPatienceFindsAServerThatIsBack) {
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
