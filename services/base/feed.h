// Who wants to know of the changes of which product.
#ifndef PORTICO_SERVICES_BASE_FEED_H_
#define PORTICO_SERVICES_BASE_FEED_H_

#include <grpcpp/support/status.h>

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "absl/functional/function_ref.h"
#include "services/base/errors.h"

namespace shop {

// Tells listeners of changes. `Event` is a message with a product_id. Thread-safe.
//
// Everything below happens under one lock, the changes themselves included. So listeners hear of changes in the order
// in which they were made, and whoever reads the present state while joining misses none and hears of none twice. No
// method may be called from within a callback of another.
template <class Event>
class Feed {
 public:
  // Hears of changes. The methods must not wait for anything.
  class Listener {
   public:
    virtual void Hear(const Event& event) = 0;

    // There will be no more, because of `status`. Called once for each product it listens to.
    virtual void HearEnd(const grpc::Status& status) = 0;

   protected:
    ~Listener() = default;
  };

  // Runs `change`, and tells who listens to its product what it answers; nothing when nothing has changed.
  void Change(absl::FunctionRef<std::optional<Event>()> change) {
    std::lock_guard lock(mutex_);
    const std::optional<Event> event = change();
    if (!event.has_value()) return;
    const auto listeners = listeners_.find(event->product_id());
    if (listeners == listeners_.end()) return;
    for (Listener* listener : listeners->second) listener->Hear(*event);
  }

  // Makes `listener` listen to a product until it leaves, and runs `then` before it hears anything: with OK, or with
  // why it does not listen, which is UNAVAILABLE after End() and RESOURCE_EXHAUSTED when there are too many.
  void Join(const std::string& product_id, Listener& listener, absl::FunctionRef<void(const grpc::Status&)> then) {
    std::lock_guard lock(mutex_);
    if (ended_) return then(Stopping());
    if (count_ == kMostListeners) {
      return then(Failure(grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_LISTENERS", "too many listen already"));
    }
    if (listeners_[product_id].insert(&listener).second) ++count_;
    then(grpc::Status::OK);
  }

  // Makes `listener` listen to a product no longer, and runs `then`.
  void Leave(
      const std::string& product_id, Listener& listener, absl::FunctionRef<void()> then = [] {}) {
    std::lock_guard lock(mutex_);
    const auto listeners = listeners_.find(product_id);
    if (listeners != listeners_.end() && listeners->second.erase(&listener) > 0) {
      --count_;
      if (listeners->second.empty()) listeners_.erase(listeners);
    }
    then();
  }

  // Tells all listeners that the service stops. They stay until they leave; nobody can join.
  void End() {
    std::lock_guard lock(mutex_);
    ended_ = true;
    for (const auto& [product_id, listeners] : listeners_) {
      for (Listener* listener : listeners) listener->HearEnd(Stopping());
    }
  }

  // How many listen, each counted once for each product.
  size_t listener_count() {
    std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  static constexpr size_t kMostListeners = 10'000;

  static grpc::Status Stopping() {
    return Failure(grpc::StatusCode::UNAVAILABLE, "STOPPING", "the service stops; ask again");
  }

  std::mutex mutex_;
  std::unordered_map<std::string, std::unordered_set<Listener*>> listeners_;
  size_t count_ = 0;
  bool ended_ = false;
};

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_FEED_H_
