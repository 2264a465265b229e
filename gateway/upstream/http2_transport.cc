#include "gateway/upstream/http2_transport.h"

#include <utility>

#include "gateway/rpc/status.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/grpc_status.h"
#include "gateway/upstream/http2_call.h"
#include "gateway/upstream/http2_channel.h"
#include "gateway/upstream/http2_message_stream.h"

namespace portico::upstream {
namespace {

class Http2Transport final : public Transport {
 public:
  Http2Transport(net::Worker& worker, std::shared_ptr<const Http2Peer> peer, const TransportOptions& options)
      : worker_(worker), channel_(std::make_shared<Http2Channel>(worker, std::move(peer), options)) {}

  // Transports go with their snapshot, on another thread: the channel goes on its worker, after its last call.
  ~Http2Transport() override {
    worker_.Post([channel = std::move(channel_)]() mutable { channel.reset(); });
  }

  bool reachable() const override { return channel_->reachable(); }
  bool connected() const override { return channel_->connected(); }
  Async<bool> AwaitLoss(net::Deadline until) override { return channel_->AwaitLoss(until); }

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override {
    if (context.cancelled()) co_return Cancelled();
    const boost::intrusive_ptr<Http2Call> call = NewCall(channel_, Http2Call::Kind::kUnary, method, context);
    {
      const rpc::CancelCallback cancel(context, [raw = call.get()] { raw->Abort(Cancelled()); });
      call->Start(std::move(request));
      co_await call->end().Wait();
    }
    if (call->status().ok()) co_return std::move(call->reply());
    rpc::Reply& reply = call->reply();
    if (!reply.headers.empty() || !reply.trailers.empty()) {
      auto failure = std::make_unique<rpc::FailureMetadata>();
      failure->headers = std::move(reply.headers);
      failure->trailers = std::move(reply.trailers);
      context.set_failure_metadata(std::move(failure));
    }
    co_return call->status();
  }

  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override {
    if (context.cancelled()) co_return Cancelled();
    co_return std::make_unique<Http2MessageStream>(NewCall(channel_, Http2Call::Kind::kStreaming, method, context),
                                                   context);
  }

 private:
  static boost::intrusive_ptr<Http2Call> NewCall(std::shared_ptr<Http2Channel> channel, Http2Call::Kind kind,
                                                 const rpc::Method& method, rpc::Context& context) {
    return new Http2Call(std::move(channel), kind, method, context.metadata(), context.deadline());
  }

  net::Worker& worker_;
  std::shared_ptr<Http2Channel> channel_;
};

// The name in the server's certificate when the configuration says none.
std::string HostToExpect(const Http2Peer& peer, const TransportOptions& options) {
  const absl::StatusOr<Endpoint> named = ParseEndpoint(options.authority);
  return named.ok() ? named->host : peer.endpoint.host;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const net::TlsContext>> Http2TransportFactory::ContextFor(const Tls& tls) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (last_context_ != nullptr && last_tls_ == tls) return last_context_;
  absl::StatusOr<std::shared_ptr<const net::TlsContext>> made = net::TlsContext::ForClient(tls.ca, tls.cert, tls.key);
  if (made.ok()) {
    last_tls_ = tls;
    last_context_ = *made;
  }
  return made;
}

absl::StatusOr<std::unique_ptr<Transport>> Http2TransportFactory::Create(net::Worker& worker,
                                                                         const std::string& address,
                                                                         const TransportOptions& options) {
  absl::StatusOr<Endpoint> endpoint = ParseEndpoint(address);
  if (!endpoint.ok()) return endpoint.status();
  auto peer = std::make_shared<Http2Peer>();
  peer->endpoint = *std::move(endpoint);
  peer->authority = options.authority.empty() ? peer->endpoint.authority() : options.authority;
  peer->options = options_;
  if (options.tls.enabled) {
    absl::StatusOr<std::shared_ptr<const net::TlsContext>> context = ContextFor(options.tls);
    if (!context.ok()) return context.status();
    peer->tls = *std::move(context);
    peer->server_name = options.tls.server_name.empty() ? HostToExpect(*peer, options) : options.tls.server_name;
    if (!options.tls.server_name.empty()) peer->authority = options.tls.server_name;
  }
  return std::make_unique<Http2Transport>(worker, std::move(peer), options);
}

}  // namespace portico::upstream
