#ifndef PORTICO_GATEWAY_TRANSCODE_JSON_MESSAGE_WRITER_H_
#define PORTICO_GATEWAY_TRANSCODE_JSON_MESSAGE_WRITER_H_

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"
#include "gateway/transcode/field_place.h"
#include "gateway/transcode/field_selection.h"
#include "gateway/transcode/wire_to_json.h"
#include "gateway/transcode/wire_value.h"
#include "gateway/wire/append_buffer.h"
#include "gateway/wire/reader.h"

namespace portico::transcode {

// One conversion from wire to JSON: the state behind WireToJson(). Methods that write return false when the conversion
// has failed. Split over files: wire_to_json.cc has messages whose fields come in order, each once, which is how every
// serializer writes them; gathered_fields.cc takes any other; wire_values.cc lists, maps and single values;
// wire_well_known.cc the types whose JSON is not an object of their fields.
class JsonMessageWriter {
 public:
  JsonMessageWriter(const schema::TypeResolver& types, const WriteOptions& options, size_t wire_size, std::string* json)
      : types_(types), options_(options), out_(json, wire_size * 2 + 64), start_(out_.size()) {}

  absl::Status WriteWholeMessage(const schema::MessageTable& table, absl::string_view wire,
                                 const FieldSelection* selection);
  absl::Status WriteWholeField(const schema::MessageTable& table, const schema::FieldTable& field,
                               absl::string_view wire, const FieldSelection* selection);

 private:
  using Place = FieldPlace;
  using FieldTable = schema::FieldTable;
  using MessageTable = schema::MessageTable;

  // One field on the wire.
  struct Occurrence {
    const FieldTable* field;
    uint32_t tag;
    WireValue value;
  };
  // A message on the wire: most often one piece. A singular message that comes again brings another, and is what both
  // are behind each other. They are never put together, but gathered from where they stand: nested ones would be copied
  // on every level.
  using Pieces = std::span<const absl::string_view>;
  using PieceList = absl::InlinedVector<absl::string_view, 1>;

  // One entry of a map. In pieces, its value is a message that came more than once, and value.bytes is the entry.
  struct Entry {
    WireValue key, value;
    bool in_pieces = false;
  };
  using Entries = absl::InlinedVector<Entry, 8>;

  enum class Outcome : uint8_t { kDone, kFailed, kOutOfOrder };
  static Outcome ToOutcome(bool written) { return written ? Outcome::kDone : Outcome::kFailed; }

  absl::Status Finish(bool written);
  // After a failure: whether all is to be written once more, which is then prepared. At most once.
  bool StartAgain();

  bool WriteMessage(const MessageTable& table, Pieces pieces, const Place* place, const FieldSelection* selection);
  // The members of an object, without its braces. `*first` is false when a member stands before them already.
  bool WriteFields(const MessageTable& table, Pieces pieces, const Place* place, const FieldSelection* selection,
                   bool* first);
  Outcome WriteInOrder(const MessageTable& table, absl::string_view wire, const Place* place,
                       const FieldSelection* selection, bool* first);
  Outcome WriteRun(const FieldTable& field, uint32_t tag, wire::Reader* in, const Place* place,
                   const FieldSelection* selection, bool* first);
  // What to do after `field` of `table` failed, of whose message `rest` is left: kOutOfOrder, the failure forgotten,
  // when something there may complete, override or clear the field.
  Outcome AfterFailure(const MessageTable& table, const FieldTable& field, wire::Reader rest);

  // The fields of a message sorted by number, what is overridden left out; only those of `only`, unless it is null.
  bool Gather(const MessageTable& table, Pieces pieces, const Place* place, const FieldTable* only,
              std::vector<Occurrence>* gathered);
  // Appends the fields of one piece as they come. Of each oneof `holders` has the member that holds it.
  struct Holder;
  bool GatherPiece(const MessageTable& table, absl::string_view wire, const Place* place, const FieldTable* only,
                   std::vector<Holder>* holders, std::vector<Occurrence>* all);
  bool WriteGathered(const MessageTable& table, Pieces pieces, const Place* place, const FieldSelection* selection,
                     bool* first);
  // One field with all of its occurrences.
  bool WriteGatheredField(std::span<const Occurrence> all, const Place* place, const FieldSelection* selection,
                          bool* first);
  // The fields that are not there: fields[from] to fields[to - 1].
  void WriteUnpopulated(const MessageTable& table, size_t from, size_t to, const FieldSelection* selection,
                        bool* first);
  void WriteDefault(const FieldTable& field);

  // Reads the value behind `tag`. `*drop` is set for an unknown number of a closed enum, which counts as an unknown
  // field.
  bool ReadValue(const FieldTable& field, uint32_t tag, wire::Reader* in, const Place* place, WireValue* value,
                 bool* drop);
  bool WriteValue(const FieldTable& field, const WireValue& value, const Place* place, const FieldSelection* selection);
  void WriteNumber(const FieldTable& field, uint64_t bits);
  void WriteEnum(const schema::EnumTable& table, int32_t number);

  // One element, or the packed elements, of a list; `place` carries the index along.
  bool WriteElements(const FieldTable& field, uint32_t tag, const WireValue& value, Place* place,
                     const FieldSelection* selection, bool* first);
  bool WriteElement(const FieldTable& field, const WireValue& value, Place* place, const FieldSelection* selection,
                    bool* first);
  bool ReadEntry(const FieldTable& field, absl::string_view wire, const Place* place, Entries* entries);
  bool WriteEntries(const FieldTable& field, Entries* entries, const Place* place);
  bool WriteEntryValue(const FieldTable& field, const Entry& entry, const Place* place);
  void DropOverriddenEntries(const FieldTable& key_field, Entries* entries);

  bool WriteAny(Pieces pieces, const Place* place);
  bool WriteSecondsAndNanos(bool timestamp, Pieces pieces, const Place* place);
  bool WriteFieldMask(Pieces pieces, const Place* place);
  bool WriteStruct(const MessageTable& table, Pieces pieces, const Place* place);
  bool WriteListValue(const MessageTable& table, Pieces pieces, const Place* place);
  bool WriteStructValue(const MessageTable& table, Pieces pieces, const Place* place);
  bool WriteWrapper(const MessageTable& table, Pieces pieces, const Place* place);

  ABSL_ATTRIBUTE_ALWAYS_INLINE void WriteKey(const FieldTable& field, bool* first) {
    const schema::ShortKey& key = options_.proto_names ? field.short_proto_key : field.short_json_key;
    if (key.size == 0 || options_.pretty) return WriteAnyKey(field, first);
    char* const to = out_.Reserve(schema::ShortKey::kRoom);
    std::memcpy(to, key.text.data() + *first, schema::ShortKey::kRoom);
    out_.Advance(to + key.size - *first);
    *first = false;
  }
  void WriteAnyKey(const FieldTable& field, bool* first);
  // Before each member or element: the comma, and the line break when pretty.
  void Separate(bool* first);
  void Open(char bracket) {
    out_.Append(bracket);
    ++level_;
  }
  void Close(char bracket, bool empty);
  void NewLine();

  bool Fail(const Place* place, absl::string_view description);
  // The same for what parsers refuse, whatever comes behind it.
  bool FailForGood(const Place* place, absl::string_view description);
  bool FailMalformed(const Place* place) { return FailForGood(place, "malformed protobuf"); }
  bool FailUtf8(const FieldTable& field, const Place* place, absl::string_view description);

  const schema::TypeResolver& types_;
  const WriteOptions& options_;
  wire::AppendBuffer out_;
  const size_t start_;     // of what is written
  int depth_ = 0;          // of messages
  int level_ = 0;          // of indentation
  int tries_left_ = 8;     // of messages out of order that were taken for messages in order; then all are gathered
  bool again_ = false;     // all is to be written once more
  bool for_good_ = false;  // whether the failure is one
  absl::Status status_;
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_JSON_MESSAGE_WRITER_H_
