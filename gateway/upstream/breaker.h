#ifndef PORTICO_GATEWAY_UPSTREAM_BREAKER_H_
#define PORTICO_GATEWAY_UPSTREAM_BREAKER_H_

#include <memory>
#include <utility>

#include "gateway/rpc/handler.h"
#include "gateway/upstream/circuit_breaker.h"

namespace portico::upstream {

// Refuses the calls of one method while its circuit breaker is open: UNAVAILABLE at once, with the time to come back.
//
// A call counts as failed by UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS, and by an answer that breaks
// the protocol; the other codes are a service's word about the call, not about itself. A call that its caller ended or
// gave no time says nothing of the service, or clients could open the breaker for each other: DEADLINE_EXCEEDED and
// CANCELLED count only after `fair_time`. A stream succeeds with its first message, and is never slow.
class Breaker final : public rpc::Handler {
 public:
  // `next` outlives it.
  Breaker(std::shared_ptr<CircuitBreaker> circuit, net::Clock::duration fair_time, rpc::Handler& next)
      : circuit_(std::move(circuit)), fair_time_(fair_time), next_(next) {}

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override;

 private:
  class Passage;
  class PassingStream;

  const std::shared_ptr<CircuitBreaker> circuit_;
  const net::Clock::duration fair_time_;
  rpc::Handler& next_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_BREAKER_H_
