#include "gateway/upstream/http2_message_stream.h"

#include <utility>

#include "gateway/net/alarm.h"
#include "gateway/upstream/grpc_status.h"

namespace portico::upstream {

Http2MessageStream::Http2MessageStream(boost::intrusive_ptr<Http2Call> call, rpc::Context& context)
    : worker_(context.worker()),
      call_(std::move(call)),
      cancel_(context, [raw = call_.get()] { raw->Abort(Cancelled()); }) {
  call_->Start({});
}

Http2MessageStream::~Http2MessageStream() {
  call_->Abort(Cancelled());
}

Async<absl::Status> Http2MessageStream::Write(rpc::Payload message) {
  const boost::intrusive_ptr<Http2Call> call = call_;
  if (!call->write_closed()) co_await call->Write(std::move(message)).Wait();
  if (call->ended() || call->write_closed()) co_return absl::UnavailableError("the service takes no more messages");
  co_return absl::OkStatus();
}

Async<absl::Status> Http2MessageStream::CloseWrite() {
  call_->CloseWrite();
  co_return absl::OkStatus();
}

Async<bool> Http2MessageStream::AwaitHeaders(net::Deadline until) {
  const boost::intrusive_ptr<Http2Call> call = call_;
  if (!call->has_head()) {
    net::Event& event = call->HeadArrival();
    net::Alarm alarm(event);
    alarm.Set(worker_.timeouts(), until);
    co_await event.Wait();
  }
  co_return call->has_head();
}

Async<absl::StatusOr<bool>> Http2MessageStream::Read(std::string* message) {
  const boost::intrusive_ptr<Http2Call> call = call_;
  while (!call->Take(message)) {
    if (call->ended()) {
      if (call->status().ok()) co_return false;
      co_return call->status();
    }
    co_await call->Arrival().Wait();
  }
  co_return true;
}

}  // namespace portico::upstream
