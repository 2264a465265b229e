#include "gateway/upstream/safeguards.h"

#include <algorithm>

#include "gateway/upstream/breaker.h"
#include "gateway/upstream/call_policy.h"
#include "gateway/upstream/hedge.h"
#include "gateway/upstream/retry.h"

namespace portico::upstream {
namespace {

// How long a call must have taken to count when its caller gave up: what the configuration calls slow, or this.
constexpr std::chrono::seconds kFairTime(1);

}  // namespace

Safeguards::Safeguards(SafeguardOptions options, size_t workers)
    : options_(std::move(options)),
      workers_(workers),
      budget_(options_.retry.value_or(RetryOptions()).budget, workers),
      limit_(options_.max_concurrent > 0 ? std::make_unique<ConcurrencyLimit>(options_.max_concurrent) : nullptr) {}

CallChain Safeguards::Chain(const schema::Method& method, rpc::Handler& cluster) {
  CallChain chain(cluster);
  if (options_.breaker.has_value()) {
    const net::Clock::duration slow = options_.breaker->slow_call;
    const net::Clock::duration fair =
        slow > net::Clock::duration::zero() ? slow : std::min<net::Clock::duration>(kFairTime, options_.timeout);
    chain.Prepend(std::make_unique<Breaker>(BreakerOf(method.full_name), fair, chain.first()));
  }
  if (limit_ != nullptr) chain.Prepend(std::make_unique<LimitedConcurrency>(*limit_, chain.first()));
  CallPolicy policy = CallPolicyOf(method);
  RetryOptions retry = options_.retry.value_or(RetryOptions());
  const Retry::Shared shared{budget_, retries_};
  if (policy.hedge.has_value()) {
    chain.Prepend(
        std::make_unique<Hedge>(std::move(retry), std::move(policy), options_.timeout, shared, chain.first()));
  } else if (options_.retry.has_value()) {
    chain.Prepend(
        std::make_unique<Retry>(std::move(retry), std::move(policy), options_.timeout, shared, chain.first()));
  }
  return chain;
}

std::shared_ptr<CircuitBreaker> Safeguards::BreakerOf(const std::string& method) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<CircuitBreaker>& breaker = breakers_[method];
  if (breaker == nullptr) breaker = std::make_shared<CircuitBreaker>(*options_.breaker, workers_);
  return breaker;
}

std::map<std::string, CircuitBreaker::Reading> Safeguards::Breakers() const {
  const net::Deadline now = net::Clock::now();
  std::map<std::string, CircuitBreaker::Reading> readings;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [method, breaker] : breakers_) readings.emplace(method, breaker->Read(now));
  return readings;
}

}  // namespace portico::upstream
