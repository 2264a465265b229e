#include "gateway/frontend_access.h"

#include <openssl/crypto.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/access/match.h"
#include "gateway/config/config_check.h"
#include "gateway/event_log.h"
#include "gateway/frontend.h"
#include "gateway/middleware/auth.h"
#include "gateway/middleware/identity_headers.h"
#include "gateway/middleware/rate_limit.h"
#include "gateway/schema/yaml_reader.h"

namespace portico {
namespace {

// Who must show something must be able to.
void CheckNobodyIsShutOut(const config::LoadedConfig& loaded, const config::Frontend& frontend,
                          const schema::Schema& schema, schema::Diagnostics& diagnostics) {
  for (const schema::Method* method : config::ResolveExposed(frontend, schema, loaded.config)) {
    if (!access::AsksWhoCalls(*method)) continue;
    diagnostics.Add(method->policy_position,
                    absl::StrCat("policy.auth of ", method->full_name, ": nobody could call it, since the frontend \"",
                                 frontend.name(), "\" has neither auth.jwt nor auth.api_keys"));
  }
}

access::TokenPolicy TokenPolicyOf(const config::Jwt& jwt) {
  return {jwt.issuer(), jwt.audience(), config::ToDuration(jwt.leeway())};
}

bool IsUrl(absl::string_view keys) {
  return absl::StrContains(keys, "://");
}

// Says on stderr how asking an issuer goes.
void Report(const std::string& url, const absl::Status& status) {
  // What is behind the question mark may be nobody's business.
  const std::string shown = url.substr(0, url.find('?'));
  if (status.ok()) {
    LogEvent({{"event", "keys_fetched"}, {"url", shown}});
  } else {
    LogEvent({{"event", "keys_failed"}, {"url", shown}, {"error", std::string(status.message())}});
  }
}

std::shared_ptr<access::KeySource> BuildKeys(const config::Jwt& jwt, const KeptAccesses& kept) {
  access::KeySourceOptions options;
  options.url = jwt.keys();
  options.ca = jwt.ca();
  options.refresh = config::ToDuration(jwt.refresh());
  for (const auto& [name, access] : kept) {
    if (access.keys != nullptr && access.keys->options() == options) return access.keys;
  }
  return std::make_shared<access::KeySource>(options,
                                             [url = options.url](const absl::Status& status) { Report(url, status); });
}

std::unique_ptr<const access::TokenVerifier> BuildTokens(const config::Jwt& jwt, const schema::Position& position,
                                                         schema::Diagnostics& diagnostics) {
  if (IsUrl(jwt.keys())) return std::make_unique<const access::TokenVerifier>(TokenPolicyOf(jwt));
  std::string text;
  if (!schema::ReadFile(jwt.keys(), position, text, diagnostics)) return nullptr;
  absl::StatusOr<access::KeySet> keys = access::KeySet::Parse(text);
  if (!keys.ok()) {
    diagnostics.Add(position, absl::StrCat(jwt.keys(), ": ", keys.status().message()));
    return nullptr;
  }
  return std::make_unique<const access::TokenVerifier>(*std::move(keys), TokenPolicyOf(jwt));
}

std::shared_ptr<access::Minter> BuildMinter(const config::Frontend& frontend, const schema::Position& position,
                                            size_t workers, schema::Diagnostics& diagnostics) {
  const config::Identity& identity = frontend.identity();
  std::string text;
  if (!schema::ReadFile(identity.key(), position, text, diagnostics)) return nullptr;
  absl::StatusOr<std::vector<access::PrivateKey>> keys = access::PrivateKey::ParsePem(text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!keys.ok()) {
    diagnostics.Add(position, absl::StrCat(identity.key(), ": ", keys.status().message()));
    return nullptr;
  }
  return std::make_shared<access::Minter>(
      *std::move(keys),
      access::MintPolicy{identity.issuer(), frontend.name(), config::ToDuration(identity.ttl()), workers});
}

middleware::RatePolicy RatePolicyOf(const config::RateLimit& limit) {
  using By = middleware::RatePolicy::By;
  middleware::RatePolicy policy;
  policy.by = limit.by() == config::RateLimit::BY_SUBJECT ? By::kSubject
              : limit.by() == config::RateLimit::BY_KEY   ? By::kKey
                                                          : By::kAddress;
  policy.rate = limit.rate();
  policy.burst = limit.burst() > 0 ? limit.burst() : static_cast<uint32_t>(std::ceil(limit.rate()));
  return policy;
}

}  // namespace

FrontendAccess BuildAccess(const config::LoadedConfig& loaded, int index, const schema::Schema& schema, size_t workers,
                           const KeptAccesses& kept, schema::Diagnostics& diagnostics) {
  FrontendAccess built;
  const config::Frontend& frontend = loaded.config.frontends(index);
  const config::Auth& auth = frontend.auth();
  const http::ErrorRenderer errors(ErrorFormatOf(frontend), &schema);
  std::unique_ptr<http::Middleware> rate_limit;
  if (frontend.has_rate_limit()) {
    const middleware::RatePolicy rate_policy = RatePolicyOf(frontend.rate_limit());
    const auto before = kept.find(frontend.name());
    const bool same = before != kept.end() && before->second.rate_policy == rate_policy;
    auto limit = std::make_unique<middleware::RateLimit>(rate_policy, errors, same ? before->second.buckets : nullptr);
    built.kept.rate_policy = rate_policy;
    built.kept.buckets = limit->buckets();
    rate_limit = std::move(limit);
  }
  // What is known of everybody can be counted before anything is verified.
  if (frontend.rate_limit().by() == config::RateLimit::BY_ADDRESS && rate_limit != nullptr) {
    built.middleware.push_back(std::move(rate_limit));
  }
  const auto add_identity_headers = [&](middleware::IdentityHeaders::Proof proof) {
    const auto& trusted = frontend.metadata().request();
    built.middleware.push_back(
        std::make_unique<middleware::IdentityHeaders>(std::vector<std::string>(trusted.begin(), trusted.end()), proof));
  };
  if (!auth.has_jwt() && auth.api_keys().empty()) {
    CheckNobodyIsShutOut(loaded, frontend, schema, diagnostics);
    add_identity_headers(middleware::IdentityHeaders::Proof::kNone);
    return built;
  }
  const std::string key = absl::StrCat("frontends[", index, "].auth");
  middleware::AuthPolicy policy;
  policy.required = auth.default_() == config::Auth::DEFAULT_REQUIRED;
  policy.workers = workers;
  if (auth.has_jwt()) policy.tokens = BuildTokens(auth.jwt(), loaded.PositionOf(key + ".jwt.keys"), diagnostics);
  if (IsUrl(auth.jwt().keys()) && workers > 0) {
    built.kept.keys = BuildKeys(auth.jwt(), kept);
    policy.keys = built.kept.keys;
  }
  std::string text;
  if (!auth.jwt().ca().empty())
    schema::ReadFile(auth.jwt().ca(), loaded.PositionOf(key + ".jwt.ca"), text, diagnostics);
  text.clear();
  if (!auth.api_keys().empty() &&
      schema::ReadFile(auth.api_keys(), loaded.PositionOf(key + ".api_keys"), text, diagnostics)) {
    policy.api_keys = access::ApiKeys::Parse(text, auth.api_keys(), diagnostics);
  }
  if (frontend.has_identity()) {
    const std::string identity = absl::StrCat("frontends[", index, "].identity.key");
    built.minter = BuildMinter(frontend, loaded.PositionOf(identity), workers, diagnostics);
    policy.identity = built.minter;
  }
  built.middleware.push_back(std::make_unique<middleware::Auth>(std::move(policy), errors));
  if (rate_limit != nullptr) built.middleware.push_back(std::move(rate_limit));
  add_identity_headers(frontend.has_identity() ? middleware::IdentityHeaders::Proof::kMinted
                                               : middleware::IdentityHeaders::Proof::kVerified);
  return built;
}

std::vector<std::string> AccessPaths(const config::Config& config) {
  std::vector<std::string> paths;
  for (const config::Frontend& frontend : config.frontends()) {
    if (!frontend.auth().jwt().keys().empty() && !IsUrl(frontend.auth().jwt().keys()))
      paths.push_back(frontend.auth().jwt().keys());
    if (!frontend.auth().api_keys().empty()) paths.push_back(frontend.auth().api_keys());
    if (!frontend.identity().key().empty()) paths.push_back(frontend.identity().key());
  }
  return paths;
}

}  // namespace portico
