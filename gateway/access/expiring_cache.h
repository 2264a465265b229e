#ifndef PORTICO_GATEWAY_ACCESS_EXPIRING_CACHE_H_
#define PORTICO_GATEWAY_ACCESS_EXPIRING_CACHE_H_

#include <cstddef>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace portico::access {

// What is dear to find out, until it expires: a token is verified, or made, once and not with every request. Keyed by
// whole texts. When it is full, what was not used for longest goes. One worker's; not thread-safe.
template <class Value>
class ExpiringCache {
 public:
  ExpiringCache(size_t most_entries, size_t most_bytes) : most_entries_(most_entries), most_bytes_(most_bytes) {}

  // nullptr when there is none, or none that is true any more.
  std::shared_ptr<const Value> Find(absl::string_view key, absl::Time now) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    const Position entry = found->second;
    if (now >= entry->expires) {
      Erase(entry);
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->value;
  }

  // Only keys count for the bytes. A key that is there keeps its value.
  void Insert(absl::string_view key, std::shared_ptr<const Value> value, absl::Time expires) {
    if (key.size() > most_bytes_ || index_.contains(key)) return;
    entries_.push_front({std::string(key), std::move(value), expires});
    index_.emplace(entries_.front().key, entries_.begin());
    bytes_ += key.size();
    while (entries_.size() > most_entries_ || bytes_ > most_bytes_) Erase(std::prev(entries_.end()));
  }

  void Clear() {
    index_.clear();
    entries_.clear();
    bytes_ = 0;
  }

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const Value> value;
    absl::Time expires;
  };
  using Position = typename std::list<Entry>::iterator;

  void Erase(Position entry) {
    bytes_ -= entry->key.size();
    index_.erase(entry->key);
    entries_.erase(entry);
  }

  const size_t most_entries_;
  const size_t most_bytes_;
  size_t bytes_ = 0;
  std::list<Entry> entries_;                                // the last used first
  absl::flat_hash_map<absl::string_view, Position> index_;  // keys live in entries_
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_EXPIRING_CACHE_H_
