// How a server-streaming call of the callback API follows a product.
#ifndef PORTICO_SERVICES_BASE_WATCH_H_
#define PORTICO_SERVICES_BASE_WATCH_H_

#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "services/base/feed.h"
#include "services/base/outbox.h"

namespace shop {

// A call that sends what its product's listeners hear. No thread waits for it.
template <class Event, class Begin>
class Watcher final : public grpc::ServerWriteReactor<Event>, private Feed<Event>::Listener {
 public:
  Watcher(Feed<Event>& feed, std::string product_id, OutboxLimits limits, std::chrono::milliseconds delay, Begin begin)
      : feed_(feed), product_id_(std::move(product_id)), begin_(std::move(begin)), outbox_(*this, limits) {
    if (delay > std::chrono::milliseconds::zero()) {
      alarm_.Set(std::chrono::system_clock::now() + delay, [this](bool) { Join(); });
    } else {
      Join();
    }
  }

  void OnWriteDone(bool ok) override { outbox_.Written(ok); }

  void OnCancel() override {
    outbox_.EndNow(grpc::Status(grpc::StatusCode::CANCELLED, "the caller left"));
    alarm_.Cancel();
  }

  void OnDone() override {
    // From here on the feed, which calls under its lock, knows this no longer.
    feed_.Leave(product_id_, *this);
    delete this;
  }

 private:
  void Join() {
    feed_.Join(product_id_, *this, [this](const grpc::Status& joined) {
      std::optional<Event> first;
      const grpc::Status begun = joined.ok() ? begin_(first) : joined;
      if (begun.ok()) {
        // At once, so that the caller knows that it will miss nothing, even where there is nothing to say yet.
        this->StartSendInitialMetadata();
        if (first.has_value()) outbox_.Send(*std::move(first));
      } else {
        outbox_.EndNow(begun);
      }
      outbox_.Release();
    });
  }

  void Hear(const Event& event) override { outbox_.Send(event); }
  void HearEnd(const grpc::Status& status) override { outbox_.EndNow(status); }

  Feed<Event>& feed_;
  const std::string product_id_;
  Begin begin_;
  Outbox<grpc::ServerWriteReactor<Event>, Event> outbox_;
  grpc::Alarm alarm_;
};

// Answers a call with what is heard of a product, from `delay` from now until the caller leaves or the feed ends.
// `begin` (a grpc::Status of a std::optional<Event>&) may refuse the call, or say what to send first; no change comes
// between what it sees and what is heard.
template <class Event, class Begin>
grpc::ServerWriteReactor<Event>* Watch(Feed<Event>& feed, const std::string& product_id, OutboxLimits limits,
                                       std::chrono::milliseconds delay, Begin begin) {
  return new Watcher<Event, Begin>(feed, product_id, limits, delay, std::move(begin));
}

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_WATCH_H_
