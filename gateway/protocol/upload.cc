#include "gateway/protocol/upload.h"

namespace portico::protocol {

std::shared_ptr<Upload> Upload::Start(net::Worker& worker, std::shared_ptr<StreamCall> call,
                                      std::unique_ptr<RequestMessages> messages) {
  auto upload = std::make_shared<Upload>(std::move(call), std::move(messages));
  worker.Spawn(Run(upload));
  return upload;
}

Async<void> Upload::Run(std::shared_ptr<Upload> self) {
  while (!self->stopped_) {
    rpc::Payload message;
    const absl::StatusOr<bool> more = co_await self->messages_->Next(&message);
    if (self->stopped_) co_return;
    if (!more.ok()) {
      self->status_ = more.status();
      self->call_->Cancel();
      co_return;
    }
    if (!*more) {
      static_cast<void>(co_await self->call_->CloseWrite());
      co_return;
    }
    // A service that takes no more has ended the call, and its side says how.
    const absl::Status written = co_await self->call_->Write(std::move(message));
    if (!written.ok()) co_return;
  }
}

void Upload::Stop() {
  const std::shared_ptr<Upload> self = shared_from_this();
  if (stopped_) return;
  stopped_ = true;
  messages_->Stop();
}

}  // namespace portico::protocol
