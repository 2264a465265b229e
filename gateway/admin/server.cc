#include "gateway/admin/server.h"

#include <httplib.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/net/listen_socket.h"

namespace portico::admin {
namespace {

constexpr size_t kThreads = 4;
constexpr int kMostExplained = 2;  // at once
constexpr size_t kBodyBytes = 8192;
constexpr int kSeconds = 5;

void Answer(httplib::Response& response, int status, std::string body, const char* type) {
  response.status = status;
  response.set_content(std::move(body), type);
}

std::string RoutesJson(const std::vector<Route>& routes) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Route& route : routes) {
    rows.push_back({{"frontend", route.frontend},
                    {"verb", route.verb},
                    {"path", route.path},
                    {"rpc", route.rpc},
                    {"target", route.target}});
  }
  return rows.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string MetricsText(const std::vector<std::shared_ptr<prometheus::Collectable>>& sources) {
  std::vector<prometheus::MetricFamily> families;
  for (const std::shared_ptr<prometheus::Collectable>& source : sources) {
    std::vector<prometheus::MetricFamily> collected = source->Collect();
    families.insert(families.end(), std::make_move_iterator(collected.begin()),
                    std::make_move_iterator(collected.end()));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace

// What is asked by a request with explain=1 in its query; nullopt for others. Its own two parameters are taken out.
std::optional<Question> QuestionIn(const httplib::Request& request) {
  const size_t mark = request.target.find('?');
  if (mark == std::string::npos) return std::nullopt;
  Question question;
  bool asked = false;
  std::vector<absl::string_view> parameters;
  for (absl::string_view parameter : absl::StrSplit(absl::string_view(request.target).substr(mark + 1), '&')) {
    if (parameter == "explain=1") {
      asked = true;
    } else if (absl::ConsumePrefix(&parameter, "frontend=")) {
      question.frontend = std::string(parameter);
    } else {
      parameters.push_back(parameter);
    }
  }
  if (!asked) return std::nullopt;
  question.target = request.target.substr(0, mark);
  if (!parameters.empty()) absl::StrAppend(&question.target, "?", absl::StrJoin(parameters, "&"));
  for (const auto& [name, value] : request.headers) {
    // httplib adds some to what the client sent; others are about this connection, or another form of the answer.
    bool own = false;
    for (const char* other : {"REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR", "LOCAL_PORT", "Host", "Connection", "Upgrade",
                              "Accept", "Accept-Encoding", "Content-Length", "Transfer-Encoding"}) {
      own |= absl::EqualsIgnoreCase(name, other);
    }
    if (!own) question.headers.emplace_back(name, value);
  }
  question.peer = absl::StrCat(request.remote_addr, ":", request.remote_port);
  return question;
}

class Server::Impl {
 public:
  explicit Impl(Sources sources) : sources_(std::move(sources)) {}

  ~Impl() {
    if (!thread_.joinable()) return;
    // A stop before the loop runs would be forgotten.
    while (!server_.is_running()) std::this_thread::yield();
    server_.stop();
    thread_.join();
  }

  absl::Status Start(absl::string_view address) {
    const absl::StatusOr<net::HostPort> parsed = net::ParseHostPort(address);
    if (!parsed.ok()) return parsed.status();
    Configure();
    const std::string host = parsed->host.empty() ? "0.0.0.0" : parsed->host;
    errno = 0;
    int port = parsed->port;
    const bool bound = port == 0 ? (port = server_.bind_to_any_port(host)) > 0 : server_.bind_to_port(host, port);
    if (!bound) {
      const std::string why = errno == 0 ? "no such address" : std::system_category().message(errno);
      return absl::UnavailableError(absl::StrCat("cannot listen on ", address, ": ", why));
    }
    const bool v6 = host.find(':') != std::string::npos;
    address_ = v6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    return absl::OkStatus();
  }

  const std::string& address() const { return address_; }

 private:
  // They may take long, and must leave threads for the rest.
  void Explain(const Question& question, httplib::Response& response) {
    if (++explaining_ > kMostExplained) {
      Answer(response, 503, "{\"error\":\"too many requests are being explained\"}\n", "application/json");
    } else {
      Explanation explanation = sources_.explain(question);
      Answer(response, explanation.status, std::move(explanation.json), "application/json");
    }
    --explaining_;
  }

  void Configure() {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    // The library's default, SO_REUSEPORT, would let two gateways share the port unnoticed.
    server_.set_socket_options([](socket_t socket) {
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    });
    // A connection that stays open would hold one of the few threads.
    server_.set_keep_alive_max_count(1);
    server_.set_payload_max_length(kBodyBytes);
    server_.set_read_timeout(kSeconds);
    server_.set_write_timeout(kSeconds);
    server_.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      response.set_header("Cache-Control", "no-store");
      response.set_header("X-Content-Type-Options", "nosniff");
      if (request.method == "GET" || request.method == "HEAD") {
        const std::optional<Question> question = sources_.explain ? QuestionIn(request) : std::nullopt;
        if (!question.has_value()) return httplib::Server::HandlerResponse::Unhandled;
        Explain(*question, response);
        return httplib::Server::HandlerResponse::Handled;
      }
      response.set_header("Allow", "GET, HEAD");
      Answer(response, 405, "only GET and HEAD\n", "text/plain");
      return httplib::Server::HandlerResponse::Handled;
    });
    server_.set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
      Answer(response, 500, "internal error\n", "text/plain");
    });

    server_.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
      Answer(response, 200, "ok\n", "text/plain");
    });
    server_.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
      const bool ready = sources_.ready && sources_.ready();
      Answer(response, ready ? 200 : 503, ready ? "ready\n" : "not ready\n", "text/plain");
    });
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      Answer(response, 200, MetricsText(sources_.metrics), "text/plain; version=0.0.4; charset=utf-8");
    });
    if (sources_.routes) {
      server_.Get("/routes", [this](const httplib::Request&, httplib::Response& response) {
        Answer(response, 200, RoutesJson(sources_.routes()), "application/json");
      });
    }
    if (sources_.clusters) {
      server_.Get("/clusters", [this](const httplib::Request&, httplib::Response& response) {
        Answer(response, 200, sources_.clusters(), "application/json");
      });
    }
    if (sources_.jwks) {
      server_.Get("/jwks.json", [this](const httplib::Request&, httplib::Response& response) {
        // A key that is new is published before it signs, so that they may be kept for a moment.
        response.headers.erase("Cache-Control");
        response.set_header("Cache-Control", "public, max-age=60");
        Answer(response, 200, sources_.jwks(), "application/jwk-set+json");
      });
    }
    if (sources_.config) {
      server_.Get("/config", [this](const httplib::Request&, httplib::Response& response) {
        Answer(response, 200, sources_.config(), "application/json");
      });
    }
  }

  const Sources sources_;
  std::atomic<int> explaining_{0};
  httplib::Server server_;
  std::string address_;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Create(absl::string_view address, Sources sources) {
  auto impl = std::make_unique<Impl>(std::move(sources));
  if (absl::Status started = impl->Start(address); !started.ok()) return started;
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

const std::string& Server::address() const {
  return impl_->address();
}

}  // namespace portico::admin
