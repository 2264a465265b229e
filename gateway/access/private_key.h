#ifndef PORTICO_GATEWAY_ACCESS_PRIVATE_KEY_H_
#define PORTICO_GATEWAY_ACCESS_PRIVATE_KEY_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/access/public_key.h"

struct evp_pkey_st;

namespace portico::access {

// A key the gateway signs with. Its type says by which algorithm: ES256 with EC on P-256, EdDSA with Ed25519, RS256
// with RSA of 2048 to 8192 bits. It never leaves this class but as its public half. Immutable and thread-safe.
class PrivateKey {
 public:
  static constexpr size_t kMostKeys = 10;

  // All keys in a PEM text, in its order. An error, which holds nothing of the text, when there is none, when one is
  // broken, of another type or behind a password, and for more than kMostKeys.
  static absl::StatusOr<std::vector<PrivateKey>> ParsePem(absl::string_view pem);

  // The key's thumbprint (RFC 7638): whoever has the public key can say it.
  const std::string& id() const { return id_; }
  // As `alg` has it.
  absl::string_view algorithm() const;
  // The public half as a JWK (RFC 7517), with kid, use and alg.
  nlohmann::json PublicJwk() const;
  // The signature of `text`, as JOSE has it (RFC 7518, section 3).
  absl::StatusOr<std::string> Sign(absl::string_view text) const;

 private:
  static absl::StatusOr<PrivateKey> Of(std::shared_ptr<evp_pkey_st> key);
  nlohmann::json Members() const;  // those that make the key, and its thumbprint

  Algorithm algorithm_ = Algorithm::kEs256;
  std::string id_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_PRIVATE_KEY_H_
