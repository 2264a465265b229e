#ifndef PORTICO_GATEWAY_COMPOSE_GATHERER_H_
#define PORTICO_GATEWAY_COMPOSE_GATHERER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/compose/gather_plan.h"
#include "gateway/rpc/handler.h"

namespace portico::compose {

// How many keys the calls of one method's twin took. Thread-safe.
class GatherCounts {
 public:
  // The upper bounds of the buckets; what is beyond the last has one more.
  static constexpr std::array<uint32_t, 8> kBounds = {1, 2, 5, 10, 20, 50, 100, 500};

  // One call with so many keys, for so many callers.
  void Add(size_t keys, size_t callers);

  // Calls by bucket, each counted once.
  const std::array<std::atomic<uint64_t>, kBounds.size() + 1>& buckets() const { return buckets_; }
  uint64_t keys() const { return keys_.load(std::memory_order_relaxed); }
  uint64_t callers() const { return callers_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<uint64_t> keys_{0};
  std::atomic<uint64_t> callers_{0};
};

// Stands before a method that declares its batch twin (`policy.gather`) and makes one call of the twin of calls that
// come within a moment of each other, from whichever requests. Calls are put together that differ in nothing but the
// key: not in the rest of the request, nor in anything a service is told of the caller (AppendCaller). A call that
// stays alone goes to the method itself, with what it came with.
//
// - Each caller gets its own item; what is missing is NOT_FOUND. Callers with the same key share it.
// - The call of the twin has the deadline of the caller that can wait longest. A caller whose time is up, or who is
//   cancelled, leaves the others undisturbed; when the last one leaves, the call is cancelled.
// - What fails, fails for all. Where the service objects to what was asked for, which may be the key of one only, each
//   caller asks the method itself.
// - Of the reply's metadata callers get `cache-control` alone: whatever else there is was not said to one of them.
//
// Each worker gathers by itself. Streams pass.
class Gatherer final : public rpc::Handler {
 public:
  // All outlive it; `own` answers the plan's method, `twin` its twin. Workers' indexes are below `workers`. The pin of
  // a context keeps its claims, and this.
  Gatherer(const GatherPlan& plan, rpc::Handler& own, rpc::Handler& twin, GatherCounts& counts, size_t workers);
  ~Gatherer() override;

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override {
    return own_.Open(method, context);
  }

  // The callers that may share one call, whatever their keys: the call is made at once when there are so many.
  static constexpr size_t kMostCallers = 1000;

 private:
  struct Caller;
  struct Group;
  struct Lane;

  // The group that the caller has joined.
  std::shared_ptr<Group> Join(Lane& lane, std::shared_ptr<Caller> caller, GatherPlan::Asked asked, std::string key);
  // Nobody joins any more: the call is made, if there is anybody to make it for.
  static void Close(const std::shared_ptr<Group>& group);
  // The caller waits no longer.
  static void Leave(Group& group, const Caller& caller);
  static Async<void> Run(std::shared_ptr<Group> group);
  // Gives each caller its item of the reply.
  static void Share(Group& group, rpc::Reply reply);
  static void FailAll(Group& group, const absl::Status& status);

  const GatherPlan& plan_;
  rpc::Handler& own_;
  rpc::Handler& twin_;
  GatherCounts& counts_;
  std::vector<Lane> lanes_;
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_GATHERER_H_
