#include "gateway/upstream/concurrency_limit.h"

#include <gtest/gtest.h>

#include "gateway/rpc/status.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/fake_service.h"

namespace portico::upstream {
namespace {

class ConcurrencyLimitTest : public CallingTest {};

TEST_F(ConcurrencyLimitTest, WhatCanBeDoneWithoutIsShedFirst) {
  FakeService service(absl::StatusOr<std::string>("reply"));
  service.HoldIf([](int) { return true; });
  ConcurrencyLimit limit(10);
  LimitedConcurrency limited(limit, service);
  struct One {
    std::unique_ptr<rpc::Context> context;
    Result reply;
  };
  std::vector<std::unique_ptr<One>> calls;
  const auto begin = [&](bool optional) -> One& {
    One& one = *calls.emplace_back(std::make_unique<One>());
    one.context = std::make_unique<rpc::Context>(worker(), In(60000));
    if (optional) one.context->set_optional();
    const int before = service.calls();
    Begin(limited, "x", *one.context, one.reply);
    RunUntil([&] { return one.reply.has_value() || service.calls() > before; });
    return one;
  };
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(begin(true).reply.has_value()) << i;
  One& shed = begin(true);
  ASSERT_TRUE(shed.reply.has_value());
  EXPECT_EQ(rpc::OmissionReason(shed.reply->status()), "shed");
  EXPECT_EQ(shed.reply->status().code(), absl::StatusCode::kUnavailable);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(begin(false).reply.has_value()) << i;
  EXPECT_TRUE(begin(false).reply.has_value());
  EXPECT_EQ(service.calls(), 10);
  EXPECT_EQ(limit.in_flight(), 10);
  EXPECT_EQ(limit.shed(), 2u);

  // Room is given back, also by those who leave.
  calls[0]->context->Cancel();
  service.Release(2);
  EXPECT_TRUE(RunUntil([&] { return limit.in_flight() == 8; }));
  EXPECT_FALSE(begin(false).reply.has_value());
  for (const auto& one : calls) one->context->Cancel();
  EXPECT_TRUE(RunUntil([&] { return limit.in_flight() == 0; }));
}

TEST(ConcurrencyLimitRoomTest, HowMuchIsForWhatCanBeDoneWithout) {
  const struct {
    uint32_t most;
    int optional;
  } cases[] = {{1, 1}, {2, 1}, {3, 2}, {4, 3}, {5, 4}, {9, 8}, {10, 8}, {100, 80}};
  for (const auto& c : cases) {
    ConcurrencyLimit limit(c.most);
    int optional = 0;
    while (limit.Enter(true)) ++optional;
    EXPECT_EQ(optional, c.optional) << c.most;
    uint32_t all = static_cast<uint32_t>(optional);
    while (limit.Enter(false)) ++all;
    EXPECT_EQ(all, c.most);
  }
}

TEST_F(ConcurrencyLimitTest, OneIsOne) {
  FakeService service(absl::StatusOr<std::string>("reply"));
  ConcurrencyLimit limit(1);
  LimitedConcurrency limited(limit, service);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Call(limited, "x").ok());
  EXPECT_EQ(limit.in_flight(), 0);
}

}  // namespace
}  // namespace portico::upstream
