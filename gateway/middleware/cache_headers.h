#ifndef PORTICO_GATEWAY_MIDDLEWARE_CACHE_HEADERS_H_
#define PORTICO_GATEWAY_MIDDLEWARE_CACHE_HEADERS_H_

#include "absl/container/flat_hash_set.h"
#include "gateway/http/handler.h"
#include "gateway/schema/schema.h"

namespace portico::middleware {

// Tells clients, and caches on the way, how long an answer to GET or HEAD holds, where the method's contract says so
// (`policy.cache`): Cache-Control, Age, Vary, and a strong ETag of the bytes as they are sent; who has them already
// gets 304 (RFC 9110, section 13; RFC 9111). An answer is `public` only if it is not private by the contract, nobody
// has shown who asks, and nobody has to. One that lacks a part is not to be kept. Stands outside of what changes the
// body. Thread-safe.
class CacheHeaders final : public http::Middleware, public http::Epilogue {
 public:
  // Answers of the method are private, whatever its contract says. Before the first request.
  void AddPrivate(const schema::Method* method) { private_.insert(method); }

  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;
  void Amend(const http::Request& request, http::Response* response) override;

 private:
  absl::flat_hash_set<const schema::Method*> private_;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_CACHE_HEADERS_H_
