#include "gateway/access/token_cache.h"

namespace portico::access {

std::shared_ptr<const Caller> TokenCache::Find(absl::string_view token, absl::Time now) {
  const auto found = index_.find(token);
  if (found == index_.end()) return nullptr;
  const auto entry = found->second;
  if (now >= entry->second->expires()) {
    Erase(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->second;
}

void TokenCache::Insert(absl::string_view token, std::shared_ptr<const Caller> caller) {
  if (token.size() > most_bytes_ || index_.contains(token)) return;
  entries_.emplace_front(std::string(token), std::move(caller));
  index_.emplace(entries_.front().first, entries_.begin());
  bytes_ += token.size();
  while (entries_.size() > most_entries_ || bytes_ > most_bytes_) Erase(std::prev(entries_.end()));
}

void TokenCache::Erase(std::list<Entry>::iterator entry) {
  bytes_ -= entry->first.size();
  index_.erase(entry->first);
  entries_.erase(entry);
}

}  // namespace portico::access
