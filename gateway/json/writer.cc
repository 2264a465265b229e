#include "gateway/json/writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "gateway/json/utf8.h"

namespace portico::json {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// Writes the escape of `c`, a byte that must not stand for itself.
char* PutEscape(char c, char* to) {
  *to++ = '\\';
  switch (c) {
    case '"':
    case '\\':
      *to++ = c;
      return to;
    case '\b':
      *to++ = 'b';
      return to;
    case '\f':
      *to++ = 'f';
      return to;
    case '\n':
      *to++ = 'n';
      return to;
    case '\r':
      *to++ = 'r';
      return to;
    case '\t':
      *to++ = 't';
      return to;
    default:
      std::memcpy(to, "u00", 3);
      to[3] = kHexDigits[static_cast<unsigned char>(c) >> 4];
      to[4] = kHexDigits[c & 0xf];
      return to + 5;
  }
}

template <class T>
void AppendInteger(T value, wire::AppendBuffer* out) {
  char* const to = out->Reserve(20);
  out->Advance(std::to_chars(to, to + 20, value).ptr);
}

// Makes 1e-07, which std::to_chars writes, 1e-7. Takes and returns the end.
char* ShortenExponent(char* end) {
  // Two digits are the fewest there are, and a sign stands before them.
  const bool two = end[-3] == '+' || end[-3] == '-';
  if (!two || end[-2] != '0') return end;
  end[-2] = end[-1];
  return end - 1;
}

// Makes 1.25e+17 125000000000000000. REQUIRES: a whole number with an exponent of two digits, and room for all of its
// own.
char* MakePlain(char* text, char* end) {
  const int exponent = (end[-2] - '0') * 10 + (end[-1] - '0');
  char* const first = text + (*text == '-' ? 1 : 0);
  char* const mantissa_end = end - 4;
  char* behind = first + 1;
  if (behind != mantissa_end) behind = std::copy(behind + 1, mantissa_end, behind);
  char* const whole_end = first + exponent + 1;
  std::fill(behind, whole_end, '0');
  return whole_end;
}

// As ECMAScript writes numbers (ECMA-262, Number::toString), but for -0: decimals from 1e-6 to 1e21, an exponent
// elsewhere.
template <class T>
void AppendFloating(T value, wire::AppendBuffer* out) {
  if (!std::isfinite(value)) {
    out->Append(absl::string_view(std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\""));
    return;
  }
  // Below, numbers are at most 1 apart, so that no shorter decimal than a whole number's own comes back as that; from
  // there on all numbers are whole.
  constexpr T kExact = static_cast<T>(uint64_t{1} << std::numeric_limits<T>::digits);
  const T magnitude = std::fabs(value);
  if (magnitude < kExact && std::trunc(value) == value && (value != 0 || !std::signbit(value))) {
    return AppendInteger(static_cast<int64_t>(value), out);
  }
  char* const to = out->Reserve(32);
  if (value == 0 || (magnitude >= static_cast<T>(1e-6) && magnitude < kExact)) {
    return out->Advance(std::to_chars(to, to + 32, value, std::chars_format::fixed).ptr);
  }
  char* const end = std::to_chars(to, to + 32, value, std::chars_format::scientific).ptr;
  out->Advance(magnitude >= kExact && magnitude < static_cast<T>(1e21) ? MakePlain(to, end) : ShortenExponent(end));
}

// Copies `text` to `to`, which has room for it, as far as all of it is plain: then true. Looks and copies in one go, in
// blocks of fixed size, the last of which overlaps the one before.
bool CopyPlain(absl::string_view text, char* to) {
  const char* const from = text.data();
  const size_t size = text.size();
#ifdef __SSE2__
  if (size >= 16) {
    for (size_t at = 0; at + 16 <= size; at += 16) {
      if (NotPlainOfSixteen(from + at) != 0) return false;
      std::memcpy(to + at, from + at, 16);
    }
    if (NotPlainOfSixteen(from + size - 16) != 0) return false;
    std::memcpy(to + size - 16, from + size - 16, 16);
    return true;
  }
#endif
  if (size >= 8) {
    for (size_t at = 0; at + 8 <= size; at += 8) {
      if (!EightPlainBytes(from + at)) return false;
      std::memcpy(to + at, from + at, 8);
    }
    if (!EightPlainBytes(from + size - 8)) return false;
    std::memcpy(to + size - 8, from + size - 8, 8);
    return true;
  }
  for (size_t at = 0; at < size; ++at) {
    if (!IsPlainByte(from[at])) return false;
    to[at] = from[at];
  }
  return true;
}

}  // namespace

bool AppendString(absl::string_view text, wire::AppendBuffer* out) {
  // Room for the worst that plain text can become; every escape asks for its own.
  char* const to = out->Reserve(text.size() + 2);
  const char* at = text.data();
  const char* const end = at + text.size();
  const char* copied = at;
  *to = '"';
  if (CopyPlain(text, to + 1)) {
    to[text.size() + 1] = '"';
    out->Advance(to + text.size() + 2);
    return true;
  }
  out->Advance(to + 1);
  while (at != end) {
    at = SkipPlain(at, end);
    if (at == end) break;
    if (static_cast<signed char>(*at) < 0) {
      const int length = Utf8SequenceLength(at, end);
      if (length == 0) return false;
      at += length;
      continue;
    }
    out->Append(absl::string_view(copied, static_cast<size_t>(at - copied)));
    out->Advance(PutEscape(*at, out->Reserve(6)));
    copied = ++at;
  }
  out->Append(absl::string_view(copied, static_cast<size_t>(end - copied)));
  out->Append('"');
  return true;
}

void AppendString(absl::string_view text, std::string* out) {
  wire::AppendBuffer buffer(out, text.size() + 2);
  AppendString(text, &buffer);
  buffer.Finish();
}

void AppendInt64(int64_t value, wire::AppendBuffer* out) {
  AppendInteger(value, out);
}

void AppendUint64(uint64_t value, wire::AppendBuffer* out) {
  AppendInteger(value, out);
}

void AppendDouble(double value, wire::AppendBuffer* out) {
  AppendFloating(value, out);
}

void AppendFloat(float value, wire::AppendBuffer* out) {
  AppendFloating(value, out);
}

void AppendBase64(absl::string_view bytes, wire::AppendBuffer* out) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char* to = out->Reserve((bytes.size() + 2) / 3 * 4 + 2);
  const auto byte = [&bytes](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])); };
  *to++ = '"';
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *to++ = kAlphabet[three >> 18];
    *to++ = kAlphabet[three >> 12 & 63];
    *to++ = kAlphabet[three >> 6 & 63];
    *to++ = kAlphabet[three & 63];
  }
  if (const size_t rest = bytes.size() - i; rest != 0) {
    const uint32_t three = byte(i) << 16 | (rest == 2 ? byte(i + 1) << 8 : 0);
    *to++ = kAlphabet[three >> 18];
    *to++ = kAlphabet[three >> 12 & 63];
    *to++ = rest == 2 ? kAlphabet[three >> 6 & 63] : '=';
    *to++ = '=';
  }
  *to++ = '"';
  out->Advance(to);
}

}  // namespace portico::json
