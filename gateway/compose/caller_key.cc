#include "gateway/compose/caller_key.h"

#include "absl/strings/str_cat.h"

namespace portico::compose {

void AppendCaller(const rpc::Context& context, std::string* key) {
  for (const auto& [name, value] : context.metadata()) {
    if (name == "traceparent" || name == "tracestate" || name == "x-request-id") continue;
    absl::StrAppend(key, name, "=", value.size(), ":", value);
  }
  // Where the gateway makes tokens for the services (access::Identity), it makes them of these when a call is on its
  // way. No name of metadata begins with a line end: a client cannot send what looks like somebody's claims.
  absl::string_view value;
  if (context.claims() == nullptr || !context.claims()->Find("portico.frontend", &value)) return;
  for (const char* const name : {"portico.frontend", "sub", "scope"}) {
    if (!context.claims()->Find(name, &value)) continue;
    absl::StrAppend(key, "\n", name, "=", value.size(), ":", value);
  }
}

}  // namespace portico::compose
