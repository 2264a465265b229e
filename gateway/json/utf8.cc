#include "gateway/json/utf8.h"

namespace portico::json {

namespace {

// Most text is ASCII, and most of that is short: looked at in blocks, the last of which overlaps the one before.
bool IsAscii(absl::string_view text) {
  const char* const from = text.data();
  const size_t size = text.size();
#ifdef __SSE2__
  if (size >= 16) {
    const auto block = [from](size_t at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at)); };
    __m128i all = block(size - 16);
    for (size_t at = 0; at + 16 < size; at += 16) all = _mm_or_si128(all, block(at));
    return _mm_movemask_epi8(all) == 0;
  }
#endif
  constexpr uint64_t kHighBits = 0x8080808080808080;
  const auto eight = [from](size_t at) {
    uint64_t bytes;
    std::memcpy(&bytes, from + at, 8);
    return bytes;
  };
  if (size >= 8) {
    uint64_t all = eight(size - 8);
    for (size_t at = 0; at + 8 < size; at += 8) all |= eight(at);
    return (all & kHighBits) == 0;
  }
  char all = 0;
  for (const char c : text) all = static_cast<char>(all | c);
  return static_cast<signed char>(all) >= 0;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  if (IsAscii(text)) return true;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    uint64_t bytes;
    while (end - at >= 8 && (std::memcpy(&bytes, at, 8), (bytes & 0x8080808080808080) == 0)) at += 8;
    if (at == end) break;
    if (static_cast<signed char>(*at) >= 0) {
      ++at;
      continue;
    }
    const int length = Utf8SequenceLength(at, end);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

char* PutUtf8(uint32_t code, char* to) {
  const auto put = [&to](uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return to;
}

}  // namespace portico::json
