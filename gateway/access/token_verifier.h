#ifndef PORTICO_GATEWAY_ACCESS_TOKEN_VERIFIER_H_
#define PORTICO_GATEWAY_ACCESS_TOKEN_VERIFIER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/access/caller.h"
#include "gateway/access/key_set.h"

namespace portico::access {

// Which tokens are believed.
struct TokenPolicy {
  std::string issuer;    // `iss` must be this; empty: not asked
  std::string audience;  // among `aud` must be this; empty: not asked
  absl::Duration leeway = absl::ZeroDuration();
};

// Verifies access tokens: JSON Web Tokens (RFC 7519), signed (RFC 7515, compact), by the advice of RFC 8725. Immutable
// and thread-safe.
//
// Refused is whatever is not exactly right: any algorithm but the four of Algorithm; a key that the set does not have,
// or that is of another type; `crit`; a `typ` of something that is no access token; a member of header or claims that
// comes twice; a token without `exp`, expired, or not valid yet. Keys that a token brings along or points to (jwk, jku,
// x5c, x5u) are never looked at.
class TokenVerifier {
 public:
  // Longer tokens are not looked at.
  static constexpr size_t kMostBytes = 16384;

  TokenVerifier(KeySet keys, TokenPolicy policy) : keys_(std::move(keys)), policy_(std::move(policy)) {}
  // Whose keys come with each token.
  explicit TokenVerifier(TokenPolicy policy) : policy_(std::move(policy)) {}

  // UNAUTHENTICATED with the reason, which holds nothing of the token, when it is not believed. The caller expires when
  // the token does, with the leeway.
  absl::StatusOr<std::shared_ptr<const Caller>> Verify(absl::string_view token, absl::Time now) const {
    return Verify(token, now, keys_);
  }
  // The same with keys that come from elsewhere (KeySource).
  absl::StatusOr<std::shared_ptr<const Caller>> Verify(absl::string_view token, absl::Time now,
                                                       const KeySet& keys) const;

  // Whether a refusal is for a key that the set does not have, and that a newer set might.
  static bool IsForAnUnknownKey(const absl::Status& refusal);

 private:
  KeySet keys_;
  TokenPolicy policy_;
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_TOKEN_VERIFIER_H_
