#ifndef PORTICO_GATEWAY_HTTP_DATE_HEADER_H_
#define PORTICO_GATEWAY_HTTP_DATE_HEADER_H_

#include <ctime>
#include <string>

#include "absl/strings/string_view.h"

namespace portico::http {

// The line "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110, section 5.6.7), formatted once a second. One per
// worker; not thread-safe.
class DateHeader {
 public:
  // Valid until the next call.
  absl::string_view Line();

  // The same for a given time; for tests.
  static std::string Format(time_t time);

 private:
  time_t formatted_for_ = -1;
  std::string line_;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_DATE_HEADER_H_
