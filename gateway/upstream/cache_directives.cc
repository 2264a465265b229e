#include "gateway/upstream/cache_directives.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace portico::upstream {
namespace {

// As good as for ever (RFC 9111, section 1.2.2).
constexpr int64_t kMostSeconds = std::numeric_limits<int32_t>::max();

// Delta-seconds, as a token or, which recipients take too, in quotes; nullopt when it is something else.
std::optional<net::Clock::duration> SecondsOf(absl::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.empty() || !std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) return std::nullopt;
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(text, &seconds)) seconds = kMostSeconds;
  return std::chrono::seconds(std::min(seconds, kMostSeconds));
}

}  // namespace

CacheDirectives CacheDirectivesOf(absl::string_view value) {
  CacheDirectives asked;
  for (const absl::string_view item : absl::StrSplit(value, ',')) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(item, absl::MaxSplits('=', 1));
    const absl::string_view name = absl::StripAsciiWhitespace(parts.first);
    const absl::string_view argument = absl::StripAsciiWhitespace(parts.second);
    if (absl::EqualsIgnoreCase(name, "no-cache")) {
      asked.no_cache = true;
    } else if (absl::EqualsIgnoreCase(name, "no-store")) {
      asked.no_store = true;
    } else if (absl::EqualsIgnoreCase(name, "only-if-cached")) {
      asked.only_if_cached = true;
    } else if (absl::EqualsIgnoreCase(name, "max-age")) {
      const net::Clock::duration age = SecondsOf(argument).value_or(net::Clock::duration::zero());
      asked.max_age = std::min(age, asked.max_age.value_or(age));
    } else if (absl::EqualsIgnoreCase(name, "min-fresh")) {
      const net::Clock::duration fresh = SecondsOf(argument).value_or(std::chrono::seconds(kMostSeconds));
      asked.min_fresh = std::max(fresh, asked.min_fresh.value_or(fresh));
    }
  }
  return asked;
}

}  // namespace portico::upstream
