#include "gateway/transcode/scalar_text.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/charconv.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/reader.h"
#include "gateway/json/utf8.h"

namespace portico::transcode {
namespace {

using schema::FieldType;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsJsonNumber(absl::string_view text) {
  json::Reader reader(text);
  absl::string_view token;
  return !text.empty() && reader.ReadNumber(&token) && token.size() == text.size();
}

// The whole number that a JSON number of any form stands for, as sign and magnitude.
NumberError ParseWhole(absl::string_view text, bool* negative, uint64_t* magnitude) {
  *negative = !text.empty() && text[0] == '-';
  const absl::string_view digits = text.substr(*negative ? 1 : 0);
  // Plain digits that cannot overflow: nearly always.
  if (!digits.empty() && digits.size() <= 19 && (digits[0] != '0' || digits.size() == 1)) {
    uint64_t value = 0;
    size_t i = 0;
    for (; i < digits.size() && IsDigit(digits[i]); ++i) value = value * 10 + static_cast<uint64_t>(digits[i] - '0');
    if (i == digits.size()) {
      *magnitude = value;
      return NumberError::kNone;
    }
  }
  if (!IsJsonNumber(text)) return NumberError::kNotANumber;

  // value = the digits as one number, times ten to the power of `exponent`.
  int64_t exponent = 0;
  const size_t exponent_at = digits.find_first_of("eE");
  if (exponent_at != absl::string_view::npos) {
    absl::string_view power = digits.substr(exponent_at + 1);
    const bool down = power[0] == '-';
    if (power[0] == '-' || power[0] == '+') power.remove_prefix(1);
    constexpr int64_t kBeyondAnyInput = int64_t{1} << 40;
    for (const char c : power) {
      if (exponent < kBeyondAnyInput) exponent = exponent * 10 + (c - '0');
    }
    if (down) exponent = -exponent;
  }
  std::string all;
  bool in_fraction = false;
  for (const char c : digits.substr(0, exponent_at)) {
    if (c == '.') {
      in_fraction = true;
      continue;
    }
    all += c;
    if (in_fraction) --exponent;
  }
  while (!all.empty() && all.back() == '0') {
    all.pop_back();
    ++exponent;
  }
  all.erase(0, all.find_first_not_of('0') == std::string::npos ? all.size() : all.find_first_not_of('0'));
  if (all.empty()) {
    *magnitude = 0;
    return NumberError::kNone;
  }
  if (exponent < 0) return NumberError::kNotWhole;
  if (static_cast<int64_t>(all.size()) + exponent > 20) return NumberError::kOutOfRange;
  all.append(static_cast<size_t>(exponent), '0');
  const auto result = std::from_chars(all.data(), all.data() + all.size(), *magnitude);
  return result.ec == std::errc() ? NumberError::kNone : NumberError::kOutOfRange;
}

template <class T>
NumberError ParseSigned(absl::string_view text, int64_t* value) {
  bool negative;
  uint64_t magnitude;
  const NumberError error = ParseWhole(text, &negative, &magnitude);
  if (error != NumberError::kNone) return error;
  const uint64_t limit = static_cast<uint64_t>(std::numeric_limits<T>::max()) + (negative ? 1 : 0);
  if (magnitude > limit) return NumberError::kOutOfRange;
  *value = static_cast<int64_t>(negative ? ~magnitude + 1 : magnitude);
  return NumberError::kNone;
}

template <class T>
NumberError ParseUnsigned(absl::string_view text, uint64_t* value) {
  bool negative;
  const NumberError error = ParseWhole(text, &negative, value);
  if (error != NumberError::kNone) return error;
  if (*value > std::numeric_limits<T>::max() || (negative && *value != 0)) return NumberError::kOutOfRange;
  return NumberError::kNone;
}

template <class T, class Bits>
NumberError ParseFloating(absl::string_view text, bool named, uint64_t* bits) {
  T value;
  if (named && (text == "NaN" || text == "Infinity" || text == "-Infinity")) {
    value = text == "NaN"        ? std::numeric_limits<T>::quiet_NaN()
            : text == "Infinity" ? std::numeric_limits<T>::infinity()
                                 : -std::numeric_limits<T>::infinity();
  } else {
    if (named && !IsJsonNumber(text)) return NumberError::kNotANumber;
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    if (result.ec == std::errc::result_out_of_range) {
      // Too large or too small; only this one tells which, and leaves the nearest value.
      absl::from_chars(text.data(), end, value);
      if (std::fabs(value) >= 1) return NumberError::kOutOfRange;
    } else if (result.ec != std::errc() || result.ptr != end) {
      return NumberError::kNotANumber;
    }
    if (std::isinf(value)) return NumberError::kOutOfRange;
  }
  Bits raw;
  static_assert(sizeof(raw) == sizeof(value));
  std::memcpy(&raw, &value, sizeof(raw));
  *bits = raw;
  return NumberError::kNone;
}

}  // namespace

absl::string_view Describe(FieldType type) {
  switch (type) {
    case FieldType::kDouble:
      return "a double";
    case FieldType::kFloat:
      return "a float";
    case FieldType::kInt64:
    case FieldType::kSint64:
    case FieldType::kSfixed64:
      return "an int64";
    case FieldType::kUint64:
    case FieldType::kFixed64:
      return "a uint64";
    case FieldType::kInt32:
    case FieldType::kSint32:
    case FieldType::kSfixed32:
      return "an int32";
    case FieldType::kUint32:
    case FieldType::kFixed32:
      return "a uint32";
    case FieldType::kBool:
      return "a bool";
    case FieldType::kString:
      return "a string";
    case FieldType::kBytes:
      return "bytes";
    case FieldType::kEnum:
      return "an enum value";
    case FieldType::kGroup:
    case FieldType::kMessage:
      break;
  }
  return "a message";
}

NumberError ParseNumber(FieldType type, absl::string_view text, bool named, uint64_t* bits) {
  int64_t value = 0;
  NumberError error = NumberError::kNone;
  switch (type) {
    case FieldType::kDouble:
      return ParseFloating<double, uint64_t>(text, named, bits);
    case FieldType::kFloat:
      return ParseFloating<float, uint32_t>(text, named, bits);
    case FieldType::kUint64:
    case FieldType::kFixed64:
      return ParseUnsigned<uint64_t>(text, bits);
    case FieldType::kUint32:
    case FieldType::kFixed32:
      return ParseUnsigned<uint32_t>(text, bits);
    case FieldType::kInt64:
    case FieldType::kSint64:
    case FieldType::kSfixed64:
      error = ParseSigned<int64_t>(text, &value);
      break;
    default:
      error = ParseSigned<int32_t>(text, &value);
      break;
  }
  const bool zigzag = type == FieldType::kSint32 || type == FieldType::kSint64;
  *bits = zigzag ? wire::ZigZag(value) : static_cast<uint64_t>(value);
  return error;
}

std::string Quote(absl::string_view text) {
  constexpr size_t kLongest = 64;
  if (text.size() <= kLongest) return absl::StrCat("\"", text, "\"");
  size_t cut = kLongest;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
  return absl::StrCat("\"", text.substr(0, cut), "...\"");
}

std::string DescribeError(NumberError error, FieldType type, absl::string_view text) {
  switch (error) {
    case NumberError::kOutOfRange:
      return absl::StrCat("out of the range of ", Describe(type), ": ", Quote(text));
    case NumberError::kNotWhole:
      return absl::StrCat("not ", Describe(type), ", it has a fraction: ", Quote(text));
    default:
      return absl::StrCat("not ", Describe(type), ": ", Quote(text));
  }
}

}  // namespace portico::transcode
