#include "gateway/middleware/stats.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/middleware/answering.h"

namespace portico::middleware {
namespace {

// One request of `rpc` on `worker`, answered with `code` after `taken`.
void Count(Stats& stats, net::Worker& worker, const schema::Method* rpc, absl::string_view code,
           std::chrono::microseconds taken, bool complete = true) {
  http::Request request(worker, net::kNoDeadline);
  request.received = net::Clock::now() - taken;
  request.body = "abc";
  FixedHandler next;
  next.code = code;
  http::Response response = Answer(stats, request, next);
  request.rpc = rpc;
  http::Record(request, response, {200, 10, complete});
}

TEST(StatsTest, CountsUnknownFieldsByClientAndNotWithoutBound) {
  Stats stats("web", 2);
  schema::Method get;
  get.full_name = "a.B/Get";
  const auto warn = [&](int worker_index, const std::string& user_agent) {
    net::Worker worker(worker_index);
    http::Request request(worker, net::kNoDeadline);
    request.headers.Add("user-agent", user_agent);
    request.rpc = &get;
    FixedHandler next;
    next.headers.Add("Portico-Warning", "nome");
    http::Response response = Answer(stats, request, next);
    http::Record(request, response, {200, 10, true});
  };
  warn(0, "shop-app/3.1 (phone)");
  warn(1, "shop-app/3.2");
  warn(0, "");
  warn(0, "\"evil\"");
  warn(0, std::string(41, 'x'));
  for (size_t i = 0; i < 2 * Stats::kClients; ++i) warn(0, "client" + std::to_string(i));
  const Stats::Totals totals = stats.Read();
  ASSERT_EQ(totals.rows.size(), 1u);
  const auto& warned = totals.rows[0].warned_by_client;
  EXPECT_EQ(warned.at("shop-app"), 2u);
  EXPECT_EQ(warned.at("unknown"), 3u);
  EXPECT_EQ(warned.at("client0"), 1u);
  EXPECT_EQ(warned.at("other"), Stats::kClients + 2);
  EXPECT_EQ(warned.size(), Stats::kClients + 1);
}

TEST(StatsTest, SumsOverWorkers) {
  Stats stats("web", 2);
  net::Worker first(0);
  net::Worker second(1);
  schema::Method get;
  get.full_name = "a.B/Get";
  Count(stats, first, &get, "OK", std::chrono::microseconds(0));
  Count(stats, second, &get, "OK", std::chrono::milliseconds(30));
  Count(stats, second, &get, "NOT_FOUND", std::chrono::seconds(20));
  Count(stats, second, &get, "OK", std::chrono::microseconds(0), false);
  Count(stats, first, nullptr, "no such code", std::chrono::microseconds(0));
  http::Refusal refusal;
  refusal.worker = 1;
  refusal.code = "RESOURCE_EXHAUSTED";
  stats.Refused(refusal);

  const Stats::Totals totals = stats.Read();
  EXPECT_EQ(totals.in_flight, 0);
  ASSERT_EQ(totals.rows.size(), 2u);
  const Stats::Row& none = totals.rows[0];
  EXPECT_EQ(none.rpc, "");
  EXPECT_EQ(none.by_code[2], 1u);
  EXPECT_EQ(none.by_code[8], 1u);
  const Stats::Row& row = totals.rows[1];
  EXPECT_EQ(row.rpc, "a.B/Get");
  EXPECT_EQ(row.requests(), 4u);
  EXPECT_EQ(row.by_code[0], 2u);
  EXPECT_EQ(row.by_code[1], 1u);
  EXPECT_EQ(row.by_code[5], 1u);
  EXPECT_EQ(row.by_duration[6], 1u);                       // 25 to 50 ms
  EXPECT_EQ(row.by_duration[Stats::kBuckets.size()], 1u);  // beyond
  EXPECT_GE(row.seconds, 20.03);
  EXPECT_EQ(row.request_bytes, 12u);
  EXPECT_EQ(row.response_bytes, 40u);
}

TEST(StatsTest, InFlightUntilTheResponseIsSent) {
  Stats stats("web", 1);
  net::Worker worker(0);
  http::Request request(worker, net::kNoDeadline);
  FixedHandler next;
  const http::Response response = Answer(stats, request, next);
  EXPECT_EQ(stats.Read().in_flight, 1);
  http::Record(request, response, {200, 0, true});
  EXPECT_EQ(stats.Read().in_flight, 0);
}

TEST(StatsTest, ReadingWhileCountingIsSafe) {
  Stats stats("web", 1);
  std::thread counting([&] {
    net::Worker worker(0);
    for (int i = 0; i < 300; ++i) {
      schema::Method method;
      method.full_name = "m" + std::to_string(i % 50);
      Count(stats, worker, &method, "OK", std::chrono::microseconds(1));
    }
  });
  uint64_t before = 0;
  for (int i = 0; i < 300; ++i) {
    uint64_t now = 0;
    for (const Stats::Row& row : stats.Read().rows) now += row.requests();
    EXPECT_GE(now, before);
    before = now;
  }
  counting.join();
  EXPECT_EQ(stats.Read().rows.size(), 50u);
}

}  // namespace
}  // namespace portico::middleware
