#ifndef PORTICO_GATEWAY_ACCESS_BASE64URL_H_
#define PORTICO_GATEWAY_ACCESS_BASE64URL_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace portico::access {

// The bytes that `text` stands for in base64url without padding, as JOSE has it (RFC 7515, section 2). Strict, so that
// every byte string has one spelling and no two tokens mean the same: padding, white space, other alphabets, a lone
// last character and non-zero bits behind the last byte give nullopt.
std::optional<std::string> DecodeBase64Url(absl::string_view text);

// The reverse.
std::string EncodeBase64Url(absl::string_view bytes);

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_BASE64URL_H_
