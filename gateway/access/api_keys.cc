#include "gateway/access/api_keys.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/schema/yaml_reader.h"
#include "portico/config.pb.h"

namespace portico::access {
namespace {

std::string Sha256(absl::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

bool IsDigest(absl::string_view hex) {
  return hex.size() == 2 * SHA256_DIGEST_LENGTH && std::all_of(hex.begin(), hex.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

// RFC 6749, section 3.3.
bool IsScope(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

}  // namespace

std::string HashOfApiKey(absl::string_view key) {
  return absl::BytesToHexString(Sha256(key));
}

std::unique_ptr<const ApiKeys> ApiKeys::Parse(absl::string_view yaml, const std::string& path,
                                              schema::Diagnostics& diagnostics) {
  config::ApiKeys file;
  schema::YamlPositions positions(path);
  schema::Diagnostics found;
  schema::ReadYaml(yaml, "", file, positions, found);
  auto keys = std::make_unique<ApiKeys>();
  for (int i = 0; i < file.keys_size() && found.empty(); ++i) {
    const config::ApiKey& key = file.keys(i);
    const std::string at = absl::StrCat("keys[", i, "]");
    // Whatever stands in place of a hash may be the key itself: it is not repeated.
    if (key.name().empty()) found.Add(positions.Find(at), absl::StrCat(at, ": \"name\" is missing"));
    if (!IsDigest(key.sha256())) {
      found.Add(positions.Find(at + ".sha256"),
                absl::StrCat(at, ".sha256: expected the 64 hexadecimal digits that `portico hash-key` prints"));
      continue;
    }
    for (int j = 0; j < key.scopes_size(); ++j) {
      if (IsScope(key.scopes(j))) continue;
      const std::string scope = absl::StrCat(at, ".scopes[", j, "]");
      found.Add(positions.Find(scope), absl::StrCat(scope, ": \"", key.scopes(j), "\" is no scope"));
    }
    std::string scopes = absl::StrJoin(key.scopes(), " ");
    Caller::Claims claims = {{"sub", key.name()}, {"scope", scopes}};
    const bool added =
        keys->callers_
            .emplace(absl::HexStringToBytes(key.sha256()),
                     std::make_shared<const Caller>(std::move(claims), std::move(scopes), absl::InfiniteFuture()))
            .second;
    if (!added) found.Add(positions.Find(at + ".sha256"), absl::StrCat(at, ".sha256: another entry has this hash"));
  }
  for (const schema::Diagnostic& entry : found.entries()) diagnostics.Add(entry.position, entry.message);
  return found.empty() ? std::move(keys) : nullptr;
}

std::shared_ptr<const Caller> ApiKeys::Find(absl::string_view key) const {
  if (key.empty() || key.size() > kMostBytes) return nullptr;
  // The time this takes depends on the key's hash alone, which says nothing about other keys.
  const std::string digest = Sha256(key);
  const auto found = callers_.find(digest);
  if (found == callers_.end() || CRYPTO_memcmp(found->first.data(), digest.data(), digest.size()) != 0) return nullptr;
  return found->second;
}

}  // namespace portico::access
