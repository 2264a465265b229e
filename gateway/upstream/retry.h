#ifndef PORTICO_GATEWAY_UPSTREAM_RETRY_H_
#define PORTICO_GATEWAY_UPSTREAM_RETRY_H_

#include <memory>
#include <string>
#include <utility>

#include "gateway/rpc/handler.h"
#include "gateway/upstream/call_policy.h"
#include "gateway/upstream/retry_budget.h"
#include "gateway/upstream/retry_policy.h"

namespace portico::upstream {

// Makes calls of one method again when they fail, where that is safe and the budget has room: after a random wait, or
// the one that the service asks for, and never beyond the deadline, which is that of all attempts together. A request
// of more than 1 MB is not kept, and not sent twice. Of streams only those with one request are, and only before their
// first message.
class Retry final : public rpc::Handler {
 public:
  // What calls of a cluster share. Outlives the handlers.
  struct Shared {
    RetryBudget& budget;
    RetryCounts& counts;
  };

  // `timeout` is that of all attempts of a unary call. `next` outlives it.
  Retry(RetryOptions options, CallPolicy policy, net::Clock::duration timeout, Shared shared, rpc::Handler& next)
      : options_(std::move(options)), policy_(std::move(policy)), timeout_(timeout), shared_(shared), next_(next) {}

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override;

 private:
  class RetriedStream;

  // The attempts after the first, which ended in `reply`.
  Async<absl::StatusOr<rpc::Reply>> CallAgain(const rpc::Method& method, std::string kept,
                                              absl::StatusOr<rpc::Reply> reply, rpc::Context& context);
  // Waits before the retry with this number, from 1, after a failure with these trailers; false when there is to be
  // none.
  Async<bool> Prepare(uint32_t retry, bool repeatable, absl::Status failure, const rpc::Metadata* trailers,
                      rpc::Context& context);

  const RetryOptions options_;
  const CallPolicy policy_;
  const net::Clock::duration timeout_;
  const Shared shared_;
  rpc::Handler& next_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_RETRY_H_
