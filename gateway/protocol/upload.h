#ifndef PORTICO_GATEWAY_PROTOCOL_UPLOAD_H_
#define PORTICO_GATEWAY_PROTOCOL_UPLOAD_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "gateway/net/worker.h"
#include "gateway/protocol/request_messages.h"
#include "gateway/protocol/stream_call.h"

namespace portico::protocol {

// The client's side of a streaming call, on a coroutine of its own: writes one message after the other as the service
// takes them, while somebody else reads the service's side. Lives on one worker.
class Upload final : public std::enable_shared_from_this<Upload> {
 public:
  static std::shared_ptr<Upload> Start(net::Worker& worker, std::shared_ptr<StreamCall> call,
                                       std::unique_ptr<RequestMessages> messages);
  // For Start().
  Upload(std::shared_ptr<StreamCall> call, std::unique_ptr<RequestMessages> messages)
      : call_(std::move(call)), messages_(std::move(messages)) {}

  // Ends it: the request's body is not touched any more. To be called before the request goes.
  void Stop();

  // What was wrong with the client's messages. The call has been cancelled for it, and this is the reason to tell.
  const absl::Status& status() const { return status_; }

 private:
  static Async<void> Run(std::shared_ptr<Upload> self);

  const std::shared_ptr<StreamCall> call_;
  const std::unique_ptr<RequestMessages> messages_;
  bool stopped_ = false;
  absl::Status status_;
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_UPLOAD_H_
