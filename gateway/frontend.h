#ifndef PORTICO_GATEWAY_FRONTEND_H_
#define PORTICO_GATEWAY_FRONTEND_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/access/guard.h"
#include "gateway/config/config_loader.h"
#include "gateway/http/chain.h"
#include "gateway/http/error_response.h"
#include "gateway/http/handler.h"
#include "gateway/middleware/cache_headers.h"
#include "gateway/middleware/cors.h"
#include "gateway/protocol/protocol_of.h"
#include "gateway/protocol/rest.h"
#include "gateway/protocol/rpc_endpoint.h"
#include "gateway/protocol/websocket.h"
#include "gateway/routing/route_table.h"
#include "gateway/rpc/handler.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"
#include "gateway/upstream/cache_keys.h"

namespace portico {

// Who answers the calls of a method: its cluster, or its composer.
struct Target {
  rpc::Handler* handler = nullptr;
  std::string name;               // of the cluster; "facade"
  upstream::CacheKeys kept_by{};  // of a method with `policy.cache`
};
using TargetOf = std::function<Target(const schema::Method&)>;

// One way in.
struct Route {
  std::string verb;
  std::string path;  // the template
  std::string target;
  protocol::RestEndpoint endpoint;
  std::optional<protocol::WebSocketEndpoint> web_socket;  // of a streaming method
};

// One kind of client's API: what it may call, how its JSON looks, which middleware stands before it. Its methods answer
// REST by their http rules, and Connect and gRPC-Web at /{package.Service}/{Method}, all through the same middleware.
// Belongs to a snapshot; immutable and thread-safe.
class Frontend final : public http::Handler {
 public:
  // What decides who may call (BuildAccess), outermost first.
  using Middlewares = std::vector<std::unique_ptr<http::Middleware>>;

  // Mistakes (conflicting routes) go to `diagnostics`; nullptr when there was any. The schema, whose policies have been
  // checked (access::CheckPolicies), and the targets outlive the frontend.
  static std::unique_ptr<Frontend> Create(const config::Frontend& frontend, const config::Config& config,
                                          const schema::Schema& schema, const TargetOf& target_of,
                                          schema::Diagnostics& diagnostics, Middlewares access = {});

  ~Frontend() override;

  // Finds out what the request speaks, routes it and answers it. REQUIRES: the request's context pins the frontend.
  Async<http::Response> Handle(http::Request& request) override;

  // Whether the body belongs to a method that takes a stream of messages.
  bool StreamsBody(const http::Request& head) override;
  bool MayStreamBodies(const net::Worker&) override { return takes_streams_; }

  // CORS: without its headers a page sees no more than that something failed.
  void AmendRefusal(const http::Request& head, http::Response* response) override;

  const std::string& name() const { return name_; }
  const std::vector<Route>& routes() const { return routes_; }

  // The route that answers; nullptr when there is none. For `portico explain`.
  const Route* Find(absl::string_view verb, absl::string_view path) const;

 private:
  class Dispatch;

  routing::RouteMatch Match(const http::Request& request) const;
  // Whether a page of that origin may open WebSockets, for which browsers do not ask in advance.
  bool MayOpen(const http::Request& request) const;

  Frontend(const config::Frontend& frontend, const schema::Schema& schema, Middlewares access);

  void BuildChain();
  // Finds out what the request speaks, and which method it is for.
  void Resolve(http::Request& request) const;
  void ResolveRest(http::Request& request) const;
  // Of a preflight whose path has a route that takes OPTIONS itself: what Request::allow says, so that the preflight is
  // answered here all the same. Empty when it is none.
  std::string AllowedForPreflight(const http::Request& request) const;
  // nullptr when no exposed method has this path.
  const protocol::RpcEndpoint* FindMethod(absl::string_view path) const;

  std::string name_;
  http::ErrorRenderer errors_;
  protocol::RestOptions rest_;
  middleware::Cors* cors_ = nullptr;  // among the middleware, as the next
  middleware::CacheHeaders* cache_headers_ = nullptr;
  std::vector<std::unique_ptr<http::Middleware>> middleware_;  // outermost first, between routing and the method
  std::vector<std::unique_ptr<access::Guard>> guards_;         // before the handlers of methods that ask for a match
  std::vector<Route> routes_;
  routing::RouteTable table_;
  absl::flat_hash_map<absl::string_view, protocol::RpcEndpoint> methods_;  // by Method::path
  bool takes_streams_ = false;                                             // any of them, of messages
  std::unique_ptr<Dispatch> dispatch_;
  std::vector<std::unique_ptr<http::Chain>> chain_;  // innermost first
  http::Handler* first_ = nullptr;                   // where every request enters
};

// The form of a frontend's errors.
http::ErrorFormat ErrorFormatOf(const config::Frontend& frontend);

}  // namespace portico

#endif  // PORTICO_GATEWAY_FRONTEND_H_
