#ifndef PORTICO_GATEWAY_MIDDLEWARE_COMPRESS_H_
#define PORTICO_GATEWAY_MIDDLEWARE_COMPRESS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/http/error_response.h"
#include "gateway/http/handler.h"

namespace portico::middleware {

struct CompressPolicy {
  size_t body_bytes = 4194304;  // of a request's body once it is unpacked; beyond: 413
  bool answers = true;          // false: answers go out as they are
  size_t min_bytes = 1024;      // smaller answers are not worth it
  // What answers are packed with, the first preferred where the client takes several alike.
  std::vector<std::string> codings = {"zstd", "br", "gzip"};
};

// Content codings both ways (RFC 9110, sections 8.4 and 12.5.3).
//
// A request with a Content-Encoding is unpacked before it is handed on, when it has a route; the codings and errors are
// those of http::DecodeContent, and 415 carries Accept-Encoding. A body that streams may have no coding: 415.
//
// An answer is packed when the client's Accept-Encoding asks for it, it is worth it by size and type (text, JSON, XML
// and the like; nothing that is packed in itself), and nobody has packed it or forbidden it (Cache-Control:
// no-transform). Answers that are worth it carry Vary: Accept-Encoding, packed or not. Streams, and answers beyond 16
// MB, which would hold up their worker, go out as they are. Thread-safe.
class Compress final : public http::Middleware, public http::Epilogue {
 public:
  // `errors` outlives it.
  Compress(const CompressPolicy& policy, const http::ErrorRenderer& errors) : policy_(policy), errors_(errors) {}

  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;
  void Amend(const http::Request& request, http::Response* response) override;

 private:
  Async<http::Response> Unpack(http::Request& request, http::Handler& next) const;
  void Pack(const http::Request& request, http::Response* response) const;

  const CompressPolicy policy_;
  const http::ErrorRenderer& errors_;
};

// Whether bytes of that media type get smaller: "application/json; charset=utf-8" does, "image/png" does not.
bool IsCompressible(absl::string_view content_type);

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_COMPRESS_H_
