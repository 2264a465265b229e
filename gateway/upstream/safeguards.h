#ifndef PORTICO_GATEWAY_UPSTREAM_SAFEGUARDS_H_
#define PORTICO_GATEWAY_UPSTREAM_SAFEGUARDS_H_

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/rpc/handler.h"
#include "gateway/upstream/circuit_breaker.h"
#include "gateway/upstream/concurrency_limit.h"
#include "gateway/upstream/retry_budget.h"
#include "gateway/upstream/retry_policy.h"

namespace portico::upstream {

struct SafeguardOptions {
  std::optional<BreakerOptions> breaker;
  std::optional<RetryOptions> retry;
  uint32_t max_concurrent = 0;     // 0: no limit
  net::Clock::duration timeout{};  // of the cluster's unary calls

  bool operator==(const SafeguardOptions&) const = default;
};

// Handlers one before the other, the last of which is somebody else's.
class CallChain {
 public:
  explicit CallChain(rpc::Handler& end) : first_(&end) {}

  rpc::Handler& first() const { return *first_; }
  void Prepend(std::unique_ptr<rpc::Handler> link) {
    first_ = link.get();
    links_.push_back(std::move(link));
  }

 private:
  std::vector<std::unique_ptr<rpc::Handler>> links_;
  rpc::Handler* first_;
};

// What stands between the callers of a cluster and its servers, and what it knows of the calls so far. Snapshots come
// and go; this stays while its options do. Chain() and the reading functions are thread-safe.
class Safeguards {
 public:
  Safeguards(SafeguardOptions options, size_t workers);

  // The way of a method's calls to `cluster`, which with this outlives the chain. REQUIRES: the indexes of the workers
  // that call are below `workers`.
  CallChain Chain(const schema::Method& method, rpc::Handler& cluster);

  const SafeguardOptions& options() const { return options_; }

  const RetryCounts& retries() const { return retries_; }
  // Of retries and hedges. Without `retry` only hedges draw on it, at the default ratio.
  const RetryBudget& budget() const { return budget_; }
  // nullptr when there is no limit.
  const ConcurrencyLimit* limit() const { return limit_.get(); }
  // By the methods' full names.
  std::map<std::string, CircuitBreaker::Reading> Breakers() const;

 private:
  std::shared_ptr<CircuitBreaker> BreakerOf(const std::string& method);

  const SafeguardOptions options_;
  const size_t workers_;
  RetryBudget budget_;
  RetryCounts retries_;
  const std::unique_ptr<ConcurrencyLimit> limit_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<CircuitBreaker>> breakers_;  // by method; for building and looking only
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_SAFEGUARDS_H_
