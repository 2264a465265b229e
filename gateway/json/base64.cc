#include "gateway/json/base64.h"

#include <array>
#include <cstdint>

namespace portico::json {
namespace {

constexpr uint8_t kNone = 0xff;

constexpr std::array<uint8_t, 256> MakeValues() {
  std::array<uint8_t, 256> values{};
  for (auto& value : values) value = kNone;
  for (unsigned i = 0; i < 26; ++i) {
    values['A' + i] = static_cast<uint8_t>(i);
    values['a' + i] = static_cast<uint8_t>(26 + i);
  }
  for (unsigned i = 0; i < 10; ++i) values['0' + i] = static_cast<uint8_t>(52 + i);
  values['+'] = values['-'] = 62;
  values['/'] = values['_'] = 63;
  return values;
}

constexpr std::array<uint8_t, 256> kValues = MakeValues();

}  // namespace

bool AppendBase64Decoded(absl::string_view text, wire::AppendBuffer* out) {
  const size_t length = text.size();
  // Padding, where there is any, must fill the last group of four.
  for (int i = 0; i < 2 && length % 4 == 0 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  if (text.size() % 4 == 1) return false;
  bool standard = false, url_safe = false;
  char* to = out->Reserve(text.size() / 4 * 3 + 3);
  uint32_t bits = 0;
  size_t held = 0;
  for (const char c : text) {
    const uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value == kNone) return false;
    if (value >= 62) (c == '+' || c == '/' ? standard : url_safe) = true;
    bits = bits << 6 | value;
    if (++held == 4) {
      *to++ = static_cast<char>(bits >> 16);
      *to++ = static_cast<char>(bits >> 8);
      *to++ = static_cast<char>(bits);
      held = 0;
    }
  }
  if (standard && url_safe) return false;
  if (held == 2) *to++ = static_cast<char>(bits >> 4);
  if (held == 3) {
    *to++ = static_cast<char>(bits >> 10);
    *to++ = static_cast<char>(bits >> 2);
  }
  out->Advance(to);
  return true;
}

}  // namespace portico::json
