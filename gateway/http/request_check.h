#ifndef PORTICO_GATEWAY_HTTP_REQUEST_CHECK_H_
#define PORTICO_GATEWAY_HTTP_REQUEST_CHECK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/http/message.h"

namespace portico::http {

// How a request's body is delimited, and what else its connection has to know.
struct RequestFraming {
  bool chunked = false;
  uint64_t length = 0;
  bool expects_continue = false;
};

// Refuses every head that two HTTP implementations might read differently, the way requests are smuggled past a proxy:
// anything but exactly one `Transfer-Encoding: chunked` or one decimal Content-Length, a transfer coding on HTTP/1.0,
// no or several or malformed Host fields (on HTTP/1.1 exactly one), folded lines. INVALID_ARGUMENT; 417 for an
// expectation that is not 100-continue. `raw` is the whole head as received.
absl::StatusOr<RequestFraming> CheckHead(absl::string_view raw, const RequestHeaders& headers, bool http11);

// Reduces a request target to origin form (RFC 9112, section 3.2): absolute-form loses scheme and authority. Empty when
// nothing is left, which stands for "/". "*" stays as it is for OPTIONS. INVALID_ARGUMENT for every other form, a
// fragment, control characters, spaces and bytes beyond ASCII.
absl::StatusOr<absl::string_view> ReduceTarget(absl::string_view method, absl::string_view target);

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_REQUEST_CHECK_H_
