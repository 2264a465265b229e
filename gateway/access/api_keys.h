#ifndef PORTICO_GATEWAY_ACCESS_API_KEYS_H_
#define PORTICO_GATEWAY_ACCESS_API_KEYS_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "gateway/access/caller.h"
#include "gateway/schema/diagnostics.h"

namespace portico::access {

// Who may call with an API key: a YAML file (portico.ApiKeys in proto/portico/config.proto) of the keys' hashes. The
// keys themselves are known to their holders only. A key is long and random, so that a plain SHA-256 of it cannot be
// turned back; `portico hash-key` computes one. Immutable and thread-safe.
//
//   keys:
//     - { name: acme, sha256: 9f86d0...0a08, scopes: [catalog.read] }
class ApiKeys {
 public:
  // Longer keys are not looked at.
  static constexpr size_t kMostBytes = 512;

  // Mistakes go to `diagnostics` at their place in the file `path`; nullptr when there was any. A name may have several
  // keys, so that they can be exchanged.
  static std::unique_ptr<const ApiKeys> Parse(absl::string_view yaml, const std::string& path,
                                              schema::Diagnostics& diagnostics);

  // Whose key it is; nullptr for none. The claim `sub` is the name.
  std::shared_ptr<const Caller> Find(absl::string_view key) const;

 private:
  absl::flat_hash_map<std::string, std::shared_ptr<const Caller>> callers_;  // by digest
};

// The SHA-256 of an API key, as 64 hexadecimal digits: what the file has.
std::string HashOfApiKey(absl::string_view key);

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_API_KEYS_H_
