#ifndef PORTICO_GATEWAY_PROTOCOL_RAW_DOWNLOAD_H_
#define PORTICO_GATEWAY_PROTOCOL_RAW_DOWNLOAD_H_

#include <memory>
#include <string>

#include "gateway/http/message.h"
#include "gateway/protocol/stream_call.h"
#include "gateway/protocol/upload.h"
#include "gateway/schema/message_table.h"

namespace portico::protocol {

// A stream of google.api.HttpBody messages as a download: the data of each, one behind the other. A failure cuts the
// response off, which is all that can be told of it. Ends the call when it is destroyed.
class RawDownload final : public http::BodyStream {
 public:
  // `field` (nullptr: the message itself) outlives it; `upload` may be nullptr.
  RawDownload(std::shared_ptr<StreamCall> call, std::shared_ptr<Upload> upload, const schema::FieldTable* field)
      : call_(std::move(call)), upload_(std::move(upload)), field_(field) {}
  ~RawDownload() override;

  Async<absl::StatusOr<bool>> Read(std::string* piece) override;
  absl::string_view code() const override { return code_; }

 private:
  const std::shared_ptr<StreamCall> call_;
  const std::shared_ptr<Upload> upload_;
  const schema::FieldTable* field_;
  absl::string_view code_;
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_RAW_DOWNLOAD_H_
