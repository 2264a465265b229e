#include "gateway/middleware/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/middleware/answering.h"

namespace portico::middleware {
namespace {

using nlohmann::json;

class AccessLogTest : public testing::Test {
 protected:
  // The lines written by now; closes the sink.
  std::vector<json> Lines() {
    sink_.reset();
    std::vector<json> lines;
    for (std::string line; std::getline(text_, line);) lines.push_back(json::parse(line));
    return lines;
  }

  std::stringstream text_;
  std::unique_ptr<AccessLogSink> sink_ =
      std::make_unique<AccessLogSink>(std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
  AccessLog log_{"web \"1\"", sink_.get()};
  net::Worker worker_{0};
  FixedHandler next_;
};

TEST_F(AccessLogTest, OneObjectPerRequest) {
  schema::Method method;
  method.full_name = "shop.Catalog/Get";
  http::Request request(worker_, net::kNoDeadline);
  request.method = "GET";
  request.target = "/v1/a%20b?token=secret";
  request.path = "/v1/a%20b";
  request.query = "token=secret";
  request.peer = "203.0.113.9:51342";
  request.route = "/v1/{id}";
  request.rpc = &method;
  request.received = net::Clock::now() - std::chrono::milliseconds(5);
  request.headers.Add("User-Agent", "curl\n\"\xff");
  request.headers.Add("X-Request-Id", "abc-1");
  next_.status = 404;
  next_.code = "NOT_FOUND";
  next_.headers.Add("Portico-Omitted", "reviews;reason=deadline");
  http::Response response = Answer(log_, request, next_);
  absl::string_view id;
  ASSERT_TRUE(response.headers.Find("X-Request-Id", &id));
  EXPECT_EQ(id, "abc-1");
  for (auto& hook : response.on_sent) hook({404, 1234, true});

  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  json line = lines[0];
  EXPECT_THAT(line["time"].get<std::string>(), testing::MatchesRegex("....-..-..T..:..:..\\.[0-9]+Z"));
  EXPECT_GE(line["duration_us"].get<int>(), 5000);
  line.erase("time");
  line.erase("duration_us");
  EXPECT_EQ(line, json::parse(R"({"frontend":"web \"1\"","peer":"203.0.113.9:51342","method":"GET","path":"/v1/a%20b",
      "route":"/v1/{id}","rpc":"shop.Catalog/Get","status":404,"code":"NOT_FOUND","bytes":1234,"request_id":"abc-1",
      "user_agent":"curl\n\"�","omitted":"reviews;reason=deadline"})"));
}

TEST_F(AccessLogTest, GeneratesIdsWhereTheClientsAreNone) {
  std::vector<std::string> ids;
  for (const std::string& sent : {std::string(), std::string("a b"), std::string(200, 'x'), std::string("\xc3\xa9")}) {
    http::Request request(worker_, net::kNoDeadline);
    request.id = ids.size() + 1;
    if (!sent.empty()) request.headers.Add("x-request-id", sent);
    const http::Response response = Answer(log_, request, next_);
    EXPECT_THAT(request.request_id, testing::MatchesRegex("[0-9a-f]+-[0-9a-f]+"));
    EXPECT_EQ(request.headers.Get("X-Request-Id"), request.request_id);
    EXPECT_THAT(ids, testing::Not(testing::Contains(request.request_id)));
    ids.push_back(request.request_id);
  }
}

TEST_F(AccessLogTest, IncompleteAnswersAndRefusalsShow) {
  http::Request request(worker_, net::kNoDeadline);
  request.method = "GET";
  request.path = "/";
  http::Response response = Answer(log_, request, next_);
  for (auto& hook : response.on_sent) hook({499, 0, false});
  http::Refusal refusal;
  refusal.status = 431;
  refusal.code = "RESOURCE_EXHAUSTED";
  refusal.reason = "too large";
  refusal.peer = "1.2.3.4:5";
  log_.Refused(refusal);
  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["complete"], false);
  EXPECT_EQ(lines[0]["status"], 499);
  EXPECT_EQ(lines[1]["status"], 431);
  EXPECT_EQ(lines[1]["refused"], "too large");
}

TEST_F(AccessLogTest, AFullQueueLosesLinesAndDelaysNobody) {
  class StuckSink final : public spdlog::sinks::base_sink<std::mutex> {
   public:
    std::mutex gate;

   protected:
    void sink_it_(const spdlog::details::log_msg&) override { const std::lock_guard<std::mutex> wait(gate); }
    void flush_() override {}
  };
  const auto stuck = std::make_shared<StuckSink>();
  AccessLogSink sink(stuck, 4);
  {
    const std::lock_guard<std::mutex> closed(stuck->gate);
    for (int i = 0; i < 100; ++i) sink.Write("{}");
    EXPECT_GE(sink.lost(), 90u);
  }
}

TEST(AccessLogOffTest, IdsAreSeenToWithoutASink) {
  AccessLog log("web", nullptr);
  net::Worker worker(0);
  http::Request request(worker, net::kNoDeadline);
  FixedHandler next;
  const http::Response response = Answer(log, request, next);
  EXPECT_FALSE(request.request_id.empty());
  EXPECT_TRUE(response.on_sent.empty());
}

}  // namespace
}  // namespace portico::middleware
