#include "gateway/embed.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <httplib.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "gateway/http/chain.h"
#include "gateway/http/error_response.h"
#include "gateway/middleware/access_log.h"
#include "gateway/net/worker.h"
#include "gateway/rpc/status.h"
#include "gateway/snapshot.h"
#include "gateway/upstream/grpc_transport.h"
#include "gateway/upstream/http2_transport.h"

namespace portico {
namespace {

constexpr char kCluster[] = "embedded";

// Makes transports over one channel, whatever the address.
class ChannelFactory final : public upstream::TransportFactory {
 public:
  ChannelFactory(upstream::GrpcTransportFactory& grpc, std::shared_ptr<grpc::Channel> channel)
      : grpc_(grpc), channel_(std::move(channel)) {}

  absl::StatusOr<std::unique_ptr<upstream::Transport>> Create(net::Worker& worker, const std::string&,
                                                              const upstream::TransportOptions&) override {
    return grpc_.Over(worker, channel_);
  }

 private:
  upstream::GrpcTransportFactory& grpc_;
  std::shared_ptr<grpc::Channel> channel_;
};

void AddFile(const google::protobuf::FileDescriptor& file, std::set<std::string>* names,
             google::protobuf::FileDescriptorSet* set) {
  if (!names->insert(file.name()).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), names, set);
  file.CopyTo(set->add_file());
}

// The contracts of these services as linked into the program.
absl::StatusOr<std::string> LinkedContracts(const std::vector<std::string>& services) {
  google::protobuf::FileDescriptorSet set;
  std::set<std::string> names;
  for (const std::string& name : services) {
    const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service == nullptr) return absl::NotFoundError(absl::StrCat("no stubs of ", name, " are linked in"));
    AddFile(*service->file(), &names, &set);
  }
  return set.SerializeAsString();
}

// The configuration of services behind one channel.
std::string ConfigOf(const EmbedOptions& options) {
  const std::string services = absl::StrJoin(options.services, ", ");
  return absl::StrCat("contracts: [ { reflection: ", kCluster, " } ]\nclusters: { ", kCluster,
                      ": { target: 'unix:embedded', services: [ ", services,
                      " ] } }\nfrontends: [ { name: embedded, listen: '127.0.0.1:0', expose: [ ", services, " ]",
                      options.frontend_keys.empty() ? "" : ", ", options.frontend_keys, " } ]\n");
}

// Whether httplib has unpacked the body already.
bool Unpacked(absl::string_view coding) {
  return coding == "gzip" || coding == "deflate" || absl::StrContains(coding, "br");
}

// The body of a request as the frontend is to read it. httplib takes forms apart before it asks who handles them, so
// they are put together again: fields before files, parts of one name in their order.
std::string BodyOf(const httplib::Request& request) {
  if (request.files.empty()) return request.body;
  // httplib has taken the boundary from the same place.
  constexpr absl::string_view kBoundary = "boundary=";
  const std::string type = request.get_header_value("Content-Type");
  absl::string_view boundary = absl::string_view(type).substr(type.find(kBoundary.data()) + kBoundary.size());
  boundary = boundary.substr(0, boundary.find(';'));
  if (absl::ConsumePrefix(&boundary, "\"")) absl::ConsumeSuffix(&boundary, "\"");
  std::string body;
  for (const bool files : {false, true}) {
    for (const auto& [name, part] : request.files) {
      if (part.filename.empty() == files) continue;
      absl::StrAppend(&body, "--", boundary, "\r\nContent-Disposition: form-data; name=\"", name, "\"");
      if (files) absl::StrAppend(&body, "; filename=\"", part.filename, "\"");
      if (!part.content_type.empty()) absl::StrAppend(&body, "\r\nContent-Type: ", part.content_type);
      absl::StrAppend(&body, "\r\n\r\n", part.content, "\r\n");
    }
  }
  absl::StrAppend(&body, "--", boundary, "--\r\n");
  return body;
}

// One request on its way through the worker's loop, while a thread of the server waits.
struct Exchange {
  Exchange(net::Worker& worker, const httplib::Request& received) : source(received), body(BodyOf(received)) {
    http::Request& request = live.emplace(worker, net::kNoDeadline);
    request.method = source.method;
    request.target = source.target;
    const size_t mark = request.target.find('?');
    request.path = request.target.substr(0, mark);
    if (mark != absl::string_view::npos) request.query = request.target.substr(mark + 1);
    for (const auto& [name, value] : source.headers) {
      // httplib adds these to what the client sent.
      if (name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" || name == "LOCAL_PORT") continue;
      if (absl::EqualsIgnoreCase(name, "Upgrade")) continue;  // the connection is not ours to switch
      if (absl::EqualsIgnoreCase(name, "Content-Encoding") && Unpacked(value)) continue;
      request.headers.Add(name, value);
    }
    request.body = body;
    peer = absl::StrCat(source.remote_addr, ":", source.remote_port);
    request.peer = peer;
    request.received = net::Clock::now();
  }

  std::optional<http::Request> live;  // ends on the worker
  const httplib::Request& source;
  const std::string body;
  std::string peer;
  http::Response response;
  std::promise<void> done;
};

}  // namespace

namespace {

// Refuses bodies that are too large before the frontend sees them, as a listener does.
class BodyLimit final : public http::Handler {
 public:
  BodyLimit(uint64_t most, const http::ErrorRenderer& errors, http::Handler& next)
      : most_(most), errors_(errors), next_(next) {}

  Async<http::Response> Handle(http::Request& request) override {
    if (request.body.size() <= most_) return next_.Handle(request);
    return Refuse(errors_, request);
  }

 private:
  static Async<http::Response> Refuse(const http::ErrorRenderer& errors, http::Request& request) {
    co_return errors.Render(rpc::WithHttpStatus(absl::ResourceExhaustedError("the request's body is too large"), 413),
                            request);
  }

  const uint64_t most_;
  const http::ErrorRenderer& errors_;
  http::Handler& next_;
};

}  // namespace

class Embedded::Impl {
 public:
  Impl() : grpc_(1), access_log_(kCluster, nullptr) {
    workers_.push_back(std::make_unique<net::Worker>(0));
    thread_ = std::thread([this] { worker().Run(); });
  }

  ~Impl() {
    // Calls nobody waits for any more hold the snapshot until they have ended.
    const std::weak_ptr<const Snapshot> last = snapshot_;
    snapshot_.reset();
    const auto give_up = net::Clock::now() + std::chrono::seconds(2);
    while (!last.expired() && net::Clock::now() < give_up) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    while (discovery_.alive.use_count() > 1 && net::Clock::now() < give_up) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    worker().Post([this] { worker().Stop(); });
    thread_.join();
  }

  absl::Status Build(const EmbedOptions& options) {
    schema::Diagnostics diagnostics;
    SnapshotInputs inputs;
    inputs.workers = &workers_;
    if (!options.config.empty()) {
      inputs.grpc = &grpc_;
      inputs.http2 = &http2_;
      discovery_ = {&worker(), &http2_, std::make_shared<int>()};
      inputs.discovery = discovery_;
      snapshot_ = Snapshot::Build(options.config, inputs, diagnostics);
    } else {
      if (options.services.empty() || options.channel == nullptr) {
        return absl::InvalidArgumentError("either services and a channel are to be mounted, or a configuration");
      }
      const absl::StatusOr<std::string> contracts = LinkedContracts(options.services);
      if (!contracts.ok()) return contracts.status();
      inputs.reflected[kCluster] = std::make_shared<const std::string>(*contracts);
      channel_ = std::make_unique<ChannelFactory>(grpc_, options.channel);
      inputs.grpc = inputs.http2 = channel_.get();
      snapshot_ = Snapshot::Build(config::ParseConfig(ConfigOf(options), kCluster, diagnostics), inputs, diagnostics);
    }
    if (snapshot_ == nullptr) return diagnostics.ToStatus();
    if (options.config.empty() || options.frontend.empty()) {
      if (!snapshot_->frontends().empty()) frontend_ = snapshot_->frontends().front().get();
    } else {
      frontend_ = snapshot_->FindFrontend(options.frontend);
    }
    if (frontend_ == nullptr) return absl::NotFoundError(absl::StrCat("there is no frontend ", options.frontend));
    for (const config::Frontend& frontend : snapshot_->config().config.frontends()) {
      if (frontend.name() != frontend_->name()) continue;
      body_bytes_ = frontend.limits().body_bytes();
      errors_.emplace(ErrorFormatOf(frontend), nullptr);
    }
    return absl::OkStatus();
  }

  // On a thread of the server.
  void Serve(const httplib::Request& source, httplib::Response& target) {
    // httplib would cut what it asks for out of any answer, errors too. The request is its own, and it made it to
    // change.
    const_cast<httplib::Request&>(source).ranges.clear();
    const auto exchange = std::make_shared<Exchange>(worker(), source);
    exchange->live->context.set_pin(snapshot_);
    worker().Post([this, exchange] { worker().Spawn(Run(exchange)); });
    exchange->done.get_future().wait();
    const http::Response& response = exchange->response;
    target.status = response.status;
    std::string all(response.headers.wire());
    // The server of the application has no trailers.
    if (response.trailers != nullptr) absl::StrAppend(&all, response.trailers->wire());
    absl::string_view lines = all;
    std::string type;
    while (!lines.empty()) {
      const absl::string_view line = lines.substr(0, lines.find("\r\n"));
      lines.remove_prefix(line.size() + 2);
      const size_t colon = line.find(": ");
      const std::string name(line.substr(0, colon));
      const std::string value(line.substr(colon + 2));
      if (name == "Content-Type") {
        type = value;
      } else {
        target.headers.emplace(name, value);
      }
    }
    if (response.stream == nullptr) {
      if (!type.empty()) target.set_content(response.body, type);
      return End(exchange, response.body.size(), true);
    }
    // Sent by this thread, when this function has returned. `source` lives until then.
    auto sent = std::make_shared<uint64_t>(0);
    target.set_chunked_content_provider(
        type, [this, exchange, sent](size_t, httplib::DataSink& sink) { return SendPiece(exchange, sent.get(), sink); },
        [this, exchange, sent](bool complete) { End(exchange, *sent, complete); });
  }

 private:
  net::Worker& worker() { return *workers_.front(); }

  Async<void> Run(std::shared_ptr<Exchange> exchange) {
    BodyLimit limited(body_bytes_, *errors_, *frontend_);
    http::Chain logged(access_log_, limited);
    exchange->response = co_await logged.Handle(*exchange->live);
    http::Amend(*exchange->live, &exchange->response);
    exchange->done.set_value();
  }

  // Sends the next piece of a stream, on a thread of the server; false when it cannot go on.
  bool SendPiece(const std::shared_ptr<Exchange>& exchange, uint64_t* sent, httplib::DataSink& sink) {
    std::string piece = std::exchange(exchange->response.body, {});
    if (piece.empty()) {
      auto read = std::make_shared<Piece>();
      std::future<void> done = read->done.get_future();
      worker().Post([this, exchange, read] { worker().Spawn(ReadPiece(exchange, read)); });
      constexpr std::chrono::milliseconds kLook(100);
      while (done.wait_for(kLook) != std::future_status::ready) {
        if (sink.is_writable()) continue;
        worker().Post([exchange] { exchange->live->context.Cancel(); });
        done.wait();
      }
      if (!read->more.ok()) return false;
      if (!*read->more) {
        sink.done();
        return true;
      }
      piece = std::move(read->bytes);
    }
    *sent += piece.size();
    return piece.empty() || sink.write(piece.data(), piece.size());
  }

  struct Piece {
    std::string bytes;
    absl::StatusOr<bool> more = false;
    std::promise<void> done;
  };
  static Async<void> ReadPiece(std::shared_ptr<Exchange> exchange, std::shared_ptr<Piece> piece) {
    piece->more = co_await exchange->response.stream->Read(&piece->bytes);
    piece->done.set_value();
  }

  // The request, and what its log line needs, live and end on the worker.
  void End(const std::shared_ptr<Exchange>& exchange, uint64_t bytes, bool complete) {
    std::promise<void> ended;
    worker().Post([&exchange, &ended, bytes, complete] {
      http::Response& response = exchange->response;
      http::Sent sent;
      sent.status = response.status;
      sent.body_bytes = bytes;
      sent.complete = complete;
      if (response.stream != nullptr) sent.code = response.stream->code();
      response.stream.reset();
      http::Record(*exchange->live, response, sent);
      response = {};
      exchange->live.reset();
      ended.set_value();
    });
    ended.get_future().wait();
  }

  std::vector<std::unique_ptr<net::Worker>> workers_;
  upstream::GrpcTransportFactory grpc_;
  upstream::Http2TransportFactory http2_;
  upstream::DiscoveryLoop discovery_;  // on the one loop there is
  std::unique_ptr<ChannelFactory> channel_;
  middleware::AccessLog access_log_;
  std::shared_ptr<const Snapshot> snapshot_;
  Frontend* frontend_ = nullptr;
  // What a listener keeps to, where there is one.
  uint64_t body_bytes_ = 0;
  std::optional<http::ErrorRenderer> errors_;
  std::thread thread_;
};

Embedded::Embedded(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Embedded::~Embedded() = default;

absl::StatusOr<std::unique_ptr<Embedded>> Embedded::Mount(httplib::Server& server, const EmbedOptions& options) {
  auto embedded = std::unique_ptr<Embedded>(new Embedded(std::make_unique<Impl>()));
  const absl::Status built = embedded->impl_->Build(options);
  if (!built.ok()) return built;
  const auto serve = [impl = embedded->impl_.get()](const httplib::Request& request, httplib::Response& response) {
    impl->Serve(request, response);
  };
  // Its answers are written in two parts, of which the second would wait for the first to be acknowledged.
  server.set_tcp_nodelay(true);
  constexpr char kEveryPath[] = R"([\s\S]*)";  // "." is no end of a line, which a path may well have
  server.Get(kEveryPath, serve);
  server.Post(kEveryPath, serve);
  server.Put(kEveryPath, serve);
  server.Patch(kEveryPath, serve);
  server.Delete(kEveryPath, serve);
  server.Options(kEveryPath, serve);
  return embedded;
}

}  // namespace portico
