#ifndef PORTICO_GATEWAY_ACCESS_GUARD_H_
#define PORTICO_GATEWAY_ACCESS_GUARD_H_

#include <memory>
#include <utility>
#include <vector>

#include "gateway/access/match.h"
#include "gateway/rpc/handler.h"

namespace portico::access {

// Stands before a method's handler and keeps its `policy.auth.match`: a request for which one of them does not hold
// ends in PERMISSION_DENIED, and never reaches the handler. It sees the request as bound, so that no spelling in path,
// query or body gets around it. Of a streaming call every message must match; the first that does not ends the call.
// Thread-safe.
class Guard final : public rpc::Handler {
 public:
  // `next` and the schema outlive it.
  Guard(std::vector<Match> matches, rpc::Handler& next) : matches_(std::move(matches)), next_(next) {}

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override;

 private:
  const std::vector<Match> matches_;
  rpc::Handler& next_;
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_GUARD_H_
