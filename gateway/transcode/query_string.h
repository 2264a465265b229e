#ifndef PORTICO_GATEWAY_TRANSCODE_QUERY_STRING_H_
#define PORTICO_GATEWAY_TRANSCODE_QUERY_STRING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace portico::transcode {

// Reads the parameters of a query string one by one: "a=1&b=x%20y+z". Percent escapes (RFC 3986, section 2.1) and '+'
// for a space (as forms send it) are decoded; a parameter without '=' has an empty value; empty pieces are passed over.
// The text must outlive the reader. Not thread-safe.
class QueryString {
 public:
  explicit QueryString(absl::string_view text) : rest_(text) {}

  // Moves to the next parameter. False at the end, and when it is malformed().
  bool Next(std::string* name, std::string* value);

  // An escape was not followed by two hexadecimal digits.
  bool malformed() const { return malformed_; }

 private:
  bool Decode(absl::string_view text, std::string* decoded);

  absl::string_view rest_;
  bool malformed_ = false;
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_QUERY_STRING_H_
