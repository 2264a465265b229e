#ifndef PORTICO_GATEWAY_MIDDLEWARE_ACCESS_LOG_H_
#define PORTICO_GATEWAY_MIDDLEWARE_ACCESS_LOG_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/handler.h"
#include "gateway/http/refusal.h"

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}
namespace sinks {
class sink;
}
}  // namespace spdlog

namespace portico::middleware {

// Where the lines of all frontends go: one JSON object each, written by a thread of its own behind a bounded queue.
// When the queue is full the oldest lines are lost, never a request delayed. Thread-safe. Destruction writes what is
// queued.
class AccessLogSink {
 public:
  enum class Destination { kStdout, kStderr };
  static constexpr size_t kQueue = 8192;  // lines

  explicit AccessLogSink(Destination destination);
  explicit AccessLogSink(std::shared_ptr<spdlog::sinks::sink> sink, size_t queue = kQueue);
  ~AccessLogSink();

  void Write(absl::string_view line);
  void Flush();         // asks for it, does not wait
  size_t lost() const;  // lines overrun so far

 private:
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::logger> logger_;
};

// Writes one line per request when its response is complete: time, frontend, peer, method, path (without the query,
// which may hold secrets), route, rpc, status, code, bytes, duration_us, request_id, user_agent, omitted (the
// Portico-Omitted header), and complete:false when the client did not get all of it. Refusals have what is known.
//
// Sees to the request's id: a client's X-Request-Id of up to 128 visible ASCII characters is kept, any other replaced
// by a generated one; it is answered as X-Request-Id. The outermost middleware.
class AccessLog final : public http::Middleware, public http::RefusalObserver {
 public:
  // `sink` outlives the log; nullptr writes nothing, ids are seen to all the same.
  AccessLog(absl::string_view frontend, AccessLogSink* sink);

  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;
  void Refused(const http::Refusal& refusal) override;

 private:
  void Record(const http::Request& request, const http::Sent& sent, absl::string_view code, absl::string_view omitted);

  std::string frontend_json_;  // quoted
  AccessLogSink* sink_;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_ACCESS_LOG_H_
