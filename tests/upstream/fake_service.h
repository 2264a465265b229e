#ifndef PORTICO_TESTS_UPSTREAM_FAKE_SERVICE_H_
#define PORTICO_TESTS_UPSTREAM_FAKE_SERVICE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/net/event.h"
#include "gateway/rpc/handler.h"
#include "gateway/rpc/status.h"

namespace portico::upstream {

// A service that counts its calls and answers what a test tells it to, when it tells it to.
class FakeService : public rpc::Handler {
 public:
  // What the call with this number (the first is 1) is answered; it may look at the request and the context.
  using Answer = std::function<absl::StatusOr<std::string>(int call, absl::string_view request, rpc::Context& context)>;

  explicit FakeService(Answer answer) : answer_(std::move(answer)) {}
  // The same to every call.
  explicit FakeService(absl::StatusOr<std::string> reply)
      : FakeService([reply](int, absl::string_view, rpc::Context&) { return reply; }) {}

  // Calls that fulfil the condition wait for Release(), or for their caller to give up.
  void HoldIf(std::function<bool(int call)> held) { held_ = std::move(held); }
  void Release(int call) {
    if (const auto waiting = waiting_.find(call); waiting != waiting_.end()) waiting->second->Set();
  }

  int calls() const { return static_cast<int>(metadata_.size()); }
  int cancelled() const { return cancelled_; }
  // Of the call with this number.
  const rpc::Metadata& metadata(int call) const { return metadata_[static_cast<size_t>(call - 1)]; }
  std::string MetadataOf(int call, absl::string_view key) const {
    for (const auto& [name, value] : metadata(call)) {
      if (name == key) return value;
    }
    return "";
  }

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method&, rpc::Payload request, rpc::Context& context) override {
    metadata_.push_back(context.metadata());
    const int call = calls();
    if (held_ && held_(call)) {
      const auto event = std::make_shared<net::Event>();
      waiting_[call] = event;
      rpc::CancelCallback gone(context, [event] { event->Set(); });
      co_await event->Wait();
      if (context.cancelled()) {
        ++cancelled_;
        co_return absl::CancelledError("cancelled");
      }
    }
    const absl::StatusOr<std::string> text = answer_(call, request.bytes(), context);
    if (!text.ok()) co_return text.status();
    rpc::Reply reply;
    reply.message = *text;
    co_return reply;
  }

  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method&, rpc::Context& context) override {
    metadata_.push_back(context.metadata());
    co_return std::make_unique<AnswerStream>(*this, context, calls());
  }

 private:
  // One message comes, and an answer, or a failure, goes.
  class AnswerStream final : public rpc::Stream {
   public:
    AnswerStream(FakeService& service, rpc::Context& context, int call)
        : service_(service), context_(context), call_(call) {}

    Async<absl::Status> Write(rpc::Payload message) override {
      request_ = std::string(message.bytes());
      co_return absl::OkStatus();
    }
    Async<absl::Status> CloseWrite() override { co_return absl::OkStatus(); }
    Async<bool> AwaitHeaders(net::Deadline) override { co_return true; }
    Async<absl::StatusOr<bool>> Read(std::string* message) override {
      if (std::exchange(answered_, true)) co_return false;
      const absl::StatusOr<std::string> text = service_.answer_(call_, request_, context_);
      if (!text.ok()) co_return text.status();
      *message = *text;
      co_return true;
    }
    const rpc::Metadata& headers() const override { return none_; }
    const rpc::Metadata& trailers() const override { return none_; }

   private:
    FakeService& service_;
    rpc::Context& context_;
    const int call_;
    std::string request_;
    bool answered_ = false;
    const rpc::Metadata none_;
  };

  const Answer answer_;
  std::function<bool(int call)> held_;
  std::map<int, std::shared_ptr<net::Event>> waiting_;
  std::vector<rpc::Metadata> metadata_;
  int cancelled_ = 0;
};

}  // namespace portico::upstream

#endif  // PORTICO_TESTS_UPSTREAM_FAKE_SERVICE_H_
