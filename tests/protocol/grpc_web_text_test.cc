#include "gateway/protocol/grpc_web_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/protocol/every_split.h"

namespace portico::protocol {
namespace {

TEST(GrpcWebTextTest, EverySplitOfSeveralPaddedTextsReadsTheSame) {
  const std::string expected = std::string("a") + "bc" + "def" + "\xfb\xff" + "the end";
  std::string text;
  for (const char* part : {"a", "bc", "def", "\xfb\xff", "the end"}) AppendGrpcWebText(part, &text);
  EXPECT_EQ(text, "YQ==YmM=ZGVm+/8=dGhlIGVuZA==");
  ForEverySplit(text, [&](const std::vector<std::string>& pieces) {
    GrpcWebTextReader reader;
    std::string bytes;
    for (const std::string& piece : pieces) EXPECT_TRUE(reader.Read(piece, &bytes));
    EXPECT_EQ(bytes, expected);
    EXPECT_FALSE(reader.partial());
  });
}

TEST(GrpcWebTextTest, WhatIsNoBase64) {
  for (const char* text : {"YQ=a", "====", "Y===", "YQ==*m==", "YWJ\n", "\0abc", "+_+_"}) {
    GrpcWebTextReader reader;
    std::string bytes;
    EXPECT_FALSE(reader.Read(std::string(text, 4), &bytes) && reader.Read(text + 4, &bytes)) << text;
  }
}

// Whether both alphabets met in one piece depended on the split.
TEST(GrpcWebTextTest, TheUrlSafeAlphabetIsRefusedHoweverItArrives) {
  ForEverySplit("A-xxxx+x", [](const std::vector<std::string>& pieces) {
    GrpcWebTextReader reader;
    std::string bytes;
    bool good = true;
    for (const std::string& piece : pieces) good = good && reader.Read(piece, &bytes);
    EXPECT_FALSE(good);
  });
}

TEST(GrpcWebTextTest, AnUnfinishedGroupIsPartial) {
  for (const char* text : {"Y", "YQ", "YQ=", "YWJjY"}) {
    GrpcWebTextReader reader;
    std::string bytes;
    EXPECT_TRUE(reader.Read(text, &bytes));
    EXPECT_TRUE(reader.partial()) << text;
  }
}

}  // namespace
}  // namespace portico::protocol
