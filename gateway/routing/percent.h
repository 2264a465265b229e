#ifndef PORTICO_GATEWAY_ROUTING_PERCENT_H_
#define PORTICO_GATEWAY_ROUTING_PERCENT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace portico::routing {

// Whether every "%" of `text` is followed by two hex digits (RFC 3986, section 2.1).
bool IsPercentEncoded(absl::string_view text);

enum class Slashes {
  kDecode,
  kKeep,  // "%2F" and "%2f" stay as they are
};

// REQUIRES: IsPercentEncoded(text).
std::string PercentDecode(absl::string_view text, Slashes slashes = Slashes::kDecode);

}  // namespace portico::routing

#endif  // PORTICO_GATEWAY_ROUTING_PERCENT_H_
