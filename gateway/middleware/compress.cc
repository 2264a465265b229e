#include "gateway/middleware/compress.h"

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "gateway/http/accept.h"
#include "gateway/http/content_coding.h"
#include "gateway/rpc/status.h"

namespace portico::middleware {
namespace {

// Packing runs on the worker; at the levels used this much takes some tens of milliseconds.
constexpr size_t kMostBytes = size_t{16} << 20;

// All lines of a list header as one.
std::string Joined(const http::RequestHeaders& headers, absl::string_view name) {
  std::vector<absl::string_view> values;
  for (const http::RequestHeaders::Field& field : headers) {
    if (absl::EqualsIgnoreCase(field.name, name)) values.push_back(field.value);
  }
  return absl::StrJoin(values, ",");
}

bool HasContent(int status) {
  return status >= 200 && status != 204 && status != 205 && status != 206 && status != 304;
}

}  // namespace

bool IsCompressible(absl::string_view content_type) {
  if (content_type == "application/json") return true;  // nearly every answer
  const std::string type =
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';'))));
  if (absl::StartsWith(type, "text/")) return true;
  // Envelopes say for themselves whether they are packed.
  if (absl::StartsWith(type, "application/connect+") || absl::StartsWith(type, "application/grpc-web")) return false;
  for (const absl::string_view suffix : {"+json", "+xml", "+yaml"}) {
    if (absl::EndsWith(type, suffix)) return true;
  }
  for (const absl::string_view known :
       {"application/json", "application/xml", "application/javascript", "application/yaml", "application/x-ndjson",
        "application/wasm", "application/rtf", "image/bmp", "font/ttf", "font/otf"}) {
    if (type == known) return true;
  }
  return false;
}

Async<http::Response> Compress::Handle(http::Request& request, http::Handler& next) {
  request.epilogues.push_back(this);
  absl::string_view coding;
  const bool has_body = !request.body.empty() || request.body_stream != nullptr;
  if (!has_body || request.rpc == nullptr || !request.headers.Find("Content-Encoding", &coding)) {
    return next.Handle(request);
  }
  return Unpack(request, next);
}

Async<http::Response> Compress::Unpack(http::Request& request, http::Handler& next) const {
  if (request.body_stream != nullptr) {
    if (!absl::EqualsIgnoreCase(request.headers.Get("Content-Encoding"), "identity")) {
      http::Response refused = errors_.Render(
          rpc::WithHttpStatus(absl::InvalidArgumentError("a body that streams cannot have a Content-Encoding"), 415),
          request);
      refused.headers.Add("Accept-Encoding", "identity");
      co_return refused;
    }
    co_return co_await next.Handle(request);
  }
  absl::StatusOr<std::string> decoded =
      http::DecodeContent(Joined(request.headers, "Content-Encoding"), request.body, policy_.body_bytes);
  if (!decoded.ok()) {
    http::Response refused = errors_.Render(decoded.status(), request);
    if (refused.status == 415) refused.headers.Add("Accept-Encoding", http::kContentCodings);
    co_return refused;
  }
  request.body_storage = *std::move(decoded);
  request.body = request.body_storage;
  co_return co_await next.Handle(request);
}

void Compress::Amend(const http::Request& request, http::Response* response) {
  if (policy_.answers) Pack(request, response);
}

void Compress::Pack(const http::Request& request, http::Response* response) const {
  absl::string_view value;
  if (response->stream != nullptr || response->body.empty() || response->body.size() > kMostBytes ||
      !HasContent(response->status) || response->headers.Find("Content-Encoding", &value) ||
      !response->headers.Find("Content-Type", &value) || !IsCompressible(value)) {
    return;
  }
  absl::string_view accepted;
  const bool asked = request.headers.Find("Accept-Encoding", &accepted);
  const int as_it_is = asked ? http::QualityOfCoding(request.headers, "identity") : 1;
  // Whoever refuses the plain form gets a packed one of any size.
  if (response->body.size() < policy_.min_bytes && as_it_is > 0) return;
  if (response->headers.Find("Cache-Control", &value) &&
      absl::StrContains(absl::AsciiStrToLower(value), "no-transform"))
    return;
  response->headers.AddToList("Vary", "Accept-Encoding");
  if (!asked) return;
  const std::string* best = nullptr;
  int best_quality = as_it_is;
  for (const std::string& coding : policy_.codings) {
    const int quality = http::QualityOfCoding(request.headers, coding);
    // At the same quality packed is better than plain, and the first coding than the others.
    if (quality == 0 || quality < best_quality || (quality == best_quality && best != nullptr)) continue;
    best = &coding;
    best_quality = quality;
  }
  if (best == nullptr) return;
  absl::StatusOr<std::string> packed = http::EncodeContent(*best, response->body);
  if (!packed.ok() || (packed->size() >= response->body.size() && as_it_is > 0)) return;
  response->body = *std::move(packed);
  response->headers.Add("Content-Encoding", *best);
}

}  // namespace portico::middleware
