#include "gateway/protocol/connect_get.h"

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/query_string.h"

namespace portico::protocol {
namespace {

// Connect writes URL-safe base64 without padding, and reads either.
bool DecodeBase64(std::string* text) {
  std::string decoded;
  if (!absl::WebSafeBase64Unescape(*text, &decoded) && !absl::Base64Unescape(*text, &decoded)) return false;
  *text = std::move(decoded);
  return true;
}

}  // namespace

absl::StatusOr<ConnectQuery> ParseConnectQuery(absl::string_view query) {
  std::optional<std::string> encoding, message, base64, compression;
  transcode::QueryString parameters(query);
  std::string name, value;
  while (parameters.Next(&name, &value)) {
    std::optional<std::string>* const parameter = name == "encoding"      ? &encoding
                                                  : name == "message"     ? &message
                                                  : name == "base64"      ? &base64
                                                  : name == "compression" ? &compression
                                                                          : nullptr;
    if (parameter == nullptr) continue;
    if (parameter->has_value()) return absl::InvalidArgumentError(absl::StrCat("the query has two \"", name, "\""));
    *parameter = value;
  }
  if (parameters.malformed()) return absl::InvalidArgumentError("the query has a malformed percent escape");
  for (const auto& [needed, found] : {std::pair("message", &message), std::pair("encoding", &encoding)}) {
    if (!found->has_value()) return absl::InvalidArgumentError(absl::StrCat("the query has no \"", needed, "\""));
  }
  const std::optional<Codec> codec = CodecOf(*encoding);
  if (!codec.has_value()) {
    return rpc::WithHttpStatus(absl::UnimplementedError("\"encoding\" is neither \"json\" nor \"proto\""), 415);
  }
  if (base64 == "1" && !DecodeBase64(&*message)) return absl::InvalidArgumentError("\"message\" is not base64");
  ConnectQuery parsed;
  parsed.codec = *codec;
  parsed.message = *std::move(message);
  if (compression.has_value()) parsed.compression = *std::move(compression);
  return parsed;
}

}  // namespace portico::protocol
