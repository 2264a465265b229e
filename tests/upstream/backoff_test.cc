#include "gateway/upstream/backoff.h"

#include <gtest/gtest.h>

namespace portico::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kFirst(20);
constexpr milliseconds kLast(1000);

TEST(BackoffTest, GrowsFromTheFirstToTheLast) {
  EXPECT_EQ(BackoffPause(kFirst, kLast, 0, 0.5), kFirst);
  EXPECT_EQ(BackoffPause(kFirst, kLast, 1, 0.5), milliseconds(32));
  for (int failures = 1; failures <= 8; ++failures) {
    EXPECT_GT(BackoffPause(kFirst, kLast, failures, 0.5), BackoffPause(kFirst, kLast, failures - 1, 0.5)) << failures;
  }
  for (const int failures : {9, 10, 100, 1000})
    EXPECT_EQ(BackoffPause(kFirst, kLast, failures, 0.5), kLast) << failures;
}

TEST(BackoffTest, IsAFifthMoreOrLessButNeverBeyondTheLast) {
  EXPECT_EQ(BackoffPause(kFirst, kLast, 0, 0), milliseconds(16));
  EXPECT_EQ(BackoffPause(kFirst, kLast, 0, 1), milliseconds(24));
  for (const int failures : {9, 1000}) {
    EXPECT_EQ(BackoffPause(kFirst, kLast, failures, 0), milliseconds(800)) << failures;
    EXPECT_EQ(BackoffPause(kFirst, kLast, failures, 1), kLast) << failures;
  }
  for (int failures = 0; failures < 20; ++failures) {
    for (const double chance : {0.0, 0.3, 0.999}) {
      const nanoseconds pause = BackoffPause(kFirst, kLast, failures, chance);
      EXPECT_GE(pause, milliseconds(16)) << failures << " " << chance;
      EXPECT_LE(pause, kLast) << failures << " " << chance;
    }
  }
}

}  // namespace
}  // namespace portico::upstream
