#ifndef PORTICO_GATEWAY_TRANSCODE_JSON_MESSAGE_READER_H_
#define PORTICO_GATEWAY_TRANSCODE_JSON_MESSAGE_READER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/json/reader.h"
#include "gateway/schema/message_table.h"
#include "gateway/transcode/field_place.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {

// One conversion from JSON to wire: the state behind JsonToWire(). Methods that read return false when the conversion
// has failed. They are split over two files: json_to_wire.cc has messages and fields, json_well_known.cc the types
// whose JSON is not an object of their fields.
class JsonMessageReader {
 public:
  JsonMessageReader(const schema::TypeResolver& types, absl::string_view json, const ReadOptions& options,
                    std::string* wire, std::vector<std::string>* unknown_fields)
      : types_(types),
        options_(options),
        unknown_fields_(unknown_fields),
        in_(json, options.max_depth),
        out_(wire, json.size() / 2 + 64) {}

  absl::Status ReadWholeMessage(const schema::MessageTable& table);
  absl::Status ReadWholeField(const schema::FieldTable& field);

 private:
  using Place = FieldPlace;
  using Kind = json::Kind;

  // What ReadFields() does with a member named "@type".
  enum class TypeMember : uint8_t { kOrdinary, kSkip };

  // Whether a default is written where the field has no presence.
  enum class Defaults : uint8_t { kOmit, kWrite };

  absl::Status Finish(bool read);

  // The content of a message, without tag and length.
  bool ReadMessage(const schema::MessageTable& table, const Place* place);
  bool ReadFields(const schema::MessageTable& table, const Place* place, TypeMember type_member);
  bool ReadUnknownField(absl::string_view key, const schema::MessageTable& table, const Place* place);
  bool CheckRequired(const schema::MessageTable& table, const uint64_t* seen, const Place* place);

  // The value of a member, tags included. null is the caller's to handle, unless the field takes it for a value.
  bool ReadField(const schema::FieldTable& field, const Place* place, Defaults defaults);
  bool ReadRepeated(const schema::FieldTable& field, const Place* place);
  bool ReadPacked(const schema::FieldTable& field, const Place* place);
  bool ReadMap(const schema::FieldTable& field, const Place* place);
  bool ReadSingular(const schema::FieldTable& field, const Place* place, Defaults defaults);
  bool ReadBytes(const Place* place);
  // A number, bool or enum as it stands on the wire. `*skip` is set for the unknown name of an enum value that is to be
  // left out.
  bool ReadScalar(const schema::FieldTable& field, const Place* place, uint64_t* bits, bool* skip);
  bool ReadEnum(const schema::EnumTable& table, const Place* place, uint64_t* bits, bool* skip);
  bool RejectNull(const schema::FieldTable& field, const Place* place);

  bool ReadAny(const Place* place);
  bool FindTypeUrl(const Place* place, std::string* type_url);
  bool ReadAnyValue(const schema::MessageTable& table, const Place* place);
  bool ReadSecondsAndNanos(bool timestamp, const Place* place);
  bool ReadFieldMask(const Place* place);
  bool ReadStruct(const Place* place);
  bool ReadValue(const Place* place);
  bool ReadListValue(const Place* place);
  bool ReadWrapper(const schema::MessageTable& table, const Place* place);

  // The next value is of another kind than expected: says so, or what is wrong with the JSON text.
  bool FailKind(absl::string_view expected, const Place* place);
  bool Fail(const Place* place, absl::string_view description);
  // Reports a failure of the JSON text, where there is one. Returns false.
  bool FailText(const Place* place);
  // After the loop over a container: true unless the text failed.
  bool Ended(const Place* place) { return !in_.failed() || FailText(place); }

  const schema::TypeResolver& types_;
  const ReadOptions& options_;
  std::vector<std::string>* const unknown_fields_;
  json::Reader in_;
  wire::Writer out_;
  absl::Status status_;
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_JSON_MESSAGE_READER_H_
