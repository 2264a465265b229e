#ifndef PORTICO_GATEWAY_COMPOSE_LAST_GOOD_H_
#define PORTICO_GATEWAY_COMPOSE_LAST_GOOD_H_

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "gateway/net/async.h"

namespace portico::compose {

// The last good replies to one part's calls, by what was asked and for whom: what `stale` answers with. Bounded; what
// was stored longest ago goes first. Thread-safe: a reply that one worker got helps them all.
class LastGood {
 public:
  static constexpr size_t kMaxBytes = size_t{4} << 20;

  // Keeps `reply`, received `now`, in place of an earlier one to `key`.
  void Put(absl::string_view key, std::shared_ptr<const std::string> reply, net::Deadline now);

  // The reply to `key` unless it is older than `oldest`; nullptr when there is none.
  std::shared_ptr<const std::string> Get(absl::string_view key, net::Deadline oldest) const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const std::string> reply;
    net::Deadline received;
    size_t bytes() const { return key.size() + reply->size() + kOverhead; }
  };
  static constexpr size_t kOverhead = 128;  // of an entry, roughly

  void Erase(std::list<Entry>::iterator entry);

  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // from the oldest to the newest
  absl::flat_hash_map<absl::string_view, std::list<Entry>::iterator> by_key_;
  size_t bytes_ = 0;
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_LAST_GOOD_H_
