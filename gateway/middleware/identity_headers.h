#ifndef PORTICO_GATEWAY_MIDDLEWARE_IDENTITY_HEADERS_H_
#define PORTICO_GATEWAY_MIDDLEWARE_IDENTITY_HEADERS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/http/handler.h"

namespace portico::middleware {

// Takes out of a request what says who calls but proves nothing to the gateway, before any of it can become a service's
// metadata, whatever protocol it came by: headers in which proxies and identity providers tell services of a user
// (X-Forwarded-User, X-User-Id, Client-Cert, ...), API keys, and Grpc-Metadata-Authorization, which would stand beside
// the `authorization` that was verified. For frontends with `auth`. With an identity of the gateway's own,
// Authorization goes too. Stands behind everything that reads them. Thread-safe.
class IdentityHeaders final : public http::Middleware {
 public:
  // `trusted` are headers the configuration hands on by their own name (metadata.request): they stay when it names them
  // in full. `replaced`: services get the gateway's own `authorization`.
  IdentityHeaders(const std::vector<std::string>& trusted, bool replaced);

  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;

 private:
  bool Drops(absl::string_view name) const;

  std::vector<std::string> trusted_;  // lower case
  const bool replaced_;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_IDENTITY_HEADERS_H_
