// The life of a service's process, from its command line to its graceful end.
#ifndef PORTICO_SERVICES_BASE_PROCESS_H_
#define PORTICO_SERVICES_BASE_PROCESS_H_

#include <grpcpp/channel.h>
#include <grpcpp/impl/service_type.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace shop {

// What a service is told when it is made.
struct ServiceOptions {
  // Where its database is; the folder is made where there is none.
  std::filesystem::path data = "data";

  // Every answer comes this much later; of a stream, the beginning.
  std::chrono::milliseconds delay{0};

  // The tokens by which the gateway says who calls; without `keys` nobody is asked. Flags --identity-....
  struct Identity {
    std::string keys;                // the gateway's public keys: a JWKS file or an http(s) URL
    std::string issuer = "portico";  // must be the tokens' `iss`
    std::string audience;            // must be their `aud`; the service's name unless told otherwise
  } identity = {};

  // Whether an empty database is filled with the shop's books, customers, orders and reviews.
  bool seed = true;
};

// Another way in to a service, in the same process; closed when destroyed.
class Face {
 public:
  virtual ~Face() = default;
  // Where it listens, with the port it has got.
  virtual const std::string& address() const = 0;
};

// What sets one service's process apart.
struct ServiceProcess {
  // Such as "catalog"; the program is called "shop-catalog".
  std::string name;

  // The service's full name, such as "shop.catalog.v1.CatalogService".
  std::string service;

  // The port unless --listen says otherwise.
  int port;

  std::function<absl::StatusOr<std::unique_ptr<grpc::Service>>(const ServiceOptions&)> create;

  // What the flag --rest PORT does: serves the service, by its full name, over HTTP as well. Without it there is no
  // such flag. `channel` leads to the service, in process.
  std::function<absl::StatusOr<std::unique_ptr<Face>>(const std::string& service,
                                                      std::shared_ptr<grpc::Channel> channel, int port)>
      rest = nullptr;

  // Whether it can verify who calls, and so has the flags --identity-....
  bool verifies_callers = false;
};

// Runs a service until SIGTERM or SIGINT, and answers the exit code: 0 after a graceful stop, 1 when the service could
// not start, 2 for a wrong command line. When it listens, stderr gets one line of JSON:
// {"event":"listening","service":"catalog","address":"127.0.0.1:5101"}; with --rest another one follows, which has
// "rest":true.
// REQUIRES: called from main(), before there are other threads.
int Run(const ServiceProcess& process, int argc, const char* const* argv);

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_PROCESS_H_
