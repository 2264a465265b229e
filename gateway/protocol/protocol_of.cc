#include "gateway/protocol/protocol_of.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace portico::protocol {

Protocol ProtocolOf(const http::Request& request) {
  if (request.method == "POST") {
    const absl::string_view type = MediaTypeOf(request.headers);
    if (absl::StartsWithIgnoreCase(type, "application/grpc-web")) return Protocol::kGrpcWeb;
    if (absl::StartsWithIgnoreCase(type, "application/connect+")) return Protocol::kConnect;
    absl::string_view version;
    if (request.headers.Find("Connect-Protocol-Version", &version)) return Protocol::kConnect;
  } else if (request.method == "GET" && absl::StrContains(request.query, "connect=v1")) {
    for (const absl::string_view parameter : absl::StrSplit(request.query, '&')) {
      if (parameter == "connect=v1") return Protocol::kConnect;
    }
  }
  return Protocol::kRest;
}

absl::string_view NameOf(Protocol protocol) {
  switch (protocol) {
    case Protocol::kConnect:
      return "connect";
    case Protocol::kGrpcWeb:
      return "grpc-web";
    case Protocol::kRest:
      break;
  }
  return "rest";
}

absl::string_view MediaTypeOf(const http::RequestHeaders& headers) {
  const absl::string_view type = headers.Get("Content-Type");
  return absl::StripAsciiWhitespace(type.substr(0, type.find(';')));
}

}  // namespace portico::protocol
