#ifndef PORTICO_GATEWAY_TRANSCODE_MESSAGE_ON_WIRE_H_
#define PORTICO_GATEWAY_TRANSCODE_MESSAGE_ON_WIRE_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"
#include "gateway/wire/reader.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {

// The three ways a message stands on the wire as a field: tag, length and content; the content of a group between two
// tags; and, as an extension of a MessageSet (proto2's option message_set_wire_format), an item: a group of number 1
// with the extension's number as field 2 and the content as field 3.

inline constexpr uint32_t kItemTag = wire::MakeTag(1, wire::WireType::kStartGroup);
inline constexpr uint32_t kItemEndTag = wire::MakeTag(1, wire::WireType::kEndGroup);
inline constexpr uint32_t kItemTypeTag = wire::MakeTag(2, wire::WireType::kVarint);
inline constexpr uint32_t kItemMessageTag = wire::MakeTag(3, wire::WireType::kBytes);

// Opens a field of type kMessage or kGroup, whose content the caller then writes. Returns what EndMessage() wants.
inline size_t BeginMessage(const schema::FieldTable& field, wire::Writer* out) {
  if (field.message_set_item) {
    out->Tag(kItemTag);
    out->Tag(kItemTypeTag);
    out->Varint(field.number);
    out->Tag(kItemMessageTag);
    return out->Begin();
  }
  out->Tag(field.tag);
  return field.type == schema::FieldType::kGroup ? 0 : out->Begin();
}

inline void EndMessage(const schema::FieldTable& field, size_t begin, wire::Writer* out) {
  if (field.type == schema::FieldType::kGroup) {
    out->Tag(wire::MakeTag(field.number, wire::WireType::kEndGroup));
    return;
  }
  out->End(begin);
  if (field.message_set_item) out->Tag(kItemEndTag);
}

// Reads the item behind kItemTag in a message of `table`, a MessageSet: sets `*field` to the extension that it is, to
// nullptr when it is none that the contract knows, or has no message, and `*message` to the message. Type and message
// come in any order; of either the first counts, as protobuf's parsers have it. False when malformed.
inline bool ReadItem(const schema::MessageTable& table, wire::Reader* in, const schema::FieldTable** field,
                     absl::string_view* message) {
  absl::string_view content;
  if (!in->ReadGroup(kItemTag, &content)) return false;
  *field = nullptr;
  wire::Reader inner(content);
  bool has_type = false;
  bool has_message = false;
  uint64_t type = 0;
  while (!inner.done()) {
    uint32_t tag;
    if (!inner.ReadTag(&tag)) return false;
    if (tag == kItemTypeTag && !has_type) {
      has_type = true;
      if (!inner.ReadVarint(&type)) return false;
    } else if (tag == kItemMessageTag && !has_message) {
      has_message = true;
      if (!inner.ReadBytes(message)) return false;
    } else if (!inner.Skip(tag)) {
      return false;
    }
  }
  if (has_message && type <= UINT32_MAX) *field = table.FindByNumber(static_cast<uint32_t>(type));
  return true;
}

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_MESSAGE_ON_WIRE_H_
