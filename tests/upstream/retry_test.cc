#include "gateway/upstream/retry.h"

#include <gtest/gtest.h>

#include "gateway/rpc/status.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/fake_service.h"

namespace portico::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

RetryOptions Options() {
  RetryOptions options;
  options.attempts = 3;
  options.backoff = milliseconds(1);
  options.max_backoff = milliseconds(2);
  return options;
}

class RetryTest : public CallingTest {
 protected:
  // `tokens` is what the budget has at the start.
  Retry Make(rpc::Handler& next, RetryOptions options = Options(), bool repeatable = true) {
    CallPolicy policy;
    policy.repeatable = repeatable;
    return Retry(std::move(options), std::move(policy), seconds(5), {budget_, counts_}, next);
  }
  static Async<void> RunStream(rpc::Handler& handler, const rpc::Method& method, rpc::Context& context,
                               std::optional<absl::StatusOr<std::string>>& result) {
    absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await handler.Open(method, context);
    if (!stream.ok()) {
      result = stream.status();
      co_return;
    }
    static_cast<void>(co_await (*stream)->Write(rpc::Payload::Copy("request")));
    static_cast<void>(co_await (*stream)->CloseWrite());
    std::string message;
    const absl::StatusOr<bool> more = co_await (*stream)->Read(&message);
    if (more.ok()) {
      result = message;
    } else {
      result = more.status();
    }
  }
  absl::StatusOr<std::string> Stream(rpc::Handler& handler) {
    rpc::Context context(worker(), In(5000));
    std::optional<absl::StatusOr<std::string>> result;
    worker().Spawn(RunStream(handler, method_, context, result));
    EXPECT_TRUE(RunUntil([&] { return result.has_value(); }));
    return *result;
  }

  RetryBudget budget_{0.2, 1};
  RetryCounts counts_;
};

// Fails the first calls, then answers its number.
FakeService::Answer FailingFirst(int failures, absl::Status status) {
  return [failures, status](int call, absl::string_view, rpc::Context&) -> absl::StatusOr<std::string> {
    if (call <= failures) return status;
    return std::to_string(call);
  };
}

TEST_F(RetryTest, TellsTheServiceHowOftenItHasBeenAsked) {
  FakeService service(FailingFirst(2, absl::UnavailableError("down")));
  Retry retry = Make(service);
  rpc::Context context(worker(), In(5000));
  context.set_metadata(std::make_shared<rpc::Metadata>(rpc::Metadata{{"x-a", "b"}}));
  const absl::StatusOr<rpc::Reply> reply = Call(retry, "x", context);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->message, "3");
  EXPECT_EQ(service.MetadataOf(1, "grpc-previous-rpc-attempts"), "");
  EXPECT_EQ(service.MetadataOf(2, "grpc-previous-rpc-attempts"), "1");
  EXPECT_EQ(service.MetadataOf(3, "grpc-previous-rpc-attempts"), "2");
  EXPECT_EQ(service.MetadataOf(3, "x-a"), "b");
  EXPECT_EQ(counts_.retries, 2u);
}

TEST_F(RetryTest, GivesUpAfterAllAttempts) {
  FakeService service(absl::UnavailableError("down"));
  Retry retry = Make(service);
  EXPECT_EQ(Call(retry, "x").status().message(), "down");
  EXPECT_EQ(service.calls(), 3);
}

TEST_F(RetryTest, WhatIsNotWorthIt) {
  struct Case {
    const char* name;
    absl::Status failure;
    bool repeatable;
    int calls;
  };
  const Case cases[] = {
      {"a code that is named", absl::UnavailableError(""), true, 3},
      {"one that is not", absl::NotFoundError(""), true, 1},
      {"a method that must not happen twice", absl::UnavailableError(""), false, 1},
      {"the same, when no server has seen it", rpc::NotSent(""), false, 3},
      {"what the gateway refused itself", rpc::Refused("", "breaker_open", seconds(1)), true, 1},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    FakeService service{absl::StatusOr<std::string>(c.failure)};
    Retry retry = Make(service, Options(), c.repeatable);
    EXPECT_FALSE(Call(retry, "x").ok());
    EXPECT_EQ(service.calls(), c.calls);
  }
}

TEST_F(RetryTest, AnIdempotencyKeyMakesACallSafe) {
  FakeService service(absl::UnavailableError("down"));
  CallPolicy policy;
  policy.idempotency_key = {2, 1};
  Retry retry(Options(), policy, seconds(5), {budget_, counts_}, service);
  EXPECT_FALSE(Call(retry, std::string("\x0a\x01x", 3)).ok());
  EXPECT_EQ(service.calls(), 1) << "no key";
  EXPECT_FALSE(Call(retry, std::string("\x12\x02\x0a\x00", 4)).ok());
  EXPECT_EQ(service.calls(), 2) << "an empty key";
  EXPECT_FALSE(Call(retry, std::string("\x12\x03\x0a\x01k", 5)).ok());
  EXPECT_EQ(service.calls(), 5) << "a key";
  EXPECT_FALSE(Call(retry, std::string("\x12\x03\x0a\x01k\x12\x02\x0a\x00", 9)).ok());
  EXPECT_EQ(service.calls(), 6) << "a key that is taken back";
}

TEST_F(RetryTest, TheBudgetBoundsWhatAnOutageCosts) {
  FakeService service(absl::UnavailableError("down"));
  Retry retry = Make(service);
  for (int i = 0; i < 200; ++i) EXPECT_FALSE(Call(retry, "x").ok());
  // Two hundred calls, the ten of the start, and a fifth of the calls.
  EXPECT_LE(service.calls(), 200 + 10 + 40);
  EXPECT_GE(service.calls(), 200 + 10 + 38);
  EXPECT_GT(counts_.over_budget, 100u);
}

TEST_F(RetryTest, NeverAfterTheDeadline) {
  RetryOptions options = Options();
  options.backoff = options.max_backoff = seconds(60);
  FakeService service([](int, absl::string_view, rpc::Context& context) -> absl::StatusOr<std::string> {
    EXPECT_LE(context.deadline(), net::Clock::now() + milliseconds(200));
    return absl::UnavailableError("down");
  });
  // The wait is random, and hardly ever within the time.
  int calls = 0;
  for (int i = 0; i < 5; ++i) {
    Retry retry = Make(service, options);
    rpc::Context context(worker(), In(200));
    EXPECT_FALSE(Call(retry, "x", context).ok());
    EXPECT_LE(net::Clock::now(), In(5000));
    calls = service.calls();
  }
  EXPECT_LE(calls, 6);
}

TEST_F(RetryTest, AllAttemptsShareTheClustersTime) {
  std::vector<net::Deadline> deadlines;
  FakeService service([&](int, absl::string_view, rpc::Context& context) -> absl::StatusOr<std::string> {
    deadlines.push_back(context.deadline());
    return absl::UnavailableError("down");
  });
  Retry retry = Make(service);
  rpc::Context context(worker(), net::kNoDeadline);
  EXPECT_FALSE(Call(retry, "x", context).ok());
  ASSERT_EQ(deadlines.size(), 3u);
  EXPECT_LE(deadlines[0], In(5000));
  EXPECT_EQ(deadlines[1], deadlines[0]);
  EXPECT_EQ(deadlines[2], deadlines[0]);
}

TEST_F(RetryTest, TheServiceSaysWhen) {
  struct Case {
    const char* pushback;
    int calls;
  };
  for (const Case& c : {Case{"1", 3}, Case{"-1", 1}, Case{"soon", 1}, Case{"600000", 1}}) {
    SCOPED_TRACE(c.pushback);
    FakeService service([&](int, absl::string_view, rpc::Context& context) -> absl::StatusOr<std::string> {
      auto metadata = std::make_unique<rpc::FailureMetadata>();
      metadata->trailers = {{"grpc-retry-pushback-ms", c.pushback}};
      context.set_failure_metadata(std::move(metadata));
      return absl::UnavailableError("down");
    });
    Retry retry = Make(service);
    rpc::Context context(worker(), In(5000));
    EXPECT_FALSE(Call(retry, "x", context).ok());
    EXPECT_EQ(service.calls(), c.calls);
    ASSERT_NE(context.failure_metadata(), nullptr) << "the last attempt's";
  }
}

TEST_F(RetryTest, ACallerThatLeavesEndsTheWait) {
  RetryOptions options = Options();
  options.backoff = options.max_backoff = seconds(2);
  FakeService service(absl::UnavailableError("down"));
  Retry retry = Make(service, options);
  rpc::Context context(worker(), In(60000));
  Result reply;
  Begin(retry, "x", context, reply);
  EXPECT_TRUE(RunUntil([&] { return service.calls() == 1; }));
  context.Cancel();
  EXPECT_TRUE(RunUntil([&] { return reply.has_value(); }));
  EXPECT_EQ(service.calls(), 1);
}

TEST_F(RetryTest, WhatIsLargeIsNotSentTwice) {
  FakeService service(absl::UnavailableError("down"));
  Retry retry = Make(service);
  EXPECT_FALSE(Call(retry, std::string((1 << 20) + 1, 'x')).ok());
  EXPECT_EQ(service.calls(), 1);
}

TEST_F(RetryTest, StreamsAreOpenedAgainBeforeTheirFirstMessage) {
  FakeService service(FailingFirst(2, absl::UnavailableError("down")));
  Retry retry = Make(service);
  const absl::StatusOr<std::string> message = Stream(retry);
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(*message, "3");
  EXPECT_EQ(service.MetadataOf(3, "grpc-previous-rpc-attempts"), "2");

  method_.client_streaming = true;
  FakeService other(absl::UnavailableError("down"));
  Retry not_these = Make(other);
  EXPECT_FALSE(Stream(not_these).ok());
  EXPECT_EQ(other.calls(), 1);
}

TEST(BackoffTest, GrowsWithinItsBoundsAndDiffers) {
  RetryOptions options;
  net::Clock::duration least = seconds(1), most{};
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LE(Backoff(options, 1), milliseconds(25));
    EXPECT_LE(Backoff(options, 2), milliseconds(50));
    EXPECT_LE(Backoff(options, 100), milliseconds(250));
    least = std::min(least, Backoff(options, 9));
    most = std::max(most, Backoff(options, 9));
  }
  EXPECT_LT(least, milliseconds(50));
  EXPECT_GT(most, milliseconds(200));
}

}  // namespace
}  // namespace portico::upstream
