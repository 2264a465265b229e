#include "gateway/upstream/concurrency_limit.h"

#include <optional>
#include <utility>

#include "gateway/rpc/status.h"
#include "gateway/upstream/forwarding_stream.h"

namespace portico::upstream {
namespace {

// A place among the calls in flight, if there was one.
class Place {
 public:
  Place(ConcurrencyLimit& limit, const rpc::Context& context)
      : limit_(limit.Enter(context.optional()) ? &limit : nullptr) {}
  Place(Place&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (limit_ != nullptr) limit_->Leave();
  }
  explicit operator bool() const { return limit_ != nullptr; }

 private:
  ConcurrencyLimit* limit_;
};

absl::Status Refusal() {
  return rpc::Refused("the service has as many calls as it may have at once", "shed", std::chrono::seconds(1));
}

}  // namespace

class LimitedConcurrency::LimitedStream final : public ForwardingStream {
 public:
  LimitedStream(std::unique_ptr<rpc::Stream> next, Place place)
      : ForwardingStream(std::move(next)), place_(std::move(place)) {}

  Async<absl::StatusOr<bool>> Read(std::string* message) override {
    absl::StatusOr<bool> more = co_await next().Read(message);
    if (!more.ok() || !*more) place_.reset();
    co_return more;
  }

 private:
  std::optional<Place> place_;
};

Async<absl::StatusOr<rpc::Reply>> LimitedConcurrency::Call(const rpc::Method& method, rpc::Payload request,
                                                           rpc::Context& context) {
  const Place place(limit_, context);
  if (!place) co_return Refusal();
  co_return co_await next_.Call(method, std::move(request), context);
}

Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> LimitedConcurrency::Open(const rpc::Method& method,
                                                                             rpc::Context& context) {
  Place place(limit_, context);
  if (!place) co_return Refusal();
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await next_.Open(method, context);
  if (!stream.ok()) co_return stream.status();
  co_return std::make_unique<LimitedStream>(*std::move(stream), std::move(place));
}

}  // namespace portico::upstream
