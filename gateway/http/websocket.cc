#include "gateway/http/websocket.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gateway/rpc/status.h"

namespace portico::http {
namespace {

// Whether a list that may come in several fields has the token.
bool Lists(const RequestHeaders& headers, absl::string_view name, absl::string_view token) {
  for (const RequestHeaders::Field& field : headers) {
    if (!absl::EqualsIgnoreCase(field.name, name)) continue;
    for (const absl::string_view element : absl::StrSplit(field.value, ',')) {
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(element), token)) return true;
    }
  }
  return false;
}

int Count(const RequestHeaders& headers, absl::string_view name) {
  int count = 0;
  for (const RequestHeaders::Field& field : headers) count += absl::EqualsIgnoreCase(field.name, name) ? 1 : 0;
  return count;
}

// Base64 of 16 bytes.
bool IsKey(absl::string_view key) {
  if (key.size() != 24 || !absl::EndsWith(key, "==")) return false;
  for (const char c : key.substr(0, 22)) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '+' && c != '/') return false;
  }
  return true;
}

}  // namespace

bool AsksForWebSocket(const Request& request) {
  return request.method == "GET" && Lists(request.headers, "Upgrade", "websocket") &&
         Lists(request.headers, "Connection", "upgrade");
}

absl::Status CheckWebSocketRequest(const Request& request) {
  const RequestHeaders& headers = request.headers;
  if (Count(headers, "Sec-WebSocket-Version") != 1 || headers.Get("Sec-WebSocket-Version") != "13") {
    return rpc::WithHttpStatus(absl::InvalidArgumentError("the version of the WebSocket protocol has to be 13"), 426);
  }
  if (Count(headers, "Sec-WebSocket-Key") != 1 || !IsKey(headers.Get("Sec-WebSocket-Key"))) {
    return absl::InvalidArgumentError("a malformed Sec-WebSocket-Key");
  }
  if (!request.body.empty() || request.body_stream != nullptr) {
    return absl::InvalidArgumentError("a request for a WebSocket cannot have a body");
  }
  return absl::OkStatus();
}

bool IsOfOwnOrigin(const Request& request) {
  absl::string_view origin;
  if (!request.headers.Find("Origin", &origin)) return true;
  const size_t scheme = origin.find("://");
  return scheme != absl::string_view::npos &&
         absl::EqualsIgnoreCase(origin.substr(scheme + 3), request.headers.Get("Host"));
}

}  // namespace portico::http
