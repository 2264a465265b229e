#include "gateway/access/token_cache.h"

#include <gtest/gtest.h>

namespace portico::access {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1900000000);

std::shared_ptr<const Caller> CallerUntil(absl::Time expires) {
  return std::make_shared<const Caller>(Caller::Claims{}, "", expires);
}

TEST(TokenCacheTest, KnowsATokenUntilItExpires) {
  TokenCache cache(10, 1000);
  const auto caller = CallerUntil(kNow + absl::Seconds(5));
  cache.Insert("token", caller);
  EXPECT_EQ(cache.Find("token", kNow + absl::Seconds(4)), caller);
  EXPECT_EQ(cache.Find("toke", kNow), nullptr);
  EXPECT_EQ(cache.Find("token2", kNow), nullptr);
  EXPECT_EQ(cache.Find("token", kNow + absl::Seconds(5)), nullptr);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(TokenCacheTest, TheOneNotUsedForLongestGoes) {
  TokenCache cache(2, 1000);
  cache.Insert("a", CallerUntil(absl::InfiniteFuture()));
  cache.Insert("b", CallerUntil(absl::InfiniteFuture()));
  EXPECT_NE(cache.Find("a", kNow), nullptr);
  cache.Insert("c", CallerUntil(absl::InfiniteFuture()));
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_NE(cache.Find("a", kNow), nullptr);
  EXPECT_EQ(cache.Find("b", kNow), nullptr);
  EXPECT_NE(cache.Find("c", kNow), nullptr);
}

TEST(TokenCacheTest, BytesHaveABoundToo) {
  TokenCache cache(100, 10);
  cache.Insert("12345678901", CallerUntil(absl::InfiniteFuture()));
  EXPECT_EQ(cache.size(), 0u);
  for (const char* token : {"aaaa", "bbbb", "cccc"}) cache.Insert(token, CallerUntil(absl::InfiniteFuture()));
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(cache.Find("aaaa", kNow), nullptr);
}

}  // namespace
}  // namespace portico::access
