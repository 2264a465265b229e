// How a unary call of the callback API is answered, at once or after a delay.
#ifndef PORTICO_SERVICES_BASE_ANSWER_H_
#define PORTICO_SERVICES_BASE_ANSWER_H_

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <utility>

namespace shop {

// A call that is answered later; no thread waits for it. A caller who leaves, or whose deadline passes, ends it at
// once.
template <class Compute>
class DelayedAnswer final : public grpc::ServerUnaryReactor {
 public:
  DelayedAnswer(std::chrono::milliseconds delay, Compute compute) : compute_(std::move(compute)) {
    alarm_.Set(std::chrono::system_clock::now() + delay, [this](bool fired) {
      Finish(fired ? compute_() : grpc::Status(grpc::StatusCode::CANCELLED, "the caller left"));
    });
  }

  void OnCancel() override { alarm_.Cancel(); }
  void OnDone() override { delete this; }

 private:
  Compute compute_;
  grpc::Alarm alarm_;
};

// Answers a call with what `compute` returns (a grpc::Status; it fills in the response), `delay` from now. What the
// caller no longer waits for is not computed.
template <class Compute>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, std::chrono::milliseconds delay,
                                 Compute compute) {
  if (delay > std::chrono::milliseconds::zero()) return new DelayedAnswer<Compute>(delay, std::move(compute));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(context->IsCancelled() ? grpc::Status(grpc::StatusCode::CANCELLED, "the caller left") : compute());
  return reactor;
}

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_ANSWER_H_
