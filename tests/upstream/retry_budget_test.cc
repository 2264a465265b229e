#include "gateway/upstream/retry_budget.h"

#include <gtest/gtest.h>

#include <string>

namespace portico::upstream {
namespace {

struct LanesCase {
  size_t lanes;
  double at_start;  // of all lanes together
  double most;
};

class RetryBudgetTest : public ::testing::TestWithParam<LanesCase> {};

TEST_P(RetryBudgetTest, WhatIsThereAtTheStartIsBounded) {
  EXPECT_NEAR(RetryBudget(0.2, GetParam().lanes).tokens(), GetParam().at_start, 0.1);
}

TEST_P(RetryBudgetTest, ManyCallsPayForSoMuchAndNoMore) {
  RetryBudget budget(0.2, GetParam().lanes);
  for (size_t lane = 0; lane < GetParam().lanes; ++lane) {
    for (int i = 0; i < 1000; ++i) budget.Deposit(lane);
  }
  EXPECT_NEAR(budget.tokens(), GetParam().most, 0.2);
}

// However small a lane's part is: without a whole token nothing is ever called again.
TEST_P(RetryBudgetTest, FiveCallsPayForARetryInEveryLane) {
  const size_t lanes = GetParam().lanes;
  RetryBudget budget(0.2, lanes);
  for (const size_t lane : {size_t{0}, lanes - 1}) {
    while (budget.Withdraw(lane)) continue;
    for (int i = 0; i < 5; ++i) budget.Deposit(lane);
    EXPECT_TRUE(budget.Withdraw(lane)) << lane;
    EXPECT_FALSE(budget.Withdraw(lane)) << lane;
  }
}

INSTANTIATE_TEST_SUITE_P(Lanes, RetryBudgetTest,
                         ::testing::Values(LanesCase{1, 10, 100}, LanesCase{4, 10, 100}, LanesCase{10, 10, 100},
                                           LanesCase{64, 64, 100}, LanesCase{100, 100, 100}, LanesCase{128, 100, 128},
                                           LanesCase{1000, 100, 1000}),
                         [](const auto& instance) { return std::to_string(instance.param.lanes); });

}  // namespace
}  // namespace portico::upstream
