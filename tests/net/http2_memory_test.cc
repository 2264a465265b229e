#include "gateway/net/http2_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace portico::net {
namespace {

TEST(Http2MemoryTest, BlocksOfAnySizeHoldWhatTheyAreAskedFor) {
  const nghttp2_mem memory = Http2Memory();
  std::vector<std::pair<unsigned char*, size_t>> blocks;
  for (const size_t size : {0u, 1u, 63u, 64u, 65u, 512u, 1023u, 1024u, 1025u, 100000u}) {
    auto* const block = static_cast<unsigned char*>(memory.malloc(size, nullptr));
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % alignof(std::max_align_t), 0u);
    std::memset(block, static_cast<int>(size % 251), size);
    blocks.emplace_back(block, size);
  }
  for (auto& [block, size] : blocks) {
    auto* const grown = static_cast<unsigned char*>(memory.realloc(block, 3 * size + 1, nullptr));
    ASSERT_NE(grown, nullptr);
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(grown[i], size % 251);
    grown[3 * size] = 1;
    memory.free(grown, nullptr);
  }
  memory.free(nullptr, nullptr);
}

TEST(Http2MemoryTest, ReallocOfNothingAllocates) {
  const nghttp2_mem memory = Http2Memory();
  void* const block = memory.realloc(nullptr, 10, nullptr);
  ASSERT_NE(block, nullptr);
  memory.free(block, nullptr);
}

TEST(Http2MemoryTest, CallocClearsWhatWasUsedBefore) {
  const nghttp2_mem memory = Http2Memory();
  void* const used = memory.malloc(100, nullptr);
  std::memset(used, 0xff, 100);
  memory.free(used, nullptr);
  auto* const clear = static_cast<unsigned char*>(memory.calloc(10, 10, nullptr));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(clear[i], 0);
  memory.free(clear, nullptr);
  EXPECT_EQ(memory.calloc(SIZE_MAX / 2, 3, nullptr), nullptr);
}

TEST(Http2MemoryTest, BlocksMayBeFreedOnAnotherThread) {
  const nghttp2_mem memory = Http2Memory();
  std::vector<void*> blocks;
  for (int i = 0; i < 1000; ++i) blocks.push_back(memory.malloc(100, nullptr));
  std::thread([&] {
    for (void* block : blocks) memory.free(block, nullptr);
  }).join();
}

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
TEST(Http2MemoryTest, TheSameSizesAgainCostNoMalloc) {
  const nghttp2_mem memory = Http2Memory();
  const auto round = [&] {
    void* const small = memory.malloc(40, nullptr);
    void* const larger = memory.malloc(900, nullptr);
    memory.free(small, nullptr);
    memory.free(larger, nullptr);
  };
  round();
  const uint64_t before = Http2MemoryMisses();
  for (int i = 0; i < 1000; ++i) round();
  EXPECT_EQ(Http2MemoryMisses(), before);
}

TEST(Http2MemoryTest, WhatIsKeptIsBounded) {
  const nghttp2_mem memory = Http2Memory();
  const auto flood = [&] {
    std::vector<void*> blocks;
    for (int i = 0; i < 10000; ++i) blocks.push_back(memory.malloc(1000, nullptr));
    for (void* block : blocks) memory.free(block, nullptr);
  };
  flood();
  const uint64_t before = Http2MemoryMisses();
  flood();
  EXPECT_EQ(Http2MemoryMisses() - before, 10000u - 256u);
}
#endif

}  // namespace
}  // namespace portico::net
