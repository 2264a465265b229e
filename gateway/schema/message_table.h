#ifndef PORTICO_GATEWAY_SCHEMA_MESSAGE_TABLE_H_
#define PORTICO_GATEWAY_SCHEMA_MESSAGE_TABLE_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "gateway/wire/format.h"

namespace google::protobuf {
class Descriptor;
class DescriptorPool;
class EnumDescriptor;
class FieldDescriptor;
}  // namespace google::protobuf

namespace portico::schema {

struct MessageTable;

// The type of a field, numbered like google.protobuf.FieldDescriptorProto.Type.
enum class FieldType : uint8_t {
  kDouble = 1,
  kFloat = 2,
  kInt64 = 3,
  kUint64 = 4,
  kInt32 = 5,
  kFixed64 = 6,
  kFixed32 = 7,
  kBool = 8,
  kString = 9,
  kGroup = 10,
  kMessage = 11,
  kBytes = 12,
  kUint32 = 13,
  kEnum = 14,
  kSfixed32 = 15,
  kSfixed64 = 16,
  kSint32 = 17,
  kSint64 = 18,
};

// Messages whose JSON form is not an object of their fields (ProtoJSON).
enum class WellKnown : uint8_t {
  kNone,
  kAny,
  kTimestamp,
  kDuration,
  kFieldMask,
  kStruct,
  kValue,
  kListValue,
  kWrapper,  // DoubleValue ... BytesValue: the JSON of their field 1
};

// An enum's names and numbers. Immutable once built.
struct EnumTable {
  std::string full_name;
  bool closed = false;                                   // proto2: an unknown number is an error on input
  bool null_value = false;                               // google.protobuf.NullValue: its JSON is null
  int32_t first_number = 0;                              // the default value of a field of this type
  absl::flat_hash_map<std::string, int32_t> numbers;     // aliases included
  absl::flat_hash_map<int32_t, std::string> json_names;  // the first name of each number, quoted: "\"PAPERBACK\""

  const int32_t* FindNumber(absl::string_view name) const;
  const std::string* FindJsonName(int32_t number) const;
};

// A member's key with a comma before it, ",\"listPrice\":", in a place of fixed size, so that it is copied without
// looking at its length. Longer keys have none.
struct ShortKey {
  static constexpr size_t kRoom = 32;

  uint8_t size = 0;  // 0: none
  std::array<char, kRoom + 1> text{};

  // `key` is the key without the comma.
  void Set(absl::string_view key) {
    if (key.size() >= kRoom) return;
    text[0] = ',';
    std::copy(key.begin(), key.end(), text.begin() + 1);
    size = static_cast<uint8_t>(key.size() + 1);
  }
};

// What the transcoder needs to know of one field. Immutable once built.
struct FieldTable {
  uint32_t number = 0;
  uint32_t tag = 0;         // of one value; packed ones have packed_tag; 0 for a number that no tag can hold
  uint32_t packed_tag = 0;  // 0 when values of this type cannot be packed
  FieldType type = FieldType::kInt32;
  bool repeated = false;  // maps included
  bool packed = false;    // how it is written; both forms are accepted
  bool map = false;       // message is then the entry type: key = 1, value = 2
  bool has_presence = false;
  bool required = false;          // proto2
  bool message_set_item = false;  // an extension of a MessageSet, which stands on the wire as an item
  bool utf8 = true;               // parsers refuse its strings unless they are UTF-8 (proto3); JSON asks for it always
  int oneof = -1;                 // index of the real oneof, -1 when none
  uint16_t index = 0;             // position in MessageTable::fields
  uint64_t default_bits = 0;      // proto2 default of a scalar: its varint or fixed value
  std::string default_bytes;      // proto2 default of a string or bytes field
  std::string name;               // as in the .proto file; extensions: "[full.name]"
  std::string json_name;          // lowerCamelCase, or as json_name says; extensions: "[full.name]"
  std::string json_key;           // json_name as a JSON string and a colon: "\"listPrice\":"
  std::string proto_key;          // the same of name
  ShortKey short_json_key;        // json_key, where it is short
  ShortKey short_proto_key;
  const MessageTable* message = nullptr;  // kMessage, kGroup and maps
  const EnumTable* enum_type = nullptr;   // kEnum
};

// What the transcoder needs to know of one message type, compiled from its descriptor when the schema loads, so that
// no request looks at a descriptor. Immutable once built; addresses are stable for the life of its Tables.
struct MessageTable {
  std::string full_name;
  WellKnown well_known = WellKnown::kNone;
  bool map_entry = false;
  bool message_set = false;        // option message_set_wire_format: its extensions are items, groups of number 1
  std::vector<FieldTable> fields;  // by ascending number; known extensions included
  std::vector<uint16_t> required;  // indexes of the required fields (proto2)
  int oneofs = 0;
  const google::protobuf::Descriptor* descriptor = nullptr;

  // By field number, O(1) for small numbers; nullptr when unknown.
  const FieldTable* FindByNumber(uint32_t number) const {
    if (number < by_number.size()) {
      const uint16_t at = by_number[number];
      return at == kNoField ? nullptr : &fields[at];
    }
    return FindSparse(number);
  }
  // By JSON name or original name, as JSON input may have either.
  const FieldTable* FindByName(absl::string_view name) const;
  // By the name in the .proto file only.
  const FieldTable* FindByProtoName(absl::string_view name) const;

  static constexpr uint16_t kNoField = 0xffff;
  std::vector<uint16_t> by_number;  // dense part: number -> index in fields
  absl::flat_hash_map<std::string, uint16_t> by_name;
  const FieldTable* FindSparse(uint32_t number) const;
};

// Finds the table of a message type by its full name: what the JSON of google.protobuf.Any needs.
class TypeResolver {
 public:
  virtual ~TypeResolver() = default;
  // nullptr when no loaded contract has the type. Thread-safe.
  virtual const MessageTable* FindMessage(absl::string_view full_name) const = 0;
};

// Owns the tables of the message types of one descriptor pool. Built while a schema loads, by one thread; then
// immutable and safe to read from any. REQUIRES: the pool outlives it.
class Tables final : public TypeResolver {
 public:
  Tables();
  ~Tables() override;
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

  // The table of `descriptor`, built with everything it refers to when it is not there yet.
  const MessageTable& Add(const google::protobuf::Descriptor* descriptor);

  // Only types that were added, or that an added one refers to.
  const MessageTable* FindMessage(absl::string_view full_name) const override;

 private:
  const EnumTable& AddEnum(const google::protobuf::EnumDescriptor* descriptor);
  FieldTable MakeField(const google::protobuf::FieldDescriptor& descriptor);

  absl::flat_hash_map<std::string, std::unique_ptr<MessageTable>> messages_;
  absl::flat_hash_map<std::string, std::unique_ptr<EnumTable>> enums_;
};

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_MESSAGE_TABLE_H_
