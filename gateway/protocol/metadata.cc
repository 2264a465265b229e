#include "gateway/protocol/metadata.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/json/base64.h"
#include "gateway/rpc/reserved_names.h"
#include "gateway/wire/append_buffer.h"

namespace portico::protocol {
namespace {

constexpr absl::string_view kPrefix = "grpc-metadata-";
constexpr absl::string_view kHttpCode = "x-http-code";

bool Matches(absl::string_view pattern, absl::string_view name) {
  if (!absl::ConsumeSuffix(&pattern, "*"))
    return name.size() == pattern.size() && absl::EqualsIgnoreCase(name, pattern);
  return absl::StartsWithIgnoreCase(name, pattern);
}

bool AnyMatches(const std::vector<std::string>& patterns, absl::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [name](const std::string& pattern) { return Matches(pattern, name); });
}

// gRPC over HTTP/2, "Custom-Metadata". The library aborts the process on a key or value it does not allow.
bool ValidKey(absl::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

bool ValidValue(absl::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void AddDecoded(const std::string& key, absl::string_view list, rpc::Metadata* metadata) {
  for (const absl::string_view piece : absl::StrSplit(list, ',')) {
    std::string decoded;
    wire::AppendBuffer buffer(&decoded, piece.size());
    if (!json::AppendBase64Decoded(absl::StripAsciiWhitespace(piece), &buffer)) continue;
    buffer.Finish();
    metadata->emplace_back(key, std::move(decoded));
  }
}

// A header of this name, shown the way people write them: Grpc-Metadata-Request-Cost.
void AddHeader(std::string name, absl::string_view value, http::ResponseHeaders* headers) {
  bool start = true;
  for (char& c : name) {
    if (start) c = absl::ascii_toupper(static_cast<unsigned char>(c));
    start = c == '-';
  }
  if (absl::EndsWithIgnoreCase(name, "-bin")) {
    headers->Add(name, absl::Base64Escape(value));
  } else {
    headers->Add(name, value);
  }
}

}  // namespace

void AddToMetadata(absl::string_view name, absl::string_view value, rpc::Metadata* metadata) {
  std::string key = absl::AsciiStrToLower(name);
  if (!ValidKey(key) || rpc::IsReserved(key)) return;
  if (absl::EndsWith(key, "-bin")) return AddDecoded(key, value, metadata);
  if (ValidValue(value)) metadata->emplace_back(std::move(key), std::string(value));
}

rpc::Metadata RequestMetadata(const http::Request& request, const MetadataNames& names) {
  rpc::Metadata metadata;
  for (const http::RequestHeaders::Field& field : request.headers) {
    if (absl::StartsWithIgnoreCase(field.name, kPrefix)) {
      AddToMetadata(field.name.substr(kPrefix.size()), field.value, &metadata);
    } else if (AnyMatches(names.request, field.name)) {
      AddToMetadata(field.name, field.value, &metadata);
    }
  }
  return metadata;
}

void AddMetadata(const rpc::Metadata& metadata, absl::string_view prefix, const MetadataNames& names,
                 http::ResponseHeaders* headers) {
  for (const auto& [key, value] : metadata) {
    if (rpc::IsReserved(key)) continue;
    AddHeader(AnyMatches(names.response, key) ? key : absl::StrCat(prefix, key), value, headers);
  }
}

void AddTrailingMetadata(const rpc::Metadata& metadata, const http::Request& request, const MetadataNames& names,
                         http::Response* response) {
  constexpr absl::string_view kTrailerPrefix = "grpc-trailer-";
  if (metadata.empty()) return;
  if (!http::TakesTrailers(request)) return AddMetadata(metadata, kTrailerPrefix, names, &response->headers);
  for (const auto& [key, value] : metadata) {
    if (rpc::IsReserved(key)) continue;
    if (AnyMatches(names.response, key)) {
      AddHeader(key, value, &response->headers);
      continue;
    }
    if (response->trailers == nullptr) response->trailers = std::make_unique<http::ResponseHeaders>();
    AddHeader(absl::StrCat(kTrailerPrefix, key), value, response->trailers.get());
  }
}

std::optional<int> HttpCodeOf(const rpc::Metadata& headers, const rpc::Metadata& trailers) {
  for (const rpc::Metadata* metadata : {&headers, &trailers}) {
    for (const auto& [key, value] : *metadata) {
      if (key != kHttpCode) continue;
      const bool digits = value.size() == 3 && absl::c_all_of(value, absl::ascii_isdigit);
      int code = 0;
      if (digits && absl::SimpleAtoi(value, &code) && code >= 200 && code <= 599) return code;
    }
  }
  return std::nullopt;
}

}  // namespace portico::protocol
