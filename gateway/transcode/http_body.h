#ifndef PORTICO_GATEWAY_TRANSCODE_HTTP_BODY_H_
#define PORTICO_GATEWAY_TRANSCODE_HTTP_BODY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"

namespace portico::transcode {

// google.api.HttpBody: a body that is passed through as it is, with its content type (google/api/httpbody.proto).

// Whether a body of this type is passed through instead of being JSON.
bool IsHttpBody(const schema::MessageTable& table);

// What an HttpBody holds, as views into its wire bytes.
struct HttpBody {
  absl::string_view content_type;
  absl::string_view data;
};

// Appends the content of the message: the wire bytes without a tag and length around them.
void AppendHttpBody(const HttpBody& body, std::string* wire);

// The size of what AppendHttpBody() appends.
size_t HttpBodySize(const HttpBody& body);

// Reads the message `wire`; with `field` not null the HttpBody in that field of it, the last occurrences winning.
// Extensions are passed over. DATA_LOSS when it is malformed.
absl::StatusOr<HttpBody> ReadHttpBody(absl::string_view wire, const schema::FieldTable* field);

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_HTTP_BODY_H_
