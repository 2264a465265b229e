#include "gateway/upstream/etcd_discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "etcd/rpc.grpc.pb.h"
#include "gateway/upstream/http2_transport.h"
#include "services/base/registration.h"
#include "tests/schema/temp_folder.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/test_server.h"

namespace portico::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(EtcdTargetTest, Forms) {
  const absl::StatusOr<EtcdTarget> plain = ParseEtcdTarget("etcd:///shop/catalog");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->servers, "");
  EXPECT_EQ(plain->prefix, "shop/catalog");
  const absl::StatusOr<EtcdTarget> named = ParseEtcdTarget("etcd://a:1,b:2/shop");
  ASSERT_TRUE(named.ok());
  EXPECT_EQ(named->servers, "a:1,b:2");
  EXPECT_EQ(named->prefix, "shop");
  for (const char* bad : {"etcd:", "etcd:///", "etcd://a:1", "etcd://a/x", "dns:///x:1"}) {
    EXPECT_FALSE(ParseEtcdTarget(bad).ok()) << bad;
  }
}

TEST(EtcdTargetTest, TheEnvironmentNamesServers) {
  const struct {
    const char* variable;
    const char* servers;
  } cases[] = {{"", "127.0.0.1:2379"}, {"a:1", "a:1"}, {"http://a:1/, b:2", "a:1,b:2"}};
  for (const auto& c : cases) {
    ::setenv("ETCD_ENDPOINTS", c.variable, 1);
    EXPECT_EQ(EtcdServersOfEnvironment(), c.servers);
  }
  ::unsetenv("ETCD_ENDPOINTS");
  EXPECT_EQ(EtcdServersOfEnvironment(), "127.0.0.1:2379");
}

TEST(EtcdTargetTest, AddressesInValues) {
  EXPECT_EQ(*AddressOfValue("10.0.0.1:5101"), "10.0.0.1:5101");
  EXPECT_EQ(*AddressOfValue(" 10.0.0.1:5101\n"), "10.0.0.1:5101");
  EXPECT_EQ(*AddressOfValue(R"({"Op":0,"Addr":"10.0.0.1:5101","Metadata":null})"), "10.0.0.1:5101");
  for (const char* bad : {"", "x", "{", "{}", R"({"Addr":7})", R"({"Addr":"x"})", "[]"}) {
    EXPECT_FALSE(AddressOfValue(bad).ok()) << bad;
  }
}

// The real server, in a folder of its own, on ports of its own.
class EtcdDiscoveryTest : public CallingTest {
 protected:
  void SetUp() override {
    if (std::system("command -v etcd >/dev/null") != 0) GTEST_SKIP() << "there is no etcd (tools/install-deps --test)";
    // Two ports that are free now; whoever takes one meanwhile makes etcd end, and others are tried.
    for (int attempt = 0; attempt < 5 && !ready_; ++attempt) {
      {
        const TestServer client, peer;
        client_ = client.address();
        peer_ = peer.address();
      }
      Start();
      ready_ = Lives();
      if (!ready_) Stop(SIGKILL);
    }
    ASSERT_TRUE(ready_);
  }
  ~EtcdDiscoveryTest() override {
    watch_.reset();
    EXPECT_TRUE(RunUntil([&] { return loop_.alive.use_count() == 1; }));
    Stop(SIGKILL);
  }

  void Start() {
    const std::string data = folder_.path() + "/data" + client_.substr(client_.rfind(':') + 1);
    const std::vector<std::string> words = {"etcd",
                                            "--data-dir",
                                            data,
                                            "--listen-client-urls",
                                            "http://" + client_,
                                            "--advertise-client-urls",
                                            "http://" + client_,
                                            "--listen-peer-urls",
                                            "http://" + peer_,
                                            "--initial-advertise-peer-urls",
                                            "http://" + peer_,
                                            "--initial-cluster",
                                            "default=http://" + peer_,
                                            "--log-level",
                                            "error"};
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execvp("etcd", arguments.data());
    ::_exit(127);
  }
  void Stop(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  bool Lives() {
    channel_ = grpc::CreateChannel(client_, grpc::InsecureChannelCredentials());
    if (!channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) return false;
    return Put("probe", "x");
  }
  // Until etcd, which may be starting, has taken it; ten seconds at most.
  bool Insist(const std::function<grpc::Status(grpc::ClientContext&)>& call) {
    const net::Deadline end = In(10000);
    while (net::Clock::now() < end) {
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
      if (call(context).ok()) return true;
    }
    return false;
  }
  bool Put(const std::string& key, const std::string& value) {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_value(value);
    etcdserverpb::PutResponse response;
    const auto stub = etcdserverpb::KV::NewStub(channel_);
    const bool done = Insist([&](grpc::ClientContext& context) { return stub->Put(&context, request, &response); });
    revision_ = response.header().revision();
    return done;
  }
  bool Delete(const std::string& key) {
    etcdserverpb::DeleteRangeRequest request;
    request.set_key(key);
    etcdserverpb::DeleteRangeResponse response;
    const auto stub = etcdserverpb::KV::NewStub(channel_);
    return Insist([&](grpc::ClientContext& context) { return stub->DeleteRange(&context, request, &response); });
  }
  bool Compact() {
    etcdserverpb::CompactionRequest request;
    request.set_revision(revision_);
    etcdserverpb::CompactionResponse response;
    const auto stub = etcdserverpb::KV::NewStub(channel_);
    return Insist([&](grpc::ClientContext& context) { return stub->Compact(&context, request, &response); });
  }

  std::string target() const { return "etcd://" + client_ + "/shop/catalog"; }
  void Watch() {
    watch_ = *WatchEtcd(target(), loop_, [this](absl::StatusOr<Addresses> told) { told_.push_back(std::move(told)); });
  }
  bool Becomes(const Addresses& addresses) {
    return RunUntil([&] { return !told_.empty() && told_.back().ok() && *told_.back() == addresses; });
  }

  portico::testing::TempFolder folder_;
  std::string client_, peer_;
  pid_t pid_ = 0;
  bool ready_ = false;
  int64_t revision_ = 0;
  std::shared_ptr<grpc::Channel> channel_;
  Http2TransportFactory factory_;
  DiscoveryLoop loop_{&worker(), &factory_, std::make_shared<int>()};
  std::vector<absl::StatusOr<Addresses>> told_;
  std::unique_ptr<Discovery> watch_;
};

TEST_F(EtcdDiscoveryTest, ListsThenWatches) {
  ASSERT_TRUE(Put("shop/catalog/a", "10.0.0.1:1") && Put("shop/catalog/b", R"({"Addr":"10.0.0.2:1"})"));
  ASSERT_TRUE(Put("shop/catalogs/c", "10.0.0.3:1"));  // another service
  Watch();
  ASSERT_TRUE(Becomes({"10.0.0.1:1", "10.0.0.2:1"}));
  ASSERT_TRUE(Put("shop/catalog/d", "10.0.0.4:1"));
  ASSERT_TRUE(Becomes({"10.0.0.1:1", "10.0.0.2:1", "10.0.0.4:1"}));
  ASSERT_TRUE(Put("shop/catalog/a", "10.0.0.9:1"));
  ASSERT_TRUE(Becomes({"10.0.0.9:1", "10.0.0.2:1", "10.0.0.4:1"}));
  ASSERT_TRUE(Delete("shop/catalog/b"));
  ASSERT_TRUE(Becomes({"10.0.0.9:1", "10.0.0.4:1"}));
  // What is no address is passed over, unless there is nothing else.
  ASSERT_TRUE(Put("shop/catalog/d", "nonsense"));
  ASSERT_TRUE(Becomes({"10.0.0.9:1"}));
  ASSERT_TRUE(Delete("shop/catalog/a"));
  ASSERT_TRUE(RunUntil([&] { return !told_.back().ok(); }));
  EXPECT_THAT(std::string(told_.back().status().message()), HasSubstr("shop/catalog/d: the value is no address"));
}

TEST_F(EtcdDiscoveryTest, WhatHappensWhileEtcdIsAwayIsSeenAfterwards) {
  ASSERT_TRUE(Put("shop/catalog/a", "10.0.0.1:1"));
  Watch();
  ASSERT_TRUE(Becomes({"10.0.0.1:1"}));
  const size_t heard = told_.size();
  Stop(SIGKILL);
  ASSERT_TRUE(RunUntil([&] { return told_.size() > heard; }));
  EXPECT_FALSE(told_.back().ok());
  Start();
  ASSERT_TRUE(Put("shop/catalog/b", "10.0.0.2:1"));
  ASSERT_TRUE(Becomes({"10.0.0.1:1", "10.0.0.2:1"}));
  // And watched again.
  ASSERT_TRUE(Put("shop/catalog/c", "10.0.0.3:1"));
  EXPECT_TRUE(Becomes({"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"}));
}

// While this gateway looks elsewhere (its connection is stopped with it), history goes by and is forgotten.
TEST_F(EtcdDiscoveryTest, ACompactedRevisionIsListedAnew) {
  ASSERT_TRUE(Put("shop/catalog/a", "10.0.0.1:1"));
  Watch();
  ASSERT_TRUE(Becomes({"10.0.0.1:1"}));
  Stop(SIGKILL);
  Start();
  ASSERT_TRUE(Delete("shop/catalog/a"));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Put("shop/catalog/b", "10.0.0." + std::to_string(i) + ":1"));
  ASSERT_TRUE(Compact());
  EXPECT_TRUE(Becomes({"10.0.0.4:1"}));
}

TEST_F(EtcdDiscoveryTest, AServiceComesAndGoesByItsLease) {
  Watch();
  auto first = *shop::Registration::Start(target(), "10.0.0.1:1", [](const std::string&) {});
  ASSERT_TRUE(Becomes({"10.0.0.1:1"}));
  auto second = *shop::Registration::Start(target(), "10.0.0.2:1", [](const std::string&) {});
  ASSERT_TRUE(Becomes({"10.0.0.1:1", "10.0.0.2:1"}));
  first.reset();
  ASSERT_TRUE(Becomes({"10.0.0.2:1"}));
  // Longer than the lease: it is renewed.
  const size_t heard = told_.size();
  const net::Deadline end = In(1000 * (shop::Registration::kTtlSeconds + 1));
  ASSERT_TRUE(RunUntil([&] { return net::Clock::now() > end; }));
  EXPECT_EQ(told_.size(), heard);
}

TEST_F(EtcdDiscoveryTest, AServiceWhoseKeyIsLostRegistersAnew) {
  Watch();
  auto service = *shop::Registration::Start(target(), "10.0.0.1:1", [](const std::string&) {});
  ASSERT_TRUE(Becomes({"10.0.0.1:1"}));
  // Another etcd in its place, which knows nothing.
  Stop(SIGKILL);
  std::filesystem::remove_all(folder_.path() + "/data" + client_.substr(client_.rfind(':') + 1));
  told_.clear();
  Start();
  EXPECT_TRUE(Becomes({"10.0.0.1:1"}));
}

// An etcd that has as many keys as are ever asked for. Once it is watched a new key comes, and a known one changes.
class FullEtcd final : public etcdserverpb::KV::Service, public etcdserverpb::Watch::Service {
 public:
  static constexpr int kKeys = 4096;
  static std::string KeyOf(int i) { return absl::StrCat("shop/catalog/", 10000 + i); }
  static std::string AddressOf(int i) { return absl::StrCat("10.1.", i / 256, ".", i % 256, ":1"); }

  FullEtcd() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(static_cast<etcdserverpb::KV::Service*>(this));
    builder.RegisterService(static_cast<etcdserverpb::Watch::Service*>(this));
    server_ = builder.BuildAndStart();
  }
  ~FullEtcd() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string target() const { return absl::StrCat("etcd://127.0.0.1:", port_, "/shop/catalog"); }

 private:
  grpc::Status Range(grpc::ServerContext*, const etcdserverpb::RangeRequest* request,
                     etcdserverpb::RangeResponse* response) override {
    EXPECT_EQ(request->limit(), kKeys);
    response->mutable_header()->set_revision(1);
    for (int i = 0; i < kKeys; ++i) {
      mvccpb::KeyValue* const pair = response->add_kvs();
      pair->set_key(KeyOf(i));
      pair->set_value(AddressOf(i));
    }
    return grpc::Status::OK;
  }
  grpc::Status Watch(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<etcdserverpb::WatchResponse, etcdserverpb::WatchRequest>* stream) override {
    etcdserverpb::WatchRequest request;
    if (!stream->Read(&request)) return grpc::Status::OK;
    etcdserverpb::WatchResponse changes;
    for (const auto& [key, value] : {std::pair(KeyOf(kKeys), "10.2.0.1:1"), std::pair(KeyOf(7), "10.2.0.2:1")}) {
      mvccpb::Event* const event = changes.add_events();
      event->mutable_kv()->set_key(key);
      event->mutable_kv()->set_value(value);
    }
    stream->Write(changes);
    while (stream->Read(&request)) continue;  // until it is watched no more
    return grpc::Status::OK;
  }

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class FullEtcdTest : public CallingTest {};

TEST_F(FullEtcdTest, AKnownKeyChangesAlsoWhenThereAreAsManyAsThereMayBe) {
  const FullEtcd etcd;
  Http2TransportFactory factory;
  const DiscoveryLoop loop{&worker(), &factory, std::make_shared<int>()};
  Addresses expected;
  for (int i = 0; i < FullEtcd::kKeys; ++i) expected.push_back(FullEtcd::AddressOf(i));
  expected[7] = "10.2.0.2:1";
  Addresses last;
  auto watch = *WatchEtcd(etcd.target(), loop, [&](const absl::StatusOr<Addresses>& told) {
    if (told.ok()) last = *told;
  });
  EXPECT_TRUE(RunUntil([&] { return last == expected; }));
  watch.reset();
  EXPECT_TRUE(RunUntil([&] { return loop.alive.use_count() == 1; }));
}

}  // namespace
}  // namespace portico::upstream
