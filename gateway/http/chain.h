#ifndef PORTICO_GATEWAY_HTTP_CHAIN_H_
#define PORTICO_GATEWAY_HTTP_CHAIN_H_

#include "gateway/http/handler.h"

namespace portico::http {

// A handler behind one middleware. Chains are built from the inside out. Borrows both.
class Chain final : public Handler {
 public:
  Chain(Middleware& middleware, Handler& next) : middleware_(middleware), next_(next) {}
  Async<Response> Handle(Request& request) override { return middleware_.Handle(request, next_); }
  bool StreamsBody(const Request& head) override { return next_.StreamsBody(head); }
  bool MayStreamBodies(const net::Worker& worker) override { return next_.MayStreamBodies(worker); }
  void AmendRefusal(const Request& head, Response* response) override { next_.AmendRefusal(head, response); }

 private:
  Middleware& middleware_;
  Handler& next_;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_CHAIN_H_
