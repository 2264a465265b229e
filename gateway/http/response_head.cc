#include "gateway/http/response_head.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/http/syntax.h"

namespace portico::http {
namespace {

void AppendTrailersTo(std::string* head, Framing framing, absl::string_view lines) {
  if (framing != Framing::kChunked) return absl::StrAppend(head, lines);
  const char* before = "Trailer: ";
  for (const absl::string_view line : absl::StrSplit(lines, "\r\n", absl::SkipEmpty())) {
    absl::StrAppend(head, before, line.substr(0, line.find(':')));
    before = ", ";
  }
  absl::StrAppend(head, "\r\n");
}

}  // namespace

Framing FramingOf(const Response& response, bool http11) {
  if (response.status < 200 || response.status == 204 || response.status == 304) return Framing::kNoBody;
  if (response.stream == nullptr && (response.trailers == nullptr || !http11)) return Framing::kLength;
  return http11 ? Framing::kChunked : Framing::kUntilClose;
}

void AppendResponseHead(const Response& response, Framing framing, absl::string_view date, absl::string_view connection,
                        std::string* head) {
  const absl::string_view fields = response.headers.wire();
  head->reserve(head->size() + fields.size() + 192);
  if (response.status == 200) {
    absl::StrAppend(head, "HTTP/1.1 200 OK\r\n", date, fields);
  } else {
    absl::StrAppend(head, "HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status), "\r\n");
    absl::StrAppend(head, date, fields);
  }
  switch (framing) {
    case Framing::kLength:
      absl::StrAppend(head, "Content-Length: ", response.body.size(), "\r\n");
      break;
    case Framing::kChunked:
      absl::StrAppend(head, "Transfer-Encoding: chunked\r\n");
      break;
    case Framing::kNoBody:
    case Framing::kUntilClose:
      break;
  }
  if (response.trailers != nullptr) AppendTrailersTo(head, framing, response.trailers->wire());
  if (!connection.empty()) absl::StrAppend(head, "Connection: ", connection, "\r\n");
  absl::StrAppend(head, "\r\n");
}

void AppendChunkedBody(const Response& response, std::string* out) {
  if (!response.body.empty()) {
    AppendChunkHeader(response.body.size(), out);
    absl::StrAppend(out, response.body, "\r\n");
  }
  absl::StrAppend(out, "0\r\n", response.trailers != nullptr ? response.trailers->wire() : "", "\r\n");
}

void AppendChunkHeader(uint64_t size, std::string* out) {
  absl::StrAppend(out, absl::Hex(size), "\r\n");
}

}  // namespace portico::http
