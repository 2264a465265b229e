#ifndef PORTICO_GATEWAY_TRANSCODE_WIRE_VALUE_H_
#define PORTICO_GATEWAY_TRANSCODE_WIRE_VALUE_H_

#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"
#include "gateway/wire/reader.h"

namespace portico::transcode {

// A value as it stands on the wire.
struct WireValue {
  uint64_t bits = 0;        // varints and fixed
  absl::string_view bytes;  // strings, bytes, messages, the content of groups, packed elements
};

// Reads the value behind `tag`. False when malformed.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool ReadWireValue(uint32_t tag, wire::Reader* in, WireValue* value) {
  switch (wire::TypeOf(tag)) {
    case wire::WireType::kVarint:
      return in->ReadVarint(&value->bits);
    case wire::WireType::kBytes:
      return in->ReadBytes(&value->bytes);
    case wire::WireType::kFixed64:
      return in->ReadFixed64(&value->bits);
    case wire::WireType::kFixed32: {
      uint32_t bits;
      if (!in->ReadFixed32(&bits)) return false;
      value->bits = bits;
      return true;
    }
    case wire::WireType::kStartGroup:
      return in->ReadGroup(tag, &value->bytes);
    case wire::WireType::kEndGroup:
      break;
  }
  return false;
}

// Whether a value is the default of a field without presence: zero or empty. Types of 32 bits ignore the upper half of
// a varint, as protobuf does. -0.0 is not zero.
inline bool IsZero(schema::FieldType type, const WireValue& value) {
  switch (type) {
    case schema::FieldType::kInt32:
    case schema::FieldType::kUint32:
    case schema::FieldType::kSint32:
    case schema::FieldType::kEnum:
      return static_cast<uint32_t>(value.bits) == 0;
    default:
      return value.bits == 0 && value.bytes.empty();
  }
}

// Whether `tag` is one that `field` is written with; any other counts as an unknown field.
inline bool Matches(const schema::FieldTable& field, uint32_t tag) {
  return tag == field.tag || (tag == field.packed_tag && field.packed_tag != 0);
}

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_WIRE_VALUE_H_
