#ifndef PORTICO_GATEWAY_MIDDLEWARE_AUTH_H_
#define PORTICO_GATEWAY_MIDDLEWARE_AUTH_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/access/api_keys.h"
#include "gateway/access/caller.h"
#include "gateway/access/expiring_cache.h"
#include "gateway/access/key_source.h"
#include "gateway/access/minter.h"
#include "gateway/access/token_verifier.h"
#include "gateway/http/error_response.h"
#include "gateway/http/handler.h"

namespace portico::middleware {

// How callers of a frontend prove who they are.
struct AuthPolicy {
  bool required = false;                                // of methods whose contract does not say
  std::unique_ptr<const access::TokenVerifier> tokens;  // nullptr: tokens are not looked at
  std::shared_ptr<access::KeySource> keys;              // nullptr: the verifier has its own
  std::unique_ptr<const access::ApiKeys> api_keys;      // nullptr: keys are not looked at
  std::shared_ptr<access::Minter> identity;             // what tells services who calls; nullptr: nothing does
  size_t workers = 1;
};

// Finds out who calls, and keeps the contract's `policy.auth` but for `match` (access::Guard): before a method is
// called, whatever protocol it is called by. The claims are then the context's, as an access::Identity.
//
// A caller shows a token (`Authorization: Bearer`, RFC 6750, section 2.1; not in the query, which ends up in logs) or
// an API key (`X-Api-Key`), not both. What is shown must be right, also where nothing has to be: 401 with the reason in
// WWW-Authenticate. A token whose key is not known waits for the issuer's keys once, for as long as kPatience, before
// it is refused; while there are no keys at all the answer is 503. Who must show something and does not gets 401; who
// lacks a scope, 403. Requests without a method (404, 405) pass. Thread-safe.
class Auth final : public http::Middleware {
 public:
  Auth(AuthPolicy policy, const http::ErrorRenderer& errors);

  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;

 private:
  // Each worker's own.
  struct alignas(64) Lane {
    access::ExpiringCache<access::Caller> tokens;
    uint64_t generation = 0;  // of the keys that they were verified with
  };

  // Who calls; nullptr when nothing is shown.
  absl::StatusOr<std::shared_ptr<const access::Caller>> CallerOf(const http::Request& request);
  absl::StatusOr<std::shared_ptr<const access::Caller>> CallerOfToken(absl::string_view token, Lane& lane);
  // Goes on with the request, by what was found out of its caller.
  Async<http::Response> Decide(absl::StatusOr<std::shared_ptr<const access::Caller>> found, http::Request& request,
                               http::Handler& next);
  // The same when the issuer has been asked for its keys, or that has taken too long.
  Async<http::Response> HandleWithNewKeys(http::Request& request, http::Handler& next);
  static constexpr std::chrono::seconds kPatience{3};  // the source's pause, and two for the issuer
  // `bearer` is what the challenge says beside the scheme.
  Async<http::Response> Refuse(absl::Status status, std::string bearer, const http::Request& request) const;

  const AuthPolicy policy_;
  const http::ErrorRenderer errors_;
  std::vector<Lane> lanes_;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_AUTH_H_
