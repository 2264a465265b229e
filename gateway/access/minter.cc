#include "gateway/access/minter.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "gateway/access/base64url.h"

namespace portico::access {
namespace {

// Of one worker.
constexpr size_t kMostTokens = 4096;
constexpr size_t kMostKeyBytes = 1 << 20;

std::string Text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Minter::Minter(std::vector<PrivateKey> keys, MintPolicy policy) : keys_(std::move(keys)), policy_(std::move(policy)) {
  for (size_t i = 0; i < policy_.workers; ++i)
    lanes_.push_back({ExpiringCache<std::string>(kMostTokens, kMostKeyBytes)});
}

absl::StatusOr<std::string> Minter::Mint(const Caller& caller, absl::string_view audience, absl::Time now) const {
  const PrivateKey& key = keys_.front();
  const int64_t issued = absl::ToUnixSeconds(now);
  nlohmann::json claims = {{"iss", policy_.issuer},
                           {"aud", std::string(audience)},
                           {"scope", std::string(caller.scopes())},
                           {"frontend", policy_.frontend},
                           {"iat", issued},
                           {"exp", issued + absl::ToInt64Seconds(policy_.ttl)}};
  if (!caller.subject().empty()) claims["sub"] = std::string(caller.subject());
  const nlohmann::json header = {{"alg", std::string(key.algorithm())}, {"kid", key.id()}, {"typ", "JWT"}};
  std::string token = absl::StrCat(EncodeBase64Url(Text(header)), ".", EncodeBase64Url(Text(claims)));
  const absl::StatusOr<std::string> signature = key.Sign(token);
  if (!signature.ok()) return signature.status();
  absl::StrAppend(&token, ".", EncodeBase64Url(*signature));
  return token;
}

absl::StatusOr<std::shared_ptr<const std::string>> Minter::CredentialFor(const Caller& caller,
                                                                         absl::string_view audience, int worker,
                                                                         absl::Time now) {
  Lane& lane = lanes_[static_cast<size_t>(worker)];
  // With lengths, so that no two callers have one key.
  const std::string key =
      absl::StrCat(audience.size(), ":", audience, caller.subject().size(), ":", caller.subject(), caller.scopes());
  if (std::shared_ptr<const std::string> known = lane.tokens.Find(key, now); known != nullptr) return known;
  const absl::StatusOr<std::string> token = Mint(caller, audience, now);
  if (!token.ok()) return token.status();
  auto credential = std::make_shared<const std::string>(absl::StrCat("Bearer ", *token));
  lane.tokens.Insert(key, credential, now + policy_.ttl * 3 / 4);
  return credential;
}

std::vector<nlohmann::json> Minter::PublicJwks() const {
  std::vector<nlohmann::json> jwks;
  for (const PrivateKey& key : keys_) jwks.push_back(key.PublicJwk());
  return jwks;
}

}  // namespace portico::access
