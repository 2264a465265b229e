#include <gtest/gtest.h>

#include <vector>

#include "gateway/wire/reader.h"
#include "gateway/wire/writer.h"

namespace portico::wire {
namespace {

TEST(Reader, VarintsOfAllLengthsComeBack) {
  std::vector<uint64_t> values = {0, 1, 127, 128, ~uint64_t{0}};
  for (int shift = 0; shift < 64; ++shift) values.push_back(uint64_t{1} << shift);
  for (const uint64_t value : values) {
    std::string bytes;
    AppendVarint(value, &bytes);
    uint64_t read;
    Reader whole(bytes);
    ASSERT_TRUE(whole.ReadVarint(&read));
    EXPECT_EQ(read, value);
    EXPECT_TRUE(whole.done());
    for (size_t length = 0; length < bytes.size(); ++length) {
      Reader cut(absl::string_view(bytes).substr(0, length));
      EXPECT_FALSE(cut.ReadVarint(&read));
    }
  }
}

TEST(Reader, VarintsBeyondTenBytesAreMalformed) {
  uint64_t value;
  EXPECT_FALSE(Reader("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01").ReadVarint(&value));
  Reader longest("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
  ASSERT_TRUE(longest.ReadVarint(&value)) << "what is beyond 64 bits is dropped";
  EXPECT_EQ(value, ~uint64_t{0});
}

TEST(Reader, TagsAreChecked) {
  const auto reads = [](absl::string_view bytes) {
    uint32_t tag;
    return Reader(bytes).ReadTag(&tag);
  };
  EXPECT_TRUE(reads("\x08"));
  EXPECT_TRUE(reads("\xf8\xff\xff\xff\x0f")) << "field number 2^29-1";
  EXPECT_FALSE(reads(absl::string_view("\x00", 1))) << "field number 0";
  EXPECT_FALSE(reads("\x02"));
  EXPECT_FALSE(reads("\x0e")) << "wire type 6";
  EXPECT_FALSE(reads("\x0f")) << "wire type 7";
  EXPECT_FALSE(reads("\x80\x80\x80\x80\x10")) << "field number 2^29";
  EXPECT_FALSE(reads("\x88\x80\x80\x80\x80\x01"));
  EXPECT_FALSE(reads(""));
}

// A tag is a uint32: five bytes hold it (C++ and Go refuse more too).
TEST(Reader, TagsOfMoreThanFiveBytesAreMalformed) {
  for (int more = 0; more < 9; ++more) {
    std::string bytes = "\x88";
    bytes.append(static_cast<size_t>(more), '\x80');
    bytes += '\0';
    Reader reader(bytes);
    uint32_t tag;
    EXPECT_EQ(reader.ReadTag(&tag), bytes.size() <= 5) << bytes.size();
  }
}

TEST(Reader, LengthsBeyondTheEndAreMalformed) {
  absl::string_view bytes;
  EXPECT_FALSE(Reader("\x02"
                      "a")
                   .ReadBytes(&bytes));
  EXPECT_FALSE(Reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                      "a")
                   .ReadBytes(&bytes));
  Reader exact(
      "\x02"
      "ab");
  ASSERT_TRUE(exact.ReadBytes(&bytes));
  EXPECT_EQ(bytes, "ab");
}

TEST(Reader, FixedNumbersAreLittleEndian) {
  uint32_t small;
  uint64_t large;
  Reader reader("\x01\x02\x03\x04\x01\x02\x03\x04\x05\x06\x07\x08");
  ASSERT_TRUE(reader.ReadFixed32(&small));
  EXPECT_EQ(small, 0x04030201u);
  ASSERT_TRUE(reader.ReadFixed64(&large));
  EXPECT_EQ(large, 0x0807060504030201u);
  EXPECT_FALSE(reader.ReadFixed32(&small));
}

TEST(Reader, SkipPassesOverEveryWireType) {
  std::string bytes;
  AppendVarintField(1, 300, &bytes);
  AppendTag(2, WireType::kFixed64, &bytes);
  bytes += "12345678";
  AppendBytesField(3, "abc", &bytes);
  AppendTag(4, WireType::kStartGroup, &bytes);
  AppendVarintField(1, 1, &bytes);
  AppendTag(9, WireType::kStartGroup, &bytes);
  AppendTag(9, WireType::kEndGroup, &bytes);
  AppendTag(4, WireType::kEndGroup, &bytes);
  AppendTag(5, WireType::kFixed32, &bytes);
  bytes += "1234";
  // True when the bytes are a message.
  const auto skips = [](absl::string_view all) {
    Reader reader(all);
    uint32_t tag;
    while (!reader.done()) {
      if (!reader.ReadTag(&tag) || !reader.Skip(tag)) return false;
    }
    return true;
  };
  EXPECT_TRUE(skips(bytes));
  int whole = 0;
  for (size_t length = 0; length < bytes.size(); ++length) whole += skips(bytes.substr(0, length)) ? 1 : 0;
  EXPECT_EQ(whole, 5) << "only between fields";
}

TEST(Reader, GroupsMustMatchAndNestOnlySoDeep) {
  std::string content;
  const auto group = [&content](const std::string& bytes) {
    Reader reader(bytes);
    uint32_t tag;
    absl::string_view view;
    if (!reader.ReadTag(&tag) || !reader.ReadGroup(tag, &view)) return false;
    content = std::string(view);
    return true;
  };
  EXPECT_TRUE(group("\x0b\x08\x01\x0c"));
  EXPECT_EQ(content, "\x08\x01");
  EXPECT_FALSE(group("\x0b\x08\x01\x14")) << "ended as another field";
  EXPECT_FALSE(group("\x0b\x08\x01"));
  EXPECT_TRUE(group(std::string(100, '\x0b') + std::string(100, '\x0c')));
  EXPECT_FALSE(group(std::string(101, '\x0b') + std::string(101, '\x0c')));
  EXPECT_FALSE(group(std::string(1000000, '\x0b')));
}

TEST(Writer, SubMessagesOfAnyLengthGetTheirLength) {
  for (const size_t size : {0, 1, 127, 128, 129, 16383, 16384, 3000000}) {
    std::string out = "before";
    Writer writer(&out, 0);
    writer.Tag(MakeTag(1, WireType::kBytes));
    const size_t outer = writer.Begin();
    writer.Tag(MakeTag(2, WireType::kBytes));
    const size_t inner = writer.Begin();
    writer.buffer().Append(std::string(size, 'x'));
    writer.End(inner);
    writer.End(outer);
    writer.Tag(MakeTag(3, WireType::kVarint));
    writer.Varint(7);
    writer.Finish();
    std::string content;
    AppendBytesField(2, std::string(size, 'x'), &content);
    std::string expected = "before";
    AppendBytesField(1, content, &expected);
    AppendVarintField(3, 7, &expected);
    EXPECT_EQ(out, expected) << size;
  }
}

TEST(Writer, AbandonLeavesNothing) {
  std::string out = "before";
  Writer writer(&out, 100);
  writer.Bytes("abc");
  writer.Fixed32(1);
  writer.Fixed64(2);
  writer.Abandon();
  EXPECT_EQ(out, "before");
}

TEST(Format, ZigZagComesBack) {
  for (const int64_t value : {int64_t{0}, int64_t{-1}, int64_t{1}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(UnZigZag(ZigZag(value)), value);
  }
  EXPECT_EQ(ZigZag(-1), 1u);
  EXPECT_EQ(UnZigZag32(0xffffffff), INT32_MIN);
}

}  // namespace
}  // namespace portico::wire
