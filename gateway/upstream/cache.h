#ifndef PORTICO_GATEWAY_UPSTREAM_CACHE_H_
#define PORTICO_GATEWAY_UPSTREAM_CACHE_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/rpc/handler.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/upstream/cache_directives.h"
#include "gateway/upstream/cache_keys.h"
#include "gateway/upstream/response_cache.h"

namespace portico::upstream {

// Keeps the replies of one method as its `policy.cache` says, and makes one call of identical ones at the same time.
//
// What is kept is found again by the frontend that the call came in by, the method, the request's bytes and the values
// of its keys: frontends share nothing, since each has callers, and names for them, of its own. Replies that lack a
// part, that set cookies, or that the service marks no-store (`cache-control` in its metadata) are not kept, and
// failures never.
//
// A client's own Cache-Control is heeded (CacheDirectives): it may turn down what is kept, or that its answer is; with
// only-if-cached it has what is kept, or DEADLINE_EXCEEDED, which is 504, and nobody is called.
class Cache final : public rpc::Handler {
 public:
  // `epoch` is that of the snapshot: contracts may mean something else in the next. Store and `next` outlive it.
  // REQUIRES: the policy has been checked.
  Cache(uint64_t epoch, const schema::Method& method, CacheKeys keys, ResponseCache& store, rpc::Handler& next);

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override {
    return next_.Open(method, context);
  }

 private:
  class Lead;

  // For a client that asks for something else than what there is, or whatever the service says.
  Async<absl::StatusOr<rpc::Reply>> CallAsAsked(CacheDirectives asked, std::string key, const rpc::Method& method,
                                                rpc::Payload request, rpc::Context& context);
  std::shared_ptr<const ResponseCache::Entry> EntryOf(const rpc::Reply& reply) const;
  // The reply that is kept, as an answer.
  rpc::Reply Answer(const ResponseCache::Entry& entry, rpc::Context& context) const;

  std::string KeyOf(absl::string_view request, const rpc::Context& context) const;
  bool MayKeep(const rpc::Reply& reply) const;

  std::string prefix_;
  net::Clock::duration max_age_{};
  const CacheKeys keys_;
  std::atomic<uint64_t>& generation_;
  ResponseCache& store_;
  rpc::Handler& next_;
};

// Makes kept replies of other methods stale when a call of this one has, or may have, changed something.
class Invalidation final : public rpc::Handler {
 public:
  // `next` and the generations (ResponseCache::GenerationOf) outlive it.
  Invalidation(std::vector<std::atomic<uint64_t>*> generations, rpc::Handler& next)
      : generations_(std::move(generations)), next_(next) {}

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override;

 private:
  class WritingStream;
  void Invalidate() const {
    for (std::atomic<uint64_t>* generation : generations_) generation->fetch_add(1, std::memory_order_release);
  }

  const std::vector<std::atomic<uint64_t>*> generations_;
  rpc::Handler& next_;
};

// Checks `policy.cache` and `policy.invalidates` of every method. Mistakes go to `diagnostics`, at the policy.
void CheckCachePolicies(const schema::Schema& schema, schema::Diagnostics& diagnostics);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_CACHE_H_
