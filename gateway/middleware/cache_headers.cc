#include "gateway/middleware/cache_headers.h"

#include <openssl/sha.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/access/match.h"
#include "portico/annotations.pb.h"

namespace portico::middleware {
namespace {

// The same for the same bytes in every gateway: several may stand side by side.
std::string ETagOf(absl::string_view body) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest);
  // Half of it tells any two answers apart.
  return absl::StrCat("\"", absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), 16)), "\"");
}

// RFC 9110, section 13.1.2: the weak comparison. Our own tags have no comma.
bool Matches(const http::RequestHeaders& headers, absl::string_view etag) {
  for (const http::RequestHeaders::Field& field : headers) {
    if (!absl::EqualsIgnoreCase(field.name, "If-None-Match")) continue;
    for (absl::string_view tag : absl::StrSplit(field.value, ',')) {
      tag = absl::StripAsciiWhitespace(tag);
      absl::ConsumePrefix(&tag, "W/");
      if (tag == etag || tag == "*") return true;
    }
  }
  return false;
}

}  // namespace

Async<http::Response> CacheHeaders::Handle(http::Request& request, http::Handler& next) {
  if (request.rpc != nullptr && request.rpc->policy->has_cache() &&
      (request.method == "GET" || request.method == "HEAD")) {
    request.epilogues.push_back(this);
  }
  return next.Handle(request);
}

void CacheHeaders::Amend(const http::Request& request, http::Response* response) {
  absl::string_view value;
  if (response->status != 200 || response->stream != nullptr || response->headers.Find("Cache-Control", &value)) return;
  if (response->headers.Find("Portico-Omitted", &value)) {
    response->headers.Add("Cache-Control", "no-store");
    return;
  }
  const absl::Duration max_age =
      schema::ParseDuration(request.rpc->policy->cache().max_age()).value_or(absl::ZeroDuration());
  const upstream::CacheKeys& keys = keys_.at(request.rpc);
  const std::vector<absl::string_view> unnamed = keys.Unnamed(request.context);
  const bool is_private =
      keys.identity || !unnamed.empty() || request.context.claims() != nullptr || access::AsksWhoCalls(*request.rpc);
  response->headers.Add("Cache-Control",
                        absl::StrCat(is_private ? "private" : "public", ", max-age=", absl::ToInt64Seconds(max_age)));
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(request.context.reply_age()).count();
  if (age > 0) response->headers.Add("Age", absl::StrCat(age));
  for (const std::string& header : keys.headers) response->headers.AddToList("Vary", header);
  // Else a client that asks with other metadata the next time would be answered by its own cache. They came by a header
  // of their own name, or by the one that REST has for them.
  for (const absl::string_view name : unnamed) {
    for (const std::string& header : {std::string(name), absl::StrCat("grpc-metadata-", name)}) {
      if (request.headers.Find(header, &value)) response->headers.AddToList("Vary", header);
    }
  }
  const std::string etag = ETagOf(response->body);
  response->headers.Add("ETag", etag);
  if (!Matches(request.headers, etag)) return;
  response->status = 304;
  response->body.clear();
  for (const char* of_the_body : {"Content-Type", "Content-Encoding"}) response->headers.Remove(of_the_body);
}

}  // namespace portico::middleware
