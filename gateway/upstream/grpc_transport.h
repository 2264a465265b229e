#ifndef PORTICO_GATEWAY_UPSTREAM_GRPC_TRANSPORT_H_
#define PORTICO_GATEWAY_UPSTREAM_GRPC_TRANSPORT_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/upstream/transport.h"

namespace grpc {
class Channel;
}

namespace portico::upstream {

// Transports on the gRPC C++ library: complete in every corner of the protocol, and so the reference. Each worker has a
// completion queue of its own, drained by one thread that hands finished calls back to the worker's loop; each
// transport has connections of its own. The library is not woken before the first transport is made: its threads and
// memory cost nothing where it is not used.
//
// Destroy it after the transports it made, and after the loops have stopped or every call has returned.
class GrpcTransportFactory final : public TransportFactory {
 public:
  // Told in the library's words why calls of an "xds:///NAME" reach nobody: only it knows the control plane and the
  // servers. Once in ten seconds for each transport, on its worker.
  using Unreached = std::function<void(const std::string& target, const std::string& why)>;

  explicit GrpcTransportFactory(int workers, Unreached unreached = nullptr);
  ~GrpcTransportFactory() override;

  // `address` may be "xds:///NAME" too.
  absl::StatusOr<std::unique_ptr<Transport>> Create(net::Worker& worker, const std::string& address,
                                                    const TransportOptions& options) override;

  // A transport over a channel somebody else made, such as that of a server in this process.
  std::unique_ptr<Transport> Over(net::Worker& worker, std::shared_ptr<grpc::Channel> channel);

 private:
  class Queue;
  struct Lane {
    std::once_flag begun;
    std::unique_ptr<Queue> queue;
  };
  // The completion queue of a worker. Thread-safe.
  Queue& QueueOf(const net::Worker& worker);

  const Unreached unreached_;
  std::vector<Lane> lanes_;  // by worker
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_GRPC_TRANSPORT_H_
