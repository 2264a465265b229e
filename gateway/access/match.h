#ifndef PORTICO_GATEWAY_ACCESS_MATCH_H_
#define PORTICO_GATEWAY_ACCESS_MATCH_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/compose/wire_path.h"
#include "gateway/rpc/metadata.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"

namespace portico::access {

// One equality of `policy.auth.match`, compiled: "claim.sub = request.customer_id". On one side a claim, on the other a
// field of the request, another claim, or a JSON string. Immutable and thread-safe; the schema outlives it.
//
// The sides are compared as text: a string as it is, a whole number in decimal digits, a boolean as true or false. What
// is absent or empty equals nothing, not even another that is absent: who has no name is not everybody without a name.
class Match {
 public:
  // The error says what is wrong, and nothing of where.
  static absl::StatusOr<Match> Compile(absl::string_view text, const schema::MessageTable& input);

  // Whether it holds for a request message (wire bytes) and its caller's claims; nullptr when nobody proved who calls.
  bool Holds(absl::string_view request, const rpc::Attributes* claims) const;

 private:
  struct Side {
    enum class Kind { kClaim, kField, kText };
    Kind kind = Kind::kText;
    std::string text;  // the claim's name, or the text itself
    compose::WirePath path;
  };
  static absl::StatusOr<Side> CompileSide(absl::string_view text, const schema::MessageTable& input);
  static std::string ValueOf(const Side& side, absl::string_view request, const rpc::Attributes* claims);

  Side left_;
  Side right_;
};

// All equalities of a method's policy. REQUIRES: they compile (CheckPolicies).
std::vector<Match> MatchesOf(const schema::Method& method);

// Checks `policy.auth` of every method: that every match compiles, and that nothing is both public and guarded.
// Mistakes go to `diagnostics`, at the policy.
void CheckPolicies(const schema::Schema& schema, schema::Diagnostics& diagnostics);

// Whether only who has shown who it is may call the method, whatever a frontend's default is: it asks for scopes or a
// match.
bool AsksWhoCalls(const schema::Method& method);

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_MATCH_H_
