#include "gateway/access/guard.h"

#include <algorithm>
#include <utility>

namespace portico::access {
namespace {

absl::Status Check(const std::vector<Match>& matches, absl::string_view request, const rpc::Context& context) {
  const bool holds = std::all_of(matches.begin(), matches.end(),
                                 [&](const Match& match) { return match.Holds(request, context.claims()); });
  return holds ? absl::OkStatus() : absl::PermissionDeniedError("this is not the caller's to ask for");
}

// A call whose messages are looked at on their way. It has a context of its own, so that a message that is refused ends
// the service's side too.
class GuardedStream final : public rpc::Stream {
 public:
  GuardedStream(const std::vector<Match>& matches, rpc::Context& context)
      : matches_(matches), context_(context, net::kNoDeadline) {}

  rpc::Context& context() { return context_; }
  void set_stream(std::unique_ptr<rpc::Stream> stream) { stream_ = std::move(stream); }

  Async<absl::Status> Write(rpc::Payload message) override {
    if (!denied_.ok()) co_return denied_;
    denied_ = Check(matches_, message.bytes(), context_);
    if (denied_.ok()) co_return co_await stream_->Write(std::move(message));
    const absl::Status denied = denied_;
    context_.Cancel();  // may resume a reader, who may let go of this
    co_return denied;
  }
  Async<absl::Status> CloseWrite() override {
    if (!denied_.ok()) co_return denied_;
    co_return co_await stream_->CloseWrite();
  }
  Async<bool> AwaitHeaders(net::Deadline until) override {
    if (!denied_.ok()) co_return true;
    co_return co_await stream_->AwaitHeaders(until);
  }
  Async<absl::StatusOr<bool>> Read(std::string* message) override {
    if (!denied_.ok()) co_return denied_;
    absl::StatusOr<bool> more = co_await stream_->Read(message);
    if (!denied_.ok()) co_return denied_;
    co_return more;
  }
  const rpc::Metadata& headers() const override { return stream_->headers(); }
  const rpc::Metadata& trailers() const override { return stream_->trailers(); }

 private:
  const std::vector<Match>& matches_;
  rpc::Context context_;
  std::unique_ptr<rpc::Stream> stream_;
  absl::Status denied_;
};

}  // namespace

Async<absl::StatusOr<rpc::Reply>> Guard::Call(const rpc::Method& method, rpc::Payload request, rpc::Context& context) {
  if (const absl::Status status = Check(matches_, request.bytes(), context); !status.ok()) co_return status;
  co_return co_await next_.Call(method, std::move(request), context);
}

Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Guard::Open(const rpc::Method& method, rpc::Context& context) {
  auto guarded = std::make_unique<GuardedStream>(matches_, context);
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await next_.Open(method, guarded->context());
  if (!stream.ok()) co_return stream.status();
  guarded->set_stream(*std::move(stream));
  co_return std::unique_ptr<rpc::Stream>(std::move(guarded));
}

}  // namespace portico::access
