#include "gateway/config/safeguard_values.h"

#include <cmath>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace portico::config {
namespace {

class SafeguardChecker {
 public:
  SafeguardChecker(const LoadedConfig& loaded, schema::Diagnostics& diagnostics)
      : loaded_(loaded), diagnostics_(diagnostics), read_cleanly_(diagnostics.empty()) {}

  void Run() {
    if (!read_cleanly_) return;
    std::map<std::string, const Cluster*> sorted;
    for (const auto& [name, cluster] : loaded_.config.clusters()) sorted.emplace(name, &cluster);
    for (const auto& [name, cluster] : sorted) {
      const std::string key = absl::StrCat("clusters.", name);
      if (cluster->has_breaker()) CheckBreaker(cluster->breaker(), key + ".breaker");
      if (cluster->has_retry()) CheckRetry(cluster->retry(), key + ".retry");
      CheckCount(key + ".max_concurrent", cluster->max_concurrent(), 1000000);
    }
  }

 private:
  bool Has(const std::string& key) const { return loaded_.positions.Has(key); }
  void Fail(const std::string& key, const std::string& message) {
    diagnostics_.Add(loaded_.PositionOf(key), absl::StrCat(key, ": ", message));
  }

  void CheckCount(const std::string& key, uint32_t count, uint32_t most) {
    if (Has(key) && (count == 0 || count > most)) Fail(key, absl::StrCat("expected 1 to ", most));
  }
  void CheckRatio(const std::string& key, double ratio) {
    if (Has(key) && !(ratio > 0 && ratio <= 1)) Fail(key, "expected a share, more than 0 and at most 1");
  }
  void CheckDuration(const std::string& key, const google::protobuf::Duration& duration, absl::Duration least,
                     absl::Duration most) {
    const absl::Duration value = ToDuration(duration);
    if (Has(key) && (value < least || value > most)) {
      Fail(key, absl::StrCat("expected ", absl::FormatDuration(least), " to ", absl::FormatDuration(most)));
    }
  }

  void CheckBreaker(const Breaker& breaker, const std::string& key) {
    CheckDuration(key + ".window", breaker.window(), absl::Milliseconds(100), absl::Hours(1));
    CheckCount(key + ".min_calls", breaker.min_calls(), 1000000);
    CheckRatio(key + ".failure_ratio", breaker.failure_ratio());
    CheckDuration(key + ".slow_call", breaker.slow_call(), absl::Milliseconds(1), absl::Hours(1));
    CheckRatio(key + ".slow_ratio", breaker.slow_ratio());
    if (Has(key + ".slow_ratio") && !breaker.has_slow_call()) {
      Fail(key + ".slow_ratio", "only goes with \"slow_call\", which says what slow is");
    }
    CheckDuration(key + ".open_for", breaker.open_for(), absl::Milliseconds(1), absl::Hours(1));
    CheckCount(key + ".probes", breaker.probes(), 1000);
  }

  void CheckRetry(const Retry& retry, const std::string& key) {
    CheckCount(key + ".attempts", retry.attempts(), 10);
    for (int i = 0; i < retry.on_size(); ++i) {
      if (IsWorthNaming(retry.on(i))) continue;
      Fail(absl::StrCat(key, ".on[", i, "]"),
           absl::StrCat("expected UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNKNOWN, DATA_LOSS, "
                        "DEADLINE_EXCEEDED or FAILED_PRECONDITION, found \"",
                        retry.on(i), "\""));
    }
    CheckRatio(key + ".budget", retry.budget());
    CheckDuration(key + ".backoff", retry.backoff(), absl::Milliseconds(1), absl::Minutes(1));
    CheckDuration(key + ".max_backoff", retry.max_backoff(), absl::Milliseconds(1), absl::Minutes(1));
    const absl::Duration backoff = retry.has_backoff() ? ToDuration(retry.backoff()) : absl::Milliseconds(25);
    if (retry.has_max_backoff() && ToDuration(retry.max_backoff()) < backoff) {
      Fail(key + ".max_backoff", "is less than the backoff");
    }
  }
  // Codes that another call may change; a service that says NOT_FOUND will say so again.
  static bool IsWorthNaming(absl::string_view code) {
    for (const absl::string_view known : {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL", "UNKNOWN",
                                          "DATA_LOSS", "DEADLINE_EXCEEDED", "FAILED_PRECONDITION"}) {
      if (code == known) return true;
    }
    return false;
  }

  const LoadedConfig& loaded_;
  schema::Diagnostics& diagnostics_;
  const bool read_cleanly_;
};

}  // namespace

void CheckSafeguardValues(const LoadedConfig& loaded, schema::Diagnostics& diagnostics) {
  SafeguardChecker(loaded, diagnostics).Run();
}

}  // namespace portico::config
