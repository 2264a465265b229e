#ifndef PORTICO_GATEWAY_MIDDLEWARE_CACHE_HEADERS_H_
#define PORTICO_GATEWAY_MIDDLEWARE_CACHE_HEADERS_H_

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "gateway/http/handler.h"
#include "gateway/schema/schema.h"
#include "gateway/upstream/cache_keys.h"

namespace portico::middleware {

// Tells clients, and caches on the way, how long an answer to GET or HEAD holds, where the method's contract says so
// (`policy.cache`): Cache-Control, Age, Vary, and a strong ETag of the bytes as they are sent; who has them already
// gets 304 (RFC 9110, section 13; RFC 9111). An answer is `public` only if it is nobody's own, nobody has shown who
// asks, nobody has to, and the request has no metadata that tell it apart from others though the method's keys do not
// name them. Vary has all headers that the answer depends on. One that lacks a part is not to be kept. Stands outside
// of what changes the body. Thread-safe.
class CacheHeaders final : public http::Middleware, public http::Epilogue {
 public:
  // What answers of a method with `policy.cache` depend on: of each that is asked for, before the first request.
  void Add(const schema::Method* method, upstream::CacheKeys keys) { keys_.emplace(method, std::move(keys)); }

  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;
  void Amend(const http::Request& request, http::Response* response) override;

 private:
  absl::flat_hash_map<const schema::Method*, upstream::CacheKeys> keys_;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_CACHE_HEADERS_H_
