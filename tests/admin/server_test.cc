#include "gateway/admin/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/collectable.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "gateway/admin/metrics.h"
#include "gateway/net/worker.h"
#include "tests/http/raw_client.h"

namespace portico::admin {
namespace {

using http::RawClient;
using testing::ContainsRegex;
using testing::HasSubstr;

class ServerTest : public testing::Test {
 protected:
  void Serve(Sources sources) {
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Create("127.0.0.1:0", std::move(sources));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  RawClient::Answer Ask(const std::string& verb, const std::string& path) {
    RawClient client(server_->address());
    client.Send(verb + " " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    return client.Read(verb == "HEAD");
  }
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, HealthAndReadiness) {
  std::atomic<bool> ready{false};
  Sources sources;
  sources.ready = [&] { return ready.load(); };
  Serve(std::move(sources));
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  EXPECT_EQ(Ask("HEAD", "/healthz").status, 200);
  EXPECT_EQ(Ask("GET", "/readyz").status, 503);
  ready = true;
  EXPECT_EQ(Ask("GET", "/readyz").status, 200);
  EXPECT_EQ(Ask("POST", "/readyz").status, 405);
  EXPECT_EQ(Ask("DELETE", "/routes").Header("Allow"), "GET, HEAD");
  EXPECT_EQ(Ask("GET", "/routes").status, 404);  // no source
  EXPECT_EQ(Ask("GET", "/").status, 404);
}

TEST_F(ServerTest, RoutesAndClustersShowWhatIsCurrent) {
  std::atomic<int> reloads{0};
  Sources sources;
  sources.routes = [&] {
    return std::vector<Route>{{"web", "GET", "/v1/{id}", "a.B/Get", reloads++ == 0 ? "catalog" : "facade"}};
  };
  sources.clusters = [] { return std::string(R"([{"name":"catalog"}])"); };
  Serve(std::move(sources));
  const RawClient::Answer routes = Ask("GET", "/routes");
  EXPECT_EQ(routes.Header("Content-Type"), "application/json");
  EXPECT_EQ(routes.body, R"([{"frontend":"web","verb":"GET","path":"/v1/{id}","rpc":"a.B/Get","target":"catalog"}])");
  EXPECT_THAT(Ask("GET", "/routes").body, HasSubstr("facade"));
  EXPECT_EQ(Ask("GET", "/clusters").body, R"([{"name":"catalog"}])");
}

TEST_F(ServerTest, ExplainTakesAFrontendsPath) {
  Question asked;
  Sources sources;
  sources.explain = [&](const Question& question) {
    asked = question;
    return Explanation{404, "{}"};
  };
  Serve(std::move(sources));
  EXPECT_EQ(Ask("GET", "/v1/a%20b?x=1&explain=1&frontend=web&y=%26").status, 404);
  EXPECT_EQ(asked.target, "/v1/a%20b?x=1&y=%26");
  EXPECT_EQ(asked.frontend, "web");
  EXPECT_THAT(asked.peer, HasSubstr("127.0.0.1:"));
  EXPECT_TRUE(asked.headers.empty()) << "those of the connection are its own";
  Ask("GET", "/healthz?explain=1");
  EXPECT_EQ(asked.target, "/healthz");
  EXPECT_EQ(Ask("GET", "/healthz?explain=0").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/a?explain=1").status, 405);
  RawClient client(server_->address());
  client.Send("GET /v1?explain=1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer x\r\nAccept: text/event-stream\r\n\r\n");
  EXPECT_EQ(client.Read().Header("Content-Type"), "application/json");
  ASSERT_EQ(asked.headers.size(), 1u);
  EXPECT_EQ(asked.headers[0].second, "Bearer x");
}

TEST_F(ServerTest, ExplainLeavesThreadsForTheRest) {
  std::atomic<int> inside{0};
  std::atomic<bool> leave{false};
  Sources sources;
  sources.explain = [&](const Question&) {
    ++inside;
    while (!leave) std::this_thread::yield();
    return Explanation{200, "{}"};
  };
  Serve(std::move(sources));
  std::vector<std::thread> asking;
  for (int i = 0; i < 2; ++i) asking.emplace_back([this] { EXPECT_EQ(Ask("GET", "/?explain=1").status, 200); });
  while (inside < 2) std::this_thread::yield();
  EXPECT_EQ(Ask("GET", "/?explain=1").status, 503);
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  leave = true;
  for (std::thread& thread : asking) thread.join();
}

TEST_F(ServerTest, Metrics) {
  middleware::Stats stats("web", 1);
  http::Refusal refusal;
  refusal.code = "INVALID_ARGUMENT";
  refusal.body_bytes = 7;
  stats.Refused(refusal);
  Sources sources;
  sources.metrics = {RequestMetrics([&stats] { return std::vector<const middleware::Stats*>{&stats}; }),
                     ProcessMetrics("1.2.3")};
  Serve(std::move(sources));
  const RawClient::Answer answer = Ask("GET", "/metrics");
  EXPECT_THAT(answer.Header("Content-Type"), HasSubstr("text/plain; version=0.0.4"));
  for (const char* line : {
           "portico_requests_total{frontend=\"web\",rpc=\"\",code=\"INVALID_ARGUMENT\"} 1",
           "portico_request_duration_seconds_bucket{frontend=\"web\",rpc=\"\",le=\"+Inf\"} 1",
           "portico_request_duration_seconds_count{frontend=\"web\",rpc=\"\"} 1",
           "portico_response_bytes_total{frontend=\"web\",rpc=\"\"} 7",
           "portico_requests_in_flight{frontend=\"web\"} 0",
           "portico_build_info{version=\"1.2.3\"",
       }) {
    EXPECT_THAT(answer.body, HasSubstr(line));
  }
  for (const char* name : {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds",
                           "process_threads", "process_start_time_seconds"}) {
    EXPECT_THAT(answer.body, ContainsRegex(std::string("\n") + name + " [0-9]")) << name;
  }
}

TEST_F(ServerTest, AFaultOfASourceIsA500) {
  Sources sources;
  sources.clusters = []() -> std::string { throw std::runtime_error("secret"); };
  Serve(std::move(sources));
  const RawClient::Answer answer = Ask("GET", "/clusters");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.head.find("secret"), std::string::npos);
}

TEST_F(ServerTest, AnAddressInUseOrMalformedIsAnErrorThatNamesIt) {
  Serve(Sources());
  const auto second = Server::Create(server_->address(), Sources());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(server_->address()));
  EXPECT_THAT(std::string(Server::Create("nowhere", Sources()).status().message()), HasSubstr("nowhere"));
}

TEST_F(ServerTest, SilentClientsDoNotKeepOthersOut) {
  Serve(Sources());
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 3; ++i) silent.push_back(std::make_unique<RawClient>(server_->address()));
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
}

TEST(ServerLifeTest, MayEndAtOnce) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Server::Create("127.0.0.1:0", Sources()).ok());
}

}  // namespace
}  // namespace portico::admin
