#ifndef PORTICO_GATEWAY_MIDDLEWARE_CORS_H_
#define PORTICO_GATEWAY_MIDDLEWARE_CORS_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "gateway/http/handler.h"

namespace portico::middleware {

// Which web pages may call a frontend.
struct CorsPolicy {
  std::vector<std::string> origins;   // "https://shop.example", compared exactly; "*" is every origin
  bool credentials = false;           // cookies and Authorization; never granted to an origin that only "*" allows
  std::vector<std::string> readable;  // metadata that goes out under its own name; "x-*": all that begins so
  std::chrono::seconds max_age{0};    // how long a browser may remember a preflight; 0: as it likes
};

// Cross-origin requests by the Fetch standard. A preflight for a path that exists is answered here, 204, before
// anything that asks who calls, and never by a method, though one may take OPTIONS: with the path's verbs
// (request.allow) and the headers asked for. Other answers get Access-Control-Allow-Origin and the names of the headers
// a page may read. An origin that is not allowed gets no CORS header at all. Thread-safe.
class Cors final : public http::Middleware, public http::Epilogue {
 public:
  explicit Cors(const CorsPolicy& policy);

  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;
  void Amend(const http::Request& request, http::Response* response) override;

  // Whether a page of that origin may call; also asked for WebSockets.
  bool Allows(absl::string_view origin) const;

 private:
  Async<http::Response> AnswerPreflight(const http::Request& request) const;
  http::Response Preflight(const http::Request& request, absl::string_view origin) const;
  void Grant(absl::string_view origin, http::ResponseHeaders* headers) const;

  absl::flat_hash_set<std::string> origins_;
  std::vector<std::string> readable_;
  bool any_ = false;
  bool credentials_ = false;
  std::string max_age_;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_CORS_H_
