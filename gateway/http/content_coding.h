#ifndef PORTICO_GATEWAY_HTTP_CONTENT_CODING_H_
#define PORTICO_GATEWAY_HTTP_CONTENT_CODING_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace portico::http {

// Content codings (RFC 9110, section 8.4.1; RFC 7932, RFC 8878): what they are, for Accept-Encoding.
inline constexpr absl::string_view kContentCodings = "gzip, deflate, br, zstd";

// Undoes the codings that a Content-Encoding lists, the last first: gzip (x-gzip; several members too), deflate (the
// zlib format, and the raw one that some clients send), br, zstd (with a window of at most 8 MB, RFC 9659), identity.
//
// What comes out of any of them is at most `limit` bytes: beyond it RESOURCE_EXHAUSTED, HTTP 413, found out before more
// is unpacked. INVALID_ARGUMENT for a body that is not what the list says, is cut off or has more behind its end; with
// HTTP 415 for an unknown coding and for more than three.
absl::StatusOr<std::string> DecodeContent(absl::string_view codings, absl::string_view body, size_t limit);

// Encodes `body` as "gzip", "br" or "zstd" at a fast level. INTERNAL when the library fails. REQUIRES: one of these.
absl::StatusOr<std::string> EncodeContent(absl::string_view coding, absl::string_view body);

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_CONTENT_CODING_H_
