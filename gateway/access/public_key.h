#ifndef PORTICO_GATEWAY_ACCESS_PUBLIC_KEY_H_
#define PORTICO_GATEWAY_ACCESS_PUBLIC_KEY_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct evp_pkey_st;

namespace portico::access {

// The signatures that are believed (RFC 7518, section 3.1; RFC 8037). There is none without a key, and none whose key
// is a shared secret.
enum class Algorithm { kRs256, kPs256, kEs256, kEdDsa };

// By its name in `alg`, which is case-sensitive; nullopt for every other.
std::optional<Algorithm> AlgorithmOf(absl::string_view name);

// An issuer's public key, and what it may be used for. A key's type says which algorithms it verifies, whatever a token
// claims, so that no token chooses how it is looked at (RFC 8725, section 3.1). Immutable and thread-safe.
class PublicKey {
 public:
  // From a JSON Web Key (RFC 7517): RSA of 2048 to 8192 bits, EC on P-256, or OKP Ed25519. NOT_FOUND for keys of other
  // types and sizes and for other uses than signatures, which a set may hold for others; INVALID_ARGUMENT for one that
  // is broken, or is not public.
  static absl::StatusOr<PublicKey> FromJwk(const nlohmann::json& jwk);

  // The name tokens know it by; empty when it has none.
  const std::string& id() const { return id_; }
  bool Allows(Algorithm algorithm) const;
  // Whether `signature` is one of `text`. REQUIRES: Allows(algorithm).
  bool Verify(Algorithm algorithm, absl::string_view text, absl::string_view signature) const;

 private:
  enum class Type { kRsa, kP256, kEd25519 };

  Type type_ = Type::kRsa;
  std::string id_;
  std::optional<Algorithm> only_;  // the key's own `alg`
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_PUBLIC_KEY_H_
