#ifndef PORTICO_GATEWAY_TRANSCODE_FIELD_ERROR_H_
#define PORTICO_GATEWAY_TRANSCODE_FIELD_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portico::transcode {

// Payloads of an absl::Status are the details of the google.rpc.Status it becomes: the key is the type URL of the
// detail, the value its serialized message. This is the key of google.rpc.BadRequest.
inline constexpr absl::string_view kBadRequestType = "type.googleapis.com/google.rpc.BadRequest";

// A payload under this key is no detail: its value is the HTTP status in decimal digits, where the code of the status
// alone would give another one ("415").
inline constexpr absl::string_view kHttpStatusKey = "portico/http-status";

// The status of a request whose field has a wrong value: INVALID_ARGUMENT "path: description", carrying a
// google.rpc.BadRequest with that violation. `path` is the path from the request message to the field, of dotted proto
// names, with elements and map keys in brackets: "order.items[3].labels[size]"; empty for the message as a whole (the
// message of the status is then the description alone). Bytes that are not UTF-8 are replaced.
absl::Status FieldError(absl::string_view path, absl::string_view description);

// INVALID_ARGUMENT with HTTP status 415: the content type of a body cannot be read.
absl::Status UnsupportedMediaType(absl::string_view content_type);

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_FIELD_ERROR_H_
