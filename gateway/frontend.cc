#include "gateway/frontend.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/config/config_check.h"
#include "gateway/http/syntax.h"
#include "gateway/middleware/compress.h"
#include "gateway/middleware/cors.h"
#include "gateway/middleware/security_headers.h"
#include "gateway/protocol/connect.h"
#include "gateway/protocol/grpc_web.h"
#include "gateway/routing/rule_check.h"
#include "gateway/rpc/status.h"
#include "portico/annotations.pb.h"

namespace portico {
namespace {

protocol::RestOptions RestOptionsOf(const config::Json& json) {
  protocol::RestOptions options;
  switch (json.unknown_fields()) {
    case config::Json::UNKNOWN_FIELDS_WARN:
      options.read.unknown_fields = transcode::UnknownFields::kWarn;
      break;
    case config::Json::UNKNOWN_FIELDS_IGNORE:
      options.read.unknown_fields = transcode::UnknownFields::kIgnore;
      break;
    default:
      options.read.unknown_fields = transcode::UnknownFields::kReject;
  }
  options.write.emit_unpopulated = json.unpopulated() == config::Json::UNPOPULATED_EMIT;
  options.write.enums_as_numbers = json.enums() == config::Json::ENUMS_NUMBER;
  options.write.int64_as_numbers = json.int64() == config::Json::INT64_NUMBER;
  options.write.proto_names = json.names() == config::Json::NAMES_PROTO;
  return options;
}

protocol::StreamOptions StreamOptionsOf(const config::Streams& streams) {
  protocol::StreamOptions options;
  options.envelope = streams.envelope() == config::Streams::ENVELOPE_RESULT;
  options.buffer_bytes = streams.buffer_bytes();
  options.message_bytes = streams.message_bytes();
  options.heartbeat = absl::ToChronoMilliseconds(config::ToDuration(streams.heartbeat()));
  options.retry = absl::ToChronoMilliseconds(config::ToDuration(streams.retry()));
  options.ping = absl::ToChronoMilliseconds(config::ToDuration(streams.ping()));
  return options;
}

protocol::MetadataNames MetadataNamesOf(const config::Metadata& metadata) {
  protocol::MetadataNames names;
  if (metadata.request_size() > 0) names.request.assign(metadata.request().begin(), metadata.request().end());
  names.response.assign(metadata.response().begin(), metadata.response().end());
  return names;
}

middleware::CompressPolicy CompressPolicyOf(const config::Frontend& frontend) {
  const config::Compress& compress = frontend.compress();
  middleware::CompressPolicy policy;
  if (frontend.limits().has_body_bytes()) policy.body_bytes = frontend.limits().body_bytes();
  policy.answers = compress.answers() == config::Compress::ANSWERS_ASKED;
  if (compress.has_min_bytes()) policy.min_bytes = compress.min_bytes();
  if (compress.codings_size() > 0) policy.codings.assign(compress.codings().begin(), compress.codings().end());
  return policy;
}

middleware::CorsPolicy CorsPolicyOf(const config::Frontend& frontend) {
  const config::Cors& cors = frontend.cors();
  middleware::CorsPolicy policy;
  policy.origins.assign(cors.origins().begin(), cors.origins().end());
  policy.readable.assign(frontend.metadata().response().begin(), frontend.metadata().response().end());
  policy.credentials = cors.credentials();
  policy.max_age = std::chrono::seconds(cors.max_age().seconds());
  return policy;
}

}  // namespace

http::ErrorFormat ErrorFormatOf(const config::Frontend& frontend) {
  switch (frontend.errors()) {
    case config::Frontend::ERRORS_GOOGLE:
      return http::ErrorFormat::kGoogle;
    case config::Frontend::ERRORS_PROBLEM:
      return http::ErrorFormat::kProblem;
    default:
      return http::ErrorFormat::kStatus;
  }
}

Frontend::Frontend(const config::Frontend& frontend, const schema::Schema& schema, Middlewares access)
    : name_(frontend.name()), errors_(ErrorFormatOf(frontend), &schema), rest_(RestOptionsOf(frontend.json())) {
  rest_.errors = &errors_;
  rest_.streams = StreamOptionsOf(frontend.streams());
  rest_.metadata = MetadataNamesOf(frontend.metadata());
  // Outermost: it looks at what the others have said.
  if (frontend.security_headers() == config::Frontend::SECURITY_HEADERS_STANDARD) {
    middleware_.push_back(std::make_unique<middleware::SecurityHeaders>());
  }
  if (frontend.has_cors()) {
    auto cors = std::make_unique<middleware::Cors>(CorsPolicyOf(frontend));
    cors_ = cors.get();
    middleware_.push_back(std::move(cors));
  }
  for (auto& middleware : access) middleware_.push_back(std::move(middleware));
  auto cache_headers = std::make_unique<middleware::CacheHeaders>();
  cache_headers_ = cache_headers.get();
  middleware_.push_back(std::move(cache_headers));
  middleware_.push_back(std::make_unique<middleware::Compress>(CompressPolicyOf(frontend), errors_));
}

std::unique_ptr<Frontend> Frontend::Create(const config::Frontend& frontend, const config::Config& config,
                                           const schema::Schema& schema, const TargetOf& target_of,
                                           schema::Diagnostics& diagnostics, Middlewares access) {
  const size_t before = diagnostics.entries().size();
  auto created = std::unique_ptr<Frontend>(new Frontend(frontend, schema, std::move(access)));
  routing::RouteTableBuilder builder;
  for (const schema::Method* method : config::ResolveExposed(frontend, schema, config)) {
    Target target = target_of(*method);
    if (target.handler == nullptr) continue;  // reported where it was found out
    if (method->policy->has_cache()) created->cache_headers_->Add(method, std::move(target.kept_by));
    if (method->policy->auth().match_size() > 0) {
      created->guards_.push_back(std::make_unique<access::Guard>(access::MatchesOf(*method), *target.handler));
      target.handler = created->guards_.back().get();
    }
    const bool streams = method->client_streaming || method->server_streaming;
    created->takes_streams_ |= method->client_streaming;
    created->methods_[method->path] = {method, target.handler, &schema,
                                       streams ? frontend.streams().message_bytes() : frontend.limits().body_bytes(),
                                       frontend.streams().buffer_bytes()};
    std::vector<schema::HttpRule> rules = method->http;
    if (rules.empty()) rules.push_back(routing::DefaultRule(*method));
    for (const schema::HttpRule& rule : rules) {
      const std::optional<routing::CheckedRule> checked = routing::CheckRule(*method, rule, diagnostics);
      if (!checked.has_value()) continue;
      absl::StatusOr<protocol::RestEndpoint> endpoint =
          protocol::RestEndpoint::Compile(*checked, schema, *target.handler);
      if (!endpoint.ok()) {
        diagnostics.Add(rule.position, absl::StrCat("http of ", method->full_name, ": ", endpoint.status().message()));
        continue;
      }
      builder.Add(rule.verb, checked->path, created->routes_.size(), method->full_name, rule.position, diagnostics);
      std::optional<protocol::WebSocketEndpoint> web_socket;
      if (method->client_streaming || method->server_streaming) {
        absl::StatusOr<protocol::WebSocketEndpoint> compiled =
            protocol::WebSocketEndpoint::Compile(*checked, schema, *target.handler);
        if (compiled.ok()) web_socket = *std::move(compiled);
      }
      created->routes_.push_back(
          {rule.verb, rule.path_template, target.name, *std::move(endpoint), std::move(web_socket)});
    }
  }
  created->table_ = builder.Build();
  created->BuildChain();
  if (diagnostics.entries().size() != before) return nullptr;
  return created;
}

// The end of the chain: the method that was found, or why there is none.
class Frontend::Dispatch final : public http::Handler {
 public:
  explicit Dispatch(const Frontend& frontend) : frontend_(frontend) {}

  // No coroutine of its own where a method answers.
  Async<http::Response> Handle(http::Request& request) override {
    if (request.protocol != kRest) return AnswerRpc(request);
    if (request.match.result != routing::RouteMatch::Result::kFound) return NoRoute(request);
    const Route& route = frontend_.routes_[request.match.target];
    if (route.web_socket.has_value() && http::AsksForWebSocket(request)) return OpenWebSocket(request, route);
    return route.endpoint.Handle(request, ValuesOf(request), frontend_.rest_);
  }

 private:
  static std::span<const routing::PathValue> ValuesOf(const http::Request& request) {
    return {request.match.variables.data(), request.match.variables.size()};
  }

  Async<http::Response> OpenWebSocket(http::Request& request, const Route& route) const {
    request.protocol = "websocket";
    if (!frontend_.MayOpen(request)) {
      co_return frontend_.errors_.Render(
          absl::PermissionDeniedError("pages of this origin may not open WebSockets here"), request);
    }
    co_return co_await route.web_socket->Handle(request, ValuesOf(request), frontend_.rest_);
  }

  Async<http::Response> AnswerRpc(http::Request& request) const {
    const protocol::RpcEndpoint* endpoint = frontend_.FindMethod(request.path);
    if (endpoint == nullptr) return NoMethod(request);
    return request.protocol == kConnect ? protocol::AnswerConnect(*endpoint, request)
                                        : protocol::AnswerGrpcWeb(*endpoint, request);
  }

  Async<http::Response> NoMethod(http::Request& request) const {
    co_return frontend_.errors_.Render(rpc::WithHttpStatus(absl::UnimplementedError("there is no such method"), 404),
                                       request);
  }

  Async<http::Response> NoRoute(http::Request& request) const {
    using Result = routing::RouteMatch::Result;
    switch (request.match.result) {
      case Result::kMethodNotAllowed: {
        http::Response response;
        if (request.method == "OPTIONS") {
          // RFC 9110, section 9.3.7.
          response.status = 204;
          response.headers.Add("Allow", absl::StrCat(request.allow, ", OPTIONS"));
          co_return response;
        }
        response = frontend_.errors_.Render(
            rpc::WithHttpStatus(absl::UnimplementedError(
                                    absl::StrCat(request.method, " is not allowed here; allowed: ", request.allow)),
                                405),
            request);
        response.headers.Add("Allow", request.allow);
        co_return response;
      }
      case Result::kBadRequest:
        if (request.path == "*") {  // OPTIONS of the server as a whole: it is there (RFC 9110, section 9.3.7)
          http::Response response;
          response.status = 204;
          co_return response;
        }
        co_return frontend_.errors_.Render(absl::InvalidArgumentError("the path is malformed"), request);
      case Result::kFound:
      case Result::kNotFound:
        if (frontend_.FindMethod(request.path) == nullptr) break;
        co_return frontend_.errors_.Render(absl::NotFoundError(
            "this method has other paths in REST; here it takes Connect (Connect-Protocol-Version: 1) and gRPC-Web"));
    }
    co_return frontend_.errors_.Render(absl::NotFoundError("there is nothing at this path"), request);
  }

  static constexpr absl::string_view kRest = "rest";
  static constexpr absl::string_view kConnect = "connect";

  const Frontend& frontend_;
};

routing::RouteMatch Frontend::Match(const http::Request& request) const {
  routing::RouteMatch match = table_.Match(request.method, request.path);
  const auto opens = [&](const routing::RouteMatch& candidate) {
    return candidate.result == routing::RouteMatch::Result::kFound && routes_[candidate.target].web_socket.has_value();
  };
  // A WebSocket is always asked for by GET, whatever the method's verb.
  if (!http::AsksForWebSocket(request) || opens(match)) return match;
  for (const char* const verb : {"POST", "PUT", "PATCH", "DELETE"}) {
    routing::RouteMatch other = table_.Match(verb, request.path);
    if (opens(other)) return other;
  }
  return match;
}

bool Frontend::MayOpen(const http::Request& request) const {
  return http::IsOfOwnOrigin(request) || (cors_ != nullptr && cors_->Allows(request.headers.Get("Origin")));
}

Frontend::~Frontend() = default;

void Frontend::BuildChain() {
  dispatch_ = std::make_unique<Dispatch>(*this);
  first_ = dispatch_.get();
  for (size_t i = middleware_.size(); i-- > 0;) {
    chain_.push_back(std::make_unique<http::Chain>(*middleware_[i], *first_));
    first_ = chain_.back().get();
  }
}

Async<http::Response> Frontend::Handle(http::Request& request) {
  request.context.set_frontend(name_);
  Resolve(request);
  return first_->Handle(request);
}

void Frontend::Resolve(http::Request& request) const {
  const protocol::Protocol protocol = protocol::ProtocolOf(request);
  const protocol::RpcEndpoint* const endpoint =
      protocol == protocol::Protocol::kRest ? nullptr : FindMethod(request.path);
  // Where no method is, connect=v1 is a parameter like any other.
  if (protocol == protocol::Protocol::kRest || (endpoint == nullptr && request.method == "GET")) {
    return ResolveRest(request);
  }
  request.protocol = NameOf(protocol);
  request.error_form = protocol == protocol::Protocol::kConnect ? protocol::ConnectError : protocol::GrpcWebError;
  if (endpoint != nullptr) {
    request.route = endpoint->method->path;
    request.rpc = endpoint->method;
  }
}

void Frontend::ResolveRest(http::Request& request) const {
  request.match = Match(request);
  if (request.match.result == routing::RouteMatch::Result::kFound) {
    const Route& route = routes_[request.match.target];
    request.route = route.path;
    request.rpc = &route.endpoint.method();
    if (request.method == "OPTIONS") request.allow = AllowedForPreflight(request);
    return;
  }
  std::vector<std::string>& allow = request.match.allow;
  if (request.method == "OPTIONS") {
    if (const protocol::RpcEndpoint* endpoint = FindMethod(request.path)) {
      // A preflight of Connect or gRPC-Web cannot be told from one of REST.
      if (!endpoint->streaming() && endpoint->no_side_effects()) allow.emplace_back("GET");
      allow.emplace_back("POST");
      absl::c_sort(allow);
      allow.erase(std::unique(allow.begin(), allow.end()), allow.end());
    }
  }
  request.allow = absl::StrJoin(allow, ", ");
}

std::string Frontend::AllowedForPreflight(const http::Request& request) const {
  absl::string_view asked;
  if (!request.headers.Find("Access-Control-Request-Method", &asked) || !http::IsToken(asked)) return "";
  const routing::RouteMatch match = table_.Match(asked, request.path);
  if (match.result == routing::RouteMatch::Result::kFound) return std::string(asked);
  return absl::StrJoin(match.allow, ", ");
}

bool Frontend::StreamsBody(const http::Request& head) {
  if (protocol::ProtocolOf(head) != protocol::Protocol::kRest) {
    const protocol::RpcEndpoint* endpoint = FindMethod(head.path);
    return endpoint != nullptr && endpoint->method->client_streaming;
  }
  const routing::RouteMatch match = table_.Match(head.method, head.path);
  return match.result == routing::RouteMatch::Result::kFound &&
         routes_[match.target].endpoint.method().client_streaming;
}

void Frontend::AmendRefusal(const http::Request& head, http::Response* response) {
  if (cors_ != nullptr) cors_->Amend(head, response);
}

const protocol::RpcEndpoint* Frontend::FindMethod(absl::string_view path) const {
  const auto found = methods_.find(path);
  return found == methods_.end() ? nullptr : &found->second;
}

const Route* Frontend::Find(absl::string_view verb, absl::string_view path) const {
  const routing::RouteMatch match = table_.Match(verb, path);
  return match.result == routing::RouteMatch::Result::kFound ? &routes_[match.target] : nullptr;
}

}  // namespace portico
