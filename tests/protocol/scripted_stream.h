#ifndef PORTICO_TESTS_PROTOCOL_SCRIPTED_STREAM_H_
#define PORTICO_TESTS_PROTOCOL_SCRIPTED_STREAM_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/net/event.h"
#include "gateway/net/timeouts.h"
#include "gateway/rpc/handler.h"

namespace portico::protocol {

// A service whose streams do what a test tells them, one call at a time.
class ScriptedService final : public rpc::Handler {
 public:
  // ---- what the service does

  void SendHeaders(rpc::Metadata sent = {}) {
    headers = std::move(sent);
    has_headers = true;
    Wake();
  }
  void Send(std::string message) {
    has_headers = true;
    messages.push_back(std::move(message));
    Wake();
  }
  void End(absl::Status status = absl::OkStatus()) {
    has_headers = true;
    end = std::move(status);
    Wake();
  }

  // ---- what it has seen

  std::vector<std::string> written;
  bool closed = false;     // the client's side
  bool cancelled = false;  // the call
  int taken = 0;           // messages read by the gateway
  rpc::Metadata metadata;
  net::Deadline deadline;

  // ---- settings

  absl::Status refusal;              // of Open()
  bool stalls = false;               // Write() waits until the call is cancelled
  std::optional<int> ends_at;        // answers and ends at the so-many-th written message
  bool echoes = false;               // every written message is sent back
  absl::Status end_after_close;      // with `ends_on_close`
  std::optional<std::string> reply;  // sent when the client's side is complete
  bool ends_on_close = false;

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method&, rpc::Payload, rpc::Context&) override {
    co_return absl::InternalError("a unary call of a stream");
  }

  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method&, rpc::Context& context) override {
    if (!refusal.ok()) co_return refusal;
    metadata = context.metadata();
    deadline = context.deadline();
    co_return std::make_unique<Stream>(*this, context);
  }

  rpc::Metadata headers;
  rpc::Metadata trailers;
  bool has_headers = false;
  std::deque<std::string> messages;
  std::optional<absl::Status> end;
  net::Event* waiting = nullptr;

 private:
  void Wake() {
    if (waiting != nullptr) std::exchange(waiting, nullptr)->Set();
  }

  class Alarm final : public net::TimeLimit {
   public:
    explicit Alarm(net::Event& event) : event_(event) {}

   private:
    void Expired() override { event_.Set(); }
    net::Event& event_;
  };

  class Stream final : public rpc::Stream {
   public:
    Stream(ScriptedService& service, rpc::Context& context)
        : service_(service), worker_(context.worker()), cancel_(context, [this] { Cancel(); }) {}
    ~Stream() override {
      if (!service_.end.has_value()) service_.cancelled = true;
    }

    Async<absl::Status> Write(rpc::Payload message) override {
      if (service_.end.has_value()) co_return absl::UnavailableError("over");
      service_.written.emplace_back(message.bytes());
      if (service_.stalls) {
        net::Event never;
        stalled_ = &never;
        if (!service_.cancelled) co_await never.Wait();
        co_return absl::CancelledError("cancelled");
      }
      if (service_.echoes) service_.Send(std::string(message.bytes()));
      if (service_.ends_at == static_cast<int>(service_.written.size())) {
        if (service_.reply.has_value()) service_.Send(*service_.reply);
        service_.End(service_.end_after_close);
      }
      co_return absl::OkStatus();
    }
    Async<absl::Status> CloseWrite() override {
      service_.closed = true;
      if (service_.reply.has_value() && !service_.end.has_value()) service_.Send(*service_.reply);
      if (service_.ends_on_close && !service_.end.has_value()) service_.End(service_.end_after_close);
      co_return absl::OkStatus();
    }
    Async<bool> AwaitHeaders(net::Deadline until) override {
      if (!service_.has_headers) {
        net::Event event;
        Alarm alarm(event);
        alarm.Set(worker_.timeouts(), until);
        service_.waiting = &event;
        co_await event.Wait();
        service_.waiting = nullptr;
      }
      co_return service_.has_headers;
    }
    Async<absl::StatusOr<bool>> Read(std::string* message) override {
      while (service_.messages.empty() && !service_.end.has_value()) {
        net::Event event;
        service_.waiting = &event;
        co_await event.Wait();
      }
      if (service_.messages.empty()) {
        if (!service_.end->ok()) co_return *service_.end;
        co_return false;
      }
      *message = std::move(service_.messages.front());
      service_.messages.pop_front();
      ++service_.taken;
      co_return true;
    }
    const rpc::Metadata& headers() const override { return service_.headers; }
    const rpc::Metadata& trailers() const override { return service_.trailers; }

   private:
    void Cancel() {
      service_.cancelled = true;
      if (!service_.end.has_value()) service_.End(absl::CancelledError("cancelled"));
      if (stalled_ != nullptr) std::exchange(stalled_, nullptr)->Set();
    }

    ScriptedService& service_;
    net::Worker& worker_;
    net::Event* stalled_ = nullptr;
    rpc::CancelCallback cancel_;
  };
};

}  // namespace portico::protocol

#endif  // PORTICO_TESTS_PROTOCOL_SCRIPTED_STREAM_H_
