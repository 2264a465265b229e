#include "gateway/compose/part_times.h"

#include <gtest/gtest.h>

namespace portico::compose {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Calls of one part, one every 10 ms, by a clock of the test's own.
class PartTimesTest : public ::testing::Test {
 protected:
  static constexpr milliseconds kWhole{300};

  void CameIn(int calls, milliseconds taken) {
    for (int i = 0; i < calls; ++i) times_.CameIn(0, taken, now_ += milliseconds(10));
  }
  // Calls that had the whole time.
  void GivenUp(int calls, milliseconds taken = kWhole - milliseconds(1)) {
    for (int i = 0; i < calls; ++i) times_.GivenUp(0, taken, now_ += milliseconds(10));
  }
  bool IsHopeless(milliseconds left) { return times_.IsHopeless(0, left, kWhole, now_); }
  // How many of so many pages leave the part out; those that do not call it, and it comes in after `taken`, or is
  // given up where that is more than there is.
  int LeftOut(int pages, milliseconds taken) {
    int left_out = 0;
    for (int i = 0; i < pages; ++i) {
      now_ += milliseconds(10);
      if (IsHopeless(kWhole)) {
        ++left_out;
      } else if (taken < kWhole) {
        CameIn(1, taken);
      } else {
        GivenUp(1);
      }
    }
    return left_out;
  }

  PartTimes times_{2};
  net::Deadline now_ = net::Clock::now();
};

TEST_F(PartTimesTest, KnowsWhatNearlyAllCallsDoNotExceed) {
  CameIn(15, milliseconds(10));
  EXPECT_EQ(times_.P95(0, now_), milliseconds(0)) << "too few to tell";
  CameIn(1, milliseconds(10));
  EXPECT_EQ(times_.P95(0, now_), milliseconds(10));
  CameIn(60, milliseconds(20));
  CameIn(4, milliseconds(1000));
  EXPECT_EQ(times_.P95(0, now_), milliseconds(20));
  CameIn(50, milliseconds(20));
  CameIn(14, milliseconds(1000));
  EXPECT_EQ(times_.P95(0, now_), milliseconds(1000));
  EXPECT_EQ(times_.P95(1, now_), milliseconds(0));
}

TEST_F(PartTimesTest, ForgetsAfterAMinute) {
  CameIn(16, milliseconds(10));
  now_ += seconds(60);
  EXPECT_EQ(times_.P95(0, now_), milliseconds(10));
  now_ += milliseconds(1);
  EXPECT_EQ(times_.P95(0, now_), milliseconds(0));
  GivenUp(15);
  EXPECT_FALSE(IsHopeless(kWhole));
  CameIn(1, milliseconds(20));
  EXPECT_EQ(times_.P95(0, now_), milliseconds(0)) << "one call is too few, and the others are long ago";
  EXPECT_TRUE(IsHopeless(kWhole));
  now_ += seconds(61);
  EXPECT_FALSE(IsHopeless(kWhole));
}

TEST_F(PartTimesTest, AFewCallsThatHangDoNotHurtTheOthers) {
  for (int i = 0; i < 100; ++i) {
    CameIn(13, milliseconds(20));
    GivenUp(1);
    EXPECT_FALSE(IsHopeless(kWhole)) << "7 % of the calls hang";
    EXPECT_FALSE(IsHopeless(milliseconds(200))) << "a part that begins late does as well as before";
  }
  EXPECT_EQ(times_.P95(0, now_), milliseconds(20));
}

TEST_F(PartTimesTest, ABurstOfSlowCallsIsForgottenByTheFirstQuickOne) {
  GivenUp(16);
  EXPECT_EQ(LeftOut(500, milliseconds(20)), 7) << "the eighth page finds out";
}

TEST_F(PartTimesTest, ABurstAmongQuickCallsChangesNothing) {
  CameIn(48, milliseconds(20));
  GivenUp(16);
  EXPECT_EQ(LeftOut(500, milliseconds(20)), 0);
}

TEST_F(PartTimesTest, WhatIsAlwaysLateIsTriedNowAndThen) {
  GivenUp(16);
  EXPECT_EQ(LeftOut(80, kWhole), 70);
}

TEST_F(PartTimesTest, APartThatBeginsLateIsJudgedByItsUsualTime) {
  CameIn(90, milliseconds(100));
  CameIn(10, milliseconds(250));
  EXPECT_FALSE(IsHopeless(milliseconds(250)));
  EXPECT_TRUE(IsHopeless(milliseconds(240)));
  EXPECT_FALSE(IsHopeless(milliseconds(270)));
}

TEST_F(PartTimesTest, OneClientsImpatienceSaysNothingOfAnothersCall) {
  GivenUp(64, milliseconds(50));  // of those who gave it no longer
  EXPECT_TRUE(times_.IsHopeless(0, milliseconds(50), milliseconds(50), now_));
  EXPECT_FALSE(IsHopeless(kWhole));
  // The patient one's call is no news for the others.
  CameIn(1, milliseconds(200));
  EXPECT_TRUE(times_.IsHopeless(0, milliseconds(50), milliseconds(50), now_));
}

}  // namespace
}  // namespace portico::compose
