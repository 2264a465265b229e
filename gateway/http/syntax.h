#ifndef PORTICO_GATEWAY_HTTP_SYNTAX_H_
#define PORTICO_GATEWAY_HTTP_SYNTAX_H_

#include "absl/strings/string_view.h"

namespace portico::http {

// A token (RFC 9110, section 5.6.2): the form of methods and field names. Not empty.
bool IsToken(absl::string_view text);

// Whether a response may carry it as a field value: no CR, LF, NUL or other control character but the tab (RFC 9110,
// section 5.5).
bool IsFieldValue(absl::string_view text);

// Up to `limit` visible ASCII characters, at least one: what an identifier sent by a client may be.
bool IsVisibleAscii(absl::string_view text, size_t limit);

// "Not Found"; empty for a status without a registered phrase.
absl::string_view ReasonPhrase(int status);

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_SYNTAX_H_
