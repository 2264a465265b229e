#include "gateway/upstream/grpc_transport.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/net/alarm.h"
#include "gateway/rpc/status.h"
#include "gateway/upstream/endpoint.h"

namespace portico::upstream {
namespace {

// What a completion queue's tag points to: somebody on a worker's loop waits for it.
struct Completion {
  explicit Completion(net::Worker& loop) : worker(loop) {}
  net::Worker& worker;
  net::Event done;
  bool ok = false;
};

grpc::ByteBuffer ToBuffer(absl::string_view bytes) {
  grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

// Appends the buffer's bytes; false when they cannot be read (a compressed message that does not inflate).
bool AppendTo(const grpc::ByteBuffer& buffer, std::string* bytes) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return false;
  bytes->reserve(bytes->size() + buffer.Length());
  for (const grpc::Slice& slice : slices) bytes->append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return true;
}

void AppendTo(const std::multimap<grpc::string_ref, grpc::string_ref>& from, rpc::Metadata* to) {
  for (const auto& [key, value] : from) {
    if (key.starts_with("grpc-")) continue;  // the protocol's own: the status, its details
    to->emplace_back(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
}

// gRPC takes wall-clock deadlines; ours are monotonic.
std::chrono::system_clock::time_point ToSystemTime(net::Deadline deadline) {
  // No call takes a year; wall-clock time does not reach as far as ours.
  constexpr std::chrono::hours kLongest(24 * 365);
  const net::Clock::duration left = std::min<net::Clock::duration>(deadline - net::Clock::now(), kLongest);
  return std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(left);
}

// What the library says for itself when calls reach nobody, for the log, and not for each call.
class Excuses {
 public:
  Excuses(std::string target, GrpcTransportFactory::Unreached unreached)
      : target_(std::move(target)), unreached_(std::move(unreached)) {}

  void Say(const std::string& why) {
    constexpr std::chrono::seconds kSilence(10);
    const net::Deadline now = net::Clock::now();
    if (now < next_) return;
    next_ = net::After(now, kSilence);
    unreached_(target_, why);
  }

 private:
  const std::string target_;
  const GrpcTransportFactory::Unreached unreached_;
  net::Deadline next_{};
};

// The library's own words name addresses and sockets ("failed to connect to all addresses; last error: ... ipv4:..."),
// which are nobody's business outside; a service's own words are handed on.
absl::Status ToStatus(const grpc::Status& status, const grpc::ClientContext& client, Excuses* excuses) {
  const int code = static_cast<int>(status.error_code());
  // The library says this of a reply as if the server had sent it.
  if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
      absl::StartsWith(status.error_message(), "Received message larger than max")) {
    return rpc::WithHttpStatus(absl::ResourceExhaustedError("the service's reply is too large"), 502);
  }
  if (absl::StrContains(client.debug_error_string(), "Error received from peer")) {
    return rpc::FromGrpc(code, status.error_message(), status.error_details());
  }
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      if (excuses != nullptr) excuses->Say(status.error_message());
      return absl::UnavailableError("the service is unavailable");
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::DeadlineExceededError("the service did not answer in time");
    case grpc::StatusCode::CANCELLED:
      return absl::CancelledError("the call was cancelled");
    default:
      return absl::Status(static_cast<absl::StatusCode>(code), "the call to the service failed");
  }
}

}  // namespace

// One worker's completion queue and the thread that drains it.
class GrpcTransportFactory::Queue {
 public:
  Queue() : thread_([this] { Drain(); }) {}
  ~Queue() {
    queue_.Shutdown();
    thread_.join();
  }
  grpc::CompletionQueue& queue() { return queue_; }

 private:
  void Drain() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
      auto* completion = static_cast<Completion*>(tag);
      completion->ok = ok;
      completion->worker.Post([completion] { completion->done.Set(); });
    }
  }

  grpc::CompletionQueue queue_;
  std::thread thread_;
};

namespace {

class GrpcTransport final : public Transport {
 public:
  // `excuses` may be null.
  GrpcTransport(net::Worker& worker, std::shared_ptr<grpc::Channel> channel, grpc::CompletionQueue& queue,
                std::shared_ptr<Excuses> excuses)
      : worker_(worker), channel_(std::move(channel)), stub_(channel_), queue_(queue), excuses_(std::move(excuses)) {}

  bool reachable() const override {
    return channel_->GetState(/*try_to_connect=*/false) != GRPC_CHANNEL_TRANSIENT_FAILURE;
  }

  bool connected() const override { return channel_->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY; }

  Async<bool> AwaitLoss(net::Deadline until) override {
    if (!connected()) co_return false;
    Completion completion(worker_);
    channel_->NotifyOnStateChange(GRPC_CHANNEL_READY, ToSystemTime(until), &queue_, &completion);
    co_await completion.done.Wait();
    co_return completion.ok;
  }

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override {
    if (context.cancelled()) co_return absl::CancelledError("the call was cancelled");
    grpc::ClientContext client;
    Prepare(context, &client);
    grpc::ByteBuffer buffer;
    grpc::Status status;
    Completion completion(context.worker());
    auto call = stub_.PrepareUnaryCall(&client, method.path, ToBuffer(request.bytes()), &queue_);
    call->StartCall();
    call->Finish(&buffer, &status, &completion);
    {
      rpc::CancelCallback cancel(context, [&client] { client.TryCancel(); });
      // Always ends: by the reply, by the deadline, or by the cancellation, which the library all turn into a
      // completion.
      co_await completion.done.Wait();
    }
    if (!status.ok()) {
      auto failure = std::make_unique<rpc::FailureMetadata>();
      AppendTo(client.GetServerInitialMetadata(), &failure->headers);
      AppendTo(client.GetServerTrailingMetadata(), &failure->trailers);
      context.set_failure_metadata(std::move(failure));
      co_return ToStatus(status, client, excuses_.get());
    }
    rpc::Reply reply;
    if (!AppendTo(buffer, &reply.message)) co_return absl::InternalError("the service's reply could not be read");
    AppendTo(client.GetServerInitialMetadata(), &reply.headers);
    AppendTo(client.GetServerTrailingMetadata(), &reply.trailers);
    co_return reply;
  }

  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override;

 private:
  static void Prepare(const rpc::Context& context, grpc::ClientContext* client) {
    if (context.deadline() != net::kNoDeadline) client->set_deadline(ToSystemTime(context.deadline()));
    for (const auto& [key, value] : context.metadata()) client->AddMetadata(key, value);
  }

  net::Worker& worker_;
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue& queue_;
  const std::shared_ptr<Excuses> excuses_;
};

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const Tls& tls) {
  if (!tls.enabled) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({tls.ca, tls.key, tls.cert});
}

}  // namespace

GrpcTransportFactory::GrpcTransportFactory(int workers, Unreached unreached)
    : unreached_(std::move(unreached)), lanes_(static_cast<size_t>(workers)) {}

GrpcTransportFactory::~GrpcTransportFactory() = default;

GrpcTransportFactory::Queue& GrpcTransportFactory::QueueOf(const net::Worker& worker) {
  Lane& lane = lanes_[static_cast<size_t>(worker.index())];
  std::call_once(lane.begun, [&lane] { lane.queue = std::make_unique<Queue>(); });
  return *lane.queue;
}

absl::StatusOr<std::unique_ptr<Transport>> GrpcTransportFactory::Create(net::Worker& worker, const std::string& address,
                                                                        const TransportOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(options.max_reply_bytes));
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // connections are this worker's own
  // Windows stay at HTTP/2's 64 kB: by its own measure the library lets a stream send 16 MB ahead of a slow client.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // services are reached directly, whatever the environment says
  // A restarted service is found again within about a second.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
  arguments.SetLoadBalancingPolicyName(absl::StartsWith(address, "dns:") ? "round_robin" : "pick_first");
  arguments.SetUserAgentPrefix("portico");
  if (!options.authority.empty()) {
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, options.authority);
    const absl::StatusOr<Endpoint> named = ParseEndpoint(options.authority);
    if (named.ok()) arguments.SetSslTargetNameOverride(named->host);
  }
  if (!options.tls.server_name.empty()) arguments.SetSslTargetNameOverride(options.tls.server_name);
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials = Credentials(options.tls);
  if (!credentials.ok()) return credentials.status();
  if (static_cast<size_t>(worker.index()) >= lanes_.size()) {
    return absl::InternalError(absl::StrCat("no completion queue for worker ", worker.index()));
  }
  std::shared_ptr<Excuses> excuses;
  if (absl::StartsWith(address, "xds:")) {
    // The control plane may say how servers are to be trusted; where it does not the configuration does.
    credentials = grpc::XdsCredentials(*credentials);
    if (unreached_ != nullptr) excuses = std::make_shared<Excuses>(address, unreached_);
  }
  return std::make_unique<GrpcTransport>(worker, grpc::CreateCustomChannel(address, *credentials, arguments),
                                         QueueOf(worker).queue(), std::move(excuses));
}

std::unique_ptr<Transport> GrpcTransportFactory::Over(net::Worker& worker, std::shared_ptr<grpc::Channel> channel) {
  return std::make_unique<GrpcTransport>(worker, std::move(channel), QueueOf(worker).queue(), nullptr);
}

namespace {

// A call with any number of messages either way. One read and one write may be under way at a time, which is also what
// the library demands.
class GrpcStream final : public rpc::Stream {
 public:
  // What the library may still point to after the stream itself is gone.
  struct Call {
    Call(net::Worker& worker, std::shared_ptr<Excuses> excuses) : worker(worker), excuses(std::move(excuses)) {}
    net::Worker& worker;
    const std::shared_ptr<Excuses> excuses;
    grpc::ClientContext client;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> io;
    std::unique_ptr<rpc::CancelCallback> cancel;
    grpc::ByteBuffer received;
    grpc::Status status;
    bool finished = false;  // Finish() was called
    bool asked_for_headers = false;
    bool has_headers = false;        // or will never have any
    net::Event* awaiting = nullptr;  // set when that becomes true
  };

  explicit GrpcStream(std::shared_ptr<Call> call) : call_(std::move(call)) {}
  ~GrpcStream() override {
    call_->cancel.reset();
    if (!call_->finished) {
      call_->client.TryCancel();
      call_->worker.Spawn(Drain(call_));
    }
  }

  Async<absl::Status> Write(rpc::Payload message) override {
    std::shared_ptr<Call> call = call_;
    auto completion = std::make_unique<Completion>(call->worker);
    call->io->Write(ToBuffer(message.bytes()), completion.get());
    co_await completion->done.Wait();
    if (completion->ok) co_return absl::OkStatus();
    co_return absl::UnavailableError("the service takes no more messages");
  }

  Async<absl::Status> CloseWrite() override {
    std::shared_ptr<Call> call = call_;
    auto completion = std::make_unique<Completion>(call->worker);
    call->io->WritesDone(completion.get());
    co_await completion->done.Wait();
    co_return absl::OkStatus();
  }

  Async<bool> AwaitHeaders(net::Deadline until) override {
    std::shared_ptr<Call> call = call_;
    if (!call->has_headers) co_await Headers(call, until);
    if (call->has_headers && headers_.empty()) AppendTo(call->client.GetServerInitialMetadata(), &headers_);
    co_return call->has_headers;
  }

  Async<absl::StatusOr<bool>> Read(std::string* message) override {
    std::shared_ptr<Call> call = call_;
    // The library would ask for them a second time.
    if (call->asked_for_headers && !call->has_headers) co_await Headers(call, net::kNoDeadline);
    if (!call->finished) {
      auto completion = std::make_unique<Completion>(call->worker);
      call->received.Clear();
      call->io->Read(&call->received, completion.get());
      co_await completion->done.Wait();
      if (completion->ok) {
        call->has_headers = true;
        if (headers_.empty()) AppendTo(call->client.GetServerInitialMetadata(), &headers_);
        message->clear();
        if (AppendTo(call->received, message)) co_return true;
        co_return absl::InternalError("the service's message could not be read");
      }
      co_await Finish(call);
      call->has_headers = true;
      if (headers_.empty()) AppendTo(call->client.GetServerInitialMetadata(), &headers_);
      AppendTo(call->client.GetServerTrailingMetadata(), &trailers_);
    }
    if (!call->status.ok()) co_return ToStatus(call->status, call->client, call->excuses.get());
    co_return false;
  }

  const rpc::Metadata& headers() const override { return headers_; }
  const rpc::Metadata& trailers() const override { return trailers_; }

 private:
  // Waits until `call` has its headers, or for them until `until`.
  static Async<void> Headers(std::shared_ptr<Call> call, net::Deadline until) {
    if (!call->asked_for_headers) {
      call->asked_for_headers = true;
      call->worker.Spawn(ReceiveHeaders(call));
    }
    net::Event event;
    net::Alarm alarm(event);
    if (until != net::kNoDeadline) alarm.Set(call->worker.timeouts(), until);
    call->awaiting = &event;
    if (!call->has_headers) co_await event.Wait();
    call->awaiting = nullptr;
  }

  static Async<void> ReceiveHeaders(std::shared_ptr<Call> call) {
    Completion completion(call->worker);
    call->io->ReadInitialMetadata(&completion);
    co_await completion.done.Wait();
    call->has_headers = true;
    if (call->awaiting != nullptr) call->awaiting->Set();
  }

  static Async<void> Finish(std::shared_ptr<Call> call) {
    auto completion = std::make_unique<Completion>(call->worker);
    call->finished = true;
    call->io->Finish(&call->status, completion.get());
    co_await completion->done.Wait();
  }

  // Lets a cancelled call come to its end before its memory goes.
  static Async<void> Drain(std::shared_ptr<Call> call) {
    // The library does not end a call while its headers are being read.
    if (call->asked_for_headers && !call->has_headers) co_await Headers(call, net::kNoDeadline);
    co_await Finish(call);
  }

  std::shared_ptr<Call> call_;
  rpc::Metadata headers_;
  rpc::Metadata trailers_;
};

Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> GrpcTransport::Open(const rpc::Method& method,
                                                                        rpc::Context& context) {
  if (context.cancelled()) co_return absl::CancelledError("the call was cancelled");
  auto call = std::make_shared<GrpcStream::Call>(context.worker(), excuses_);
  Prepare(context, &call->client);
  call->io = stub_.PrepareCall(&call->client, method.path, &queue_);
  auto completion = std::make_unique<Completion>(call->worker);
  call->io->StartCall(completion.get());
  // The call keeps the callback, the callback does not keep the call: the stream or this coroutine does.
  call->cancel = std::make_unique<rpc::CancelCallback>(context, [raw = call.get()] { raw->client.TryCancel(); });
  co_await completion->done.Wait();
  co_return std::make_unique<GrpcStream>(std::move(call));
}

}  // namespace

}  // namespace portico::upstream
