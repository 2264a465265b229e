#ifndef PORTICO_GATEWAY_HTTP_RESPONSE_HEAD_H_
#define PORTICO_GATEWAY_HTTP_RESPONSE_HEAD_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/message.h"

namespace portico::http {

// How a response's end is told (RFC 9112, section 6.3).
enum class Framing {
  kNoBody,      // 1xx, 204, 304: neither a body nor its length
  kLength,      // Content-Length
  kChunked,     // a stream, or trailers, to an HTTP/1.1 client
  kUntilClose,  // a stream to an HTTP/1.0 client
};

// The framing of `response` to a client that speaks HTTP/1.1 or only 1.0.
Framing FramingOf(const Response& response, bool http11);

// Appends status line, `date` (a whole line), the response's fields, framing and connection fields, and the empty line.
// `connection` is "close", "keep-alive" or empty. Trailers are announced in `Trailer`; they are fields here when
// nothing can follow the body.
void AppendResponseHead(const Response& response, Framing framing, absl::string_view date, absl::string_view connection,
                        std::string* head);

// Appends the body of a response without a stream as chunks, and its trailers. REQUIRES: Framing::kChunked.
void AppendChunkedBody(const Response& response, std::string* out);

// Appends the line that begins a chunk of `size` bytes. REQUIRES: size > 0 (0 would be the last chunk).
void AppendChunkHeader(uint64_t size, std::string* out);

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_RESPONSE_HEAD_H_
