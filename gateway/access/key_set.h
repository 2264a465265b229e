#ifndef PORTICO_GATEWAY_ACCESS_KEY_SET_H_
#define PORTICO_GATEWAY_ACCESS_KEY_SET_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/access/public_key.h"

namespace portico::access {

// An issuer's public keys (a JWK set, RFC 7517, section 5). Immutable and thread-safe.
class KeySet {
 public:
  static constexpr size_t kMostKeys = 100;

  // From an operator's file. Keys that are for others are passed over. An error when the text is no JWK set, when a key
  // is broken or secret, when two keys cannot be told apart, and when no key is left.
  static absl::StatusOr<KeySet> Parse(absl::string_view json) { return Read(json, false); }
  // From an issuer, who is not there to be told of mistakes: broken and secret keys are passed over as well (RFC 7517,
  // section 5), so that one of them does not keep the others from being believed.
  static absl::StatusOr<KeySet> ParsePublished(absl::string_view json) { return Read(json, true); }

  // The key that a token with that `kid` (empty: without one) is signed with: the one of that name, or, for a token
  // that names none, the only one for its algorithm. nullptr when there is none, or more than one.
  const PublicKey* Find(absl::string_view id, Algorithm algorithm) const;

 private:
  static absl::StatusOr<KeySet> Read(absl::string_view json, bool published);

  std::vector<PublicKey> keys_;
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_KEY_SET_H_
