#ifndef PORTICO_GATEWAY_UPSTREAM_BACKOFF_H_
#define PORTICO_GATEWAY_UPSTREAM_BACKOFF_H_

#include <algorithm>
#include <chrono>
#include <cmath>

namespace portico::upstream {

// How long to wait after `failures` attempts in a row before this one have failed, too: `first`, growing by 1.6 each
// time, a fifth more or less by `chance`, from 0 to 1, and never more than `last`.
inline std::chrono::nanoseconds BackoffPause(std::chrono::nanoseconds first, std::chrono::nanoseconds last,
                                             int failures, double chance) {
  constexpr double kGrowth = 1.6;
  constexpr double kJitter = 0.2;
  const auto most = static_cast<double>(last.count());
  // Capped before as well: what all have reached would otherwise be the same for all.
  const double grown = std::min(static_cast<double>(first.count()) * std::pow(kGrowth, failures), most);
  const double pause = std::min(grown * (1 - kJitter + 2 * kJitter * chance), most);
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(pause));
}

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_BACKOFF_H_
