#ifndef PORTICO_GATEWAY_MIDDLEWARE_ACCESS_LOG_H_
#define PORTICO_GATEWAY_MIDDLEWARE_ACCESS_LOG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/handler.h"
#include "gateway/http/refusal.h"
#include "gateway/middleware/access_log_sink.h"

namespace portico::middleware {

// Writes one line per request when its response is complete: time, frontend, peer, method, path (without the query,
// which may hold secrets), route, rpc, status, code, bytes, duration_us, request_id, user_agent, omitted (the
// Portico-Omitted header), and complete:false when the client did not get all of it. Refusals have what is known.
//
// Sees to the request's id: a client's X-Request-Id of up to 128 visible ASCII characters is kept, any other replaced
// by a generated one; it is answered as X-Request-Id. The outermost middleware.
class AccessLog final : public http::Middleware, public http::Epilogue, public http::RefusalObserver {
 public:
  // `sink` outlives the log; nullptr writes nothing, ids are seen to all the same.
  AccessLog(absl::string_view frontend, AccessLogSink* sink);

  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;
  void Amend(const http::Request& request, http::Response* response) override;
  void Record(const http::Request& request, const http::Response& response, const http::Sent& sent) override;
  void Refused(const http::Refusal& refusal) override;

 private:
  AccessLogSink* sink_;
  const std::string* frontend_ = nullptr;  // as JSON
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_ACCESS_LOG_H_
