#ifndef PORTICO_GATEWAY_HTTP_REFUSAL_H_
#define PORTICO_GATEWAY_HTTP_REFUSAL_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace portico::http {

// A request that a connection answered itself, because it could or would not be handed to the handler: malformed, too
// large, too slow, too many at once.
struct Refusal {
  int worker = 0;  // the index of the worker it happened on
  int status = 0;
  absl::string_view code;    // "INVALID_ARGUMENT"; static text
  absl::string_view reason;  // for humans
  absl::string_view peer;
  absl::string_view method;  // empty when the head could not be read
  absl::string_view path;    // likewise
  uint64_t body_bytes = 0;   // of the answer
};

// Hears of refusals, which no middleware sees: the access log and the counters.
class RefusalObserver {
 public:
  virtual ~RefusalObserver() = default;
  // On the thread of the refusal's worker; views are valid during the call.
  virtual void Refused(const Refusal& refusal) = 0;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_REFUSAL_H_
