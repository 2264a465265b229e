#include "gateway/upstream/grpc_frame.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

namespace portico::upstream {
namespace {

std::string Frame(const std::string& message, bool compressed = false) {
  std::string frame(kGrpcPrefixBytes, '\0');
  frame += message;
  FillGrpcPrefix(&frame);
  frame[0] = compressed ? 1 : 0;
  return frame;
}

std::string Zlib(const std::string& text) {
  uLongf size = compressBound(text.size());
  std::string out(size, '\0');
  EXPECT_EQ(
      compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()), text.size()),
      Z_OK);
  out.resize(size);
  return out;
}

struct Outcome {
  std::vector<std::string> messages;
  absl::StatusCode code = absl::StatusCode::kOk;
  bool partial = false;
  bool operator==(const Outcome&) const = default;
};

// Gives the reader the pieces one after the other, as a connection does.
Outcome Replay(const std::vector<absl::string_view>& pieces, size_t max_bytes) {
  GrpcFrameReader reader(max_bytes);
  reader.set_encoding(GrpcEncoding::kZlib);
  Outcome outcome;
  for (absl::string_view piece : pieces) {
    do {
      const absl::Status status = reader.Read(&piece);
      outcome.code = status.code();
      EXPECT_TRUE(status.ok() || !reader.complete()) << "what cannot be read is no message";
      if (!status.ok()) return outcome;
      if (reader.complete()) outcome.messages.push_back(reader.Take());
    } while (!piece.empty());
  }
  outcome.partial = reader.partial();
  return outcome;
}

struct FrameCase {
  std::string name;
  std::string bytes;
  Outcome expected;
};

class GrpcFrameTest : public ::testing::TestWithParam<FrameCase> {};

TEST_P(GrpcFrameTest, IsReadTheSameInAnyPieces) {
  const absl::string_view bytes = GetParam().bytes;
  const Outcome& expected = GetParam().expected;
  constexpr size_t kMax = 40;
  EXPECT_EQ(Replay({bytes}, kMax), expected);
  for (size_t i = 0; i <= bytes.size(); ++i) {
    for (size_t j = i; j <= bytes.size(); ++j) {
      EXPECT_EQ(Replay({bytes.substr(0, i), bytes.substr(i, j - i), bytes.substr(j)}, kMax), expected) << i << " " << j;
    }
  }
  std::vector<absl::string_view> single;
  for (size_t i = 0; i < bytes.size(); ++i) single.push_back(bytes.substr(i, 1));
  EXPECT_EQ(Replay(single, kMax), expected);
}

using absl::StatusCode;

INSTANTIATE_TEST_SUITE_P(
    Frames, GrpcFrameTest,
    ::testing::Values(
        FrameCase{"Nothing", "", {}}, FrameCase{"Empty", Frame(""), {{""}}}, FrameCase{"One", Frame("abc"), {{"abc"}}},
        FrameCase{"Several", Frame("abc") + Frame("") + Frame("d"), {{"abc", "", "d"}}},
        FrameCase{"JustNotTooLarge", Frame(std::string(40, 'x')), {{std::string(40, 'x')}}},
        FrameCase{"TooLarge", Frame(std::string(41, 'x')), {{}, StatusCode::kResourceExhausted}},
        FrameCase{
            "TooLargeAfterOne", Frame("a") + Frame(std::string(41, 'x')), {{"a"}, StatusCode::kResourceExhausted}},
        FrameCase{"Compressed", Frame(Zlib("hello"), true) + Frame("plain"), {{"hello", "plain"}}},
        FrameCase{"Bomb", Frame(Zlib(std::string(41, 'x')), true), {{}, StatusCode::kResourceExhausted}},
        FrameCase{"CompressedNothing", Frame("", true), {{}, StatusCode::kInternal}},
        FrameCase{"CompressedGarbage", Frame("garbage", true), {{}, StatusCode::kInternal}},
        FrameCase{"UnknownFlag", "\2" + Frame("abc").substr(1), {{}, StatusCode::kInternal}},
        FrameCase{"HalfAPrefix", Frame("abc").substr(0, 3), {{}, StatusCode::kOk, true}},
        FrameCase{"HalfAMessage", Frame("abc") + Frame("def").substr(0, 7), {{"abc"}, StatusCode::kOk, true}}),
    [](const auto& param) { return param.param.name; });

TEST(GrpcFrameReaderTest, CompressedWithoutAnEncodingIsUnreadable) {
  for (const GrpcEncoding encoding : {GrpcEncoding::kIdentity, GrpcEncoding::kUnknown}) {
    GrpcFrameReader reader(100);
    reader.set_encoding(encoding);
    const std::string frame = Frame(Zlib("x"), true);
    absl::string_view bytes = frame;
    EXPECT_EQ(reader.Read(&bytes).code(), StatusCode::kInternal);
  }
}

}  // namespace
}  // namespace portico::upstream
