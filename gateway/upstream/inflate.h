#ifndef PORTICO_GATEWAY_UPSTREAM_INFLATE_H_
#define PORTICO_GATEWAY_UPSTREAM_INFLATE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace portico::upstream {

enum class Inflated { kDone, kTooLarge, kMalformed };

// Appends what `compressed`, gzip (RFC 1952) or zlib (RFC 1950), stands for, at most `max_bytes`.
Inflated Inflate(absl::string_view compressed, size_t max_bytes, std::string* out);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_INFLATE_H_
