// Random messages through google::protobuf::util's JSON and ours. The two must agree on what a message is; the text may
// differ (that library escapes more, and writes floats in its own way).
#include <gtest/gtest.h>

#include <random>

#include "gateway/transcode/check_wire.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "google/protobuf/util/json_util.h"
#include "tests/transcode/random_message.h"
#include "tests/transcode/test_contracts.h"

namespace portico::transcode {
namespace {

namespace pb = google::protobuf;

const TestContracts& Contracts() {
  return TestContracts::Get();
}

constexpr uint32_t kMessages = RandomMessage::kMessages;

absl::Status ToJson(const std::string& type, const std::string& wire, std::string* json) {
  return WireToJson(Contracts().Table(type), Contracts().types(), wire, {}, json);
}

class Differential : public testing::TestWithParam<const char*> {};

TEST_P(Differential, OurJsonComesBackTheSame) {
  for (uint32_t seed = 0; seed < kMessages; ++seed) {
    const auto message = Contracts().New(GetParam());
    RandomMessage(seed).Fill(message.get(), 0);
    const std::string wire = message->SerializePartialAsString();
    ASSERT_TRUE(CheckWire(Contracts().Table(GetParam()), wire).ok());
    std::string json, back;
    absl::Status status = ToJson(GetParam(), wire, &json);
    ASSERT_TRUE(status.ok()) << status;
    ReadOptions options;
    options.allow_partial = true;
    status = JsonToWire(Contracts().Table(GetParam()), Contracts().types(), json, options, &back, nullptr);
    ASSERT_TRUE(status.ok()) << status << "\n" << json;
    const auto read = Contracts().New(GetParam());
    ASSERT_TRUE(read->ParsePartialFromString(back));
    ASSERT_TRUE(Same(*message, *read)) << json << "\n" << message->DebugString() << read->DebugString();
  }
}

// The concatenation of two messages is the message of both merged.
TEST_P(Differential, ConcatenatedMessagesAreTheMergedOne) {
  for (uint32_t seed = 0; seed < kMessages; ++seed) {
    const auto first = Contracts().New(GetParam());
    const auto second = Contracts().New(GetParam());
    RandomMessage(seed).Fill(first.get(), 0);
    RandomMessage(seed + kMessages).Fill(second.get(), 0);
    const std::string joined = first->SerializePartialAsString() + second->SerializePartialAsString();
    const auto merged = Contracts().New(GetParam());
    ASSERT_TRUE(merged->ParsePartialFromString(joined));
    std::string json;
    const absl::Status status = ToJson(GetParam(), joined, &json);
    // Two halves of a Timestamp, Duration or Any may merge into one that is none.
    if (!status.ok()) continue;
    std::string back;
    ReadOptions options;
    options.allow_partial = true;
    ASSERT_TRUE(JsonToWire(Contracts().Table(GetParam()), Contracts().types(), json, options, &back, nullptr).ok());
    const auto read = Contracts().New(GetParam());
    ASSERT_TRUE(read->ParsePartialFromString(back));
    ASSERT_TRUE(Same(*merged, *read)) << json << "\n" << merged->DebugString() << read->DebugString();
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Differential, testing::Values("tests.All3", "tests.All2", "tests.Request"),
                         [](const auto& param_info) { return std::string(param_info.param).substr(6); });

TEST(DifferentialWithProtobuf, BothReadEachOthersJson) {
  pb::util::JsonPrintOptions print;
  for (uint32_t seed = 0; seed < kMessages; ++seed) {
    const auto message = Contracts().New("tests.All3");
    RandomMessage(seed).Fill(message.get(), 0);
    const std::string wire = message->SerializeAsString();
    std::string ours, theirs;
    ASSERT_TRUE(ToJson("tests.All3", wire, &ours).ok());
    const auto read = Contracts().New("tests.All3");
    ASSERT_TRUE(pb::util::JsonStringToMessage(ours, read.get()).ok()) << ours;
    ASSERT_TRUE(Same(*message, *read)) << ours << "\n" << message->DebugString() << read->DebugString();

    ASSERT_TRUE(pb::util::MessageToJsonString(*message, &theirs, print).ok());
    std::string back;
    const absl::Status status =
        JsonToWire(Contracts().Table("tests.All3"), Contracts().types(), theirs, {}, &back, nullptr);
    ASSERT_TRUE(status.ok()) << status << "\n" << theirs;
    ASSERT_TRUE(read->ParseFromString(back));
    ASSERT_TRUE(Same(*message, *read)) << theirs << "\n" << message->DebugString() << read->DebugString();
  }
}

// Bytes at random, and good messages with single bytes changed: no crash, and never a JSON text that protobuf's parser
// takes for malformed.
TEST(DifferentialWithProtobuf, DamagedWireIsAnErrorOrAMessage) {
  std::mt19937 random(7);
  for (uint32_t seed = 0; seed < 100; ++seed) {
    const auto message = Contracts().New("tests.All3");
    RandomMessage(seed).Fill(message.get(), 0);
    const std::string wire = message->SerializeAsString();
    for (int i = 0; i < 50 && !wire.empty(); ++i) {
      std::string damaged = wire;
      damaged[random() % damaged.size()] = static_cast<char>(random());
      std::string json;
      const absl::Status written = ToJson("tests.All3", damaged, &json);
      CheckWire(Contracts().Table("tests.All3"), damaged).IgnoreError();
      if (!written.ok()) continue;
      std::string back;
      EXPECT_TRUE(JsonToWire(Contracts().Table("tests.All3"), Contracts().types(), json, {}, &back, nullptr).ok())
          << json;
    }
  }
}

}  // namespace
}  // namespace portico::transcode
