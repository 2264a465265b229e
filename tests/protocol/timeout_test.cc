#include "gateway/protocol/timeout.h"

#include <gtest/gtest.h>

namespace portico::protocol {
namespace {

// gRPC over HTTP/2, "Timeout".
TEST(TimeoutTest, GrpcTimeout) {
  const struct {
    const char* text;
    std::optional<absl::Duration> expected;
  } kRows[] = {{"1H", absl::Hours(1)},
               {"2M", absl::Minutes(2)},
               {"3S", absl::Seconds(3)},
               {"250m", absl::Milliseconds(250)},
               {"7u", absl::Microseconds(7)},
               {"9n", absl::Nanoseconds(9)},
               {"99999999S", absl::Seconds(99999999)},
               {"0S", absl::ZeroDuration()},
               {"100000000S", std::nullopt},
               {"", std::nullopt},
               {"S", std::nullopt},
               {"1", std::nullopt},
               {"-1S", std::nullopt},
               {"1.5S", std::nullopt},
               {"1s", std::nullopt},
               {" 1S", std::nullopt}};
  for (const auto& row : kRows) EXPECT_EQ(ParseGrpcTimeout(row.text), row.expected) << row.text;
}

// Connect, "Timeout".
TEST(TimeoutTest, ConnectTimeout) {
  const struct {
    const char* text;
    std::optional<absl::Duration> expected;
  } kRows[] = {{"0", absl::ZeroDuration()},
               {"250", absl::Milliseconds(250)},
               {"9999999999", absl::Milliseconds(9999999999)},
               {"12345678901", std::nullopt},
               {"", std::nullopt},
               {"-1", std::nullopt},
               {"+1", std::nullopt},
               {" 1", std::nullopt},
               {"1.5", std::nullopt},
               {"1s", std::nullopt}};
  for (const auto& row : kRows) EXPECT_EQ(ParseConnectTimeout(row.text), row.expected) << row.text;
}

TEST(TimeoutTest, RequestTimeout) {
  const struct {
    const char* text;
    std::optional<absl::Duration> expected;
  } kRows[] = {{"250ms", absl::Milliseconds(250)},
               {"2s", absl::Seconds(2)},
               {"2", absl::Seconds(2)},
               {"1.5", absl::Milliseconds(1500)},
               {"inf", std::nullopt},
               {"1e3", std::nullopt},
               {"-1", std::nullopt},
               {"", std::nullopt},
               {"soon", std::nullopt}};
  for (const auto& row : kRows) EXPECT_EQ(ParseRequestTimeout(row.text), row.expected) << row.text;
}

TEST(TimeoutTest, TheShorterHeaderWins) {
  http::RequestHeaders none;
  EXPECT_EQ(*ClientTimeout(none), absl::InfiniteDuration());
  http::RequestHeaders both;
  both.Add("X-Request-Timeout", "2");
  both.Add("Grpc-Timeout", "300m");
  EXPECT_EQ(*ClientTimeout(both), absl::Milliseconds(300));
  http::RequestHeaders bad;
  bad.Add("grpc-timeout", "later");
  EXPECT_EQ(ClientTimeout(bad).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace portico::protocol
