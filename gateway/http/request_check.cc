#include "gateway/http/request_check.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "gateway/rpc/status.h"

namespace portico::http {
namespace {

absl::Status Malformed(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

// A line that begins with a blank continues the one before (obs-fold); Beast unfolds it, others do not.
bool HasFoldedLine(absl::string_view raw) {
  for (size_t at = raw.find('\n'); at != absl::string_view::npos && at + 1 < raw.size(); at = raw.find('\n', at + 1)) {
    if (raw[at + 1] == ' ' || raw[at + 1] == '\t') return true;
  }
  return false;
}

// uri-host [":" port], by its characters (RFC 3986, section 3.2.2), without user information.
bool IsHost(absl::string_view host) {
  for (const char c : host) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        absl::string_view("-._~%!$&'()*+;=:[]").find(c) == absl::string_view::npos) {
      return false;
    }
  }
  return !host.empty();
}

bool ParseLength(absl::string_view text, uint64_t* length) {
  constexpr size_t kMostDigits = 18;  // beyond it every limit is exceeded, and the number might overflow
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return !text.empty() && text.size() <= kMostDigits && absl::SimpleAtoi(text, length);
}

}  // namespace

absl::StatusOr<RequestFraming> CheckHead(absl::string_view raw, const RequestHeaders& headers, bool http11) {
  if (HasFoldedLine(raw)) return Malformed("a folded header line");
  RequestFraming framing;
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  for (const RequestHeaders::Field& field : headers) {
    // By length first: one comparison for most fields.
    switch (field.name.size()) {
      case 4:
        if (!absl::EqualsIgnoreCase(field.name, "Host")) break;
        ++hosts;
        if (!IsHost(field.value)) return Malformed("a malformed Host");
        break;
      case 6:
        if (!absl::EqualsIgnoreCase(field.name, "Expect") || !http11) break;
        if (!absl::EqualsIgnoreCase(field.value, "100-continue")) {
          return rpc::WithHttpStatus(Malformed("an unknown expectation"), 417);
        }
        framing.expects_continue = true;
        break;
      case 14:
        if (!absl::EqualsIgnoreCase(field.name, "Content-Length")) break;
        ++lengths;
        if (!ParseLength(field.value, &framing.length)) return Malformed("a malformed Content-Length");
        break;
      case 17:
        if (!absl::EqualsIgnoreCase(field.name, "Transfer-Encoding")) break;
        ++codings;
        if (!absl::EqualsIgnoreCase(field.value, "chunked")) {
          return Malformed("a Transfer-Encoding other than chunked");
        }
        framing.chunked = true;
        break;
      default:
        break;
    }
  }
  if (lengths > 1) return Malformed("more than one Content-Length");
  if (codings > 1) return Malformed("more than one Transfer-Encoding");
  if (lengths + codings > 1) return Malformed("both Content-Length and Transfer-Encoding");
  if (codings > 0 && !http11) return Malformed("a Transfer-Encoding on HTTP/1.0");
  if (hosts > 1) return Malformed("more than one Host");
  if (hosts == 0 && http11) return Malformed("no Host");
  return framing;
}

absl::StatusOr<absl::string_view> ReduceTarget(absl::string_view method, absl::string_view target) {
  for (const char c : target) {
    if (c <= 0x20 || c >= 0x7f || c == '#') return Malformed("a malformed request target");
  }
  if (absl::StartsWith(target, "/") || (target == "*" && method == "OPTIONS")) return target;
  for (const absl::string_view scheme : {absl::string_view("http://"), absl::string_view("https://")}) {
    if (!absl::StartsWithIgnoreCase(target, scheme)) continue;
    const absl::string_view rest = target.substr(scheme.size());
    const size_t end = rest.find_first_of("/?");
    const absl::string_view authority = rest.substr(0, end);
    if (!IsHost(authority)) break;
    if (end == absl::string_view::npos) return absl::string_view();
    if (rest[end] == '/') return rest.substr(end);
    break;  // "http://host?query": legal, never seen, and no part of it is an origin form
  }
  return Malformed("a request target that is not a path");
}

}  // namespace portico::http
