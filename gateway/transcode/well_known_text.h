#ifndef PORTICO_GATEWAY_TRANSCODE_WELL_KNOWN_TEXT_H_
#define PORTICO_GATEWAY_TRANSCODE_WELL_KNOWN_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/wire/append_buffer.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {

// The string forms of google.protobuf.Timestamp, Duration and FieldMask (ProtoJSON; the comments of their .proto
// files).

struct SecondsAndNanos {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

// RFC 3339 with capital T and Z, any offset, up to nine digits of a fraction, within years 1 to 9999 UTC. False
// otherwise.
bool ParseTimestamp(absl::string_view text, SecondsAndNanos* time);
// Whether it is in that range, and the nanos from 0 to 999,999,999.
bool IsTimestamp(SecondsAndNanos time);
// Appends it in quotation marks: in UTC, with 0, 3, 6 or 9 digits. False unless IsTimestamp().
bool AppendTimestamp(SecondsAndNanos time, wire::AppendBuffer* out);

// Decimal seconds with up to nine digits of a fraction, and "s"; the whole seconds within ±315,576,000,000, as
// duration.proto says of them. False otherwise.
bool ParseDuration(absl::string_view text, SecondsAndNanos* duration);
// Whether it is in that range, and seconds and nanos do not differ in sign.
bool IsDuration(SecondsAndNanos duration);
// Appends it in quotation marks, with 0, 3, 6 or 9 digits. False unless IsDuration().
bool AppendDuration(SecondsAndNanos duration, wire::AppendBuffer* out);

// Appends the content of the google.protobuf.Timestamp or Duration message.
void WriteSecondsAndNanos(SecondsAndNanos value, wire::Writer* out);

// Whether a FieldMask's JSON string may have names as in the .proto file ("list_price"): ProtoJSON says no, since they
// would not come back the same; query parameters take both.
enum class MaskNames : uint8_t { kJson, kBoth };

// Appends the content of the google.protobuf.FieldMask message: lowerCamelCase paths, separated by commas, become paths
// of original names. False when malformed.
bool WriteFieldMask(absl::string_view text, MaskNames names, wire::Writer* out);
// Appends one path as JSON wants it. False when it would not come back the same.
bool AppendMaskPath(absl::string_view path, wire::AppendBuffer* out);

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_WELL_KNOWN_TEXT_H_
