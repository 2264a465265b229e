#ifndef PORTICO_GATEWAY_UPSTREAM_BALANCER_H_
#define PORTICO_GATEWAY_UPSTREAM_BALANCER_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "absl/strings/string_view.h"

namespace portico::upstream {

// How a server is chosen for a call.
struct BalanceOptions {
  enum class Policy {
    kRoundRobin,    // one after the other
    kLeastRequest,  // of two taken by chance, the one with fewer calls in flight
    kHash,          // the same server for the same value of a header, by rendezvous hashing
  } policy = Policy::kRoundRobin;
  std::string header;  // of kHash, in lower case

  bool operator==(const BalanceOptions&) const = default;
};

// The servers that a balancer chooses among, by index.
class Candidates {
 public:
  virtual size_t size() const = 0;
  // Whether a call may go there now.
  virtual bool usable(size_t index) const = 0;
  // Calls in flight.
  virtual uint32_t load(size_t index) const = 0;
  // HashOf() the server's address.
  virtual uint64_t hash(size_t index) const = 0;

 protected:
  ~Candidates() = default;
};

// Chooses servers by a policy. One for each worker and cluster: what it counts is its worker's own. Not thread-safe.
//
// The hash of rendezvous is that of key and address together; the largest wins. So every gateway chooses the same
// server without being told, when a server leaves only its own keys move, each to the server it would have had without
// it, and when one comes it takes its share from all alike.
class Balancer {
 public:
  static constexpr size_t kNone = SIZE_MAX;

  // Balancers of different `seed` begin at different servers.
  Balancer(BalanceOptions::Policy policy, size_t seed)
      : policy_(policy), next_(seed), random_(static_cast<uint32_t>(seed) + 1) {}

  // The index of a usable candidate; kNone when there is none. `key` is HashOf() the header's value; nullptr where the
  // call has none, which goes round robin then.
  size_t Pick(const Candidates& candidates, const uint64_t* key);

  // The same for the same text on every machine.
  static uint64_t HashOf(absl::string_view text);

 private:
  size_t NextInTurn(const Candidates& candidates);
  size_t OneByChance(const Candidates& candidates);
  size_t FewestCalls(const Candidates& candidates);
  static size_t Highest(const Candidates& candidates, uint64_t key);

  const BalanceOptions::Policy policy_;
  size_t next_;
  std::minstd_rand random_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_BALANCER_H_
