#include "gateway/compose/last_good.h"

#include <utility>

namespace portico::compose {

void LastGood::Erase(std::list<Entry>::iterator entry) {
  bytes_ -= entry->bytes();
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

void LastGood::Put(absl::string_view key, std::shared_ptr<const std::string> reply, net::Deadline now) {
  Entry entry{std::string(key), std::move(reply), now};
  if (entry.bytes() > kMaxBytes) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) Erase(found->second);
  bytes_ += entry.bytes();
  entries_.push_back(std::move(entry));
  by_key_.emplace(entries_.back().key, std::prev(entries_.end()));
  while (bytes_ > kMaxBytes) Erase(entries_.begin());
}

std::shared_ptr<const std::string> LastGood::Get(absl::string_view key, net::Deadline oldest) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || found->second->received < oldest) return nullptr;
  return found->second->reply;
}

}  // namespace portico::compose
