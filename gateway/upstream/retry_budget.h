#ifndef PORTICO_GATEWAY_UPSTREAM_RETRY_BUDGET_H_
#define PORTICO_GATEWAY_UPSTREAM_RETRY_BUDGET_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace portico::upstream {

// How many calls may be made a second time: each call pays `ratio` of a token in, each retry takes one out, so that
// retries never add more than that share to what a cluster in trouble has to bear. Some tokens are there at the start,
// and there are never many, so that a quiet hour does not pay for a storm.
//
// Each worker has a lane of its own, with its own part of the tokens: its calls pay for its retries. However many lanes
// there are, one can hold a whole token, else its calls would pay for nothing; up to kMost lanes begin with one. A lane
// is for one thread; tokens() may be asked by any.
class RetryBudget {
 public:
  static constexpr int64_t kAtStart = 10;
  static constexpr int64_t kMost = 100;

  RetryBudget(double ratio, size_t lanes)
      : deposit_(static_cast<int64_t>(ratio * kToken)), lanes_(std::max<size_t>(lanes, 1)) {
    const auto share = static_cast<int64_t>(lanes_.size());
    const int64_t part_of_most = kMost * kToken / share;
    most_ = std::max(kToken, part_of_most);
    const int64_t at_start = std::min(std::max(kToken, kAtStart * kToken / share), part_of_most);
    for (Lane& lane : lanes_) lane.set(at_start);
  }

  // A call is made.
  void Deposit(size_t lane) { lanes_[lane].set(std::min(most_, lanes_[lane].get() + deposit_)); }

  // Whether it may be made once more.
  bool Withdraw(size_t lane) {
    const int64_t balance = lanes_[lane].get();
    if (balance < kToken) return false;
    lanes_[lane].set(balance - kToken);
    return true;
  }

  // What all lanes have together: so many calls could be made once more now.
  double tokens() const {
    int64_t sum = 0;
    for (const Lane& lane : lanes_) sum += lane.get();
    return static_cast<double>(sum) / kToken;
  }

 private:
  static constexpr int64_t kToken = 1000;
  // Written by one thread alone, so that a load and a store do.
  struct alignas(64) Lane {
    int64_t get() const { return balance.load(std::memory_order_relaxed); }
    void set(int64_t value) { balance.store(value, std::memory_order_relaxed); }
    std::atomic<int64_t> balance{0};
  };

  const int64_t deposit_;
  int64_t most_ = 0;
  std::vector<Lane> lanes_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_RETRY_BUDGET_H_
