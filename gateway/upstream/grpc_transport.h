#ifndef PORTICO_GATEWAY_UPSTREAM_GRPC_TRANSPORT_H_
#define PORTICO_GATEWAY_UPSTREAM_GRPC_TRANSPORT_H_

#include <memory>
#include <vector>

#include "gateway/upstream/transport.h"

namespace grpc {
class Channel;
}

namespace portico::upstream {

// Transports on the gRPC C++ library: complete in every corner of the protocol, and so the reference. Each worker has a
// completion queue of its own, drained by one thread that hands finished calls back to the worker's loop; each
// transport has connections of its own.
//
// Destroy it after the transports it made, and after the loops have stopped or every call has returned.
class GrpcTransportFactory final : public TransportFactory {
 public:
  explicit GrpcTransportFactory(int workers);
  ~GrpcTransportFactory() override;

  absl::StatusOr<std::unique_ptr<Transport>> Create(net::Worker& worker, const std::string& address,
                                                    const TransportOptions& options) override;

  // A transport over a channel somebody else made, such as that of a server in this process.
  std::unique_ptr<Transport> Over(net::Worker& worker, std::shared_ptr<grpc::Channel> channel);

 private:
  class Queue;
  std::vector<std::unique_ptr<Queue>> queues_;  // by worker
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_GRPC_TRANSPORT_H_
