#ifndef PORTICO_GATEWAY_UPSTREAM_SERVER_H_
#define PORTICO_GATEWAY_UPSTREAM_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "gateway/upstream/balancer.h"
#include "gateway/upstream/health.h"
#include "gateway/upstream/outlier.h"
#include "gateway/upstream/transport.h"

namespace portico::upstream {

// One server of a cluster and what is known of it, as all workers see it. Thread-safe.
struct Server {
  explicit Server(std::string where) : address(std::move(where)), hash(Balancer::HashOf(address)) {}

  const std::string address;
  const uint64_t hash;
  Health health;
  Outlier outlier;
};

// One worker's way to a server. Whoever has a call under way holds it, so that the connection of a server that is no
// longer named is closed by its last call. Used on the worker only; may be destroyed anywhere.
struct Path {
  std::shared_ptr<Server> server;
  std::unique_ptr<Transport> transport;
  uint32_t in_flight = 0;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_SERVER_H_
