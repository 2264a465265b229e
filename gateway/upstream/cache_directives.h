#ifndef PORTICO_GATEWAY_UPSTREAM_CACHE_DIRECTIVES_H_
#define PORTICO_GATEWAY_UPSTREAM_CACHE_DIRECTIVES_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "gateway/net/async.h"

namespace portico::upstream {

// What a client asks of caches by Cache-Control in its request (RFC 9111, section 5.2.1). Of what is not here max-stale
// changes nothing, since nothing is kept for longer than it is fresh, and extensions may be ignored.
struct CacheDirectives {
  bool no_cache = false;                          // what is kept will not do
  bool no_store = false;                          // the answer is not to be kept
  bool only_if_cached = false;                    // nobody is to be called
  std::optional<net::Clock::duration> max_age;    // the greatest age of what is kept
  std::optional<net::Clock::duration> min_fresh;  // for how long it has to hold from now on

  // Whether nothing special is asked for.
  bool none() const { return !no_cache && !no_store && !only_if_cached && !max_age && !min_fresh; }
};

// Reads the value of a Cache-Control header. A number that is none lets nothing pass that is kept: max-age is 0 then,
// min-fresh without end. Of directives that are there twice the stricter one holds.
CacheDirectives CacheDirectivesOf(absl::string_view value);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_CACHE_DIRECTIVES_H_
