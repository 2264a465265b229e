#include "gateway/transcode/check_wire.h"

#include "absl/strings/str_cat.h"
#include "gateway/json/utf8.h"
#include "gateway/transcode/field_place.h"
#include "gateway/transcode/message_on_wire.h"
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

absl::Status Check(const MessageTable& table, absl::string_view wire, int depth, const FieldPlace* place) {
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
      if (absl::Status inner = Check(*extension->message, message, depth - 1, &here); !inner.ok()) return inner;
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
      if (absl::Status inner = Check(*field->message, value.bytes, depth - 1, &here); !inner.ok()) return inner;
    } else if (field->type == FieldType::kString) {
      if (!json::IsUtf8(value.bytes)) return Error(&here, "the string is not UTF-8");
    } else if (tag != field->tag && !IsPackedWhole(field->tag, value.bytes)) {
      return Error(&here, "malformed protobuf");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckWire(const MessageTable& table, absl::string_view wire, int max_depth) {
  return Check(table, wire, max_depth, nullptr);
}

}  // namespace portico::transcode
