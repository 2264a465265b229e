#include "gateway/access/base64url.h"

#include <cstdint>

#include "absl/strings/escaping.h"

namespace portico::access {
namespace {

// The six bits of a character; -1 when it is none of the alphabet (RFC 4648, section 5).
int BitsOf(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return -1;
}

}  // namespace

std::optional<std::string> DecodeBase64Url(absl::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  uint32_t gathered = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = BitsOf(c);
    if (value < 0) return std::nullopt;
    gathered = (gathered << 6 | static_cast<uint32_t>(value)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(gathered >> bits & 0xff));
  }
  if ((gathered & ((1u << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::string EncodeBase64Url(absl::string_view bytes) {
  std::string text = absl::WebSafeBase64Escape(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

}  // namespace portico::access
