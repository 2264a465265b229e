#ifndef PORTICO_GATEWAY_ACCESS_MINTER_H_
#define PORTICO_GATEWAY_ACCESS_MINTER_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/access/caller.h"
#include "gateway/access/expiring_cache.h"
#include "gateway/access/private_key.h"

namespace portico::access {

// What the tokens of a frontend say.
struct MintPolicy {
  std::string issuer;
  std::string frontend;
  absl::Duration ttl = absl::Minutes(1);
  size_t workers = 1;
};

// Makes the access tokens by which services learn who calls (RFC 7519): `sub` and `scope` of the caller as proven,
// `aud` the cluster the call goes to, so that no service can use what it got to call another one; `iss`, `frontend`,
// `iat`, `exp`. One is made for each caller and cluster, and used for three quarters of its time, so that it holds for
// as long as a call may take. Thread-safe: each worker has tokens of its own.
class Minter {
 public:
  // `keys` is not empty; the first signs.
  Minter(std::vector<PrivateKey> keys, MintPolicy policy);

  // The value of `authorization` for a call of `caller` to `audience`: "Bearer ...". On that worker only.
  absl::StatusOr<std::shared_ptr<const std::string>> CredentialFor(const Caller& caller, absl::string_view audience,
                                                                   int worker, absl::Time now);

  const std::string& frontend() const { return policy_.frontend; }
  // The public halves of all keys.
  std::vector<nlohmann::json> PublicJwks() const;

 private:
  struct alignas(64) Lane {
    ExpiringCache<std::string> tokens;
  };
  absl::StatusOr<std::string> Mint(const Caller& caller, absl::string_view audience, absl::Time now) const;

  const std::vector<PrivateKey> keys_;
  const MintPolicy policy_;
  std::vector<Lane> lanes_;
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_MINTER_H_
