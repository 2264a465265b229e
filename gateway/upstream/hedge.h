#ifndef PORTICO_GATEWAY_UPSTREAM_HEDGE_H_
#define PORTICO_GATEWAY_UPSTREAM_HEDGE_H_

#include <memory>
#include <utility>

#include "gateway/rpc/handler.h"
#include "gateway/upstream/call_policy.h"
#include "gateway/upstream/retry.h"

namespace portico::upstream {

// Makes a call of one method a second time when the first has not answered after a while, and so on: the first answer
// wins, and the others are cancelled. A failure that is worth a retry starts the next one at once; any other is the
// answer. Every call but the first is paid for by the retry budget. Takes the place of Retry; streams pass as they are.
class Hedge final : public rpc::Handler {
 public:
  // REQUIRES: `policy` has hedge. `timeout` is that of all calls together. `next` outlives it.
  Hedge(RetryOptions options, CallPolicy policy, net::Clock::duration timeout, Retry::Shared shared, rpc::Handler& next)
      : options_(std::move(options)), policy_(std::move(policy)), timeout_(timeout), shared_(shared), next_(next) {}

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override {
    return next_.Open(method, context);
  }

 private:
  class Race;

  const RetryOptions options_;
  const CallPolicy policy_;
  const net::Clock::duration timeout_;
  const Retry::Shared shared_;
  rpc::Handler& next_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HEDGE_H_
