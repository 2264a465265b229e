#ifndef PORTICO_TESTS_MIDDLEWARE_ANSWERING_H_
#define PORTICO_TESTS_MIDDLEWARE_ANSWERING_H_

#include <optional>
#include <utility>

#include "gateway/http/handler.h"
#include "gateway/net/worker.h"

namespace portico::middleware {

// Answers with what it was given, and counts.
class FixedHandler final : public http::Handler {
 public:
  Async<http::Response> Handle(http::Request&) override {
    ++handled;
    http::Response response;
    response.status = status;
    response.headers = headers;
    response.code = code;
    co_return response;
  }
  int handled = 0;
  int status = 200;
  http::ResponseHeaders headers;
  absl::string_view code = "OK";
};

// Runs a middleware before `next` to its end, on the calling thread, and what it does to the response.
inline http::Response Answer(http::Middleware& middleware, http::Request& request, http::Handler& next) {
  std::optional<http::Response> answer;
  net::Worker& worker = request.context.worker();
  const auto run = [](http::Middleware& m, http::Request& r, http::Handler& n,
                      std::optional<http::Response>& out) -> Async<void> { out = co_await m.Handle(r, n); };
  worker.Spawn(run(middleware, request, next, answer));
  worker.context().restart();
  worker.context().poll();
  http::Amend(request, &*answer);
  return std::move(*answer);
}

}  // namespace portico::middleware

#endif  // PORTICO_TESTS_MIDDLEWARE_ANSWERING_H_
