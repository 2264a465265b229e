#ifndef PORTICO_GATEWAY_TRANSCODE_TEXT_TO_FIELD_H_
#define PORTICO_GATEWAY_TRANSCODE_TEXT_TO_FIELD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {

// Fields given by plain text: query parameters and path variables (google/api/http.proto).

// Whether one text can give a value of the field (an element, where it is repeated): scalars, enums, and the well-known
// types whose JSON is a string or a scalar.
bool HasTextForm(const schema::FieldTable& field);

// Appends the field with the value `text` stands for, tag included, defaults too. Enums come by name or number, bytes
// as base64, a FieldMask with JSON or original names. Returns what is wrong with the text, "" when nothing is; what was
// appended then is unspecified. REQUIRES: HasTextForm(field).
std::string WriteText(const schema::FieldTable& field, absl::string_view text, wire::Writer* out);

// Writes the key of a map's entry as JSON has it: any string, "true" or "false", or a whole number. Returns what is
// wrong with it; empty when all is well. REQUIRES: UTF-8.
std::string WriteMapKey(const schema::FieldTable& key_field, absl::string_view key, wire::Writer* out);

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_TEXT_TO_FIELD_H_
