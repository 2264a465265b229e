#ifndef PORTICO_GATEWAY_UPSTREAM_CACHE_KEYS_H_
#define PORTICO_GATEWAY_UPSTREAM_CACHE_KEYS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/rpc/context.h"

namespace portico {
class Cache;  // of a method's policy
}  // namespace portico

namespace portico::upstream {

// What of the caller the replies of a method depend on.
//
// Services see metadata, not headers, and a client can send metadata in more than one way: a header named here stands
// for all fields of that name and all metadata of that name. All other metadata count as well, whoever named them, or
// one client could have a reply made by its own metadata and leave it to everybody. Two kinds do not: ids, different in
// every request, for which no service answers differently; and what ordinary requests differ in anyway (authorization,
// accept-language, the client's address and library), where a contract that says nothing says that it does not matter.
struct CacheKeys {
  bool identity = false;                 // who calls
  std::vector<std::string> headers;      // of the request, in lower case
  std::vector<std::string> claims = {};  // besides those of the identity

  // What a contract says.
  void Add(const portico::Cache& policy);
  // `name` in any case. A header that says who calls is the identity: where a caller is proven, the header itself is
  // gone by the time a reply is looked for.
  void AddHeader(absl::string_view name);

  // Appends the values for a call, unambiguously. Of the identity that is everything that tells callers apart: the
  // verified claims, the headers that prove or name somebody, and all metadata but ids.
  void AppendTo(const rpc::Context& context, std::string* key) const;

  // The names of the metadata that tell the call apart from others though no header that is named here does. A cache
  // that knows the named headers only would give its reply to others. Views into the context.
  std::vector<absl::string_view> Unnamed(const rpc::Context& context) const;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_CACHE_KEYS_H_
