#ifndef PORTICO_GATEWAY_MIDDLEWARE_SECURITY_HEADERS_H_
#define PORTICO_GATEWAY_MIDDLEWARE_SECURITY_HEADERS_H_

#include "gateway/http/handler.h"

namespace portico::middleware {

// Headers that keep browsers and caches from misusing an answer that is data and no page. What a service has said
// itself (metadata.response) stays.
//   X-Content-Type-Options: nosniff      what a service calls JSON or an image is never run as a script or a page
//   Content-Security-Policy: default-src 'none'; frame-ancestors 'none'
//                                        what a service hands out as HTML or SVG loads and runs nothing, and no page
//                                        frames it
//   Referrer-Policy: no-referrer         paths have ids of customers in them
//   Cache-Control: no-store              of answers to requests with Authorization, an API key or a cookie, where
//                                        nothing else is said: no cache on the way shows them to somebody else
// Strict-Transport-Security is for whoever speaks TLS to the client. Thread-safe.
class SecurityHeaders final : public http::Middleware, public http::Epilogue {
 public:
  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;
  void Amend(const http::Request& request, http::Response* response) override;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_SECURITY_HEADERS_H_
