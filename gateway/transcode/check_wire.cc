#include "gateway/transcode/check_wire.h"

#include <bit>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "gateway/json/utf8.h"
#include "gateway/transcode/field_place.h"
#include "gateway/transcode/message_on_wire.h"
#include "gateway/transcode/well_known_text.h"
#include "gateway/transcode/wire_value.h"
#include "gateway/wire/reader.h"

namespace portico::transcode {
namespace {

using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;

absl::Status Error(const FieldPlace* place, absl::string_view description) {
  const std::string path = FieldPlace::Path(place);
  return absl::DataLossError(path.empty() ? std::string(description) : absl::StrCat(path, ": ", description));
}

bool IsPackedWhole(uint32_t tag, absl::string_view packed) {
  wire::Reader in(packed);
  WireValue value;
  while (!in.done()) {
    if (!ReadWireValue(tag, &in, &value)) return false;
  }
  return true;
}

// Whether a map entry's value is a google.protobuf.Value, which must not be absent.
bool NeedsValue(const MessageTable& entry) {
  const FieldTable* const value = entry.map_entry ? entry.FindByNumber(2) : nullptr;
  return value != nullptr && value->message != nullptr && value->message->well_known == schema::WellKnown::kValue;
}

// Whether a message, or a piece of one, may have no JSON for its own part. REQUIRES: it is of a well-known type, or
// NeedsValue().
bool IsDoubtful(const MessageTable& table, absl::string_view wire) {
  SecondsAndNanos time;
  bool has_value = false;
  bool finite = true;
  wire::Reader in(wire);
  while (!in.done()) {
    uint32_t tag;
    WireValue value;
    if (!in.ReadTag(&tag) || !ReadWireValue(tag, &in, &value)) return true;
    if (tag == wire::MakeTag(1, wire::WireType::kVarint)) time.seconds = static_cast<int64_t>(value.bits);
    if (tag == wire::MakeTag(2, wire::WireType::kVarint)) time.nanos = static_cast<int32_t>(value.bits);
    const FieldTable* const field = table.FindByNumber(wire::FieldNumber(tag));
    has_value |= field != nullptr && tag == field->tag && (!table.map_entry || field->number == 2);
    if (tag == wire::MakeTag(2, wire::WireType::kFixed64)) finite = std::isfinite(std::bit_cast<double>(value.bits));
  }
  switch (table.well_known) {
    case schema::WellKnown::kTimestamp:
      return !IsTimestamp(time);
    case schema::WellKnown::kDuration:
      // Two pieces of which one is negative may not go together.
      return !IsDuration(time) || time.seconds < 0 || time.nanos < 0;
    case schema::WellKnown::kValue:
      return !has_value || !finite;
    case schema::WellKnown::kNone:
      return !has_value;
    case schema::WellKnown::kAny:
    case schema::WellKnown::kFieldMask:
      return true;
    default:
      return false;  // what is in it is a message of its own
  }
}

// `doubtful` as CheckWire() has it.
absl::Status Check(const MessageTable& table, absl::string_view wire, int depth, const FieldPlace* place,
                   bool* doubtful) {
  if (doubtful != nullptr && !*doubtful && (table.well_known != schema::WellKnown::kNone || NeedsValue(table))) {
    *doubtful = IsDoubtful(table, wire);
  }
  if (depth <= 0) return Error(place, "messages are nested too deeply");
  wire::Reader in(wire);
  const size_t count = table.fields.size();  // once: it is a division
  size_t next = 0;                           // the field that most often comes next
  while (!in.done()) {
    uint32_t tag;
    if (!in.ReadTag(&tag)) return Error(place, "malformed protobuf");
    if (table.message_set && tag == kItemTag) {
      const FieldTable* extension;
      absl::string_view message;
      if (!ReadItem(table, &in, &extension, &message)) return Error(place, "malformed protobuf");
      if (extension == nullptr) continue;
      const FieldPlace here{.outer = place, .field = extension};
      if (absl::Status inner = Check(*extension->message, message, depth - 1, &here, doubtful); !inner.ok())
        return inner;
      continue;
    }
    const bool expected = next < count && table.fields[next].tag == tag;
    const FieldTable* const field = expected ? &table.fields[next] : table.FindByNumber(wire::FieldNumber(tag));
    if (field == nullptr) {
      if (!in.Skip(tag)) return Error(place, "malformed protobuf");
      continue;
    }
    next = size_t{field->index} + (field->repeated ? 0 : 1);
    const FieldPlace here{.outer = place, .field = field};
    WireValue value;
    if (!expected && !Matches(*field, tag)) return Error(&here, "of another wire type than the contract's");
    if (!ReadWireValue(tag, &in, &value)) return Error(&here, "malformed protobuf");
    if (field->message != nullptr) {
      if (absl::Status inner = Check(*field->message, value.bytes, depth - 1, &here, doubtful); !inner.ok())
        return inner;
    } else if (field->type == FieldType::kString) {
      if (!json::IsUtf8(value.bytes)) return Error(&here, "the string is not UTF-8");
    } else if (tag != field->tag && !IsPackedWhole(field->tag, value.bytes)) {
      return Error(&here, "malformed protobuf");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckWire(const MessageTable& table, absl::string_view wire, int max_depth, bool* doubtful) {
  return Check(table, wire, max_depth, nullptr, doubtful);
}

}  // namespace portico::transcode
