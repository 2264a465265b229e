#include "gateway/protocol/envelope.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/protocol/every_split.h"

namespace portico::protocol {
namespace {

using Envelopes = std::vector<std::pair<int, std::string>>;

std::string Written(const Envelopes& envelopes) {
  std::string bytes;
  for (const auto& [flags, data] : envelopes) {
    const size_t begin = BeginEnvelope(static_cast<uint8_t>(flags), &bytes);
    bytes += data;
    EndEnvelope(begin, &bytes);
  }
  return bytes;
}

Envelopes Read(const std::vector<std::string>& pieces) {
  EnvelopeReader reader(100);
  Envelopes envelopes;
  for (const std::string& piece : pieces) {
    absl::string_view rest = piece;
    do {
      EXPECT_TRUE(reader.Read(&rest).ok());
      if (!reader.complete()) {
        EXPECT_TRUE(rest.empty()) << "what is not complete takes all there is";
        break;
      }
      const int flags = reader.flags();
      envelopes.emplace_back(flags, reader.Take());
    } while (!rest.empty());
  }
  EXPECT_FALSE(reader.partial());
  return envelopes;
}

TEST(EnvelopeTest, ThePrefixIsFlagsAndLength) {
  EXPECT_EQ(Written({{0x80, "abc"}}), std::string("\x80\0\0\0\x03"
                                                  "abc",
                                                  8));
  EXPECT_EQ(Written({{0, std::string(0x010203, 'x')}}).substr(0, 5), std::string("\0\0\x01\x02\x03", 5));
}

TEST(EnvelopeTest, EverySplitReadsTheSame) {
  const Envelopes envelopes = {{0, "first"}, {1, ""}, {0, ""}, {2, "{}"}, {0x80, "grpc-status: 0\r\n"}};
  ForEverySplit(Written(envelopes), [&](const std::vector<std::string>& pieces) {
    EXPECT_EQ(Read(pieces), envelopes) << pieces.size() << " pieces, the first of " << pieces.front().size();
  });
}

TEST(EnvelopeTest, AnUnfinishedOneIsPartial) {
  const std::string whole = Written({{0, "data"}});
  for (size_t size = 0; size < whole.size(); ++size) {
    EnvelopeReader reader(100);
    absl::string_view bytes = absl::string_view(whole).substr(0, size);
    EXPECT_TRUE(reader.Read(&bytes).ok());
    EXPECT_FALSE(reader.complete());
    EXPECT_EQ(reader.partial(), size > 0) << size;
  }
}

TEST(EnvelopeTest, TooLargeIsFoundOutByThePrefix) {
  const std::string bytes("\0\xff\xff\xff\xff", 5);
  EnvelopeReader reader(100);
  absl::string_view rest = bytes;
  EXPECT_EQ(reader.Read(&rest).code(), absl::StatusCode::kResourceExhausted);
  EnvelopeReader fitting(4);
  const std::string four = Written({{0, "four"}});
  rest = four;
  EXPECT_TRUE(fitting.Read(&rest).ok());
  EXPECT_EQ(fitting.Take(), "four");
}

}  // namespace
}  // namespace portico::protocol
