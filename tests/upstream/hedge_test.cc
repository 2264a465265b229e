#include "gateway/upstream/hedge.h"

#include <gtest/gtest.h>

#include "tests/upstream/calling.h"
#include "tests/upstream/fake_service.h"

namespace portico::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HedgeTest : public CallingTest {
 protected:
  Hedge Make(rpc::Handler& next, milliseconds after = milliseconds(5), uint32_t max = 2, bool repeatable = true) {
    CallPolicy policy;
    policy.repeatable = repeatable;
    policy.hedge = {after, max};
    return Hedge(RetryOptions(), policy, seconds(5), {budget_, counts_}, next);
  }
  static FakeService::Answer Numbers() {
    return [](int call, absl::string_view, rpc::Context&) { return std::to_string(call); };
  }

  RetryBudget budget_{0.2, 1};
  RetryCounts counts_;
};

TEST_F(HedgeTest, AFastAnswerIsTheOnlyCall) {
  FakeService service(Numbers());
  Hedge hedge = Make(service, seconds(60));
  EXPECT_EQ(Call(hedge, "x")->message, "1");
  EXPECT_EQ(service.calls(), 1);
  EXPECT_EQ(counts_.hedges, 0u);
}

TEST_F(HedgeTest, TheFirstAnswerWinsAndTheOthersAreCancelled) {
  FakeService service(Numbers());
  service.HoldIf([](int call) { return call < 3; });
  Hedge hedge = Make(service, milliseconds(5), 3);
  EXPECT_EQ(Call(hedge, "x")->message, "3");
  EXPECT_EQ(service.calls(), 3);
  EXPECT_EQ(service.cancelled(), 2);
  EXPECT_EQ(counts_.hedges, 2u);
  EXPECT_EQ(service.MetadataOf(1, "grpc-previous-rpc-attempts"), "");
  EXPECT_EQ(service.MetadataOf(3, "grpc-previous-rpc-attempts"), "2");
}

TEST_F(HedgeTest, ThereAreNoMoreThanMax) {
  FakeService service(Numbers());
  service.HoldIf([](int) { return true; });
  Hedge hedge = Make(service, milliseconds(1), 3);
  rpc::Context context(worker(), In(5000));
  Result reply;
  Begin(hedge, "x", context, reply);
  EXPECT_TRUE(RunUntil([&] { return service.calls() == 3; }));
  const net::Deadline later = In(50);
  RunUntil([&] { return net::Clock::now() >= later; });
  EXPECT_EQ(service.calls(), 3);
  service.Release(1);
  EXPECT_TRUE(RunUntil([&] { return reply.has_value(); }));
  EXPECT_EQ((*reply)->message, "1");
  EXPECT_EQ(service.cancelled(), 2);
}

TEST_F(HedgeTest, AFailureStartsTheNextAtOnce) {
  FakeService service([](int call, absl::string_view, rpc::Context&) -> absl::StatusOr<std::string> {
    if (call == 1) return absl::UnavailableError("down");
    return "well";
  });
  Hedge hedge = Make(service, seconds(60));
  EXPECT_EQ(Call(hedge, "x")->message, "well");
  EXPECT_EQ(service.calls(), 2);
}

TEST_F(HedgeTest, AFailureThatWouldComeAgainIsTheAnswer) {
  FakeService service(absl::NotFoundError("no such thing"));
  Hedge hedge = Make(service);
  EXPECT_EQ(Call(hedge, "x").status().message(), "no such thing");
  EXPECT_EQ(service.calls(), 1);
}

TEST_F(HedgeTest, WhenAllFailTheLastFailureIsTheAnswer) {
  FakeService service([](int call, absl::string_view, rpc::Context&) -> absl::StatusOr<std::string> {
    return absl::UnavailableError(std::to_string(call));
  });
  Hedge hedge = Make(service, seconds(60), 3);
  EXPECT_EQ(Call(hedge, "x").status().message(), "3");
  EXPECT_EQ(service.calls(), 3);
}

TEST_F(HedgeTest, AServiceThatPushesBackIsAskedNoMore) {
  FakeService service([](int, absl::string_view, rpc::Context& context) -> absl::StatusOr<std::string> {
    auto metadata = std::make_unique<rpc::FailureMetadata>();
    metadata->trailers = {{"grpc-retry-pushback-ms", "-1"}};
    context.set_failure_metadata(std::move(metadata));
    return absl::UnavailableError("down");
  });
  Hedge hedge = Make(service);
  EXPECT_FALSE(Call(hedge, "x").ok());
  EXPECT_EQ(service.calls(), 1);
}

TEST_F(HedgeTest, WhatMayNotHappenTwiceIsCalledOnce) {
  FakeService service(Numbers());
  service.HoldIf([](int) { return true; });
  Hedge hedge = Make(service, milliseconds(1), 2, false);
  rpc::Context context(worker(), In(5000));
  Result reply;
  Begin(hedge, "x", context, reply);
  const net::Deadline later = In(50);
  RunUntil([&] { return net::Clock::now() >= later; });
  EXPECT_EQ(service.calls(), 1);
  service.Release(1);
  EXPECT_TRUE(RunUntil([&] { return reply.has_value(); }));
}

TEST_F(HedgeTest, TheBudgetPaysForIt) {
  FakeService service([](int, absl::string_view, rpc::Context&) -> absl::StatusOr<std::string> {
    return absl::UnavailableError("down");
  });
  Hedge hedge = Make(service, seconds(60));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(Call(hedge, "x").ok());
  EXPECT_LE(service.calls(), 100 + 10 + 20);
  EXPECT_GE(service.calls(), 100 + 10 + 18);
  EXPECT_GT(counts_.over_budget, 50u);
}

TEST_F(HedgeTest, ACallerThatLeavesTakesAllCallsWithIt) {
  FakeService service(Numbers());
  service.HoldIf([](int) { return true; });
  Hedge hedge = Make(service, milliseconds(1), 3);
  rpc::Context context(worker(), In(60000));
  Result reply;
  Begin(hedge, "x", context, reply);
  EXPECT_TRUE(RunUntil([&] { return service.calls() == 3; }));
  context.Cancel();
  EXPECT_TRUE(RunUntil([&] { return reply.has_value(); }));
  EXPECT_TRUE(absl::IsCancelled(reply->status()));
  EXPECT_EQ(service.cancelled(), 3);
}

}  // namespace
}  // namespace portico::upstream
