#ifndef PORTICO_GATEWAY_UPSTREAM_TRANSPORT_H_
#define PORTICO_GATEWAY_UPSTREAM_TRANSPORT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/net/worker.h"
#include "gateway/rpc/handler.h"

namespace portico::upstream {

// How to prove who we are to a server and know it; PEM contents, not paths. Without `enabled` the connection is plain.
struct Tls {
  bool enabled = false;
  std::string ca;    // empty: the system's roots
  std::string cert;  // with `key`: the client certificate
  std::string key;
  std::string server_name;  // expected in the certificate, and sent; empty: the address's host

  bool operator==(const Tls&) const = default;
};

struct TransportOptions {
  Tls tls;
  // What servers are asked as, "HOST:PORT", where it is not their address: the name the address was found by. Its host
  // is also the name expected in certificates, unless `tls` names another.
  std::string authority;
  // A larger reply fails its call with RESOURCE_EXHAUSTED.
  size_t max_reply_bytes = 64 << 20;

  bool operator==(const TransportOptions&) const = default;
};

// Speaks gRPC to one address on behalf of one worker. Connects on demand, keeps the connection, and reconnects by
// itself. Error messages it makes up do not name addresses: they may reach clients.
class Transport : public rpc::Handler {
 public:
  // False while the last attempts to connect failed: a balancer prefers another address then.
  virtual bool reachable() const = 0;

  // True while a connection is up.
  virtual bool connected() const = 0;

  // Waits until the connection that is up now is lost: true as soon as that happens, false at `until`, and at once when
  // none is up. Sees a loss also when another connection has taken its place at once.
  virtual Async<bool> AwaitLoss(net::Deadline until) = 0;
};

// Makes transports of one kind. Outlives them.
class TransportFactory {
 public:
  virtual ~TransportFactory() = default;
  // `address` is "HOST:PORT" or "unix:PATH". Nothing is connected yet.
  virtual absl::StatusOr<std::unique_ptr<Transport>> Create(net::Worker& worker, const std::string& address,
                                                            const TransportOptions& options) = 0;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_TRANSPORT_H_
