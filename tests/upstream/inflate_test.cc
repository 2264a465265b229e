#include "gateway/upstream/inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace portico::upstream {
namespace {

enum class Format { kZlib = 15, kGzip = 15 + 16, kRaw = -15 };

std::string Deflate(const std::string& text, Format format) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, static_cast<int>(format), 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(InflateTest, BothFormatsBehindWhatIsThere) {
  for (const Format format : {Format::kZlib, Format::kGzip}) {
    for (const size_t size : {0u, 1u, 4095u, 4096u, 4097u, 300000u}) {
      std::string text;
      for (size_t i = 0; i < size; ++i) text += static_cast<char>(i * 31 >> 3);
      std::string out = "before";
      EXPECT_EQ(Inflate(Deflate(text, format), size, &out), Inflated::kDone) << size;
      EXPECT_EQ(out, "before" + text);
    }
  }
}

TEST(InflateTest, TheLimitIsExact) {
  const std::string compressed = Deflate(std::string(10000, 'x'), Format::kGzip);
  std::string out;
  EXPECT_EQ(Inflate(compressed, 10000, &out), Inflated::kDone);
  out.clear();
  EXPECT_EQ(Inflate(compressed, 9999, &out), Inflated::kTooLarge);
  EXPECT_LE(out.size(), 10000u);
}

TEST(InflateTest, ABombStopsAtTheLimit) {
  const std::string bomb = Deflate(std::string(64 << 20, '\0'), Format::kGzip);
  ASSERT_LT(bomb.size(), 100000u);
  std::string out;
  EXPECT_EQ(Inflate(bomb, 1 << 20, &out), Inflated::kTooLarge);
  EXPECT_LE(out.capacity(), size_t{4} << 20);
}

TEST(InflateTest, NoPrefixIsWhole) {
  const std::string compressed = Deflate("a message that is long enough for a few bytes", Format::kGzip);
  for (size_t size = 0; size < compressed.size(); ++size) {
    std::string out;
    EXPECT_EQ(Inflate(compressed.substr(0, size), 1000, &out), Inflated::kMalformed) << size;
  }
}

TEST(InflateTest, WhatIsNotAStreamOrMoreThanOneIsMalformed) {
  const std::string good = Deflate("text", Format::kGzip);
  std::string checksum = good;
  checksum[checksum.size() - 8] = static_cast<char>(~checksum[checksum.size() - 8]);
  for (const std::string& bad : {std::string("not compressed at all"), good + "x", good + good, checksum,
                                 Deflate("text", Format::kRaw), std::string(20, '\0')}) {
    std::string out;
    EXPECT_EQ(Inflate(bad, 1000, &out), Inflated::kMalformed) << bad.size();
  }
}

}  // namespace
}  // namespace portico::upstream
