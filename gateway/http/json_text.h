#ifndef PORTICO_GATEWAY_HTTP_JSON_TEXT_H_
#define PORTICO_GATEWAY_HTTP_JSON_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/wire/append_buffer.h"

namespace portico::http {

// Appends any bytes as a JSON string, in quotation marks; what is not UTF-8 becomes U+FFFD, a byte each. For text of
// clients and services that has to be shown whatever it is: error messages and log lines.
void AppendJsonText(absl::string_view text, wire::AppendBuffer* json);
void AppendJsonText(absl::string_view text, std::string* json);

// JSON without white space as `pretty` has it: two spaces per level, one member or element a line, a line end behind
// all. REQUIRES: `json` is JSON without white space between its tokens.
std::string PrettyJson(absl::string_view json);

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_JSON_TEXT_H_
