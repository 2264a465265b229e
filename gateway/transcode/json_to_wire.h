#ifndef PORTICO_GATEWAY_TRANSCODE_JSON_TO_WIRE_H_
#define PORTICO_GATEWAY_TRANSCODE_JSON_TO_WIRE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"

namespace portico::transcode {

// What happens to a field (or the name of an enum value) that the contract does not know.
enum class UnknownFields : uint8_t {
  kReject,  // INVALID_ARGUMENT
  kWarn,    // left out, and its path is reported
  kIgnore,  // left out
};

struct ReadOptions {
  UnknownFields unknown_fields = UnknownFields::kReject;
  int max_depth = 100;         // of objects and arrays within each other
  bool allow_partial = false;  // required fields (proto2) may be missing: something else gives them
};

// Appends the message that `json` says to `wire`, in one pass (ProtoJSON, RFC 8259). Fields come out in the order of
// the JSON text; repeated scalars packed where the contract says so; fields without presence that have their default
// are left out.
//
// An error is made by FieldError: INVALID_ARGUMENT with the path of the field; `wire` is then as it was. Under
// UnknownFields::kWarn the paths of unknown fields are appended to `unknown_fields`, which may otherwise be null.
// Thread-safe.
absl::Status JsonToWire(const schema::MessageTable& table, const schema::TypeResolver& types, absl::string_view json,
                        const ReadOptions& options, std::string* wire, std::vector<std::string>* unknown_fields);

// Appends one JSON value as the field `field`, tags included: an array gives a repeated field's elements, an object a
// map's entries, and null gives nothing (except where null is a value: google.protobuf.Value, NullValue). Unlike within
// a message, a default is written even where the field has no presence, so that it wins over what stands before it.
// Errors as above, with paths that begin at `field`.
absl::Status JsonValueToField(const schema::FieldTable& field, const schema::TypeResolver& types,
                              absl::string_view json, const ReadOptions& options, std::string* wire,
                              std::vector<std::string>* unknown_fields);

// The same with default options: for literals in contracts.
absl::Status JsonValueToField(const schema::FieldTable& field, const schema::TypeResolver& types,
                              absl::string_view json, std::string* wire);

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_JSON_TO_WIRE_H_
