#include "gateway/protocol/metadata.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace portico::protocol {
namespace {

constexpr absl::string_view kPrefix = "grpc-metadata-";
constexpr std::array<absl::string_view, 5> kAsTheyAre = {"authorization", "accept-language", "traceparent",
                                                         "tracestate", "x-request-id"};

// gRPC over HTTP/2, "Custom-Metadata". The library aborts the process on a key or value it does not allow.
bool ValidKey(absl::string_view key) {
  if (key.empty() || absl::StartsWith(key, "grpc-")) return false;
  return std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

bool ValidValue(absl::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void Add(std::string key, absl::string_view value, rpc::Metadata* metadata) {
  if (!ValidKey(key)) return;
  std::string decoded;
  if (!absl::EndsWith(key, "-bin")) {
    if (!ValidValue(value)) return;
    decoded = std::string(value);
  } else if (!absl::Base64Unescape(value, &decoded) && !absl::WebSafeBase64Unescape(value, &decoded)) {
    return;
  }
  metadata->emplace_back(std::move(key), std::move(decoded));
}

}  // namespace

rpc::Metadata RequestMetadata(const http::Request& request) {
  rpc::Metadata metadata;
  for (const http::RequestHeaders::Field& field : request.headers) {
    if (absl::StartsWithIgnoreCase(field.name, kPrefix)) {
      Add(absl::AsciiStrToLower(field.name.substr(kPrefix.size())), field.value, &metadata);
      continue;
    }
    for (absl::string_view name : kAsTheyAre) {
      if (absl::EqualsIgnoreCase(field.name, name)) Add(std::string(name), field.value, &metadata);
    }
  }
  return metadata;
}

void AddMetadata(const rpc::Metadata& metadata, absl::string_view prefix, http::ResponseHeaders* headers) {
  for (const auto& [key, value] : metadata) {
    std::string name = absl::StrCat(prefix, key);
    // Header names are shown the way people write them: Grpc-Metadata-Request-Cost.
    bool start = true;
    for (char& c : name) {
      if (start) c = absl::ascii_toupper(static_cast<unsigned char>(c));
      start = c == '-';
    }
    if (absl::EndsWith(key, "-bin")) {
      headers->Add(name, absl::Base64Escape(value));
    } else {
      headers->Add(name, value);
    }
  }
}

}  // namespace portico::protocol
