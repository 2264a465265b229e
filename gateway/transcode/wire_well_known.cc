// The well-known types on their way from wire to JSON (ProtoJSON's table; the comments of their .proto files).
#include <bit>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "gateway/json/writer.h"
#include "gateway/transcode/json_message_writer.h"
#include "gateway/transcode/scalar_text.h"
#include "gateway/transcode/well_known_text.h"

namespace portico::transcode {

using schema::FieldTable;
using schema::MessageTable;
using schema::WellKnown;
using wire::MakeTag;
using wire::WireType;

namespace {

constexpr uint32_t kVarint1 = MakeTag(1, WireType::kVarint);
constexpr uint32_t kVarint2 = MakeTag(2, WireType::kVarint);
constexpr uint32_t kBytes1 = MakeTag(1, WireType::kBytes);
constexpr uint32_t kBytes2 = MakeTag(2, WireType::kBytes);

// Calls visit(tag, value) for every field. False when malformed, or when visit() says so.
template <class Visit>
bool ForEachField(std::span<const absl::string_view> pieces, Visit visit) {
  for (const absl::string_view piece : pieces) {
    wire::Reader in(piece);
    while (!in.done()) {
      uint32_t tag;
      WireValue value;
      if (!in.ReadTag(&tag) || !ReadWireValue(tag, &in, &value) || !visit(tag, value)) return false;
    }
  }
  return true;
}

}  // namespace

bool JsonMessageWriter::WriteSecondsAndNanos(bool timestamp, Pieces pieces, const Place* place) {
  SecondsAndNanos value;
  // As serializers write it: seconds, then nanos.
  wire::Reader in(pieces.front());
  uint64_t seconds = 0;
  uint64_t nanos = 0;
  const bool usual = pieces.size() == 1 && (!in.ConsumeTag(kVarint1) || in.ReadVarint(&seconds)) &&
                     (!in.ConsumeTag(kVarint2) || in.ReadVarint(&nanos)) && in.done();
  value.seconds = static_cast<int64_t>(seconds);
  value.nanos = static_cast<int32_t>(nanos);
  const bool whole = usual || ForEachField(pieces, [&value](uint32_t tag, const WireValue& field) {
                       if (tag == kVarint1) value.seconds = static_cast<int64_t>(field.bits);
                       if (tag == kVarint2) value.nanos = static_cast<int32_t>(field.bits);
                       return true;
                     });
  if (!whole) return FailMalformed(place);
  if (timestamp ? AppendTimestamp(value, &out_) : AppendDuration(value, &out_)) return true;
  return Fail(place, timestamp ? "the timestamp is out of range" : "the duration is out of range");
}

bool JsonMessageWriter::WriteFieldMask(Pieces pieces, const Place* place) {
  bool first = true, good = true;
  out_.Append('"');
  const bool whole = ForEachField(pieces, [&](uint32_t tag, const WireValue& path) {
    if (tag != kBytes1) return true;
    if (!first) out_.Append(',');
    first = false;
    good = good && AppendMaskPath(path.bytes, &out_);
    return true;
  });
  out_.Append('"');
  if (!whole) return FailMalformed(place);
  return good || Fail(place, "a path of the field mask has no JSON form");
}

bool JsonMessageWriter::WriteStruct(const MessageTable& table, Pieces pieces, const Place* place) {
  const FieldTable& members = table.fields[0];
  const Place here{.outer = place, .field = &members};
  Entries entries;
  const bool whole = ForEachField(pieces, [&](uint32_t tag, const WireValue& entry) {
    return tag != members.tag || ReadEntry(members, entry.bytes, &here, &entries);
  });
  if (!whole) return FailMalformed(place);
  return WriteEntries(members, &entries, &here);
}

bool JsonMessageWriter::WriteListValue(const MessageTable& table, Pieces pieces, const Place* place) {
  const FieldTable& values = table.fields[0];
  Place here{.outer = place, .field = &values, .index = 0};
  bool first = true;
  Open('[');
  const bool whole = ForEachField(pieces, [&](uint32_t tag, const WireValue& element) {
    return tag != values.tag || WriteElement(values, element, &here, nullptr, &first);
  });
  if (!whole) return FailMalformed(&here);
  Close(']', first);
  return true;
}

bool JsonMessageWriter::WriteStructValue(const MessageTable& table, Pieces pieces, const Place* place) {
  const FieldTable* kind = nullptr;
  WireValue value;
  PieceList messages;  // that the value is made of, where it is one
  const bool whole = ForEachField(pieces, [&](uint32_t tag, const WireValue& next) {
    const FieldTable* const field = table.FindByNumber(wire::FieldNumber(tag));
    if (field == nullptr || tag != field->tag) return true;
    if (field != kind) messages.clear();
    if (field->message != nullptr) messages.push_back(next.bytes);
    value = next;
    kind = field;
    return true;
  });
  if (!whole) return FailMalformed(place);
  if (kind == nullptr) return Fail(place, "the google.protobuf.Value holds no value");
  if (kind->type == schema::FieldType::kDouble && !std::isfinite(std::bit_cast<double>(value.bits))) {
    return Fail(place, "a google.protobuf.Value must not be NaN or infinite");
  }
  if (kind->message != nullptr) return WriteMessage(*kind->message, messages, place, nullptr);
  return WriteValue(*kind, value, place, nullptr);
}

bool JsonMessageWriter::WriteWrapper(const MessageTable& table, Pieces pieces, const Place* place) {
  const FieldTable& field = table.fields[0];
  WireValue value;
  const bool whole = ForEachField(pieces, [&](uint32_t tag, const WireValue& next) {
    if (tag == field.tag) value = next;
    return true;
  });
  return whole ? WriteValue(field, value, place, nullptr) : FailMalformed(place);
}

bool JsonMessageWriter::WriteAny(Pieces pieces, const Place* place) {
  absl::string_view type_url, content;
  const bool whole = ForEachField(pieces, [&](uint32_t tag, const WireValue& field) {
    if (tag == kBytes1) type_url = field.bytes;
    if (tag == kBytes2) content = field.bytes;
    return true;
  });
  if (!whole) return FailMalformed(place);
  if (type_url.empty()) {
    if (!content.empty()) return Fail(place, "the Any has a value, but no type");
    out_.Append(absl::string_view("{}"));
    return true;
  }
  const size_t slash = type_url.rfind('/');
  const MessageTable* const table =
      slash == absl::string_view::npos ? nullptr : types_.FindMessage(type_url.substr(slash + 1));
  if (table == nullptr) return Fail(place, absl::StrCat("the Any is of no known contract: ", Quote(type_url)));
  bool first = true;
  Open('{');
  Separate(&first);
  out_.Append(absl::string_view("\"@type\":"));
  if (options_.pretty) out_.Append(' ');
  if (!json::AppendString(type_url, &out_)) return FailForGood(place, "the type URL is not UTF-8");
  bool written = false;
  if (table->well_known == WellKnown::kNone) {
    written = WriteFields(*table, Pieces(&content, 1), place, nullptr, &first);
  } else {
    Separate(&first);
    out_.Append(absl::string_view("\"value\":"));
    if (options_.pretty) out_.Append(' ');
    written = WriteMessage(*table, Pieces(&content, 1), place, nullptr);
  }
  // To a parser the value is bytes: whatever is wrong with it, another may override it.
  if (!written) for_good_ = false;
  Close('}', first);
  return written;
}

}  // namespace portico::transcode
