#include "gateway/upstream/response_cache.h"

#include "absl/hash/hash.h"

namespace portico::upstream {
namespace {

// What an entry costs besides its bytes.
constexpr size_t kOverhead = 256;

size_t BytesOf(const std::string& key, const rpc::Reply& reply) {
  size_t bytes = kOverhead + key.size() + reply.message.size();
  for (const rpc::Metadata* metadata : {&reply.headers, &reply.trailers}) {
    for (const auto& [name, value] : *metadata) bytes += 2 * sizeof(std::string) + name.size() + value.size();
  }
  return bytes;
}

}  // namespace

ResponseCache::Shard& ResponseCache::ShardOf(const std::string& key) {
  return shards_[absl::HashOf(key) >> 8 & (kShards - 1)];
}

void ResponseCache::Erase(Shard& shard, std::list<Kept>::iterator kept) {
  shard.bytes -= kept->bytes;
  shard.index.erase(kept->key);
  shard.kept.erase(kept);
}

std::shared_ptr<const ResponseCache::Entry> ResponseCache::FindIn(Shard& shard, const std::string& key,
                                                                  net::Deadline now) {
  const auto found = shard.index.find(key);
  if (found == shard.index.end()) return nullptr;
  if (now >= found->second->entry->until) {
    Erase(shard, found->second);
    return nullptr;
  }
  shard.kept.splice(shard.kept.begin(), shard.kept, found->second);
  return found->second->entry;
}

std::shared_ptr<const ResponseCache::Entry> ResponseCache::Find(const std::string& key, net::Deadline now) {
  Shard& shard = ShardOf(key);
  const std::lock_guard<std::mutex> lock(shard.mutex);
  return FindIn(shard, key, now);
}

ResponseCache::Found ResponseCache::FindOrJoin(const std::string& key, net::Deadline now, net::Worker& worker) {
  Shard& shard = ShardOf(key);
  const std::lock_guard<std::mutex> lock(shard.mutex);
  Found found;
  found.entry = FindIn(shard, key, now);
  if (found.entry != nullptr) return found;
  const auto [flight, leads] = shard.flights.try_emplace(key);
  if (leads) return found;
  found.waiter = std::make_shared<Waiter>(worker);
  flight->second.push_back(found.waiter);
  return found;
}

void ResponseCache::KeepIn(Shard& shard, const std::string& key, std::shared_ptr<const Entry> entry) const {
  const size_t bytes = BytesOf(key, entry->reply);
  // One reply does not push out all the others.
  if (bytes > most_shard_bytes_ / 4) return;
  if (const auto old = shard.index.find(key); old != shard.index.end()) Erase(shard, old->second);
  while (!shard.kept.empty() && shard.bytes + bytes > most_shard_bytes_) Erase(shard, std::prev(shard.kept.end()));
  shard.kept.push_front({key, std::move(entry), bytes});
  shard.index.emplace(shard.kept.front().key, shard.kept.begin());
  shard.bytes += bytes;
}

void ResponseCache::Keep(const std::string& key, std::shared_ptr<const Entry> entry) {
  Shard& shard = ShardOf(key);
  const std::lock_guard<std::mutex> lock(shard.mutex);
  KeepIn(shard, key, std::move(entry));
}

void ResponseCache::Finish(const std::string& key, std::shared_ptr<const Outcome> outcome, bool keep) {
  std::vector<std::shared_ptr<Waiter>> waiters;
  {
    Shard& shard = ShardOf(key);
    const std::lock_guard<std::mutex> lock(shard.mutex);
    if (const auto flight = shard.flights.find(key); flight != shard.flights.end()) {
      waiters = std::move(flight->second);
      shard.flights.erase(flight);
    }
    if (keep) KeepIn(shard, key, **outcome);
  }
  for (std::shared_ptr<Waiter>& waiter : waiters) {
    net::Worker& worker = waiter->worker;
    worker.Post([waiter = std::move(waiter), outcome] {
      waiter->outcome = outcome;
      waiter->done.Set();
    });
  }
}

std::atomic<uint64_t>& ResponseCache::GenerationOf(const std::string& method) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return generations_[method];
}

size_t ResponseCache::bytes() {
  size_t bytes = 0;
  for (Shard& shard : shards_) {
    const std::lock_guard<std::mutex> lock(shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

}  // namespace portico::upstream
