#ifndef PORTICO_GATEWAY_HTTP_HANDLER_H_
#define PORTICO_GATEWAY_HTTP_HANDLER_H_

#include "gateway/http/message.h"
#include "gateway/net/async.h"

namespace portico::http {

// Answers HTTP. Serves many requests at once, each on the worker its context names. Never throws; an error is a
// response.
class Handler {
 public:
  virtual ~Handler() = default;
  // `request` outlives the await.
  virtual Async<Response> Handle(Request& request) = 0;

  // Whether the body of the request with this head is wanted as it arrives, in Request::body_stream, rather than whole.
  // Asked of requests with a body before it is read; of `head` there is method, target, path, query and headers.
  virtual bool StreamsBody(const Request& head) {
    static_cast<void>(head);
    return false;
  }
  // Whether StreamsBody() may be true of anything on that worker, for now; when not, it need not be asked, and the head
  // of a request with a body not be read twice.
  virtual bool MayStreamBodies(const net::Worker& worker) {
    static_cast<void>(worker);
    return true;
  }

  // The connection answers the request itself, without Handle(): it is too large, too slow, or one too many. Adds what
  // a client needs that is to see the answer at all. Of `head` there is what StreamsBody() has.
  virtual void AmendRefusal(const Request& head, Response* response) {
    static_cast<void>(head);
    static_cast<void>(response);
  }
};

// Stands before a handler and may answer instead of it, or change what goes in and comes out.
class Middleware {
 public:
  virtual ~Middleware() = default;
  virtual Async<Response> Handle(Request& request, Handler& next) = 0;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_HANDLER_H_
