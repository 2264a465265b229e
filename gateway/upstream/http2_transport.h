#ifndef PORTICO_GATEWAY_UPSTREAM_HTTP2_TRANSPORT_H_
#define PORTICO_GATEWAY_UPSTREAM_HTTP2_TRANSPORT_H_

#include <memory>
#include <mutex>
#include <string>

#include "gateway/upstream/http2_options.h"
#include "gateway/upstream/transport.h"

namespace portico::net {
class TlsContext;
}

namespace portico::upstream {

// Transports that speak gRPC over HTTP/2 (gRPC's PROTOCOL-HTTP2) on nghttp2 in the worker's own loop: the fast ones.
// One connection per worker and address. Thread-safe.
class Http2TransportFactory final : public TransportFactory {
 public:
  explicit Http2TransportFactory(const Http2Options& options = {}) : options_(options) {}

  // INVALID_ARGUMENT also for certificates and keys that cannot be used.
  absl::StatusOr<std::unique_ptr<Transport>> Create(net::Worker& worker, const std::string& address,
                                                    const TransportOptions& options) override;

 private:
  absl::StatusOr<std::shared_ptr<const net::TlsContext>> ContextFor(const Tls& tls);

  const Http2Options options_;
  std::mutex mutex_;
  // The last one made: all workers and addresses of a cluster share it, and the authorities it read.
  Tls last_tls_;
  std::shared_ptr<const net::TlsContext> last_context_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HTTP2_TRANSPORT_H_
