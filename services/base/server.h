// A gRPC server with health and reflection.
#ifndef PORTICO_SERVICES_BASE_SERVER_H_
#define PORTICO_SERVICES_BASE_SERVER_H_

#include <grpcpp/channel.h>
#include <grpcpp/server.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/base/streaming.h"

namespace shop {

// A running server of one service. Thread-safe.
class Server {
 public:
  // Listens on `listen`, "HOST:PORT" where port 0 means a free one, and answers calls of `service`, which must outlive
  // the server. Streams that do not end by themselves are ended when it stops, if the service is a Streaming as well.
  // UNAVAILABLE when the address cannot be had, taken by another process included.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::string& listen, grpc::Service& service,
                                                       const std::string& service_name);

  // Stops at once.
  ~Server();

  // Where it listens, with the port it has got.
  const std::string& address() const { return address_; }

  // Leads to this server without a socket.
  std::shared_ptr<grpc::Channel> InProcessChannel() { return server_->InProcessChannel({}); }

  // Tells health checks that calls should go elsewhere, ends streams, takes no new calls, and returns when those begun
  // are answered; what is left after `grace` is cancelled.
  void Stop(std::chrono::milliseconds grace);

 private:
  Server(std::unique_ptr<grpc::Server> server, Streaming* streaming, std::string address)
      : server_(std::move(server)), streaming_(streaming), address_(std::move(address)) {}

  std::unique_ptr<grpc::Server> server_;
  Streaming* streaming_;  // null when the service is none
  std::string address_;
};

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_SERVER_H_
