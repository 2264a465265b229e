// Single values, lists and maps on their way from wire to JSON.
#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "gateway/json/writer.h"
#include "gateway/transcode/json_message_writer.h"

namespace portico::transcode {

using schema::EnumTable;
using schema::FieldTable;
using schema::FieldType;

namespace {

bool IsUnknownOfClosed(const FieldTable& field, uint64_t bits) {
  return field.enum_type != nullptr && field.enum_type->closed &&
         field.enum_type->FindJsonName(static_cast<int32_t>(bits)) == nullptr;
}

// A map's key as a number that is equal for equal keys. REQUIRES: not a string.
uint64_t KeyNumber(FieldType type, uint64_t bits) {
  switch (type) {
    case FieldType::kBool:
      return bits != 0;
    case FieldType::kInt64:
    case FieldType::kUint64:
    case FieldType::kSint64:
    case FieldType::kFixed64:
    case FieldType::kSfixed64:
      return bits;
    default:
      return static_cast<uint32_t>(bits);
  }
}

}  // namespace

bool JsonMessageWriter::ReadValue(const FieldTable& field, uint32_t tag, wire::Reader* in, const Place* place,
                                  WireValue* value, bool* drop) {
  if (!ReadWireValue(tag, in, value)) return FailMalformed(place);
  if (tag == field.tag && field.type == FieldType::kEnum) *drop = IsUnknownOfClosed(field, value->bits);
  return true;
}

bool JsonMessageWriter::WriteValue(const FieldTable& field, const WireValue& value, const Place* place,
                                   const FieldSelection* selection) {
  switch (field.type) {
    case FieldType::kString:
      return json::AppendString(value.bytes, &out_) || FailUtf8(field, place, "the string is not UTF-8");
    case FieldType::kBytes:
      json::AppendBase64(value.bytes, &out_);
      return true;
    case FieldType::kMessage:
    case FieldType::kGroup:
      return WriteMessage(*field.message, Pieces(&value.bytes, 1), place, selection);
    case FieldType::kEnum:
      WriteEnum(*field.enum_type, static_cast<int32_t>(value.bits));
      return true;
    case FieldType::kBool:
      out_.Append(value.bits != 0 ? absl::string_view("true", 4) : absl::string_view("false", 5));
      return true;
    default:
      WriteNumber(field, value.bits);
      return true;
  }
}

void JsonMessageWriter::WriteEnum(const EnumTable& table, int32_t number) {
  if (table.null_value) return out_.Append(absl::string_view("null"));
  const std::string* const name = options_.enums_as_numbers ? nullptr : table.FindJsonName(number);
  if (name == nullptr) return json::AppendInt64(number, &out_);
  out_.Append(*name);
}

void JsonMessageWriter::WriteNumber(const FieldTable& field, uint64_t bits) {
  const auto quoted = [this](auto append, auto number) {
    if (!options_.int64_as_numbers) out_.Append('"');
    append(number, &out_);
    if (!options_.int64_as_numbers) out_.Append('"');
  };
  switch (field.type) {
    case FieldType::kDouble:
      return json::AppendDouble(std::bit_cast<double>(bits), &out_);
    case FieldType::kFloat:
      return json::AppendFloat(std::bit_cast<float>(static_cast<uint32_t>(bits)), &out_);
    case FieldType::kInt64:
    case FieldType::kSfixed64:
      return quoted(json::AppendInt64, static_cast<int64_t>(bits));
    case FieldType::kSint64:
      return quoted(json::AppendInt64, wire::UnZigZag(bits));
    case FieldType::kUint64:
    case FieldType::kFixed64:
      return quoted(json::AppendUint64, bits);
    case FieldType::kUint32:
    case FieldType::kFixed32:
      return json::AppendUint64(static_cast<uint32_t>(bits), &out_);
    case FieldType::kSint32:
      return json::AppendInt64(wire::UnZigZag32(static_cast<uint32_t>(bits)), &out_);
    default:
      return json::AppendInt64(static_cast<int32_t>(bits), &out_);
  }
}

bool JsonMessageWriter::WriteElements(const FieldTable& field, uint32_t tag, const WireValue& value, Place* place,
                                      const FieldSelection* selection, bool* first) {
  if (tag == field.tag) return WriteElement(field, value, place, selection, first);
  wire::Reader packed(value.bytes);
  while (!packed.done()) {
    WireValue element;
    if (!ReadWireValue(field.tag, &packed, &element)) return FailMalformed(place);
    if (!WriteElement(field, element, place, selection, first)) return false;
  }
  return true;
}

bool JsonMessageWriter::WriteElement(const FieldTable& field, const WireValue& value, Place* place,
                                     const FieldSelection* selection, bool* first) {
  if (IsUnknownOfClosed(field, value.bits)) return true;
  Separate(first);
  if (!WriteValue(field, value, place, selection)) return false;
  ++place->index;
  return true;
}

bool JsonMessageWriter::ReadEntry(const FieldTable& field, absl::string_view wire, const Place* place,
                                  Entries* entries) {
  const FieldTable& key_field = field.message->fields[0];
  const FieldTable& value_field = field.message->fields[1];
  Entry entry;
  entry.value.bits = value_field.default_bits;
  bool has_value = false;
  wire::Reader in(wire);
  while (!in.done()) {
    uint32_t tag;
    if (!in.ReadTag(&tag)) return FailMalformed(place);
    if (tag == key_field.tag) {
      if (!ReadWireValue(tag, &in, &entry.key)) return FailMalformed(place);
    } else if (tag == value_field.tag) {
      if (!ReadWireValue(tag, &in, &entry.value)) return FailMalformed(place);
      entry.in_pieces = has_value && value_field.message != nullptr;
      has_value = true;
    } else if (!in.Skip(tag)) {
      return FailMalformed(place);
    }
  }
  if (entry.in_pieces) entry.value.bytes = wire;
  // An entry whose value is unknown to a closed enum is an unknown field as a whole.
  if (!IsUnknownOfClosed(value_field, entry.value.bits)) entries->push_back(entry);
  return true;
}

void JsonMessageWriter::DropOverriddenEntries(const FieldTable& key_field, Entries* entries) {
  const bool text = key_field.type == FieldType::kString;
  const auto less = [&](const Entry& a, const Entry& b) {
    return text ? a.key.bytes < b.key.bytes
                : KeyNumber(key_field.type, a.key.bits) < KeyNumber(key_field.type, b.key.bits);
  };
  const auto equal = [&](const Entry& a, const Entry& b) { return !less(a, b) && !less(b, a); };
  constexpr size_t kFew = 8;
  bool unique = true;
  if (entries->size() <= kFew) {
    for (size_t i = 1; i < entries->size() && unique; ++i) {
      for (size_t j = 0; j < i && unique; ++j) unique = !equal((*entries)[i], (*entries)[j]);
    }
  } else {
    Entries sorted = *entries;
    std::sort(sorted.begin(), sorted.end(), less);
    unique = std::adjacent_find(sorted.begin(), sorted.end(), equal) == sorted.end();
  }
  if (unique) return;
  // Of equal keys the last stays; the order is then that of the keys.
  std::stable_sort(entries->begin(), entries->end(), less);
  Entries last;
  for (size_t i = 0; i < entries->size(); ++i) {
    if (i + 1 == entries->size() || !equal((*entries)[i], (*entries)[i + 1])) last.push_back((*entries)[i]);
  }
  *entries = std::move(last);
}

bool JsonMessageWriter::WriteEntries(const FieldTable& field, Entries* entries, const Place* place) {
  const FieldTable& key_field = field.message->fields[0];
  const FieldTable& value_field = field.message->fields[1];
  DropOverriddenEntries(key_field, entries);
  bool first = true;
  std::string number;
  Open('{');
  for (const Entry& entry : *entries) {
    Separate(&first);
    Place here{.outer = place->outer, .field = place->field, .has_key = true, .key = entry.key.bytes};
    if (key_field.type == FieldType::kString) {
      if (!json::AppendString(entry.key.bytes, &out_)) return FailUtf8(key_field, place, "a key is not UTF-8");
    } else if (key_field.type == FieldType::kBool) {
      here.key = entry.key.bits != 0 ? "true" : "false";
      out_.Append('"');
      out_.Append(here.key);
      out_.Append('"');
    } else {
      // 64-bit integers bring their quotation marks themselves, unless they are to be numbers.
      const size_t at = out_.size();
      WriteNumber(key_field, entry.key.bits);
      const absl::string_view written = out_.view(at, out_.size() - at);
      if (written.front() != '"') {
        number.assign(written.data(), written.size());
        out_.Truncate(at);
        out_.Append('"');
        out_.Append(number);
        out_.Append('"');
      }
      here.has_key = false;
    }
    out_.Append(':');
    if (options_.pretty) out_.Append(' ');
    if (!WriteEntryValue(value_field, entry, &here)) return false;
  }
  Close('}', first);
  return true;
}

bool JsonMessageWriter::WriteEntryValue(const FieldTable& field, const Entry& entry, const Place* place) {
  if (!entry.in_pieces) return WriteValue(field, entry.value, place, nullptr);
  PieceList pieces;
  wire::Reader in(entry.value.bytes);
  while (!in.done()) {
    uint32_t tag;
    WireValue value;
    if (!in.ReadTag(&tag) || !ReadWireValue(tag, &in, &value)) return FailMalformed(place);
    if (tag == field.tag) pieces.push_back(value.bytes);
  }
  return WriteMessage(*field.message, pieces, place, nullptr);
}

}  // namespace portico::transcode
