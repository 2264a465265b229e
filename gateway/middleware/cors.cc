#include "gateway/middleware/cors.h"

#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/http/syntax.h"

namespace portico::middleware {
namespace {

// What a page may read beyond the safelisted headers: all that the gateway itself adds, and what it hands on of the
// services' metadata.
constexpr absl::string_view kExposed =
    "Portico-Omitted, Portico-Warning, X-Request-Id, Retry-After, Location, ETag, Allow, WWW-Authenticate, "
    "Content-Disposition, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Grpc-Status, Grpc-Message, "
    "Grpc-Status-Details-Bin";

bool Matches(absl::string_view name, absl::string_view pattern) {
  if (!absl::ConsumeSuffix(&pattern, "*")) return absl::EqualsIgnoreCase(name, pattern);
  return absl::StartsWithIgnoreCase(name, pattern);
}

// Headers that every page may read anyway, and those that are none of its business.
constexpr absl::string_view kNeverNamed[] = {
    "Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Expires",
    "Last-Modified", "Pragma",           "Vary",           "Set-Cookie",   "Date"};

// In REST a service's metadata has a prefix or a name that is configured; in other protocols it has names of its own,
// and whatever else an answer has is exposed.
std::string Exposed(const http::Request& request, const http::ResponseHeaders& headers,
                    const std::vector<std::string>& readable) {
  const bool rest = request.protocol == "rest";
  std::vector<absl::string_view> names = absl::StrSplit(kExposed, ", ");
  for (const absl::string_view line : absl::StrSplit(headers.wire(), "\r\n", absl::SkipEmpty())) {
    const absl::string_view name = line.substr(0, line.find(':'));
    const auto is_name = [name](absl::string_view other) { return absl::EqualsIgnoreCase(name, other); };
    const bool metadata =
        rest
            ? absl::StartsWithIgnoreCase(name, "Grpc-Metadata-") || absl::StartsWithIgnoreCase(name, "Grpc-Trailer-") ||
                  absl::c_any_of(readable, [&](const std::string& pattern) { return Matches(name, pattern); })
            : !absl::StartsWithIgnoreCase(name, "Access-Control-") && !absl::c_any_of(kNeverNamed, is_name);
    if (metadata && !absl::c_any_of(names, is_name)) names.push_back(name);
  }
  return absl::StrJoin(names, ", ");
}

// Beyond it a preflight's list of headers is cut: no honest page asks for that many.
constexpr size_t kMostHeaders = 64;
constexpr size_t kLongestHeaderList = 4096;

// The header names asked for, if all of them are names; empty otherwise.
std::string RequestedHeaders(absl::string_view list) {
  if (list.size() > kLongestHeaderList) return "";
  std::vector<absl::string_view> names;
  for (const absl::string_view part : absl::StrSplit(list, ',')) {
    const absl::string_view name = absl::StripAsciiWhitespace(part);
    if (name.empty()) continue;
    if (!http::IsToken(name) || names.size() == kMostHeaders) return "";
    names.push_back(name);
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace

Cors::Cors(const CorsPolicy& policy) : readable_(policy.readable), credentials_(policy.credentials) {
  for (const std::string& origin : policy.origins) {
    if (origin == "*") {
      any_ = true;
    } else {
      origins_.insert(origin);
    }
  }
  if (policy.max_age.count() > 0) max_age_ = absl::StrCat(policy.max_age.count());
}

bool Cors::Allows(absl::string_view origin) const {
  return any_ || origins_.contains(origin);
}

// The answer differs by origin, also for those that get no grant: caches must know.
void Cors::Grant(absl::string_view origin, http::ResponseHeaders* headers) const {
  headers->AddToList("Vary", "Origin");
  if (origin.empty() || !Allows(origin)) return;
  if (!origins_.contains(origin)) {
    headers->Set("Access-Control-Allow-Origin", "*");  // and so never with credentials
    return;
  }
  headers->Set("Access-Control-Allow-Origin", origin);
  if (credentials_) headers->Set("Access-Control-Allow-Credentials", "true");
}

http::Response Cors::Preflight(const http::Request& request, absl::string_view origin) const {
  http::Response response;
  response.status = 204;
  Grant(origin, &response.headers);
  response.headers.AddToList("Vary", "Access-Control-Request-Method");
  response.headers.AddToList("Vary", "Access-Control-Request-Headers");
  if (!Allows(origin)) return response;
  response.headers.Add("Access-Control-Allow-Methods", request.allow);
  const std::string names = RequestedHeaders(request.headers.Get("Access-Control-Request-Headers"));
  if (!names.empty()) response.headers.Add("Access-Control-Allow-Headers", names);
  if (!max_age_.empty()) response.headers.Add("Access-Control-Max-Age", max_age_);
  return response;
}

Async<http::Response> Cors::Handle(http::Request& request, http::Handler& next) {
  absl::string_view asked;
  if (request.method == "OPTIONS" && !request.headers.Get("Origin").empty() && !request.allow.empty() &&
      request.headers.Find("Access-Control-Request-Method", &asked)) {
    return AnswerPreflight(request);
  }
  request.epilogues.push_back(this);
  return next.Handle(request);
}

Async<http::Response> Cors::AnswerPreflight(const http::Request& request) const {
  co_return Preflight(request, request.headers.Get("Origin"));
}

void Cors::Amend(const http::Request& request, http::Response* response) {
  const absl::string_view origin = request.headers.Get("Origin");
  Grant(origin, &response->headers);
  if (!origin.empty() && Allows(origin)) {
    response->headers.Set("Access-Control-Expose-Headers", Exposed(request, response->headers, readable_));
  }
}

}  // namespace portico::middleware
