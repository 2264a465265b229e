#ifndef PORTICO_GATEWAY_PROTOCOL_REPLY_FORM_H_
#define PORTICO_GATEWAY_PROTOCOL_REPLY_FORM_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/http/message.h"
#include "gateway/rpc/metadata.h"

namespace portico::protocol {

// How a protocol of envelopes writes an answer. Immutable.
class ReplyForm {
 public:
  virtual ~ReplyForm() = default;
  // A response with status 200 and the content type, without a body.
  virtual http::Response Head() const = 0;
  // The whole answer to a call that failed before its first message, with the request's failure metadata.
  virtual http::Response Failure(const http::Request& request, const absl::Status& status) const = 0;
  // Appends a service's message (wire bytes) in its envelope. DATA_LOSS when it cannot be written so; `out` is then as
  // it was.
  virtual absl::Status AppendMessage(absl::string_view message, std::string* out) const = 0;
  // Appends what ends every answer: the call's status, OK or not, its trailers, and `portico-omitted` unless `omitted`
  // is empty.
  virtual void AppendEnd(const absl::Status& status, const rpc::Metadata& trailers, absl::string_view omitted,
                         std::string* out) const = 0;
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_REPLY_FORM_H_
