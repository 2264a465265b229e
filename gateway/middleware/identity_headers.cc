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

// Names in lower case, with dashes. "x-*" stands for all that begin with "x-".

// What proves something to whoever verifies it, as Authorization does.
constexpr absl::string_view kCredentials[] = {
    "api-key",      "apikey",         "x-api-key",  "x-apikey",
    "x-auth-token", "x-access-token", "x-id-token", "x-forwarded-access-token",
};

// What proves nothing: services believe it because a proxy that knows who calls stands before them, and such a proxy
// takes it out of what a client sends. By who sets it.
constexpr absl::string_view kClaims[] = {
    // anybody
    "x-email",
    "x-groups",
    "x-identity",
    "x-on-behalf-of*",
    "x-principal",
    "x-role",
    "x-roles",
    "x-scope",
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
    "x-userinfo",
    "x-username",
    // this gateway, and those before it
    "portico-*",
    "x-portico-*",
    // oauth2-proxy, nginx, Traefik
    "x-auth-request-*",
    "x-auth-user",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
    "x-forwarded-user",
    // proxies that end TLS: Envoy, RFC 9440, nginx, Traefik
    "client-cert",
    "client-cert-chain",
    "ssl-client-*",
    "x-client-cert",
    "x-forwarded-client-cert",
    "x-forwarded-tls-client-cert*",
    "x-ssl-client-*",
    // Authelia, CGI's REMOTE_USER; Kubernetes, with who acts for whom
    "impersonate-*",
    "remote-*",
    "x-remote-*",
    // Apache's mod_auth_openidc, and gateways that verify tokens: Istio, WSO2, Kong, Google's
    "oidc-*",
    "x-anonymous-consumer",
    "x-apigateway-api-*",
    "x-authenticated-*",
    "x-consumer-*",
    "x-credential-*",
    "x-endpoint-api-*",
    "x-jwt-*",
    // identity-aware proxies: Amazon's, Authentik, Cloudflare, Google's, Microsoft's, Pomerium, Tailscale, Vouch;
    // Grafana
    "cf-access-*",
    "tailscale-*",
    "x-amzn-oidc-*",
    "x-authentik-*",
    "x-goog-authenticated-user-*",
    "x-goog-iap-*",
    "x-ms-client-principal*",
    "x-ms-token-*",
    "x-pomerium-*",
    "x-vouch-*",
    "x-webauth-*",
};

// Those that mean nothing to services unless a client makes them metadata.
constexpr absl::string_view kAsMetadataOnly[] = {"proxy-authorization", "cookie"};

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
  const auto begins = [header](absl::string_view with) { return absl::StartsWithIgnoreCase(header, with); };
  switch (header.empty() ? '\0' : absl::ascii_tolower(static_cast<unsigned char>(header[0]))) {
    case 'a':
      return begins("auth") || begins("api");
    case 'c':
      return begins("cf") || begins("client");
    case 'g':
      return begins(kPrefix);
    case 'i':
      return begins("impersonate");
    case 'o':
      return begins("oidc");
    case 'p':
      return begins("portico");
    case 'r':
      return begins("remote");
    case 's':
      return begins("ssl");
    case 't':
      return begins("tailscale");
    case 'x':
      return true;
    default:
      return false;
  }
}

template <size_t n>
bool IsAmong(const absl::string_view (&patterns)[n], absl::string_view name) {
  return absl::c_any_of(patterns, [name](absl::string_view pattern) {
    return absl::ConsumeSuffix(&pattern, "*") ? absl::StartsWith(name, pattern) : name == pattern;
  });
}

}  // namespace

IdentityHeaders::IdentityHeaders(const std::vector<std::string>& trusted, Proof proof) : proof_(proof) {
  for (const std::string& name : trusted) trusted_.push_back(absl::AsciiStrToLower(name));
}

bool IdentityHeaders::Drops(absl::string_view header) const {
  if (!MayMatter(header)) return false;
  const bool as_metadata = absl::StartsWithIgnoreCase(header, kPrefix);
  const std::string name = Normal(as_metadata ? header.substr(kPrefix.size()) : header);
  if (name == kAuthorization) {
    // In another spelling it is none that was verified.
    return proof_ == Proof::kMinted || (proof_ == Proof::kVerified && header.size() != kAuthorization.size());
  }
  bool drops = IsAmong(kClaims, name);
  if (proof_ != Proof::kNone) {
    drops |= IsAmong(kCredentials, name) || (as_metadata && absl::c_linear_search(kAsMetadataOnly, name));
  }
  return drops && (as_metadata || !absl::c_linear_search(trusted_, absl::AsciiStrToLower(header)));
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
