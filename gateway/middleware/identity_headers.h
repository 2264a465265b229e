#ifndef PORTICO_GATEWAY_MIDDLEWARE_IDENTITY_HEADERS_H_
#define PORTICO_GATEWAY_MIDDLEWARE_IDENTITY_HEADERS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/http/handler.h"

namespace portico::middleware {

// Takes out of a request what says who calls but proves nothing, before any of it can become a service's metadata,
// whatever protocol it came by: headers in which proxies and identity providers tell services of a user
// (X-Forwarded-User, Remote-Groups, Client-Cert, ...). Where the gateway finds out who calls, credentials that it does
// not hand on go too: API keys, and Grpc-Metadata-Authorization, which would stand beside the `authorization` that was
// verified. The names are a list: a service must not believe other headers either. Stands behind everything that reads
// them. Thread-safe.
class IdentityHeaders final : public http::Middleware {
 public:
  // What services have of who calls.
  enum class Proof {
    kNone,      // the client's credentials as they are, for services to verify: a frontend without `auth`
    kVerified,  // the client's `authorization`, which the gateway has verified
    kMinted,    // the gateway's own `authorization`, in place of the client's
  };

  // `trusted` are headers the configuration hands on by their own name (metadata.request): they stay when it names them
  // in full.
  IdentityHeaders(const std::vector<std::string>& trusted, Proof proof);

  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;

 private:
  bool Drops(absl::string_view name) const;

  std::vector<std::string> trusted_;  // lower case
  const Proof proof_;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_IDENTITY_HEADERS_H_
