#include "gateway/protocol/websocket.h"

#include <gtest/gtest.h>

#include <string>

namespace portico::protocol {
namespace {

TEST(WebSocketEndTest, CodesByStatus) {
  const struct {
    absl::Status status;
    int code;
  } cases[] = {
      {absl::OkStatus(), 1000},
      {absl::InvalidArgumentError("m"), 1007},
      {absl::UnavailableError("m"), 1013},
      {absl::CancelledError("m"), 4001},
      {absl::NotFoundError("m"), 4005},
      {absl::ResourceExhaustedError("m"), 4008},
      {absl::InternalError("m"), 4013},
      {absl::UnauthenticatedError("m"), 4016},
  };
  for (const auto& item : cases) {
    const http::WebSocketEnd end = WebSocketEndOf(item.status);
    EXPECT_EQ(end.code, item.code) << item.status;
    EXPECT_EQ(end.reason, item.status.message());
  }
}

TEST(WebSocketEndTest, ReasonsFitAndStayUtf8) {
  const auto reason = [](const std::string& message) { return WebSocketEndOf(absl::NotFoundError(message)).reason; };
  const std::string full(123, 'x');
  EXPECT_EQ(reason(full), full);
  EXPECT_EQ(reason(full + "x"), full);
  // U+20AC is three bytes: cut before it wherever it does not fit.
  for (const size_t before : {121, 122, 123}) {
    EXPECT_EQ(reason(std::string(before, 'x') + "\xe2\x82\xac"), std::string(before, 'x'));
  }
  EXPECT_EQ(reason(std::string(120, 'x') + "\xe2\x82\xac"), std::string(120, 'x') + "\xe2\x82\xac");
  EXPECT_EQ(reason("\xff\xfe"), "");
}

}  // namespace
}  // namespace portico::protocol
