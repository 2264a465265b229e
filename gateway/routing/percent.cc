#include "gateway/routing/percent.h"

#include "absl/strings/ascii.h"

namespace portico::routing {
namespace {

int HexValue(char digit) {
  return absl::ascii_isdigit(digit) ? digit - '0' : absl::ascii_tolower(digit) - 'a' + 10;
}

}  // namespace

bool IsPercentEncoded(absl::string_view text) {
  for (size_t at = text.find('%'); at != absl::string_view::npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || !absl::ascii_isxdigit(text[at + 1]) || !absl::ascii_isxdigit(text[at + 2])) {
      return false;
    }
  }
  return true;
}

std::string PercentDecode(absl::string_view text, Slashes slashes) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const char value = static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
    if (value == '/' && slashes == Slashes::kKeep) {
      decoded.append(text.data() + i, 3);
    } else {
      decoded += value;
    }
    i += 2;
  }
  return decoded;
}

}  // namespace portico::routing
