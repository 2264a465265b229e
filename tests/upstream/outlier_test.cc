// The state machines of passive ejection and of active health checks, with a clock of the test's own.

#include "gateway/upstream/outlier.h"

#include <gtest/gtest.h>

#include "gateway/upstream/health.h"

namespace portico::upstream {
namespace {

using State = Outlier::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint32_t kFailures = 3;
const net::Deadline kStart = net::Deadline(std::chrono::hours(1));

TEST(OutlierTest, OnlyFailuresInARowCount) {
  Outlier outlier;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(outlier.Failed(kFailures, kStart));
    EXPECT_FALSE(outlier.Failed(kFailures, kStart));
    EXPECT_FALSE(outlier.Succeeded(kStart));
  }
  EXPECT_EQ(outlier.At(kStart), State::kIn);
}

TEST(OutlierTest, OutThenOnTrialThenIn) {
  Outlier outlier;
  EXPECT_FALSE(outlier.Failed(kFailures, kStart));
  EXPECT_FALSE(outlier.Failed(kFailures, kStart));
  ASSERT_TRUE(outlier.Failed(kFailures, kStart));
  EXPECT_FALSE(outlier.suspicious());
  outlier.Eject(kStart + seconds(10));
  EXPECT_TRUE(outlier.suspicious());
  EXPECT_EQ(outlier.At(kStart), State::kOut);
  // Calls begun before end as they end: they neither bring it back nor keep it out for longer.
  EXPECT_FALSE(outlier.Succeeded(kStart + seconds(5)));
  EXPECT_FALSE(outlier.Failed(kFailures, kStart + seconds(5)));
  EXPECT_EQ(outlier.At(kStart + seconds(10) - milliseconds(1)), State::kOut);
  EXPECT_EQ(outlier.At(kStart + seconds(10)), State::kOnTrial);
  EXPECT_TRUE(outlier.Succeeded(kStart + seconds(10)));
  EXPECT_EQ(outlier.At(kStart + seconds(10)), State::kIn);
  EXPECT_FALSE(outlier.suspicious());
  // And has to fail as often as any other again.
  EXPECT_FALSE(outlier.Failed(kFailures, kStart + seconds(11)));
}

TEST(OutlierTest, OneFailureOnTrialIsEnough) {
  Outlier outlier;
  outlier.Eject(kStart);
  ASSERT_EQ(outlier.At(kStart), State::kOnTrial);
  ASSERT_TRUE(outlier.Failed(kFailures, kStart));
  outlier.Eject(kStart + seconds(10));
  EXPECT_EQ(outlier.At(kStart + seconds(1)), State::kOut);
}

TEST(OutlierTest, WhoeverMayNotEjectYetIsAskedAgain) {
  Outlier outlier;
  for (uint32_t i = 1; i < kFailures; ++i) EXPECT_FALSE(outlier.Failed(kFailures, kStart));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(outlier.Failed(kFailures, kStart));
}

TEST(OutlierTest, TheShareThatMayBeOut) {
  const struct {
    uint32_t max_percent;
    size_t servers;
    size_t most;
  } cases[] = {{50, 1, 0}, {100, 1, 0}, {50, 2, 1}, {50, 3, 1}, {50, 10, 5}, {10, 10, 1}, {10, 9, 0}, {100, 4, 4}};
  for (const auto& c : cases) {
    size_t out = 0;
    while (out < c.servers && Outlier::MayEject({kFailures, seconds(1), c.max_percent}, out, c.servers)) ++out;
    EXPECT_EQ(out, c.most) << c.max_percent << "% of " << c.servers;
  }
}

TEST(OutlierTest, WhatCountsAsAFailure) {
  EXPECT_TRUE(Outlier::IsFailure(absl::StatusCode::kUnavailable, milliseconds(0)));
  EXPECT_TRUE(Outlier::IsFailure(absl::StatusCode::kDeadlineExceeded, milliseconds(100)));
  // A caller that waits for nothing says nothing about the server.
  EXPECT_FALSE(Outlier::IsFailure(absl::StatusCode::kDeadlineExceeded, milliseconds(99)));
  for (const auto code : {absl::StatusCode::kOk, absl::StatusCode::kNotFound, absl::StatusCode::kInternal,
                          absl::StatusCode::kCancelled, absl::StatusCode::kResourceExhausted}) {
    EXPECT_FALSE(Outlier::IsFailure(code, seconds(1)));
  }
}

TEST(HealthTest, StatesByAnswers) {
  using Answer = Health::Answer;
  using Known = Health::State;
  struct Step {
    Answer answer;
    Known after;
  };
  const struct {
    const char* name;
    std::vector<Step> steps;
  } cases[] = {
      {"the first answer decides", {{Answer::kServing, Known::kHealthy}}},
      {"the first silence too", {{Answer::kNone, Known::kUnhealthy}, {Answer::kServing, Known::kHealthy}}},
      {"one lost answer is none",
       {{Answer::kServing, Known::kHealthy},
        {Answer::kNone, Known::kHealthy},
        {Answer::kServing, Known::kHealthy},
        {Answer::kNone, Known::kHealthy}}},
      {"two in a row are",
       {{Answer::kServing, Known::kHealthy},
        {Answer::kNone, Known::kHealthy},
        {Answer::kNone, Known::kUnhealthy},
        {Answer::kNone, Known::kUnhealthy},
        {Answer::kServing, Known::kHealthy}}},
      {"its own word counts at once",
       {{Answer::kServing, Known::kHealthy},
        {Answer::kNotServing, Known::kUnhealthy},
        {Answer::kServing, Known::kHealthy}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Health health;
    EXPECT_EQ(health.state(), Known::kUnknown);
    for (const Step& step : c.steps) {
      const Known before = health.state();
      EXPECT_EQ(health.Checked(step.answer), before != step.after);
      EXPECT_EQ(health.state(), step.after);
    }
  }
}

}  // namespace
}  // namespace portico::upstream
