#include "gateway/http/date_header.h"

#include <cstdio>

namespace portico::http {

absl::string_view DateHeader::Line() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);  // a quarter of the cost of the exact clock, and seconds is all we need
  if (now.tv_sec != formatted_for_) {
    formatted_for_ = now.tv_sec;
    line_ = Format(now.tv_sec);
  }
  return line_;
}

std::string DateHeader::Format(time_t time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  tm parts{};
  ::gmtime_r(&time, &parts);
  char text[64];  // not strftime: names must not follow the process's locale
  std::snprintf(text, sizeof(text), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", kDays[parts.tm_wday],
                parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text;
}

}  // namespace portico::http
