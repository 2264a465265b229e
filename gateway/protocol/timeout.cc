#include "gateway/protocol/timeout.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/schema/schema.h"

namespace portico::protocol {

std::optional<absl::Duration> ParseGrpcTimeout(absl::string_view text) {
  constexpr size_t kMaxDigits = 8;
  if (text.size() < 2 || text.size() > kMaxDigits + 1) return std::nullopt;
  int64_t amount = 0;
  for (char c : text.substr(0, text.size() - 1)) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
    amount = amount * 10 + (c - '0');
  }
  switch (text.back()) {
    case 'H':
      return absl::Hours(amount);
    case 'M':
      return absl::Minutes(amount);
    case 'S':
      return absl::Seconds(amount);
    case 'm':
      return absl::Milliseconds(amount);
    case 'u':
      return absl::Microseconds(amount);
    case 'n':
      return absl::Nanoseconds(amount);
    default:
      return std::nullopt;
  }
}

std::optional<absl::Duration> ParseRequestTimeout(absl::string_view text) {
  // Digits and a point only: SimpleAtod also takes exponents, "inf" and signs.
  const bool plain = !text.empty() && text.find_first_not_of("0123456789.") == absl::string_view::npos;
  if (!plain) return schema::ParseDuration(text);
  double seconds = 0;
  if (!absl::SimpleAtod(text, &seconds) || !std::isfinite(seconds)) return std::nullopt;
  return absl::Seconds(seconds);
}

std::optional<absl::Duration> ParseConnectTimeout(absl::string_view text) {
  constexpr size_t kMaxDigits = 10;
  int64_t milliseconds = 0;
  if (text.size() > kMaxDigits || text.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(text, &milliseconds)) {
    return std::nullopt;
  }
  return absl::Milliseconds(milliseconds);
}

absl::StatusOr<absl::Duration> ClientTimeout(const http::RequestHeaders& headers) {
  absl::Duration timeout = absl::InfiniteDuration();
  absl::string_view text;
  if (headers.Find("grpc-timeout", &text)) {
    const std::optional<absl::Duration> parsed = ParseGrpcTimeout(text);
    if (!parsed.has_value()) return absl::InvalidArgumentError("Grpc-Timeout is not a timeout such as \"250m\"");
    timeout = std::min(timeout, *parsed);
  }
  if (headers.Find("x-request-timeout", &text)) {
    const std::optional<absl::Duration> parsed = ParseRequestTimeout(text);
    if (!parsed.has_value()) return absl::InvalidArgumentError("X-Request-Timeout is neither \"250ms\" nor seconds");
    timeout = std::min(timeout, *parsed);
  }
  return timeout;
}

}  // namespace portico::protocol
