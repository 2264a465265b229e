#include "gateway/compose/wire_path.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/wire/reader.h"
#include "gateway/wire/writer.h"

namespace portico::compose {
namespace {

using schema::FieldTable;
using schema::FieldType;
using wire::WireType;

bool IsMessage(const FieldTable& field) {
  return field.type == FieldType::kMessage || field.type == FieldType::kGroup;
}

// The wire type of one value of the field.
WireType TypeOfField(FieldType type) {
  switch (type) {
    case FieldType::kDouble:
    case FieldType::kFixed64:
    case FieldType::kSfixed64:
      return WireType::kFixed64;
    case FieldType::kFloat:
    case FieldType::kFixed32:
    case FieldType::kSfixed32:
      return WireType::kFixed32;
    case FieldType::kString:
    case FieldType::kBytes:
    case FieldType::kMessage:
      return WireType::kBytes;
    case FieldType::kGroup:
      return WireType::kStartGroup;
    default:
      return WireType::kVarint;
  }
}

// Reads the value behind `tag`.
bool ReadValue(wire::Reader& reader, uint32_t tag, WireValue* value) {
  value->type = wire::TypeOf(tag);
  if (value->type == WireType::kBytes) return reader.ReadBytes(&value->bytes);
  const char* const start = reader.position();
  if (!reader.Skip(tag)) return false;
  value->bytes = absl::string_view(start, static_cast<size_t>(reader.position() - start));
  return true;
}

// Whether a value of `field` is gone when one with `tag` comes after it: another member of its oneof.
bool IsReplacedBy(const FieldTable& field, uint32_t tag, const schema::MessageTable& table) {
  const FieldTable* const other = table.FindByNumber(wire::FieldNumber(tag));
  return other != nullptr && other->oneof == field.oneof && wire::TypeOf(tag) == TypeOfField(other->type);
}

}  // namespace

void AppendField(uint32_t number, const WireValue& value, std::string* out) {
  if (value.type == WireType::kBytes) {
    wire::AppendBytesField(number, value.bytes, out);
    return;
  }
  wire::AppendTag(number, value.type, out);
  out->append(value.bytes.data(), value.bytes.size());
}

absl::StatusOr<WirePath> WirePath::Compile(const schema::MessageTable& root, absl::string_view path) {
  WirePath compiled;
  if (path.empty()) return compiled;
  const schema::MessageTable* table = &root;
  for (absl::string_view name : absl::StrSplit(path, '.')) {
    if (table == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", compiled.leaf().name, "\" has no fields, so there is no \"", name, "\" in it"));
    }
    const FieldTable* field = table->FindByProtoName(name);
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(table->full_name, " has no field \"", name, "\""));
    }
    if (field->type == FieldType::kGroup) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\" is a group, which composition does not reach into"));
    }
    compiled.steps_.push_back(field);
    compiled.tables_.push_back(table);
    compiled.repeated_ |= field->repeated;
    table = field->map ? nullptr : field->message;
  }
  return compiled;
}

WirePath WirePath::Rest() const {
  WirePath rest;
  rest.steps_.assign(steps_.begin() + 1, steps_.end());
  rest.tables_.assign(tables_.begin() + 1, tables_.end());
  for (const FieldTable* step : rest.steps_) rest.repeated_ |= step->repeated;
  return rest;
}

void WirePath::CollectFrom(absl::Span<const absl::string_view> message, size_t step, WireValues* values) const {
  if (steps_.empty()) {
    for (absl::string_view chunk : message) values->push_back({WireType::kBytes, chunk});
    return;
  }
  const FieldTable& field = *steps_[step];
  const WireType expected = TypeOfField(field.type);
  WireValues found;
  for (absl::string_view chunk : message) {
    wire::Reader reader(chunk);
    uint32_t tag = 0;
    while (!reader.done() && reader.ReadTag(&tag)) {
      if (wire::FieldNumber(tag) != field.number) {
        if (!reader.Skip(tag)) break;
        if (field.oneof >= 0 && IsReplacedBy(field, tag, *tables_[step])) found.clear();
        continue;
      }
      WireValue value;
      if (!ReadValue(reader, tag, &value)) break;
      const bool packed = field.repeated && value.type == WireType::kBytes;
      if (value.type == expected || packed) found.push_back(value);
    }
  }
  if (found.empty()) return;
  if (step + 1 == steps_.size()) {
    if (!field.repeated && !IsMessage(field)) {
      values->push_back(found.back());
    } else {
      values->insert(values->end(), found.begin(), found.end());
    }
    return;
  }
  if (field.repeated) {
    for (const WireValue& element : found) CollectFrom({element.bytes}, step + 1, values);
    return;
  }
  absl::InlinedVector<absl::string_view, 4> chunks;
  for (const WireValue& value : found) chunks.push_back(value.bytes);
  CollectFrom(chunks, step + 1, values);
}

void WirePath::AppendWrapped(std::string leaf, std::string* message) const {
  for (size_t i = steps_.size() - 1; i-- > 0;) {
    std::string outer;
    wire::AppendBytesField(steps_[i]->number, leaf, &outer);
    leaf = std::move(outer);
  }
  message->append(leaf);
}

}  // namespace portico::compose
