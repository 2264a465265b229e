#ifndef PORTICO_GATEWAY_UPSTREAM_DISCOVERY_H_
#define PORTICO_GATEWAY_UPSTREAM_DISCOVERY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/net/worker.h"

namespace portico::upstream {

class TransportFactory;

// The addresses of all servers there are, "HOST:PORT" or "unix:PATH", as one source knows them. Of "xds:///NAME" the
// target itself: the gRPC library knows them.
using Addresses = std::vector<std::string>;

// Told all addresses whenever they change, or why they cannot be known now (they are told again when they can). On the
// loop of the source, and for a fixed list at once.
using Told = std::function<void(absl::StatusOr<Addresses>)>;

// One target being watched. Destroying it ends the watch; what is being told meanwhile may still be told.
class Discovery {
 public:
  virtual ~Discovery() = default;

  // No server is in reach: what is known may be old. A hint. Thread-safe.
  virtual void LookAgain() {}
};

// What sources of addresses live on: a loop of their own beside the workers', so that nothing they do delays a request.
struct DiscoveryLoop {
  net::Worker* worker = nullptr;
  // Of connections to registries and for health checks: HTTP/2 on the worker.
  TransportFactory* transports = nullptr;
  // Held by all that runs on the loop: whoever ends the loop waits until nobody holds it but itself.
  std::shared_ptr<void> alive;
};

// Begins to watch `target`. INVALID_ARGUMENT for one that cannot be read. `loop` may be empty for a fixed list
// ("HOST:PORT,HOST:PORT", "unix:PATH") only.
absl::StatusOr<std::unique_ptr<Discovery>> Discover(const std::string& target, const DiscoveryLoop& loop, Told told);

// Whether the addresses of `target` may change.
bool IsWatched(absl::string_view target);

// The addresses of a fixed list.
Addresses FixedAddresses(absl::string_view target);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_DISCOVERY_H_
