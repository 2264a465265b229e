#ifndef PORTICO_GATEWAY_UPSTREAM_CLUSTER_OPTIONS_H_
#define PORTICO_GATEWAY_UPSTREAM_CLUSTER_OPTIONS_H_

#include <functional>
#include <string>

#include "gateway/upstream/balancer.h"
#include "gateway/upstream/discovery.h"
#include "gateway/upstream/health.h"
#include "gateway/upstream/outlier.h"
#include "gateway/upstream/transport.h"

namespace portico::upstream {

class Cluster;

struct ClusterOptions {
  std::string name;
  // "HOST:PORT,HOST:PORT", "unix:PATH", or what Discover() watches.
  std::string target;
  // For unary calls; a caller's shorter deadline wins.
  net::Clock::duration timeout = std::chrono::seconds(5);
  TransportOptions transport;
  // What the transports are made by.
  enum class Protocol { kGrpcLibrary, kHttp2 } protocol = Protocol::kGrpcLibrary;
  BalanceOptions balance;
  HealthOptions health;
  EjectOptions eject;

  bool operator==(const ClusterOptions&) const = default;
};

// What happens to a cluster's servers, for the log.
struct ClusterEvent {
  std::string cluster;
  // "servers_changed", "discovery_failed", "server_unhealthy", "server_healthy", "server_ejected", "server_returned"
  const char* event = "";
  std::string server;   // its address; empty when it is about all
  std::string message;  // what is wrong; of "servers_changed" all addresses
};

// What a cluster lives on besides its workers and transports.
struct ClusterSurroundings {
  // Empty: only fixed targets, and no health checks.
  DiscoveryLoop loop;
  // Called on any thread; may be null.
  std::function<void(const ClusterEvent&)> events;
  // Its servers, with their connections, are taken over where they are spoken to in the same way.
  const Cluster* previous = nullptr;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_CLUSTER_OPTIONS_H_
