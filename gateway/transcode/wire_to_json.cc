#include "gateway/transcode/wire_to_json.h"

#include "absl/strings/str_cat.h"
#include "gateway/json/writer.h"
#include "gateway/transcode/json_message_writer.h"

namespace portico::transcode {

namespace {

using schema::FieldTable;
using schema::MessageTable;
using schema::WellKnown;

// Notes that a member of a oneof came. False when it is not the first: the pass that gathers fields knows which was the
// last. Of more than 64 oneofs only the first are kept track of.
bool TakeOneof(const FieldTable& field, uint64_t* oneofs) {
  const uint64_t bit = field.oneof < 64 ? uint64_t{1} << field.oneof : 0;
  if (bit == 0 || (*oneofs & bit) != 0) return false;
  *oneofs |= bit;
  return true;
}

}  // namespace

absl::Status JsonMessageWriter::Finish(bool written) {
  if (written) {
    out_.Finish();
  } else {
    out_.Abandon();
  }
  return status_;
}

bool JsonMessageWriter::Fail(const Place* place, absl::string_view description) {
  if (status_.ok() && !again_) {
    const std::string path = Place::Path(place);
    status_ = absl::DataLossError(path.empty() ? std::string(description) : absl::StrCat(path, ": ", description));
  }
  return false;
}

bool JsonMessageWriter::FailForGood(const Place* place, absl::string_view description) {
  if (status_.ok() && !again_) for_good_ = true;
  return Fail(place, description);
}

// Parsers refuse proto3's strings, and take proto2's, which another may then override.
bool JsonMessageWriter::FailUtf8(const FieldTable& field, const Place* place, absl::string_view description) {
  return field.utf8 ? FailForGood(place, description) : Fail(place, description);
}

bool JsonMessageWriter::StartAgain() {
  if (!again_) return false;
  again_ = false;
  out_.Truncate(start_);
  depth_ = 0;
  level_ = 0;
  return true;
}

absl::Status JsonMessageWriter::WriteWholeMessage(const MessageTable& table, absl::string_view wire,
                                                  const FieldSelection* selection) {
  const Pieces pieces(&wire, 1);
  bool written = WriteMessage(table, pieces, nullptr, selection);
  if (StartAgain()) written = WriteMessage(table, pieces, nullptr, selection);
  return Finish(written);
}

void JsonMessageWriter::NewLine() {
  out_.Append('\n');
  for (int i = 0; i < level_; ++i) out_.Append(absl::string_view("  ", 2));
}

void JsonMessageWriter::Separate(bool* first) {
  if (!*first) out_.Append(',');
  *first = false;
  if (options_.pretty) NewLine();
}

void JsonMessageWriter::Close(char bracket, bool empty) {
  --level_;
  if (options_.pretty && !empty) NewLine();
  out_.Append(bracket);
}

void JsonMessageWriter::WriteAnyKey(const FieldTable& field, bool* first) {
  Separate(first);
  out_.Append(options_.proto_names ? field.proto_key : field.json_key);
  if (options_.pretty) out_.Append(' ');
}

bool JsonMessageWriter::WriteMessage(const MessageTable& table, Pieces pieces, const Place* place,
                                     const FieldSelection* selection) {
  // A Value is no level of its own: in JSON there is none.
  const bool level = table.well_known != WellKnown::kValue;
  if (level && ++depth_ > options_.max_depth) return FailForGood(place, "messages are nested too deeply");
  bool written = false;
  switch (table.well_known) {
    case WellKnown::kNone: {
      bool first = true;
      Open('{');
      written = WriteFields(table, pieces, place, selection, &first);
      Close('}', first);
      break;
    }
    case WellKnown::kAny:
      written = WriteAny(pieces, place);
      break;
    case WellKnown::kTimestamp:
      written = WriteSecondsAndNanos(true, pieces, place);
      break;
    case WellKnown::kDuration:
      written = WriteSecondsAndNanos(false, pieces, place);
      break;
    case WellKnown::kFieldMask:
      written = WriteFieldMask(pieces, place);
      break;
    case WellKnown::kStruct:
      written = WriteStruct(table, pieces, place);
      break;
    case WellKnown::kValue:
      written = WriteStructValue(table, pieces, place);
      break;
    case WellKnown::kListValue:
      written = WriteListValue(table, pieces, place);
      break;
    case WellKnown::kWrapper:
      written = WriteWrapper(table, pieces, place);
      break;
  }
  if (level) --depth_;
  return written;
}

bool JsonMessageWriter::WriteFields(const MessageTable& table, Pieces pieces, const Place* place,
                                    const FieldSelection* selection, bool* first) {
  // Pieces are out of order among each other, and a MessageSet's items need not come by number.
  if (pieces.size() == 1 && !table.message_set && tries_left_ > 0) {
    const size_t start = out_.size();
    const int depth = depth_;
    const int level = level_;
    const bool was_first = *first;
    const Outcome outcome = WriteInOrder(table, pieces.front(), place, selection, first);
    if (outcome != Outcome::kOutOfOrder) return outcome == Outcome::kDone;
    if (tries_left_ == 0) {
      // Messages within this one took them all, and those around it began when there were some left, too. Were each of
      // them written a second time, the innermost would be written as often as it is deep.
      again_ = true;
      return false;
    }
    --tries_left_;
    out_.Truncate(start);
    depth_ = depth;
    level_ = level;
    *first = was_first;
  }
  return WriteGathered(table, pieces, place, selection, first);
}

JsonMessageWriter::Outcome JsonMessageWriter::WriteInOrder(const MessageTable& table, absl::string_view wire,
                                                           const Place* place, const FieldSelection* selection,
                                                           bool* first) {
  wire::Reader in(wire);
  const size_t count = table.fields.size();  // once: it is a division
  size_t next = 0;                           // fields before this one are done
  uint64_t oneofs = 0;
  while (!in.done()) {
    uint32_t tag;
    if (!in.ReadTag(&tag)) return ToOutcome(FailMalformed(place));
    // Most often it is the next one: to compare costs less than to look it up.
    const bool expected = next < count && table.fields[next].tag == tag;
    const FieldTable* const field = expected ? &table.fields[next] : table.FindByNumber(wire::FieldNumber(tag));
    const bool known = expected || (field != nullptr && Matches(*field, tag));
    if (!known || (selection != nullptr && !selection->Includes(*field))) {
      // One that is not selected may still clear one that is.
      if (known && field->oneof >= 0 && !TakeOneof(*field, &oneofs)) return Outcome::kOutOfOrder;
      if (!in.Skip(tag)) return ToOutcome(FailMalformed(place));
      continue;
    }
    if (field->index < next) return Outcome::kOutOfOrder;
    if (field->repeated) {
      if (options_.emit_unpopulated) WriteUnpopulated(table, next, field->index, selection, first);
      next = size_t{field->index} + 1;
      const Outcome outcome = WriteRun(*field, tag, &in, place, selection, first);
      if (outcome == Outcome::kDone) continue;
      // Another entry may override a map's; nothing overrides an element of a list.
      return field->map ? AfterFailure(table, *field, in) : outcome;
    }
    if (field->type == schema::FieldType::kString) {
      // The most frequent type: nothing is looked at twice, and its place is made only for errors.
      absl::string_view text;
      const bool whole = in.ReadBytes(&text);
      if (whole && field->oneof >= 0 && !TakeOneof(*field, &oneofs)) return Outcome::kOutOfOrder;
      if (whole && options_.emit_unpopulated) WriteUnpopulated(table, next, field->index, selection, first);
      next = size_t{field->index} + 1;
      if (whole && text.empty() && !field->has_presence && !options_.emit_unpopulated) continue;
      WriteKey(*field, first);
      if (whole && json::AppendString(text, &out_)) continue;
      const Place here{.outer = place, .field = field};
      if (!whole) return ToOutcome(FailMalformed(&here));
      FailUtf8(*field, &here, "the string is not UTF-8");
      return AfterFailure(table, *field, in);
    }
    WireValue value;
    const Place here{.outer = place, .field = field};
    if (field->type == schema::FieldType::kEnum) {
      bool drop = false;
      if (!ReadValue(*field, tag, &in, &here, &value, &drop)) return Outcome::kFailed;
      if (drop) continue;
    } else if (!ReadWireValue(tag, &in, &value)) {
      return ToOutcome(FailMalformed(&here));
    }
    if (field->oneof >= 0 && !TakeOneof(*field, &oneofs)) return Outcome::kOutOfOrder;
    if (options_.emit_unpopulated) WriteUnpopulated(table, next, field->index, selection, first);
    next = size_t{field->index} + 1;
    if (!field->has_presence && !options_.emit_unpopulated && IsZero(field->type, value)) continue;
    WriteKey(*field, first);
    if (!WriteValue(*field, value, &here, selection == nullptr ? nullptr : selection->Child(*field))) {
      return AfterFailure(table, *field, in);
    }
  }
  if (options_.emit_unpopulated) WriteUnpopulated(table, next, count, selection, first);
  return Outcome::kDone;
}

JsonMessageWriter::Outcome JsonMessageWriter::AfterFailure(const MessageTable& table, const FieldTable& field,
                                                           wire::Reader rest) {
  if (for_good_ || again_) return Outcome::kFailed;
  uint32_t tag;
  while (!rest.done() && rest.ReadTag(&tag)) {
    const FieldTable* const next = table.FindByNumber(wire::FieldNumber(tag));
    const bool same = next == &field || (field.oneof >= 0 && next != nullptr && next->oneof == field.oneof);
    if (same && Matches(*next, tag)) {
      status_ = absl::OkStatus();
      return Outcome::kOutOfOrder;
    }
    if (!rest.Skip(tag)) break;
  }
  return Outcome::kFailed;
}

// The occurrences of a repeated field or map that follow each other. REQUIRES: `tag` was read.
JsonMessageWriter::Outcome JsonMessageWriter::WriteRun(const FieldTable& field, uint32_t tag, wire::Reader* in,
                                                       const Place* place, const FieldSelection* selection,
                                                       bool* first) {
  const size_t start = out_.size();
  const bool was_first = *first;
  const FieldSelection* const child = selection == nullptr ? nullptr : selection->Child(field);
  Place here{.outer = place, .field = &field, .index = field.map ? -1 : 0};
  Entries entries;
  bool empty = true;
  WriteKey(field, first);
  if (!field.map) Open('[');
  for (;;) {
    WireValue value;
    if (!ReadWireValue(tag, in, &value)) return ToOutcome(FailMalformed(&here));
    if (!(field.map ? ReadEntry(field, value.bytes, &here, &entries)
                    : WriteElements(field, tag, value, &here, child, &empty))) {
      return Outcome::kFailed;
    }
    wire::Reader ahead = *in;
    if (ahead.done() || !ahead.ReadTag(&tag) || wire::FieldNumber(tag) != field.number || !Matches(field, tag)) break;
    *in = ahead;
  }
  if (field.map) {
    empty = entries.empty();
    if (!WriteEntries(field, &entries, &here)) return Outcome::kFailed;
  } else {
    Close(']', empty);
  }
  if (empty && !options_.emit_unpopulated) {
    out_.Truncate(start);
    *first = was_first;
  }
  return Outcome::kDone;
}

absl::Status WireToJson(const MessageTable& table, const schema::TypeResolver& types, absl::string_view wire,
                        const WriteOptions& options, std::string* json, const FieldSelection* selection) {
  return JsonMessageWriter(types, options, wire.size(), json).WriteWholeMessage(table, wire, selection);
}

absl::Status FieldToJson(const MessageTable& table, const FieldTable& field, const schema::TypeResolver& types,
                         absl::string_view wire, const WriteOptions& options, std::string* json,
                         const FieldSelection* selection) {
  return JsonMessageWriter(types, options, wire.size(), json).WriteWholeField(table, field, wire, selection);
}

}  // namespace portico::transcode
