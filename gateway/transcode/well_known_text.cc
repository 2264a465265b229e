#include "gateway/transcode/well_known_text.h"

#include <array>
#include <cstring>

#include "gateway/json/utf8.h"

namespace portico::transcode {
namespace {

constexpr int64_t kMinTimestamp = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kMaxTimestamp = 253402300799;  // 9999-12-31T23:59:59Z
constexpr int32_t kMaxNanos = 999999999;
constexpr int64_t kMaxDuration = 315576000000;
constexpr int64_t kSecondsPerDay = 86400;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, and back. Years are counted from March, so that
// the leap day is the last; 146097 days are 400 years.
int64_t DaysFromDate(int64_t year, int month, int day) {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

struct Date {
  uint32_t year, month, day;
};

// REQUIRES: not before the year 0. In 32 bits without signs, where dividing by a constant is cheapest.
Date DateFromDays(int64_t days) {
  const auto since_year_0 = static_cast<uint32_t>(days + 719468);
  const uint32_t era = since_year_0 / 146097;
  const uint32_t day_of_era = since_year_0 - era * 146097;
  const uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const uint32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

// Reads exactly `count` digits.
bool TakeDigits(absl::string_view* text, size_t count, int* value) {
  if (text->size() < count) return false;
  *value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!IsDigit((*text)[i])) return false;
    *value = *value * 10 + ((*text)[i] - '0');
  }
  text->remove_prefix(count);
  return true;
}

bool Take(absl::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Reads ".5" as 500000000; nothing when there is no point.
bool TakeFraction(absl::string_view* text, int32_t* nanos) {
  *nanos = 0;
  if (!Take(text, '.')) return true;
  int digits = 0;
  for (; !text->empty() && IsDigit(text->front()); ++digits) {
    if (digits == 9) return false;
    *nanos = *nanos * 10 + (text->front() - '0');
    text->remove_prefix(1);
  }
  if (digits == 0) return false;
  for (; digits < 9; ++digits) *nanos *= 10;
  return true;
}

// All numbers of two digits, one after the other.
constexpr std::array<char, 200> kTwoDigits = [] {
  std::array<char, 200> digits{};
  for (size_t i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

char* PutTwo(uint32_t value, char* to) {
  std::memcpy(to, &kTwoDigits[size_t{value} * 2], 2);
  return to + 2;
}

// Puts a number of three digits.
char* PutThree(uint32_t value, char* to) {
  *to = static_cast<char>('0' + value / 100);
  return PutTwo(value % 100, to + 1);
}

// Puts nothing, or three, six or nine digits behind a point. REQUIRES: 0 <= nanos < 1000000000.
char* PutFraction(int32_t nanos, char* to) {
  if (nanos == 0) return to;
  const auto all = static_cast<uint32_t>(nanos);
  *to++ = '.';
  to = PutThree(all / 1000000, to);
  const uint32_t micros = all / 1000 % 1000;
  const uint32_t rest = all % 1000;
  if (micros != 0 || rest != 0) to = PutThree(micros, to);
  if (rest != 0) to = PutThree(rest, to);
  return to;
}

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

}  // namespace

bool ParseTimestamp(absl::string_view text, SecondsAndNanos* time) {
  int year, month, day, hour, minute, second;
  if (!TakeDigits(&text, 4, &year) || !Take(&text, '-') || !TakeDigits(&text, 2, &month) || !Take(&text, '-') ||
      !TakeDigits(&text, 2, &day) || !Take(&text, 'T') || !TakeDigits(&text, 2, &hour) || !Take(&text, ':') ||
      !TakeDigits(&text, 2, &minute) || !Take(&text, ':') || !TakeDigits(&text, 2, &second) ||
      !TakeFraction(&text, &time->nanos)) {
    return false;
  }
  if (month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  int64_t offset = 0;
  if (!Take(&text, 'Z')) {
    const bool west = Take(&text, '-');
    int hours, minutes;
    if (!west && !Take(&text, '+')) return false;
    if (!TakeDigits(&text, 2, &hours) || !Take(&text, ':') || !TakeDigits(&text, 2, &minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    offset = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
  }
  if (!text.empty()) return false;
  time->seconds = DaysFromDate(year, month, day) * kSecondsPerDay + hour * 3600 + minute * 60 + second - offset;
  return time->seconds >= kMinTimestamp && time->seconds <= kMaxTimestamp;
}

bool IsTimestamp(SecondsAndNanos time) {
  return time.seconds >= kMinTimestamp && time.seconds <= kMaxTimestamp && time.nanos >= 0 && time.nanos <= kMaxNanos;
}

bool AppendTimestamp(SecondsAndNanos time, wire::AppendBuffer* out) {
  if (!IsTimestamp(time)) return false;
  const int64_t since_year_1 = time.seconds - kMinTimestamp;
  const Date date = DateFromDays(since_year_1 / kSecondsPerDay + kMinTimestamp / kSecondsPerDay);
  const auto second_of_day = static_cast<uint32_t>(since_year_1 % kSecondsPerDay);
  char* to = out->Reserve(40);
  *to++ = '"';
  to = PutTwo(date.year / 100, to);
  to = PutTwo(date.year % 100, to);
  *to++ = '-';
  to = PutTwo(date.month, to);
  *to++ = '-';
  to = PutTwo(date.day, to);
  *to++ = 'T';
  to = PutTwo(second_of_day / 3600, to);
  *to++ = ':';
  to = PutTwo(second_of_day / 60 % 60, to);
  *to++ = ':';
  to = PutTwo(second_of_day % 60, to);
  to = PutFraction(time.nanos, to);
  *to++ = 'Z';
  *to++ = '"';
  out->Advance(to);
  return true;
}

bool ParseDuration(absl::string_view text, SecondsAndNanos* duration) {
  const bool negative = Take(&text, '-');
  int64_t seconds = 0;
  size_t digits = 0;
  for (; !text.empty() && IsDigit(text.front()); ++digits) {
    seconds = seconds * 10 + (text.front() - '0');
    if (seconds > kMaxDuration) return false;
    text.remove_prefix(1);
  }
  int32_t nanos;
  if (digits == 0 || !TakeFraction(&text, &nanos) || !Take(&text, 's') || !text.empty()) return false;
  duration->seconds = negative ? -seconds : seconds;
  duration->nanos = negative ? -nanos : nanos;
  return true;
}

bool IsDuration(SecondsAndNanos duration) {
  const auto [seconds, nanos] = duration;
  return seconds >= -kMaxDuration && seconds <= kMaxDuration && nanos >= -kMaxNanos && nanos <= kMaxNanos &&
         (seconds <= 0 || nanos >= 0) && (seconds >= 0 || nanos <= 0);
}

bool AppendDuration(SecondsAndNanos duration, wire::AppendBuffer* out) {
  if (!IsDuration(duration)) return false;
  int64_t seconds = duration.seconds;
  int32_t nanos = duration.nanos;
  const bool negative = seconds < 0 || nanos < 0;
  if (negative) {
    seconds = -seconds;
    nanos = -nanos;
  }
  char digits[20];
  size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + seconds % 10);
    seconds /= 10;
  } while (seconds != 0);
  char* to = out->Reserve(40);
  *to++ = '"';
  if (negative) *to++ = '-';
  while (count > 0) *to++ = digits[--count];
  to = PutFraction(nanos, to);
  *to++ = 's';
  *to++ = '"';
  out->Advance(to);
  return true;
}

void WriteSecondsAndNanos(SecondsAndNanos value, wire::Writer* out) {
  if (value.seconds != 0) {
    out->Tag(wire::MakeTag(1, wire::WireType::kVarint));
    out->Varint(static_cast<uint64_t>(value.seconds));
  }
  if (value.nanos != 0) {
    out->Tag(wire::MakeTag(2, wire::WireType::kVarint));
    out->Varint(static_cast<uint64_t>(int64_t{value.nanos}));
  }
}

bool WriteFieldMask(absl::string_view text, MaskNames names, wire::Writer* out) {
  if (text.empty()) return true;
  for (;;) {
    const size_t comma = text.find(',');
    const absl::string_view path = text.substr(0, comma);
    if (path.empty()) return false;
    out->Tag(wire::MakeTag(1, wire::WireType::kBytes));
    const size_t begin = out->Begin();
    for (const char c : path) {
      if (c == '_' && names == MaskNames::kJson) return false;
      // What AppendMaskPath could not write again is no path.
      if (c == ' ' || !json::IsPlainByte(c)) return false;
      if (c >= 'A' && c <= 'Z') {
        out->buffer().Append('_');
        out->buffer().Append(static_cast<char>(c - 'A' + 'a'));
      } else {
        out->buffer().Append(c);
      }
    }
    out->End(begin);
    if (comma == absl::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

bool AppendMaskPath(absl::string_view path, wire::AppendBuffer* out) {
  if (path.empty()) return false;
  for (size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if ((c >= 'A' && c <= 'Z') || c == ',' || c == ' ' || !json::IsPlainByte(c)) return false;
    if (c == '_') {
      if (++i == path.size() || path[i] < 'a' || path[i] > 'z') return false;
      c = static_cast<char>(path[i] - 'a' + 'A');
    }
    out->Append(c);
  }
  return true;
}

}  // namespace portico::transcode
