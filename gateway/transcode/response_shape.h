#ifndef PORTICO_GATEWAY_TRANSCODE_RESPONSE_SHAPE_H_
#define PORTICO_GATEWAY_TRANSCODE_RESPONSE_SHAPE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"
#include "gateway/transcode/field_selection.h"
#include "gateway/transcode/wire_to_json.h"

namespace portico::transcode {

// What of a reply message the client sees: all of it, or the field that HttpRule.response_body names. Immutable and
// thread-safe. REQUIRES: the tables and the resolver outlive it.
class ResponseShape {
 public:
  // INVALID_ARGUMENT when `output` has no field of the name `response_body` ("" is the whole message).
  static absl::StatusOr<ResponseShape> Compile(const schema::MessageTable& output, const schema::TypeResolver& types,
                                               absl::string_view response_body);

  // Compiles `?fields=`, whose paths begin at what the client sees; the selection begins at the reply message, as
  // Write() and a composer want it. Errors as FieldSelection::Compile.
  absl::StatusOr<std::unique_ptr<const FieldSelection>> Select(absl::string_view mask) const;

  // Whether the client sees all of the reply message.
  bool whole() const { return field_ == nullptr; }

  // Appends the JSON of the reply message `wire`; an absent response_body field gives its JSON default. Of a partial
  // answer, fields that it does not have are not empty but elsewhere, and are not written whatever the options say.
  // Errors as WireToJson.
  absl::Status Write(absl::string_view wire, const WriteOptions& options, const FieldSelection* selection,
                     std::string* json, bool partial = false) const;

 private:
  ResponseShape(const schema::MessageTable& output, const schema::TypeResolver& types, const schema::FieldTable* field)
      : output_(&output), types_(&types), field_(field) {}

  const schema::MessageTable* output_;
  const schema::TypeResolver* types_;
  const schema::FieldTable* field_;  // nullptr: the whole message
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_RESPONSE_SHAPE_H_
