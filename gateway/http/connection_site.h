#ifndef PORTICO_GATEWAY_HTTP_CONNECTION_SITE_H_
#define PORTICO_GATEWAY_HTTP_CONNECTION_SITE_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "gateway/http/date_header.h"
#include "gateway/http/error_response.h"
#include "gateway/http/handler.h"
#include "gateway/http/limits.h"
#include "gateway/http/refusal.h"
#include "gateway/net/worker.h"

namespace portico::http {

class ConnectionH1;

// What the connections of one listener on one worker share. Not thread-safe, but for in_flight, which all workers count
// in: it bounds the whole frontend.
struct ConnectionSite {
  ConnectionSite(net::Worker& w, const Limits& l, Handler& h, const ErrorRenderer& e, RefusalObserver* r,
                 std::atomic<int64_t>& n)
      : worker(w), limits(l), handler(h), errors(e), refusals(r), in_flight(n) {}
  virtual ~ConnectionSite() = default;

  // The connection has ended and is about to be destroyed.
  virtual void Closed(ConnectionH1& connection) = 0;

  net::Worker& worker;
  const Limits& limits;
  Handler& handler;
  const ErrorRenderer& errors;
  RefusalObserver* const refusals;  // may be nullptr
  std::atomic<int64_t>& in_flight;
  DateHeader date;
  std::string head;       // memory for the head of the answer being written
  uint64_t requests = 0;  // begun on this worker
  bool draining = false;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_CONNECTION_SITE_H_
