#include "gateway/middleware/rate_limit.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "gateway/access/caller.h"
#include "tests/middleware/answering.h"

namespace portico::middleware {
namespace {

constexpr int64_t kSecond = 1000000000;
constexpr int64_t kNow = 1000 * kSecond;

TEST(RateBucketsTest, ABurstAndThenTheRate) {
  RateBuckets buckets(10, 3);
  for (int64_t left : {2, 1, 0}) {
    const RateBuckets::Taken taken = buckets.Take(7, kNow);
    EXPECT_TRUE(taken.allowed);
    EXPECT_EQ(taken.remaining, left);
    EXPECT_EQ(taken.full_in, (3 - left) * kSecond / 10);
  }
  const RateBuckets::Taken refused = buckets.Take(7, kNow);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.allowed_in, kSecond / 10);
  EXPECT_EQ(refused.full_in, 3 * kSecond / 10);
  EXPECT_FALSE(buckets.Take(7, kNow + kSecond / 10 - 1).allowed);
  EXPECT_TRUE(buckets.Take(7, kNow + kSecond / 10).allowed);
  EXPECT_FALSE(buckets.Take(7, kNow + kSecond / 10).allowed);
  // After a long time it is full, and not fuller.
  int allowed = 0;
  while (buckets.Take(7, kNow + 100 * kSecond).allowed) ++allowed;
  EXPECT_EQ(allowed, 3);
}

TEST(RateBucketsTest, ClientsDoNotShare) {
  RateBuckets buckets(1, 1);
  EXPECT_TRUE(buckets.Take(7, kNow).allowed);
  EXPECT_TRUE(buckets.Take(7 + (1 << 20), kNow).allowed);
  EXPECT_FALSE(buckets.Take(7, kNow).allowed);
  EXPECT_FALSE(buckets.Take(7 + (1 << 20), kNow).allowed);
}

TEST(RateBucketsTest, WhoIsQuietMakesRoom) {
  RateBuckets buckets(1, 2);
  // Five clients of one set of four; the first has been busier than the others.
  const auto client = [](uint64_t i) { return 7 + (i << 20); };
  EXPECT_TRUE(buckets.Take(client(0), kNow).allowed);
  EXPECT_TRUE(buckets.Take(client(0), kNow).allowed);
  for (uint64_t i = 1; i < 20; ++i) EXPECT_TRUE(buckets.Take(client(i), kNow).allowed);
  EXPECT_FALSE(buckets.Take(client(0), kNow).allowed);
}

TEST(RateBucketsTest, WorkersShareOneRate) {
  RateBuckets buckets(1, 1000);
  std::atomic<int> allowed{0};
  std::vector<std::thread> workers;
  buckets.Take(7, kNow);
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) allowed += buckets.Take(7, kNow).allowed ? 1 : 0;
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(allowed, 999);
}

class RateLimitTest : public ::testing::Test {
 protected:
  // Status and headers.
  std::string Ask(RateLimit& limit, absl::string_view peer, const char* subject = nullptr, const char* key = nullptr) {
    http::Request request(worker_, net::kNoDeadline);
    request.peer = peer;
    const access::Caller caller({{"sub", subject == nullptr ? "" : subject}}, "", absl::InfiniteFuture());
    if (subject != nullptr) request.context.set_claims(&caller);
    if (key != nullptr) request.headers.Add("X-Api-Key", key);
    FixedHandler next;
    const http::Response response = Answer(limit, request, next);
    EXPECT_EQ(next.handled, response.status == 200 ? 1 : 0);
    std::string result = absl::StrCat(response.status);
    for (const char* name : {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"}) {
      absl::string_view value;
      absl::StrAppend(&result, " ", response.headers.Find(name, &value) ? value : "-");
    }
    return result;
  }

  RatePolicy Policy(RatePolicy::By by) { return {by, 0.001, 1}; }

  net::Worker worker_{0};
  const http::ErrorRenderer errors_{http::ErrorFormat::kStatus, nullptr};
};

TEST_F(RateLimitTest, TooManyAreRefused) {
  RateLimit limit({RatePolicy::By::kAddress, 0.001, 2}, errors_);
  EXPECT_EQ(Ask(limit, "192.0.2.1:1000"), "200 2 1 1000 -");
  EXPECT_EQ(Ask(limit, "192.0.2.1:1001"), "200 2 0 2000 -");
  EXPECT_EQ(Ask(limit, "192.0.2.1:1002"), "429 2 0 2000 1000");
  EXPECT_EQ(Ask(limit, "192.0.2.2:1000"), "200 2 1 1000 -");
}

TEST_F(RateLimitTest, WhoIsOneClient) {
  const char kYes[] = "200 1 0 1000 -", kNo[] = "429 1 0 1000 1000";
  RateLimit address(Policy(RatePolicy::By::kAddress), errors_);
  EXPECT_EQ(Ask(address, "[2001:db8::1]:80", "ann"), kYes);
  EXPECT_EQ(Ask(address, "[2001:db8::1]:81", "bob"), kNo);
  RateLimit subject(Policy(RatePolicy::By::kSubject), errors_);
  EXPECT_EQ(Ask(subject, "192.0.2.1:1", "ann"), kYes);
  EXPECT_EQ(Ask(subject, "192.0.2.2:1", "ann"), kNo);
  EXPECT_EQ(Ask(subject, "192.0.2.1:1", "bob"), kYes);
  EXPECT_EQ(Ask(subject, "192.0.2.1:1"), kYes);
  EXPECT_EQ(Ask(subject, "192.0.2.1:1"), kNo);
  RateLimit key(Policy(RatePolicy::By::kKey), errors_);
  EXPECT_EQ(Ask(key, "192.0.2.1:1", "acme", "k1"), kYes);
  EXPECT_EQ(Ask(key, "192.0.2.2:1", "acme", "k1"), kNo);
  EXPECT_EQ(Ask(key, "192.0.2.1:1", "acme", "k2"), kYes);
  // A key that nobody has verified is no new client each time.
  EXPECT_EQ(Ask(key, "192.0.2.1:1", nullptr, "k3"), kYes);
  EXPECT_EQ(Ask(key, "192.0.2.1:1", nullptr, "k4"), kNo);
}

}  // namespace
}  // namespace portico::middleware
