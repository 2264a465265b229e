#include "gateway/middleware/identity_headers.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace portico::middleware {
namespace {

constexpr absl::string_view kPrefix = "grpc-metadata-";
constexpr absl::string_view kAuthorization = "authorization";

// In lower case, with dashes.
constexpr absl::string_view kNames[] = {
    "api-key",
    "apikey",
    "client-cert",
    "client-cert-chain",
    "remote-user",
    "x-access-token",
    "x-api-key",
    "x-apikey",
    "x-auth-token",
    "x-auth-user",
    "x-client-cert",
    "x-email",
    "x-groups",
    "x-id-token",
    "x-identity",
    "x-jwt-assertion",
    "x-jwt-payload",
    "x-principal",
    "x-remote-groups",
    "x-remote-user",
    "x-roles",
    "x-scopes",
    "x-subject",
    "x-user",
    "x-user-claims",
    "x-user-email",
    "x-user-groups",
    "x-user-id",
    "x-user-name",
    "x-user-roles",
    "x-userid",
    "x-username",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
    "x-forwarded-access-token",
    "x-forwarded-client-cert",
    "x-anonymous-consumer",
};

constexpr absl::string_view kBeginnings[] = {
    "portico-",         "ssl-client-",           "x-amzn-oidc-",  "x-apigateway-api-", "x-auth-request-",
    "x-authenticated-", "x-consumer-",           "x-credential-", "x-endpoint-api-",   "x-goog-authenticated-user-",
    "x-goog-iap-",      "x-ms-client-principal", "x-ms-token-",   "x-portico-",        "x-ssl-client-",
};

// Those that mean nothing to services unless a client makes them metadata.
constexpr absl::string_view kAsMetadataOnly[] = {kAuthorization, "proxy-authorization", "cookie"};

// As the lists have it: what a service takes for the same name is the same here.
std::string Normal(absl::string_view name) {
  std::string lower = absl::AsciiStrToLower(name);
  for (char& c : lower) {
    if (c == '_') c = '-';
  }
  if (absl::EndsWith(lower, "-bin")) lower.resize(lower.size() - 4);
  return lower;
}

// Spares most headers of most requests the rest.
bool MayMatter(absl::string_view header) {
  switch (header.empty() ? '\0' : absl::ascii_tolower(static_cast<unsigned char>(header[0]))) {
    case 'a':
      return !absl::StartsWithIgnoreCase(header, "accept");
    case 'c':
      return !absl::StartsWithIgnoreCase(header, "con");
    case 'g':
    case 'p':
    case 'r':
    case 's':
    case 'x':
      return true;
    default:
      return false;
  }
}

bool SaysWhoCalls(absl::string_view name) {
  return absl::c_linear_search(kNames, name) ||
         absl::c_any_of(kBeginnings, [name](absl::string_view beginning) { return absl::StartsWith(name, beginning); });
}

}  // namespace

IdentityHeaders::IdentityHeaders(const std::vector<std::string>& trusted, bool replaced) : replaced_(replaced) {
  for (const std::string& name : trusted) trusted_.push_back(absl::AsciiStrToLower(name));
}

bool IdentityHeaders::Drops(absl::string_view header) const {
  if (!MayMatter(header)) return false;
  const bool as_metadata = absl::StartsWithIgnoreCase(header, kPrefix);
  const std::string name = Normal(as_metadata ? header.substr(kPrefix.size()) : header);
  if (as_metadata) return SaysWhoCalls(name) || absl::c_linear_search(kAsMetadataOnly, name);
  if (name == kAuthorization) return replaced_ || header.size() != kAuthorization.size();
  return SaysWhoCalls(name) && !absl::c_linear_search(trusted_, absl::AsciiStrToLower(header));
}

Async<http::Response> IdentityHeaders::Handle(http::Request& request, http::Handler& next) {
  if (absl::c_any_of(request.headers, [this](const auto& field) { return Drops(field.name); })) {
    http::RequestHeaders kept;
    for (const http::RequestHeaders::Field& field : request.headers) {
      if (!Drops(field.name)) kept.Add(field.name, field.value);
    }
    request.headers = std::move(kept);
  }
  return next.Handle(request);
}

}  // namespace portico::middleware
