#ifndef PORTICO_GATEWAY_EMBED_H_
#define PORTICO_GATEWAY_EMBED_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace grpc {
class Channel;
}
namespace httplib {
class Server;
}

namespace portico {

// What to mount: either services of this program, or a frontend of a configuration.
struct EmbedOptions {
  // Services to serve, by full name ("shop.catalog.v1.CatalogService"). Their contracts are the ones linked into the
  // program: the stubs'.
  std::vector<std::string> services;
  // Who answers them: grpc::Server::InProcessChannel of the program's own server, or any other channel.
  std::shared_ptr<grpc::Channel> channel;
  // Keys of a frontend as in the configuration, in YAML's flow style: "errors: problem, json: { unpopulated: emit }".
  std::string frontend_keys;

  // Or: the path of a configuration, and the name of one of its frontends (the first when empty). Its clusters are
  // called as `portico serve` would; its addresses are not listened on, and it is read once.
  std::string config;
  std::string frontend;
};

// A frontend inside an application's own httplib::Server: the same routes, JSON, middleware and errors as behind
// Portico's own listener, in the same process as the services.
//
//   httplib::Server server;
//   EmbedOptions options;
//   options.services = {"shop.catalog.v1.CatalogService"};
//   options.channel = grpc_server->InProcessChannel({});
//   auto embedded = Embedded::Mount(server, options);
//   server.listen("127.0.0.1", 8080);
//
// The server's own limits apply (threads, payload size, time-outs) beside the frontend's `body_bytes`; each request
// occupies one of its threads until it is answered, and its body is read as a whole. Requests of kinds httplib does not
// route (custom verbs) are not served, and a malformed Range is refused by httplib. Connections have TCP_NODELAY.
class Embedded {
 public:
  // Adds handlers for every path to `server`; paths that the application has added before stay its own. An error lists
  // the mistakes, a line each. The server stops before the Embedded is destroyed, and outlives it.
  static absl::StatusOr<std::unique_ptr<Embedded>> Mount(httplib::Server& server, const EmbedOptions& options);
  ~Embedded();
  Embedded(const Embedded&) = delete;
  Embedded& operator=(const Embedded&) = delete;

 private:
  class Impl;
  explicit Embedded(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace portico

#endif  // PORTICO_GATEWAY_EMBED_H_
