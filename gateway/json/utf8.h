#ifndef PORTICO_GATEWAY_JSON_UTF8_H_
#define PORTICO_GATEWAY_JSON_UTF8_H_

#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "absl/strings/string_view.h"

namespace portico::json {

// The length of the UTF-8 sequence of one character beyond ASCII that begins at `at`; 0 when there is none: overlong
// forms, surrogates and what lies beyond U+10FFFF are no characters (RFC 3629, section 4). REQUIRES: at < end.
inline int Utf8SequenceLength(const char* at, const char* end) {
  const auto byte = [at](int i) { return static_cast<unsigned char>(at[i]); };
  const auto continues = [&](int i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned char lead = byte(0);
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return end - at >= 2 && continues(1) ? 2 : 0;
  if (lead < 0xf0) {
    if (end - at < 3 || !continues(1) || !continues(2)) return 0;
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;
    if (lead == 0xed && byte(1) > 0x9f) return 0;
    return 3;
  }
  if (lead > 0xf4 || end - at < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return 4;
}

// True when none of the eight bytes at `at` is beyond ASCII, a control character, a quotation mark or a backslash: the
// bytes that stand for themselves on both sides of a JSON string.
inline bool EightPlainBytes(const char* at) {
  uint64_t bytes;
  std::memcpy(&bytes, at, 8);
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x8080808080808080;
  // A byte below n borrows into its high bit when n is subtracted; a byte that is zero is one below 1. Borrows run only
  // upwards out of a byte that is itself found, so the test of the whole is exact.
  const uint64_t quote = bytes ^ (kOnes * '"');
  const uint64_t backslash = bytes ^ (kOnes * '\\');
  return ((bytes | (bytes - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes)) & kHigh) == 0;
}

inline bool IsPlainByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

#ifdef __SSE2__
// A bit for each of the sixteen bytes at `at` that is not plain in that sense, the first byte's lowest.
inline unsigned NotPlainOfSixteen(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  // Compared as signed numbers, bytes beyond ASCII are below a space too.
  const __m128i not_plain =
      _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                   _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
  return static_cast<unsigned>(_mm_movemask_epi8(not_plain));
}
#endif

// The first byte in [at, end) that is not plain in that sense, or `end`.
inline const char* SkipPlain(const char* at, const char* end) {
#ifdef __SSE2__
  if (end - at >= 16) {
    const char* const last = end - 16;
    for (; at <= last; at += 16) {
      if (const unsigned found = NotPlainOfSixteen(at); found != 0) return at + std::countr_zero(found);
    }
    // The rest is looked at together with bytes before it, which are plain.
    const unsigned found = NotPlainOfSixteen(last);
    return found == 0 ? end : last + std::countr_zero(found);
  }
#endif
  if (end - at >= 8) {
    const char* const last = end - 8;
    while (at <= last && EightPlainBytes(at)) at += 8;
    // The rest is looked at together with bytes before it, which are plain.
    if (at > last && EightPlainBytes(last)) return end;
  }
  while (at != end && IsPlainByte(*at)) ++at;
  return at;
}

// Whether `text` is UTF-8 throughout.
bool IsUtf8(absl::string_view text);

// Writes the character `code` at `to`, which has room for four bytes; returns the place behind it. REQUIRES: a Unicode
// scalar value.
char* PutUtf8(uint32_t code, char* to);

}  // namespace portico::json

#endif  // PORTICO_GATEWAY_JSON_UTF8_H_
