#ifndef PORTICO_GATEWAY_JSON_BASE64_H_
#define PORTICO_GATEWAY_JSON_BASE64_H_

#include "absl/strings/string_view.h"
#include "gateway/wire/append_buffer.h"

namespace portico::json {

// Appends the bytes that `text` stands for: base64 of the standard or the URL-safe alphabet, with or without padding,
// as ProtoJSON accepts it (RFC 4648, sections 4 and 5). False when it is neither, or mixes both; what was appended by
// then is unspecified. Bits behind the last byte are ignored.
bool AppendBase64Decoded(absl::string_view text, wire::AppendBuffer* out);

}  // namespace portico::json

#endif  // PORTICO_GATEWAY_JSON_BASE64_H_
