#ifndef PORTICO_GATEWAY_ACCESS_CALLER_H_
#define PORTICO_GATEWAY_ACCESS_CALLER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/rpc/metadata.h"

namespace portico::access {

// Who calls, as proven by a token or an API key: the claims, for `claim.NAME`, and the scopes. Immutable and
// thread-safe.
class Caller final : public rpc::Attributes {
 public:
  // One verified claim with a value that is text: strings as they are, numbers and booleans as JSON writes them.
  using Claims = std::vector<std::pair<std::string, std::string>>;

  // `scopes` are separated by spaces. After `expires` nothing is proven any more.
  Caller(Claims claims, std::string scopes, absl::Time expires)
      : claims_(std::move(claims)), scopes_(std::move(scopes)), expires_(expires) {}

  bool Find(absl::string_view name, absl::string_view* value) const override;
  bool HasScope(absl::string_view scope) const;
  // The claim `sub`; empty when there is none.
  absl::string_view subject() const;
  // Separated by spaces, however the token wrote them; also what claim `scope` is where the token has none.
  absl::string_view scopes() const { return scopes_; }
  absl::Time expires() const { return expires_; }

 private:
  Claims claims_;
  std::string scopes_;
  absl::Time expires_;
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_CALLER_H_
