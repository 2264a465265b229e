#include "gateway/upstream/retry_policy.h"

#include <algorithm>
#include <random>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/rpc/status.h"

namespace portico::upstream {

bool IsWorthRetrying(const RetryOptions& options, bool repeatable, const absl::Status& failure) {
  if (failure.ok() || rpc::IsRefused(failure)) return false;
  if (rpc::IsNotSent(failure)) return true;
  return repeatable && std::find(options.on.begin(), options.on.end(), failure.code()) != options.on.end();
}

std::optional<std::optional<net::Clock::duration>> PushbackOf(const rpc::Metadata& trailers) {
  for (const auto& [key, value] : trailers) {
    if (key != "grpc-retry-pushback-ms") continue;
    int32_t milliseconds = 0;
    if (!absl::SimpleAtoi(value, &milliseconds) || milliseconds < 0) return std::optional<net::Clock::duration>();
    return std::optional<net::Clock::duration>(std::chrono::milliseconds(milliseconds));
  }
  return std::nullopt;
}

net::Clock::duration Backoff(const RetryOptions& options, uint32_t retry) {
  thread_local std::minstd_rand random{std::random_device{}()};
  net::Clock::duration bound = options.backoff;
  for (uint32_t i = 1; i < retry && bound < options.max_backoff; ++i) bound *= 2;
  bound = std::min(bound, options.max_backoff);
  // All of the bound: callers that failed together do not come back together.
  return net::Clock::duration(std::uniform_int_distribution<net::Clock::rep>(0, bound.count())(random));
}

std::shared_ptr<const rpc::Metadata> WithPreviousAttempts(const rpc::Metadata& metadata, uint32_t previous) {
  auto more = std::make_shared<rpc::Metadata>(metadata);
  more->emplace_back("grpc-previous-rpc-attempts", absl::StrCat(previous));
  return more;
}

}  // namespace portico::upstream
