#include "gateway/middleware/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

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
    std::rewind(file_.get());
    for (char line[16384]; std::fgets(line, sizeof(line), file_.get()) != nullptr;) {
      lines.push_back(json::parse(std::string(line)));
    }
    return lines;
  }

  const std::unique_ptr<FILE, int (*)(FILE*)> file_{std::tmpfile(), &std::fclose};
  std::unique_ptr<AccessLogSink> sink_ = std::make_unique<AccessLogSink>(::fileno(file_.get()), 1);
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
  request.protocol = "connect";
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
  http::Record(request, response, {404, 1234, true});

  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  json line = lines[0];
  EXPECT_THAT(line["time"].get<std::string>(), testing::MatchesRegex("....-..-..T..:..:..\\.[0-9]+Z"));
  EXPECT_GE(line["duration_us"].get<int>(), 5000);
  line.erase("time");
  line.erase("duration_us");
  EXPECT_EQ(line, json::parse(R"({"frontend":"web \"1\"","peer":"203.0.113.9:51342","method":"GET","path":"/v1/a%20b",
      "protocol":"connect","route":"/v1/{id}","rpc":"shop.Catalog/Get","status":404,"code":"NOT_FOUND","bytes":1234,"request_id":"abc-1",
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
  http::Record(request, response, {499, 0, false});
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

TEST_F(AccessLogTest, LongTextsAreCut) {
  http::Request request(worker_, net::kNoDeadline);
  const std::string path = "/" + std::string(100000, 'a');
  request.method = "GET";
  request.path = path;
  http::Response response = Answer(log_, request, next_);
  http::Record(request, response, {200, 0, true});
  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["path"].get<std::string>(), path.substr(0, AccessEntry::kLongestText));
}

TEST(AccessLogSinkTest, AReaderWhoDoesNotReadLosesLinesAndDelaysNobody) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  constexpr uint64_t kEntries = 20000;
  std::string received;
  {
    AccessLogSink sink(ends[1], 1, 4096);
    AccessEntry entry;
    entry.frontend = sink.Name("web");
    entry.code = "OK";
    const std::string path(200, 'p');
    entry.texts[AccessEntry::kPath] = path;
    for (uint64_t i = 0; i < kEntries; ++i) sink.Write(0, entry);
    EXPECT_GT(sink.lost(), kEntries / 2);
    // A thread that is stuck does not keep the sink from ending; what the pipe does not take is lost.
  }
  ::close(ends[1]);
  char buffer[65536];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof(buffer))) > 0;)
    received.append(buffer, static_cast<size_t>(got));
  ::close(ends[0]);
  EXPECT_LE(received.size(), 65536u);
  EXPECT_GT(received.size(), 0u);
}

TEST(AccessLogSinkTest, EveryEntryOfEveryWorkerIsALine) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::tmpfile(), &std::fclose);
  constexpr size_t kWorkers = 3;
  constexpr int kEntries = 5000;
  uint64_t lost = 0;
  {
    AccessLogSink sink(::fileno(file.get()), kWorkers, 1 << 12);
    std::vector<std::thread> workers;
    for (size_t worker = 0; worker < kWorkers; ++worker) {
      workers.emplace_back([&sink, worker] {
        AccessEntry entry;
        entry.frontend = sink.Name("w" + std::to_string(worker));
        entry.code = "OK";
        for (int i = 0; i < kEntries; ++i) {
          // Of every length, so that records meet the ring's end in every way.
          const std::string path(static_cast<size_t>(i % 97), 'p');
          entry.texts[AccessEntry::kPath] = path;
          entry.bytes = static_cast<uint64_t>(i);
          sink.Write(worker, entry);
          if (i % 16 == 0) sink.Flush();
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
    sink.Flush();
    lost = sink.lost();
  }
  std::rewind(file.get());
  std::map<std::string, int64_t> last;
  uint64_t lines = 0;
  for (char line[1024]; std::fgets(line, sizeof(line), file.get()) != nullptr; ++lines) {
    const json entry = json::parse(std::string(line));
    const auto i = entry["bytes"].get<int64_t>();
    EXPECT_EQ(entry.value("path", "").size(), static_cast<size_t>(i % 97));
    const auto [previous, first] = last.emplace(entry["frontend"].get<std::string>(), -1);
    EXPECT_GT(i, previous->second);
    previous->second = i;
  }
  EXPECT_EQ(lines + lost, kWorkers * kEntries);
  EXPECT_EQ(last.size(), kWorkers);
  EXPECT_EQ(lost, 0u);
}

TEST(AccessLogOffTest, IdsAreSeenToWithoutASink) {
  AccessLog log("web", nullptr);
  net::Worker worker(0);
  http::Request request(worker, net::kNoDeadline);
  FixedHandler next;
  const http::Response response = Answer(log, request, next);
  EXPECT_FALSE(request.request_id.empty());
}

}  // namespace
}  // namespace portico::middleware
