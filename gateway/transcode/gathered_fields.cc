// Messages whose fields come in any order, or more than once: all are gathered first, then written by number.
#include <algorithm>

#include "gateway/transcode/json_message_writer.h"
#include "gateway/transcode/message_on_wire.h"

namespace portico::transcode {

using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;
using schema::WellKnown;

namespace {

bool IsExtension(const FieldTable& field) {
  return field.name.front() == '[';
}

}  // namespace

// Of a oneof the member that holds it, and the first occurrence since it does: another member clears those before.
struct JsonMessageWriter::Holder {
  const FieldTable* field = nullptr;
  size_t since = 0;
};

bool JsonMessageWriter::GatherPiece(const MessageTable& table, absl::string_view wire, const Place* place,
                                    const FieldTable* only, std::vector<Holder>* holders,
                                    std::vector<Occurrence>* all) {
  wire::Reader in(wire);
  while (!in.done()) {
    uint32_t tag;
    if (!in.ReadTag(&tag)) return FailMalformed(place);
    if (table.message_set && tag == kItemTag) {
      const FieldTable* extension;
      absl::string_view message;
      if (!ReadItem(table, &in, &extension, &message)) return FailMalformed(place);
      if (extension == nullptr || (only != nullptr && extension != only)) continue;
      all->push_back({extension, tag, {0, message}});
      continue;
    }
    const FieldTable* const field = table.FindByNumber(wire::FieldNumber(tag));
    if (field == nullptr || !Matches(*field, tag)) {
      if (!in.Skip(tag)) return FailMalformed(place);
      continue;
    }
    const Place here{.outer = place, .field = field};
    Occurrence occurrence{field, tag, {}};
    bool drop = false;
    if (!ReadValue(*field, tag, &in, &here, &occurrence.value, &drop)) return false;
    if (drop) continue;
    if (field->oneof >= 0) {
      Holder& holder = (*holders)[static_cast<size_t>(field->oneof)];
      if (holder.field != field) holder = {field, all->size()};
    }
    if (only == nullptr || field == only || field->oneof >= 0) all->push_back(occurrence);
  }
  return true;
}

bool JsonMessageWriter::Gather(const MessageTable& table, Pieces pieces, const Place* place, const FieldTable* only,
                               std::vector<Occurrence>* gathered) {
  std::vector<Holder> holders(static_cast<size_t>(table.oneofs));
  for (const absl::string_view piece : pieces) {
    if (!GatherPiece(table, piece, place, only, &holders, gathered)) return false;
  }
  size_t kept = 0;
  for (size_t i = 0; i < gathered->size(); ++i) {
    const Occurrence occurrence = (*gathered)[i];
    const FieldTable& field = *occurrence.field;
    if (only != nullptr && &field != only) continue;
    if (field.oneof >= 0) {
      const Holder& holder = holders[static_cast<size_t>(field.oneof)];
      if (holder.field != &field || i < holder.since) continue;
    }
    (*gathered)[kept++] = occurrence;
  }
  gathered->resize(kept);
  std::stable_sort(gathered->begin(), gathered->end(),
                   [](const Occurrence& a, const Occurrence& b) { return a.field->index < b.field->index; });
  return true;
}

bool JsonMessageWriter::WriteGathered(const MessageTable& table, Pieces pieces, const Place* place,
                                      const FieldSelection* selection, bool* first) {
  std::vector<Occurrence> gathered;
  if (!Gather(table, pieces, place, nullptr, &gathered)) return false;
  size_t next = 0;
  for (size_t i = 0; i < gathered.size();) {
    const FieldTable& field = *gathered[i].field;
    size_t end = i + 1;
    while (end < gathered.size() && gathered[end].field == &field) ++end;
    const std::span<const Occurrence> occurrences(gathered.data() + i, end - i);
    i = end;
    if (selection != nullptr && !selection->Includes(field)) continue;
    if (options_.emit_unpopulated) WriteUnpopulated(table, next, field.index, selection, first);
    next = size_t{field.index} + 1;
    const size_t start = out_.size();
    const bool was_first = *first;
    bool empty = false;
    WriteKey(field, first);
    const FieldSelection* const child = selection == nullptr ? nullptr : selection->Child(field);
    if (!WriteGatheredField(occurrences, place, child, &empty)) return false;
    if (empty && !options_.emit_unpopulated) {
      out_.Truncate(start);
      *first = was_first;
    }
  }
  if (options_.emit_unpopulated) WriteUnpopulated(table, next, table.fields.size(), selection, first);
  return true;
}

bool JsonMessageWriter::WriteGatheredField(std::span<const Occurrence> all, const Place* place,
                                           const FieldSelection* selection, bool* empty) {
  const FieldTable& field = *all.front().field;
  Place here{.outer = place, .field = &field};
  if (field.map) {
    Entries entries;
    for (const Occurrence& occurrence : all) {
      if (!ReadEntry(field, occurrence.value.bytes, &here, &entries)) return false;
    }
    *empty = entries.empty();
    return WriteEntries(field, &entries, &here);
  }
  if (field.repeated) {
    here.index = 0;
    *empty = true;
    Open('[');
    for (const Occurrence& occurrence : all) {
      if (!WriteElements(field, occurrence.tag, occurrence.value, &here, selection, empty)) return false;
    }
    Close(']', *empty);
    return true;
  }
  if (field.message != nullptr) {
    PieceList pieces;
    for (const Occurrence& occurrence : all) pieces.push_back(occurrence.value.bytes);
    return WriteMessage(*field.message, pieces, &here, selection);
  }
  const WireValue& value = all.back().value;
  *empty = !field.has_presence && IsZero(field.type, value);
  return WriteValue(field, value, &here, selection);
}

absl::Status JsonMessageWriter::WriteWholeField(const MessageTable& table, const FieldTable& field,
                                                absl::string_view wire, const FieldSelection* selection) {
  std::vector<Occurrence> gathered;
  if (!Gather(table, Pieces(&wire, 1), nullptr, &field, &gathered)) return Finish(false);
  if (gathered.empty()) {
    WriteDefault(field);
    return Finish(true);
  }
  bool empty = false;
  bool written = WriteGatheredField(gathered, nullptr, selection, &empty);
  if (StartAgain()) written = WriteGatheredField(gathered, nullptr, selection, &empty);
  return Finish(written);
}

void JsonMessageWriter::WriteUnpopulated(const MessageTable& table, size_t from, size_t to,
                                         const FieldSelection* selection, bool* first) {
  for (size_t i = from; i < to; ++i) {
    const FieldTable& field = table.fields[i];
    if (field.has_presence || IsExtension(field) || (selection != nullptr && !selection->Includes(field))) continue;
    WriteKey(field, first);
    WriteDefault(field);
  }
}

void JsonMessageWriter::WriteDefault(const FieldTable& field) {
  if (field.repeated) return out_.Append(absl::string_view(field.map ? "{}" : "[]"));
  WireValue value;
  value.bits = field.default_bits;
  value.bytes = field.default_bytes;
  if (field.message != nullptr) {
    switch (field.message->well_known) {
      case WellKnown::kNone:
      case WellKnown::kAny:
      case WellKnown::kStruct:
        return out_.Append(absl::string_view("{}"));
      case WellKnown::kListValue:
        return out_.Append(absl::string_view("[]"));
      case WellKnown::kFieldMask:
        return out_.Append(absl::string_view("\"\""));
      default:
        return out_.Append(absl::string_view("null"));
    }
  }
  // A default of the contract is always good.
  if (field.type == FieldType::kSint32 || field.type == FieldType::kSint64) {
    value.bits = wire::ZigZag(static_cast<int64_t>(value.bits));
  }
  WriteValue(field, value, nullptr, nullptr);
}

}  // namespace portico::transcode
