#ifndef PORTICO_GATEWAY_COMPOSE_GATHER_PLAN_H_
#define PORTICO_GATEWAY_COMPOSE_GATHER_PLAN_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "gateway/compose/wire_path.h"
#include "gateway/net/async.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"

namespace portico::compose {

// How calls of a method become one call of its batch twin: its `policy.gather`, compiled and checked when contracts
// load. Immutable and thread-safe. REQUIRES: the Schema outlives it.
struct GatherPlan {
  // A request of the method, taken apart.
  struct Asked {
    std::string rest;  // of the twin's request: all but the keys
    WireValue key;     // points into the request
  };

  // False when the request is one that the twin cannot be asked for others as well: it has no key, an unknown field, or
  // is malformed or large. The method itself is then to be called.
  bool TakeApart(absl::string_view request, Asked* asked) const;

  const schema::Method* method = nullptr;
  const schema::Method* twin = nullptr;
  const schema::FieldTable* key = nullptr;       // in the method's request
  absl::flat_hash_map<uint32_t, uint32_t> rest;  // the request's other fields: the number of each in the twin's
  WirePath keys;                                 // in the twin's request; its leaf is repeated
  WirePath items;                                // in the twin's reply; its leaf is repeated
  WirePath item_key;                             // in an item
  net::Clock::duration within{};                 // how long the first key waits for others
  size_t max_keys = 0;
};

inline constexpr uint32_t kDefaultGatheredKeys = 100;
inline constexpr uint32_t kMostGatheredKeys = 1000;

// Compiles `policy.gather` of `method`, which has one. Mistakes go to `diagnostics`, at the policy; nullptr then.
std::unique_ptr<const GatherPlan> CompileGather(const schema::Method& method, const schema::Schema& schema,
                                                schema::Diagnostics& diagnostics);

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_GATHER_PLAN_H_
