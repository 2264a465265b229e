#ifndef PORTICO_GATEWAY_PROTOCOL_MESSAGE_STREAM_H_
#define PORTICO_GATEWAY_PROTOCOL_MESSAGE_STREAM_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "gateway/http/error_response.h"
#include "gateway/http/message.h"
#include "gateway/protocol/stream_call.h"
#include "gateway/protocol/stream_form.h"
#include "gateway/protocol/upload.h"
#include "gateway/transcode/field_selection.h"
#include "gateway/transcode/response_shape.h"
#include "gateway/transcode/wire_to_json.h"

namespace portico::protocol {

// What of a frontend's configuration concerns streams.
struct StreamOptions {
  bool envelope = false;                       // messages are {"result": ...}
  size_t buffer_bytes = 65536;                 // kept of one stream for a client that reads slowly
  size_t message_bytes = 4194304;              // of one message of a client's stream
  std::chrono::milliseconds heartbeat{15000};  // of an event stream that is silent; zero: none
  std::chrono::milliseconds retry{3000};       // after which a browser reconnects
  std::chrono::milliseconds ping{30000};       // of a WebSocket whose client is silent; zero: none
};

// The messages of a call as the body of a response. Ends the call when it is destroyed.
class MessageStream final : public http::BodyStream {
 public:
  struct Shape {
    const transcode::ResponseShape* shape = nullptr;  // these outlive it, the selection is its own
    const http::ErrorRenderer* errors = nullptr;
    transcode::WriteOptions write;
    std::unique_ptr<const transcode::FieldSelection> selection;
    // Of a composed answer in pages: fields that a page does not have are left out, `unpopulated: emit` or not.
    bool partial = false;
  };

  // `upload` is the client's side, nullptr when it is complete.
  MessageStream(std::shared_ptr<StreamCall> call, std::shared_ptr<Upload> upload, std::unique_ptr<StreamWriter> writer,
                Shape shape, const StreamOptions& options);
  ~MessageStream() override;

  // What there is to say without waiting, for the response's first bytes. Call it first.
  void Begin(std::string* out);

  Async<absl::StatusOr<bool>> Read(std::string* piece) override;
  void EndBy(net::Deadline deadline) override;
  absl::string_view code() const override { return code_; }

 private:
  // Writes what is ready, up to a piece.
  void WriteReady(std::string* out);
  void Fail(const absl::Status& status, std::string* out);

  const std::shared_ptr<StreamCall> call_;
  const std::shared_ptr<Upload> upload_;
  const std::unique_ptr<StreamWriter> writer_;
  Shape shape_;
  const bool envelope_;
  const std::chrono::milliseconds heartbeat_;
  net::Deadline end_by_ = net::kNoDeadline;
  bool ended_ = false;
  absl::string_view code_;
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_MESSAGE_STREAM_H_
