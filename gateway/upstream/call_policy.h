#ifndef PORTICO_GATEWAY_UPSTREAM_CALL_POLICY_H_
#define PORTICO_GATEWAY_UPSTREAM_CALL_POLICY_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/net/async.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"

namespace portico::upstream {

// When to call a second time without waiting for the first answer any longer.
struct HedgeOptions {
  net::Clock::duration after{};
  uint32_t max = 2;  // calls in all
};

// What the contract of a method says of calling it more than once.
struct CallPolicy {
  // It changes nothing, or nothing more the second time: idempotency_level, or a GET binding.
  bool repeatable = false;
  // The path to the field that makes a second call harmless, by field numbers; empty: there is none.
  std::vector<uint32_t> idempotency_key;
  std::optional<HedgeOptions> hedge;

  // Whether this request (wire bytes) may be sent twice: by the method, or because it has the key.
  bool MayRepeat(absl::string_view request) const;
};

// What is wrong in the policy (CheckCallPolicies) counts as absent.
CallPolicy CallPolicyOf(const schema::Method& method);

// Checks `policy.hedge` and `policy.idempotency_key` of every method. Mistakes go to `diagnostics`, at the policy.
void CheckCallPolicies(const schema::Schema& schema, schema::Diagnostics& diagnostics);

// Whether calling the method changes nothing, or nothing more the second time.
bool IsRepeatable(const schema::Method& method);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_CALL_POLICY_H_
