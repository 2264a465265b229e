#ifndef PORTICO_TESTS_UPSTREAM_TEST_SERVER_H_
#define PORTICO_TESTS_UPSTREAM_TEST_SERVER_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

namespace portico::upstream {

// A gRPC server that knows no contract: what it does is in the request's bytes.
//   "echo:TEXT"        replies TEXT, with metadata and trailers
//   "fail:CODE:TEXT"   fails with the code, the message TEXT and details "details"
//   "big:BYTES"        replies so many bytes
//   "hang"             never replies; ends when it is cancelled
// Streaming calls: each message is echoed, and the end of the client's side ends the call ("fail:..." fails it).
class TestServer : public grpc::CallbackGenericService {
 public:
  // Port 0: a free one.
  explicit TestServer(int port = 0)
      : TestServer("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials()) {}
  // `where` as gRPC names it: also "unix:PATH".
  TestServer(const std::string& where, const std::shared_ptr<grpc::ServerCredentials>& credentials) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(where, credentials, &port_);
    builder.RegisterCallbackGenericService(this);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    server_ = builder.BuildAndStart();
  }
  ~TestServer() override { Stop(); }

  void Stop() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int calls() const { return calls_; }
  int health_checks() const { return health_checks_; }

  // What the server says of itself to grpc.health.v1: 1 is SERVING, 2 NOT_SERVING; 0 says nothing at all.
  std::atomic<int> health{1};

  // How many calls have been cancelled.
  int cancelled() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return cancelled_;
  }

  // Blocks until so many calls have been cancelled, at most five seconds.
  bool WaitForCancelled(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return cancelled_ >= count; });
  }

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    ++(IsHealthCheck(*context) ? health_checks_ : calls_);
    return new Reactor(*this, *context);
  }

 private:
  static bool IsHealthCheck(const grpc::GenericCallbackServerContext& context) {
    return context.method() == "/grpc.health.v1.Health/Check";
  }

  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    Reactor(TestServer& server, grpc::GenericCallbackServerContext& context) : server_(server), context_(context) {
      StartRead(&request_);
    }

    void OnReadDone(bool ok) override {
      if (!ok) {
        if (!hanging_) FinishOnce(grpc::Status::OK);
        return;
      }
      std::vector<grpc::Slice> slices;
      std::string text;
      if (request_.Dump(&slices).ok()) {
        for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
      }
      if (IsHealthCheck(context_)) {
        const int status = server_.health;
        text = status == 0 ? "hang" : std::string("echo:\x08") + static_cast<char>(status);
      }
      if (text == "hang") {
        hanging_ = true;
        if (cancelled_) FinishOnce(grpc::Status::CANCELLED);
        return;
      }
      if (text.rfind("fail:", 0) == 0) {
        const size_t colon = text.find(':', 5);
        FinishOnce(grpc::Status(static_cast<grpc::StatusCode>(std::stoi(text.substr(5))), text.substr(colon + 1),
                                std::string("\x08\x05\x12\x01x", 5)));
        return;
      }
      std::string reply = text.rfind("big:", 0) == 0 ? std::string(std::stoul(text.substr(4)), 'x')
                                                     : text.substr(std::min<size_t>(5, text.size()));
      for (const auto& [key, value] : context_.client_metadata()) {
        if (key.starts_with("x-")) {
          context_.AddInitialMetadata("seen-" + std::string(key.data(), key.size()),
                                      std::string(value.data(), value.size()));
        }
      }
      context_.AddTrailingMetadata("cost", "7");
      const bool has_deadline = context_.deadline() < std::chrono::system_clock::now() + std::chrono::hours(1);
      context_.AddTrailingMetadata("has-deadline", has_deadline ? "yes" : "no");
      grpc::Slice slice(reply);
      response_ = grpc::ByteBuffer(&slice, 1);
      StartWrite(&response_);
    }

    void OnWriteDone(bool ok) override {
      if (ok) StartRead(&request_);
    }

    void OnCancel() override {
      cancelled_ = true;
      {
        const std::lock_guard<std::mutex> lock(server_.mutex_);
        ++server_.cancelled_;
      }
      server_.changed_.notify_all();
      // Else the cancellation came before the message did, and the failing read finishes the call.
      if (hanging_) FinishOnce(grpc::Status::CANCELLED);
    }

    void OnDone() override { delete this; }

   private:
    // A message and a cancellation may come at the same time.
    void FinishOnce(const grpc::Status& status) {
      if (!finished_.exchange(true)) Finish(status);
    }

    TestServer& server_;
    grpc::GenericCallbackServerContext& context_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer response_;
    std::atomic<bool> hanging_{false};
    std::atomic<bool> cancelled_{false};
    std::atomic<bool> finished_{false};
  };

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::atomic<int> calls_{0};
  std::atomic<int> health_checks_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  int cancelled_ = 0;
};

}  // namespace portico::upstream

#endif  // PORTICO_TESTS_UPSTREAM_TEST_SERVER_H_
