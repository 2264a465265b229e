#include "gateway/access/expiring_cache.h"

#include <gtest/gtest.h>

namespace portico::access {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1900000000);

using Cache = ExpiringCache<int>;

std::shared_ptr<const int> Value() {
  return std::make_shared<const int>(1);
}

TEST(ExpiringCacheTest, KnowsAKeyUntilItExpires) {
  Cache cache(10, 1000);
  const auto caller = Value();
  cache.Insert("token", caller, kNow + absl::Seconds(5));
  EXPECT_EQ(cache.Find("token", kNow + absl::Seconds(4)), caller);
  EXPECT_EQ(cache.Find("toke", kNow), nullptr);
  EXPECT_EQ(cache.Find("token2", kNow), nullptr);
  EXPECT_EQ(cache.Find("token", kNow + absl::Seconds(5)), nullptr);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(ExpiringCacheTest, TheOneNotUsedForLongestGoes) {
  Cache cache(2, 1000);
  cache.Insert("a", Value(), absl::InfiniteFuture());
  cache.Insert("b", Value(), absl::InfiniteFuture());
  EXPECT_NE(cache.Find("a", kNow), nullptr);
  cache.Insert("c", Value(), absl::InfiniteFuture());
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_NE(cache.Find("a", kNow), nullptr);
  EXPECT_EQ(cache.Find("b", kNow), nullptr);
  EXPECT_NE(cache.Find("c", kNow), nullptr);
}

TEST(ExpiringCacheTest, BytesHaveABoundToo) {
  Cache cache(100, 10);
  cache.Insert("12345678901", Value(), absl::InfiniteFuture());
  EXPECT_EQ(cache.size(), 0u);
  for (const char* token : {"aaaa", "bbbb", "cccc"}) cache.Insert(token, Value(), absl::InfiniteFuture());
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(cache.Find("aaaa", kNow), nullptr);
}

}  // namespace
}  // namespace portico::access
