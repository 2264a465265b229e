#ifndef PORTICO_GATEWAY_TRANSCODE_WIRE_TO_JSON_H_
#define PORTICO_GATEWAY_TRANSCODE_WIRE_TO_JSON_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"
#include "gateway/transcode/field_selection.h"

namespace portico::transcode {

struct WriteOptions {
  bool emit_unpopulated = false;  // write fields without presence (and repeated ones) also when they are empty
  bool enums_as_numbers = false;  // 2 instead of "PAPERBACK"
  bool int64_as_numbers = false;  // 12 instead of "12" for 64-bit integers
  bool proto_names = false;       // "list_price" instead of "listPrice"
  bool pretty = false;            // two spaces per level, one field or element a line
  int max_depth = 100;            // of messages within each other
};

// Appends the JSON of the message `wire` to `json` (ProtoJSON), fields by ascending number. Unknown fields are skipped,
// as are values of another wire type than the contract's (protobuf parsers take both for unknown). `selection` limits
// what is written; nullptr writes everything.
//
// Any wire form of a message is read as protobuf reads it: fields in any order, repeated fields split or packed or not,
// singular messages merged, the last scalar, map entry and oneof member winning.
//
// DATA_LOSS, with the path of the field in the message, when `wire` is malformed or has no JSON form (a string that is
// not UTF-8, a Timestamp out of range, an Any of unknown type, messages nested beyond max_depth); `json` is then as it
// was. Thread-safe.
absl::Status WireToJson(const schema::MessageTable& table, const schema::TypeResolver& types, absl::string_view wire,
                        const WriteOptions& options, std::string* json, const FieldSelection* selection = nullptr);

// Appends the JSON value of one field of the message `wire`, without its name: what `response_body` asks for. An absent
// field gives its JSON default: {}, [], "", 0, "0" for 64 bits, false, an enum's first name; null for a well-known type
// whose JSON is one value (a Timestamp, Duration, Value or wrapper). Errors as above.
absl::Status FieldToJson(const schema::MessageTable& table, const schema::FieldTable& field,
                         const schema::TypeResolver& types, absl::string_view wire, const WriteOptions& options,
                         std::string* json, const FieldSelection* selection = nullptr);

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_WIRE_TO_JSON_H_
