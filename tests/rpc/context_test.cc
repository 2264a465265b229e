#include "gateway/rpc/context.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace portico::rpc {
namespace {

class ContextTest : public testing::Test {
 protected:
  net::Worker worker_{0};
  const net::Deadline later_ = net::Clock::now() + std::chrono::hours(1);
};

TEST_F(ContextTest, AChildHasTheEarlierDeadlineAndInheritsTheRest) {
  Context parent(worker_, later_);
  parent.set_metadata(std::make_shared<Metadata>(Metadata{{"traceparent", "00-1"}}));
  parent.set_pin(std::make_shared<int>(1));
  Context shorter(parent, later_ - std::chrono::minutes(1));
  Context longer(parent, net::kNoDeadline);
  EXPECT_EQ(shorter.deadline(), later_ - std::chrono::minutes(1));
  EXPECT_EQ(longer.deadline(), later_);
  EXPECT_EQ(longer.metadata(), parent.metadata());
  EXPECT_EQ(longer.pin(), parent.pin());
}

TEST_F(ContextTest, CancelReachesCallbacksAndChildrenOnce) {
  Context parent(worker_, later_);
  Context child(parent, later_);
  int parent_calls = 0;
  int child_calls = 0;
  CancelCallback on_parent(parent, [&] { ++parent_calls; });
  CancelCallback on_child(child, [&] { ++child_calls; });
  parent.Cancel();
  parent.Cancel();
  EXPECT_TRUE(child.cancelled());
  EXPECT_EQ(parent_calls, 1);
  EXPECT_EQ(child_calls, 1);
}

TEST_F(ContextTest, ACallbackOnACancelledContextRunsAtOnce) {
  Context context(worker_, later_);
  context.Cancel();
  bool called = false;
  CancelCallback callback(context, [&] { called = true; });
  EXPECT_TRUE(called);
}

TEST_F(ContextTest, ADestroyedCallbackDoesNotRun) {
  Context context(worker_, later_);
  bool first = false;
  bool second = false;
  bool third = false;
  CancelCallback a(context, [&] { first = true; });
  auto b = std::make_unique<CancelCallback>(context, [&] { second = true; });
  CancelCallback c(context, [&] { third = true; });
  b.reset();
  context.Cancel();
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  EXPECT_TRUE(third);
}

TEST_F(ContextTest, AChildMayOutliveItsParent) {
  auto parent = std::make_unique<Context>(worker_, later_);
  Context child(*parent, later_);
  parent.reset();
  EXPECT_FALSE(child.cancelled());
  child.Cancel();
  EXPECT_TRUE(child.cancelled());
}

// A cancelled call returns, and what it returned to may destroy everything that belongs to the request.
TEST_F(ContextTest, CallbacksMayDestroyOtherCallbacksChildrenAndTheContext) {
  auto context = std::make_unique<Context>(worker_, later_);
  auto child = std::make_unique<Context>(*context, later_);
  std::unique_ptr<CancelCallback> other;
  bool other_called = false;
  other = std::make_unique<CancelCallback>(*context, [&] { other_called = true; });
  // Runs first: the latest callback is the first in the list.
  CancelCallback destroys(*context, [&] {
    other.reset();
    child.reset();
    context.reset();
  });
  context->Cancel();
  EXPECT_EQ(context, nullptr);
  EXPECT_FALSE(other_called);
}

}  // namespace
}  // namespace portico::rpc
