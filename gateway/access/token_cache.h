#ifndef PORTICO_GATEWAY_ACCESS_TOKEN_CACHE_H_
#define PORTICO_GATEWAY_ACCESS_TOKEN_CACHE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/access/caller.h"

namespace portico::access {

// The tokens that have been verified, until they expire: a token is verified once, not with every request. Keyed by the
// whole token. When it is full, the one that was not used for longest goes. One worker's; not thread-safe.
class TokenCache {
 public:
  TokenCache(size_t most_entries, size_t most_bytes) : most_entries_(most_entries), most_bytes_(most_bytes) {}

  // Whose token it is; nullptr when that is not known, or not true any more.
  std::shared_ptr<const Caller> Find(absl::string_view token, absl::Time now);
  void Insert(absl::string_view token, std::shared_ptr<const Caller> caller);

  size_t size() const { return entries_.size(); }

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const Caller>>;
  void Erase(std::list<Entry>::iterator entry);

  const size_t most_entries_;
  const size_t most_bytes_;
  size_t bytes_ = 0;
  std::list<Entry> entries_;                                                  // the last used first
  absl::flat_hash_map<absl::string_view, std::list<Entry>::iterator> index_;  // keys live in entries_
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_TOKEN_CACHE_H_
