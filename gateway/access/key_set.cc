#include "gateway/access/key_set.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"

namespace portico::access {
namespace {

constexpr Algorithm kAlgorithms[] = {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kEs256, Algorithm::kEdDsa};

// Whether some token could mean either.
bool Alike(const PublicKey& a, const PublicKey& b) {
  if (a.id().empty() || a.id() != b.id()) return false;
  for (const Algorithm algorithm : kAlgorithms) {
    if (a.Allows(algorithm) && b.Allows(algorithm)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<KeySet> KeySet::Read(absl::string_view json, bool published) {
  const nlohmann::json set = nlohmann::json::parse(json.begin(), json.end(), nullptr, false);
  const auto keys = set.is_object() ? set.find("keys") : set.end();
  if (!set.is_object() || keys == set.end() || !keys->is_array()) {
    return absl::InvalidArgumentError("it is no JWK set: a JSON object with an array \"keys\"");
  }
  if (keys->size() > kMostKeys)
    return absl::InvalidArgumentError(absl::StrCat("it has more than ", kMostKeys, " keys"));
  KeySet result;
  std::string passed_over;  // the first, and why
  for (size_t i = 0; i < keys->size(); ++i) {
    absl::StatusOr<PublicKey> key = PublicKey::FromJwk((*keys)[i]);
    if (!key.ok()) {
      const std::string why = absl::StrCat("keys[", i, "]: ", key.status().message());
      if (!published && !absl::IsNotFound(key.status())) return absl::InvalidArgumentError(why);
      if (passed_over.empty()) passed_over = absl::StrCat("; ", why);
      continue;
    }
    for (const PublicKey& other : result.keys_) {
      if (Alike(other, *key))
        return absl::InvalidArgumentError(absl::StrCat("keys[", i, "]: another has this \"kid\""));
    }
    result.keys_.push_back(*std::move(key));
  }
  if (result.keys_.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("it has no key for RS256, PS256, ES256 or EdDSA", passed_over));
  }
  return result;
}

const PublicKey* KeySet::Find(absl::string_view id, Algorithm algorithm) const {
  const PublicKey* found = nullptr;
  for (const PublicKey& key : keys_) {
    if (!key.Allows(algorithm) || (!id.empty() && key.id() != id)) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

}  // namespace portico::access
