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
// nullptr when it is none that the contract knows, and `*content` to the group's fields, of which every kItemMessageTag
// is a piece of the message (type and message come in any order). False when malformed.
inline bool ReadItem(const schema::MessageTable& table, wire::Reader* in, const schema::FieldTable** field,
                     absl::string_view* content) {
  if (!in->ReadGroup(kItemTag, content)) return false;
  *field = nullptr;
  wire::Reader inner(*content);
  while (!inner.done()) {
    uint32_t tag;
    uint64_t number;
    if (!inner.ReadTag(&tag)) return false;
    if (tag != kItemTypeTag) {
      if (!inner.Skip(tag)) return false;
    } else if (!inner.ReadVarint(&number)) {
      return false;
    } else {
      *field = number <= UINT32_MAX ? table.FindByNumber(static_cast<uint32_t>(number)) : nullptr;
    }
  }
  return true;
}

// Calls visit(bytes) for every piece of the message in an item's content. False when visit() says so.
template <class Visit>
bool ForEachPiece(absl::string_view content, Visit visit) {
  wire::Reader in(content);
  while (!in.done()) {
    uint32_t tag;
    absl::string_view bytes;
    if (!in.ReadTag(&tag)) return false;
    if (tag != kItemMessageTag) {
      if (!in.Skip(tag)) return false;
    } else if (!in.ReadBytes(&bytes) || !visit(bytes)) {
      return false;
    }
  }
  return true;
}

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_MESSAGE_ON_WIRE_H_
