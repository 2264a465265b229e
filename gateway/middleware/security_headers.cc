#include "gateway/middleware/security_headers.h"

#include "absl/strings/match.h"

namespace portico::middleware {
namespace {

void SetUnlessSaid(absl::string_view name, absl::string_view value, http::ResponseHeaders* headers) {
  absl::string_view said;
  if (!headers->Find(name, &said)) headers->AddKnown(name, value);
}

// Whether the request shows anything by which an answer may be somebody's own. Headers that were taken out on the way
// (IdentityHeaders) have left claims behind, or proved nothing.
bool ShowsWhoCalls(const http::Request& request) {
  if (request.context.claims() != nullptr) return true;
  for (const http::RequestHeaders::Field& field : request.headers) {
    for (const absl::string_view name : {"Authorization", "Cookie", "X-Api-Key"}) {
      if (field.name.size() == name.size() && absl::EqualsIgnoreCase(field.name, name)) return true;
    }
  }
  return false;
}

}  // namespace

Async<http::Response> SecurityHeaders::Handle(http::Request& request, http::Handler& next) {
  request.epilogues.push_back(this);
  return next.Handle(request);
}

void SecurityHeaders::Amend(const http::Request& request, http::Response* response) {
  http::ResponseHeaders& headers = response->headers;
  SetUnlessSaid("X-Content-Type-Options", "nosniff", &headers);
  SetUnlessSaid("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'", &headers);
  SetUnlessSaid("Referrer-Policy", "no-referrer", &headers);
  const bool refused = response->status == 401 || response->status == 403;
  if (refused || ShowsWhoCalls(request)) SetUnlessSaid("Cache-Control", "no-store", &headers);
}

}  // namespace portico::middleware
