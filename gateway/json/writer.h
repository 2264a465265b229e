#ifndef PORTICO_GATEWAY_JSON_WRITER_H_
#define PORTICO_GATEWAY_JSON_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/wire/append_buffer.h"

namespace portico::json {

// Each appends one JSON value.

// A string in quotation marks. Escaped is only what RFC 8259, section 7, requires: the quotation mark, the backslash
// and control characters. U+2028 and U+2029 stand as they are: JSON allows it, ProtoJSON asks for no more, and
// ECMAScript has taken both since 2019; escaping < and > for HTML belongs to who embeds JSON in HTML. False when `text`
// is not UTF-8; what was appended by then is unspecified.
bool AppendString(absl::string_view text, wire::AppendBuffer* out);
// The same where `text` is known to be good, as an appendix to a plain string.
void AppendString(absl::string_view text, std::string* out);

void AppendInt64(int64_t value, wire::AppendBuffer* out);
void AppendUint64(uint64_t value, wire::AppendBuffer* out);
// The shortest decimal that reads back as the same value, laid out as ECMAScript does (0.000001, 1e-7,
// 100000000000000000000, 1e+21), -0 as itself; NaN and infinities as the strings "NaN", "Infinity" and
// "-Infinity" (ProtoJSON).
void AppendDouble(double value, wire::AppendBuffer* out);
void AppendFloat(float value, wire::AppendBuffer* out);
// A string of standard base64 with padding (RFC 4648, section 4).
void AppendBase64(absl::string_view bytes, wire::AppendBuffer* out);

}  // namespace portico::json

#endif  // PORTICO_GATEWAY_JSON_WRITER_H_
