#include "gateway/upstream/grpc_status.h"

#include <nghttp2/nghttp2.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/rpc/status.h"

namespace portico::upstream {

absl::Status StatusOfHttp(int http_status) {
  const std::string message = absl::StrCat("the service answered HTTP ", http_status);
  switch (http_status) {
    case 400:
      return absl::InternalError(message);
    case 401:
      return absl::UnauthenticatedError(message);
    case 403:
      return absl::PermissionDeniedError(message);
    case 404:
      return absl::UnimplementedError(message);
    case 429:
    case 502:
    case 503:
    case 504:
      return absl::UnavailableError(message);
    default:
      return Malformed(absl::StatusCode::kUnknown, message);
  }
}

absl::Status StatusOfReset(uint32_t code, bool deadline_passed) {
  switch (code) {
    case NGHTTP2_REFUSED_STREAM:
      return Unreached();
    case NGHTTP2_CANCEL:
      return deadline_passed ? TooLate() : absl::CancelledError("the service cancelled the call");
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return absl::ResourceExhaustedError("the service asks for fewer calls");
    case NGHTTP2_INADEQUATE_SECURITY:
      return absl::PermissionDeniedError("the service asks for more security");
    default:
      return Malformed(absl::StatusCode::kInternal, "the service broke the call off");
  }
}

absl::Status Unavailable() {
  return absl::UnavailableError("the service is unavailable");
}

absl::Status Unreached() {
  return rpc::NotSent("the service is unavailable");
}

absl::Status TooLate() {
  return absl::DeadlineExceededError("the service did not answer in time");
}

absl::Status Cancelled() {
  return absl::CancelledError("the call was cancelled");
}

absl::Status Malformed(absl::StatusCode code, absl::string_view message) {
  return rpc::WithHttpStatus(absl::Status(code, message), 502);
}

std::string DecodeGrpcMessage(absl::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) &&
        absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace portico::upstream
