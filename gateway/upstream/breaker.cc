#include "gateway/upstream/breaker.h"

#include <string>

#include "gateway/rpc/status.h"
#include "gateway/upstream/forwarding_stream.h"

namespace portico::upstream {
namespace {

bool BlamesTheService(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return rpc::HttpStatusOf(status) == 502;
  }
}

absl::Status Refusal(const CircuitBreaker::Permit& permit) {
  return rpc::Refused("the service fails too often; calls are held back for a while", "breaker_open", permit.retry_in);
}

}  // namespace

// A call that was let through: what becomes of it is recorded once, and nothing when nobody says.
class Breaker::Passage {
 public:
  Passage(const Breaker& breaker, const rpc::Context& context, net::Deadline now)
      : circuit_(*breaker.circuit_),
        fair_time_(breaker.fair_time_),
        lane_(static_cast<size_t>(context.worker().index())),
        begun_(now),
        permit_(circuit_.Admit(now)),
        open_(permit_.allowed) {}
  ~Passage() { End({.counted = false}, begun_); }
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;

  const CircuitBreaker::Permit& permit() const { return permit_; }

  void End(const absl::Status& status, bool may_be_slow) {
    if (!open_) return;
    const net::Deadline now = net::Clock::now();
    const net::Clock::duration taken = now - begun_;
    const net::Clock::duration slow_call = circuit_.options().slow_call;
    CircuitBreaker::Verdict verdict;
    verdict.slow = may_be_slow && slow_call > net::Clock::duration::zero() && taken >= slow_call;
    verdict.failed = !status.ok() && BlamesTheService(status);
    if (absl::IsCancelled(status) || absl::IsDeadlineExceeded(status)) verdict.counted = taken >= fair_time_;
    End(verdict, now);
  }

 private:
  void End(const CircuitBreaker::Verdict& verdict, net::Deadline now) {
    if (!open_) return;
    open_ = false;
    circuit_.Record(lane_, permit_, verdict, now);
  }

  CircuitBreaker& circuit_;
  const net::Clock::duration fair_time_;
  const size_t lane_;
  const net::Deadline begun_;
  const CircuitBreaker::Permit permit_;
  bool open_;
};

class Breaker::PassingStream final : public ForwardingStream {
 public:
  PassingStream(std::unique_ptr<rpc::Stream> next, std::unique_ptr<Passage> passage)
      : ForwardingStream(std::move(next)), passage_(std::move(passage)) {}

  Async<absl::StatusOr<bool>> Read(std::string* message) override {
    absl::StatusOr<bool> more = co_await next().Read(message);
    passage_->End(more.status(), false);
    co_return more;
  }

 private:
  const std::unique_ptr<Passage> passage_;
};

Async<absl::StatusOr<rpc::Reply>> Breaker::Call(const rpc::Method& method, rpc::Payload request,
                                                rpc::Context& context) {
  Passage passage(*this, context, net::Clock::now());
  if (!passage.permit().allowed) co_return Refusal(passage.permit());
  absl::StatusOr<rpc::Reply> reply = co_await next_.Call(method, std::move(request), context);
  passage.End(reply.status(), true);
  co_return reply;
}

Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Breaker::Open(const rpc::Method& method, rpc::Context& context) {
  auto passage = std::make_unique<Passage>(*this, context, net::Clock::now());
  if (!passage->permit().allowed) co_return Refusal(passage->permit());
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await next_.Open(method, context);
  if (!stream.ok()) {
    passage->End(stream.status(), false);
    co_return stream.status();
  }
  co_return std::make_unique<PassingStream>(*std::move(stream), std::move(passage));
}

}  // namespace portico::upstream
