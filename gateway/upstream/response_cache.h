#ifndef PORTICO_GATEWAY_UPSTREAM_RESPONSE_CACHE_H_
#define PORTICO_GATEWAY_UPSTREAM_RESPONSE_CACHE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "gateway/net/event.h"
#include "gateway/net/worker.h"
#include "gateway/rpc/handler.h"

namespace portico::upstream {

// Replies that are kept for a while, and the calls under way that others may wait for. One for all workers, so that a
// reply is fetched and kept once however many there are, and what a write makes stale is stale for all of them at once.
// It is cut into shards; a shard's lock is held for a look-up, an insertion, or to join a call, by methods with a cache
// policy only. When a shard is full, what was not used for longest goes. Thread-safe.
class ResponseCache {
 public:
  struct Entry {
    rpc::Reply reply;
    net::Deadline made;
    net::Deadline until;
  };
  using Outcome = absl::StatusOr<std::shared_ptr<const Entry>>;

  // Somebody who waits for another's call, on a worker of its own. `outcome` is nullptr when that call was given up, or
  // its outcome is not for others: the waiter has to call itself.
  struct Waiter {
    explicit Waiter(net::Worker& w) : worker(w) {}
    net::Worker& worker;
    net::Event done;
    std::shared_ptr<const Outcome> outcome;
  };

  struct Counts {
    std::atomic<uint64_t> hits{0};
    std::atomic<uint64_t> misses{0};
    std::atomic<uint64_t> coalesced{0};
  };

  explicit ResponseCache(size_t most_bytes = size_t{64} << 20) : most_shard_bytes_(most_bytes / kShards) {}

  // What is kept under the key, and not too old; nullptr when there is none.
  std::shared_ptr<const Entry> Find(const std::string& key, net::Deadline now);

  // The same; else a place among those who wait for a call with this key; else, with neither, the caller leads: it
  // makes the call, and says Finish().
  struct Found {
    std::shared_ptr<const Entry> entry;
    std::shared_ptr<Waiter> waiter;
  };
  Found FindOrJoin(const std::string& key, net::Deadline now, net::Worker& worker);

  // The leader's call is over. Waiters get `outcome`, through their loops; nullptr: it is not for others. With `keep`
  // it is kept.
  void Finish(const std::string& key, std::shared_ptr<const Outcome> outcome, bool keep);

  // Keeps what a call brought that nobody waits for, in place of what is there.
  void Keep(const std::string& key, std::shared_ptr<const Entry> entry);

  // What makes all replies of a method stale when it changes: part of the method's keys. Lives as long as this.
  std::atomic<uint64_t>& GenerationOf(const std::string& method);
  // A number that no other snapshot has.
  uint64_t NewEpoch() { return ++epochs_; }

  Counts& counts() { return counts_; }
  size_t bytes();

 private:
  static constexpr size_t kShards = 16;
  struct Kept {
    std::string key;
    std::shared_ptr<const Entry> entry;
    size_t bytes = 0;
  };
  struct alignas(64) Shard {
    std::mutex mutex;
    std::list<Kept> kept;  // the last used first
    absl::flat_hash_map<absl::string_view, std::list<Kept>::iterator> index;
    absl::flat_hash_map<std::string, std::vector<std::shared_ptr<Waiter>>> flights;
    size_t bytes = 0;
  };

  Shard& ShardOf(const std::string& key);
  static std::shared_ptr<const Entry> FindIn(Shard& shard, const std::string& key, net::Deadline now);
  static void Erase(Shard& shard, std::list<Kept>::iterator kept);
  void KeepIn(Shard& shard, const std::string& key, std::shared_ptr<const Entry> entry) const;

  const size_t most_shard_bytes_;
  std::array<Shard, kShards> shards_;
  Counts counts_;
  std::atomic<uint64_t> epochs_{0};
  std::mutex mutex_;
  std::map<std::string, std::atomic<uint64_t>> generations_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_RESPONSE_CACHE_H_
