#include "gateway/schema/message_table.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "gateway/json/writer.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace portico::schema {
namespace {

namespace pb = google::protobuf;

// Up to this number a field is found by an index; beyond it, by a search, so that a field numbered 536870911 does not
// cost a gigabyte.
constexpr uint32_t kMaxDenseNumber = 1023;

WellKnown WellKnownOf(const std::string& full_name) {
  static constexpr struct {
    const char* name;
    WellKnown kind;
  } kTypes[] = {
      {"Any", WellKnown::kAny},
      {"Timestamp", WellKnown::kTimestamp},
      {"Duration", WellKnown::kDuration},
      {"FieldMask", WellKnown::kFieldMask},
      {"Struct", WellKnown::kStruct},
      {"Value", WellKnown::kValue},
      {"ListValue", WellKnown::kListValue},
      {"DoubleValue", WellKnown::kWrapper},
      {"FloatValue", WellKnown::kWrapper},
      {"Int64Value", WellKnown::kWrapper},
      {"UInt64Value", WellKnown::kWrapper},
      {"Int32Value", WellKnown::kWrapper},
      {"UInt32Value", WellKnown::kWrapper},
      {"BoolValue", WellKnown::kWrapper},
      {"StringValue", WellKnown::kWrapper},
      {"BytesValue", WellKnown::kWrapper},
  };
  static constexpr char kPackage[] = "google.protobuf.";
  if (full_name.compare(0, sizeof(kPackage) - 1, kPackage) != 0) return WellKnown::kNone;
  for (const auto& type : kTypes) {
    if (full_name.compare(sizeof(kPackage) - 1, std::string::npos, type.name) == 0) return type.kind;
  }
  return WellKnown::kNone;
}

// A member's name as it stands in JSON: json_name may hold any character.
std::string JsonKey(const std::string& name) {
  std::string key;
  json::AppendString(name, &key);
  key += ':';
  return key;
}

wire::WireType WireTypeOf(FieldType type) {
  switch (type) {
    case FieldType::kDouble:
    case FieldType::kFixed64:
    case FieldType::kSfixed64:
      return wire::WireType::kFixed64;
    case FieldType::kFloat:
    case FieldType::kFixed32:
    case FieldType::kSfixed32:
      return wire::WireType::kFixed32;
    case FieldType::kString:
    case FieldType::kBytes:
    case FieldType::kMessage:
      return wire::WireType::kBytes;
    case FieldType::kGroup:
      return wire::WireType::kStartGroup;
    default:
      return wire::WireType::kVarint;
  }
}

template <class To, class From>
uint64_t BitsOf(From value) {
  To bits;
  static_assert(sizeof(To) == sizeof(From));
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

uint64_t DefaultBits(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return static_cast<uint64_t>(int64_t{field.default_value_int32()});
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return static_cast<uint64_t>(field.default_value_int64());
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return field.default_value_uint32();
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return field.default_value_uint64();
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return BitsOf<uint64_t>(field.default_value_double());
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return BitsOf<uint32_t>(field.default_value_float());
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return field.default_value_bool() ? 1 : 0;
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return static_cast<uint64_t>(int64_t{field.default_value_enum()->number()});
    case pb::FieldDescriptor::CPPTYPE_STRING:
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return 0;
}

}  // namespace

const int32_t* EnumTable::FindNumber(absl::string_view name) const {
  const auto found = numbers.find(name);
  return found == numbers.end() ? nullptr : &found->second;
}

const std::string* EnumTable::FindJsonName(int32_t number) const {
  const auto found = json_names.find(number);
  return found == json_names.end() ? nullptr : &found->second;
}

const FieldTable* MessageTable::FindByName(absl::string_view name) const {
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : &fields[found->second];
}

const FieldTable* MessageTable::FindByProtoName(absl::string_view name) const {
  const FieldTable* const field = FindByName(name);
  if (field != nullptr && field->name == name) return field;
  // The name is another field's JSON name, or no field's at all.
  for (const FieldTable& other : fields) {
    if (other.name == name) return &other;
  }
  return nullptr;
}

const FieldTable* MessageTable::FindSparse(uint32_t number) const {
  const auto found = std::lower_bound(fields.begin(), fields.end(), number,
                                      [](const FieldTable& field, uint32_t n) { return field.number < n; });
  return found != fields.end() && found->number == number ? &*found : nullptr;
}

Tables::Tables() = default;
Tables::~Tables() = default;

const MessageTable* Tables::FindMessage(absl::string_view full_name) const {
  const auto found = messages_.find(full_name);
  return found == messages_.end() ? nullptr : found->second.get();
}

const EnumTable& Tables::AddEnum(const pb::EnumDescriptor* descriptor) {
  std::unique_ptr<EnumTable>& slot = enums_[descriptor->full_name()];
  if (slot != nullptr) return *slot;
  slot = std::make_unique<EnumTable>();
  EnumTable& table = *slot;
  table.full_name = descriptor->full_name();
  table.closed = descriptor->file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO2;
  table.null_value = table.full_name == "google.protobuf.NullValue";
  table.first_number = descriptor->value(0)->number();
  for (int i = 0; i < descriptor->value_count(); ++i) {
    const pb::EnumValueDescriptor& value = *descriptor->value(i);
    table.numbers.emplace(value.name(), value.number());
    table.json_names.emplace(value.number(), absl::StrCat("\"", value.name(), "\""));
  }
  return table;
}

FieldTable Tables::MakeField(const pb::FieldDescriptor& descriptor) {
  FieldTable field;
  field.number = static_cast<uint32_t>(descriptor.number());
  field.type = static_cast<FieldType>(descriptor.type());
  field.repeated = descriptor.is_repeated();
  field.packed = descriptor.is_packed();
  field.map = descriptor.is_map();
  field.has_presence = descriptor.has_presence();
  field.required = descriptor.is_required();
  field.utf8 = descriptor.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3;
  if (const pb::OneofDescriptor* const oneof = descriptor.real_containing_oneof()) field.oneof = oneof->index();
  const wire::WireType wire_type = WireTypeOf(field.type);
  field.message_set_item = descriptor.containing_type()->options().message_set_wire_format();
  // The numbers of a MessageSet go up to 2^31-2, beyond those of tags.
  if (field.number <= wire::kMaxFieldNumber) field.tag = wire::MakeTag(field.number, wire_type);
  if (descriptor.is_packable()) field.packed_tag = wire::MakeTag(field.number, wire::WireType::kBytes);
  if (!field.repeated) {
    field.default_bits = DefaultBits(descriptor);
    if (descriptor.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
      field.default_bytes = descriptor.default_value_string();
    }
  }
  if (descriptor.is_extension()) {
    field.name = absl::StrCat("[", descriptor.full_name(), "]");
    field.json_name = field.name;
  } else {
    field.name = descriptor.name();
    field.json_name = descriptor.json_name();
  }
  field.json_key = JsonKey(field.json_name);
  field.proto_key = JsonKey(field.name);
  field.short_json_key.Set(field.json_key);
  field.short_proto_key.Set(field.proto_key);
  if (descriptor.message_type() != nullptr) field.message = &Add(descriptor.message_type());
  if (descriptor.enum_type() != nullptr) field.enum_type = &AddEnum(descriptor.enum_type());
  return field;
}

const MessageTable& Tables::Add(const pb::Descriptor* descriptor) {
  const auto [slot, is_new] = messages_.try_emplace(descriptor->full_name());
  if (!is_new) return *slot->second;
  // In place before its fields are built: they may refer to it.
  slot->second = std::make_unique<MessageTable>();
  MessageTable& table = *slot->second;
  table.full_name = descriptor->full_name();
  table.well_known = WellKnownOf(table.full_name);
  table.map_entry = descriptor->options().map_entry();
  table.message_set = descriptor->options().message_set_wire_format();
  table.oneofs = descriptor->real_oneof_decl_count();
  table.descriptor = descriptor;

  std::vector<const pb::FieldDescriptor*> fields;
  for (int i = 0; i < descriptor->field_count(); ++i) fields.push_back(descriptor->field(i));
  if (descriptor->extension_range_count() > 0) {
    std::vector<const pb::FieldDescriptor*> extensions;
    descriptor->file()->pool()->FindAllExtensions(descriptor, &extensions);
    fields.insert(fields.end(), extensions.begin(), extensions.end());
  }
  std::sort(fields.begin(), fields.end(), [](const auto* a, const auto* b) { return a->number() < b->number(); });

  table.fields.reserve(fields.size());
  for (const pb::FieldDescriptor* const field : fields) {
    table.fields.push_back(MakeField(*field));
    table.fields.back().index = static_cast<uint16_t>(table.fields.size() - 1);
  }
  for (const FieldTable& field : table.fields) {
    if (field.required) table.required.push_back(field.index);
    if (field.number > kMaxDenseNumber) continue;
    if (table.by_number.size() <= field.number) table.by_number.resize(field.number + 1, MessageTable::kNoField);
    table.by_number[field.number] = field.index;
  }
  // Where one field's JSON name is another's original name, the JSON name has precedence.
  for (const FieldTable& field : table.fields) table.by_name.emplace(field.json_name, field.index);
  for (const FieldTable& field : table.fields) table.by_name.emplace(field.name, field.index);
  return table;
}

}  // namespace portico::schema
