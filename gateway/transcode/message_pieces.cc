#include "gateway/transcode/message_pieces.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "gateway/wire/reader.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {
namespace {

using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;

// A field as it stands on the wire.
struct Occurrence {
  const FieldTable* field = nullptr;  // null: unknown
  bool joins = false;                 // a singular message or group
  absl::string_view all;              // tag and value
  absl::string_view content;          // of one that joins
};

bool Read(const MessageTable& table, wire::Reader* in, Occurrence* occurrence) {
  const char* const begin = in->position();
  uint32_t tag;
  if (!in->ReadTag(&tag)) return false;
  const FieldTable* const field = table.FindByNumber(wire::FieldNumber(tag));
  occurrence->field = field;
  occurrence->joins = field != nullptr && field->tag == tag && field->message != nullptr && !field->repeated;
  if (!occurrence->joins) {
    if (!in->Skip(tag)) return false;
  } else if (field->type == FieldType::kGroup ? !in->ReadGroup(tag, &occurrence->content)
                                              : !in->ReadBytes(&occurrence->content)) {
    return false;
  }
  occurrence->all = {begin, static_cast<size_t>(in->position() - begin)};
  return true;
}

// What is known of one message's fields after a first look.
struct Pieces {
  explicit Pieces(const MessageTable& table) : holders(static_cast<size_t>(table.oneofs)) {}

  // Of each oneof the member that holds it, and since where: another member clears those before.
  struct Holder {
    const FieldTable* field = nullptr;
    const char* since = nullptr;
  };
  std::vector<Holder> holders;
  absl::flat_hash_map<const FieldTable*, size_t> counts;  // of those that join
  bool any = false;                                       // a field is there more than once

  void Add(const Occurrence& occurrence) {
    if (occurrence.field == nullptr) return;
    if (occurrence.field->oneof >= 0) {
      Holder& holder = holders[static_cast<size_t>(occurrence.field->oneof)];
      if (holder.field != occurrence.field) holder = {occurrence.field, occurrence.all.data()};
    }
    if (occurrence.joins && ++counts[occurrence.field] > 1) any = true;
  }

  bool Cleared(const Occurrence& occurrence) const {
    if (occurrence.field->oneof < 0) return false;
    const Holder& holder = holders[static_cast<size_t>(occurrence.field->oneof)];
    return holder.field != occurrence.field || occurrence.all.data() < holder.since;
  }
};

void AppendMessage(const FieldTable& field, absl::string_view content, std::string* out) {
  if (field.type != FieldType::kGroup) return wire::AppendBytesField(field.number, content, out);
  wire::AppendTag(field.number, wire::WireType::kStartGroup, out);
  out->append(content.data(), content.size());
  wire::AppendTag(field.number, wire::WireType::kEndGroup, out);
}

}  // namespace

void JoinPieces(const MessageTable& table, size_t begin, std::string* wire) {
  if (table.message_set) return;
  const absl::string_view message = absl::string_view(*wire).substr(begin);
  Pieces pieces(table);
  Occurrence occurrence;
  for (wire::Reader in(message); !in.done(); pieces.Add(occurrence)) {
    if (!Read(table, &in, &occurrence)) return;
  }
  if (!pieces.any) return;

  absl::flat_hash_map<const FieldTable*, std::string> contents;
  for (wire::Reader in(message); !in.done();) {
    if (!Read(table, &in, &occurrence)) return;
    if (!occurrence.joins || pieces.counts[occurrence.field] == 1 || pieces.Cleared(occurrence)) continue;
    contents[occurrence.field].append(occurrence.content.data(), occurrence.content.size());
  }
  std::string joined = wire->substr(0, begin);
  joined.reserve(wire->size());
  for (wire::Reader in(message); !in.done();) {
    if (!Read(table, &in, &occurrence)) return;
    if (!occurrence.joins || pieces.counts[occurrence.field] == 1) {
      joined.append(occurrence.all.data(), occurrence.all.size());
      continue;
    }
    if (pieces.Cleared(occurrence)) continue;
    const auto content = contents.find(occurrence.field);
    if (content == contents.end()) continue;  // written where the first piece was
    JoinPieces(*occurrence.field->message, 0, &content->second);
    AppendMessage(*occurrence.field, content->second, &joined);
    contents.erase(content);
  }
  *wire = std::move(joined);
}

}  // namespace portico::transcode
