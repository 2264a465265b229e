#ifndef PORTICO_GATEWAY_HTTP_LIMITS_H_
#define PORTICO_GATEWAY_HTTP_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace portico::http {

// The bounds of one listener; the defaults are the configuration's. Time limits are kept to within a tick of
// net::Timeouts.
struct Limits {
  size_t header_bytes = 32768;                   // request line and header fields; beyond: 431
  size_t headers = 100;                          // number of fields; beyond: 431
  size_t body_bytes = 4194304;                   // decoded; beyond: 413
  std::chrono::milliseconds header_time{10000};  // from a request's first byte to the end of its head; beyond: 408
  std::chrono::milliseconds idle_time{60000};    // between requests, and without progress within a body
  int64_t in_flight = 10000;                     // requests being handled, over all workers; beyond: 503
  std::chrono::milliseconds write_stall{30000};  // a client that takes no byte of its answer for so long is cut
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_LIMITS_H_
