#include "gateway/protocol/header_metadata.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/protocol/metadata.h"
#include "gateway/rpc/reserved_names.h"

namespace portico::protocol {
namespace {

// Besides what rpc::IsReserved(). Sorted.
constexpr std::array<absl::string_view, 27> kOthers = {"accept",
                                                       "accept-charset",
                                                       "accept-encoding",
                                                       "accept-ranges",
                                                       "age",
                                                       "allow",
                                                       "alt-svc",
                                                       "cache-control",
                                                       "cookie",
                                                       "dnt",
                                                       "expires",
                                                       "forwarded",
                                                       "location",
                                                       "origin",
                                                       "pragma",
                                                       "priority",
                                                       "range",
                                                       "referer",
                                                       "server",
                                                       "set-cookie",
                                                       "upgrade-insecure-requests",
                                                       "user-agent",
                                                       "vary",
                                                       "via",
                                                       "www-authenticate",
                                                       "x-grpc-web",
                                                       "x-request-timeout"};
static_assert(std::is_sorted(kOthers.begin(), kOthers.end()));

constexpr std::array<absl::string_view, 8> kOthersPrefixes = {"access-control-", "connect-", "content-", "if-",
                                                              "portico-",        "proxy-",   "sec-",     "trailer-"};

}  // namespace

bool MayPass(absl::string_view key) {
  if (rpc::IsReserved(key) || std::binary_search(kOthers.begin(), kOthers.end(), key)) return false;
  return std::none_of(kOthersPrefixes.begin(), kOthersPrefixes.end(),
                      [key](absl::string_view prefix) { return absl::StartsWith(key, prefix); });
}

rpc::Metadata HeaderMetadata(const http::RequestHeaders& headers) {
  rpc::Metadata metadata;
  for (const http::RequestHeaders::Field& field : headers) {
    if (MayPass(absl::AsciiStrToLower(field.name))) AddToMetadata(field.name, field.value, &metadata);
  }
  return metadata;
}

void AddHeaderMetadata(const rpc::Metadata& metadata, absl::string_view prefix, http::ResponseHeaders* headers) {
  for (const auto& [key, value] : metadata) {
    if (MayPass(key)) headers->Add(absl::StrCat(prefix, key), HeaderValueOf(key, value));
  }
}

std::string HeaderValueOf(absl::string_view key, absl::string_view value) {
  if (!absl::EndsWith(key, "-bin")) return std::string(value);
  std::string text = absl::Base64Escape(value);
  while (absl::EndsWith(text, "=")) text.pop_back();
  return text;
}

}  // namespace portico::protocol
