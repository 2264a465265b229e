#ifndef PORTICO_GATEWAY_ADMIN_SERVER_H_
#define PORTICO_GATEWAY_ADMIN_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prometheus {
class Collectable;
}

namespace portico::admin {

// One way in: a verb and path of a frontend, and what answers it.
struct Route {
  std::string frontend;
  std::string verb;
  std::string path;
  std::string rpc;
  std::string target;  // a cluster's name, or "facade"
};

// A request that is to be explained: a GET of `target` (path and query) to a frontend (empty: the first that has a
// route for it) by a client with these headers and this address.
struct Question {
  std::string frontend;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string peer;
};
// The status and the JSON that answer it.
struct Explanation {
  int status = 200;
  std::string json;
};

// Where the server's answers come from. Called on its threads, several at once. An empty function means the page does
// not exist.
struct Sources {
  std::function<bool()> ready;                          // every listener serves
  std::function<std::vector<Route>()> routes;           // of the snapshot in use
  std::function<std::string()> clusters;                // a JSON text
  std::function<std::string()> config;                  // a JSON text: how the last reload went
  std::function<Explanation(const Question&)> explain;  // may take some seconds
  std::function<std::string()> jwks;                    // a JWK set: the public keys of the tokens made for services
  std::vector<std::shared_ptr<prometheus::Collectable>> metrics;
};

// The port for operators, cpp-httplib on threads of its own so that a busy gateway still says how it is:
//   /healthz   200 while the process lives
//   /readyz    200 once every listener serves; 503 before, and while draining
//   /metrics   Prometheus text format
//   /routes    JSON: [{"frontend":...,"verb":...,"path":...,"rpc":...,"target":...}]
//   /clusters  JSON
//   /config    JSON: since when what is served is served, and what was wrong with the last reload
//   /jwks.json JWK set: what services verify the gateway's tokens with
//   any path of a frontend with explain=1 in its query: runs that request, and answers with a timed trace of its calls.
//              frontend=NAME in the query says which frontend, the first one that has such a path otherwise
// GET and HEAD only. A request has at most 8 kB of body and 5 seconds; a handful are served at once.
class Server {
 public:
  // Binds `address` ("127.0.0.1:9090", port 0 allowed) and serves until destroyed. An error names the address.
  static absl::StatusOr<std::unique_ptr<Server>> Create(absl::string_view address, Sources sources);
  ~Server();  // finishes what is being answered

  // The address with the real port.
  const std::string& address() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace portico::admin

#endif  // PORTICO_GATEWAY_ADMIN_SERVER_H_
