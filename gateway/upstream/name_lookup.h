#ifndef PORTICO_GATEWAY_UPSTREAM_NAME_LOOKUP_H_
#define PORTICO_GATEWAY_UPSTREAM_NAME_LOOKUP_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/net/worker.h"

namespace portico::upstream {

// What a name stands for.
struct NamedHosts {
  std::vector<std::string> hosts;  // IP addresses, A and AAAA
  std::chrono::seconds ttl{};      // the least of them; 0 for what is in /etc/hosts
};

// Asks name servers (c-ares) on a loop, one name at a time. Destroyed on the loop; not thread-safe.
class NameLookup {
 public:
  // `servers` is "IP[:PORT],..."; empty: those of /etc/resolv.conf. INVALID_ARGUMENT when it cannot be read.
  static absl::StatusOr<std::unique_ptr<NameLookup>> Create(net::Worker& worker, const std::string& servers);
  ~NameLookup();

  // NOT_FOUND for a name that has no address, UNAVAILABLE when nobody answers in some seconds. REQUIRES: none is under
  // way.
  Async<absl::StatusOr<NamedHosts>> Ask(std::string host);
  // Ends the one under way, if any.
  void Cancel();

 private:
  class Impl;
  explicit NameLookup(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_NAME_LOOKUP_H_
