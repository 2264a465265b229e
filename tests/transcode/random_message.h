#ifndef PORTICO_TESTS_TRANSCODE_RANDOM_MESSAGE_H_
#define PORTICO_TESTS_TRANSCODE_RANDOM_MESSAGE_H_

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/field_comparator.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/transcode/test_contracts.h"

namespace portico::transcode {

namespace pb = google::protobuf;

// NaN equals NaN here.
inline bool Same(const pb::Message& a, const pb::Message& b) {
  pb::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  pb::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  return differencer.Compare(a, b);
}

// Fills messages at random. The same seed gives the same messages.
class RandomMessage {
 public:
  // How many seeds the tests try; two seeds so far apart give maps without a common key.
  static constexpr uint32_t kMessages = 400;

  explicit RandomMessage(uint32_t seed) : seed_(static_cast<int>(seed)), random_(seed) {}

  void Fill(pb::Message* message, int depth) {
    const pb::Descriptor& type = *message->GetDescriptor();
    if (FillWellKnown(message, depth)) return;
    const pb::Reflection& reflection = *message->GetReflection();
    for (int i = 0; i < type.field_count(); ++i) {
      const pb::FieldDescriptor* const field = type.field(i);
      // `value` must hold something; the library of 3.21 loses NullValue, and mixes up the odd names.
      if (!field->is_required() && (Below(depth > 0 ? 3 : 8) != 0 || IsLeftOut(*field))) continue;
      if (field->message_type() != nullptr && depth >= 4) continue;
      const int count = field->is_repeated() ? 1 + Below(4) : 1;
      for (int n = 0; n < count; ++n) {
        if (field->is_map()) {
          AddEntry(message, field, depth);
        } else {
          Set(message, reflection, field, depth);
        }
      }
    }
  }

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

 private:
  static bool IsLeftOut(const pb::FieldDescriptor& field) {
    return field.enum_type() != nullptr && field.enum_type()->full_name() == "google.protobuf.NullValue";
  }

  uint64_t Number() {
    const uint64_t bits = uint64_t{random_()} << 32 | random_();
    return bits >> Below(64);
  }

  std::string Text() {
    static const char* const kPieces[] = {"a",  "B",  "\u00e9", "\u20ac", "\U0001f600", "\"",
                                          "\\", "\n", "\x01",   "</",     " ",          "plain text of some length"};
    std::string text;
    for (int n = Below(5); n > 0; --n) text += kPieces[Below(static_cast<int>(std::size(kPieces)))];
    return text;
  }

  double Real() {
    switch (Below(5)) {
      case 0:
        return Below(1000);
      case 1:
        return Below(100000) / 100.0;
      case 2:
        return std::numeric_limits<double>::infinity();
      default: {
        const uint64_t bits = uint64_t{random_()} << 32 | random_();
        double value;
        std::memcpy(&value, &bits, sizeof(value));
        return std::isnan(value) ? 0.1 : value;
      }
    }
  }

  template <class Name>
  const pb::FieldDescriptor* Field(const pb::Message& message, Name name) {
    return message.GetDescriptor()->FindFieldByName(name);
  }

  bool FillWellKnown(pb::Message* message, int depth) {
    const std::string& name = message->GetDescriptor()->full_name();
    const pb::Reflection& reflection = *message->GetReflection();
    if (name == "google.protobuf.Timestamp") {
      reflection.SetInt64(message, Field(*message, "seconds"), static_cast<int64_t>(Number() % 253402300800));
      reflection.SetInt32(message, Field(*message, "nanos"), Below(2) * Below(1000000000));
    } else if (name == "google.protobuf.Duration") {
      const int sign = Below(2) == 0 ? 1 : -1;
      reflection.SetInt64(message, Field(*message, "seconds"), sign * static_cast<int64_t>(Number() % 315576000000));
      reflection.SetInt32(message, Field(*message, "nanos"), sign * Below(2) * Below(1000000000));
    } else if (name == "google.protobuf.FieldMask") {
      for (const char* path : {"a", "b_c.d", "long_name_of_a_field"}) {
        if (Below(2) == 0) reflection.AddString(message, Field(*message, "paths"), path);
      }
    } else if (name == "google.protobuf.Any") {
      // No lists: packed or not, they are the same message in other bytes, and bytes are what is compared here.
      pb::Message* const inner = inner_.get();
      inner->Clear();
      inner->GetReflection()->SetString(inner, Field(*inner, "name"), Text());
      inner->GetReflection()->SetInt32(inner, Field(*inner, "count"), Below(3));
      reflection.SetString(message, Field(*message, "type_url"), "type.googleapis.com/tests.Inner");
      reflection.SetString(message, Field(*message, "value"), inner->SerializeAsString());
    } else if (name == "google.protobuf.Value") {
      const int kind = Below(depth >= 6 ? 3 : 5);
      if (kind == 0) reflection.SetDouble(message, Field(*message, "number_value"), Below(1000) / 8.0);
      if (kind == 1) reflection.SetString(message, Field(*message, "string_value"), Text());
      if (kind == 2) reflection.SetBool(message, Field(*message, "bool_value"), Below(2) == 0);
      if (kind == 3) Fill(reflection.MutableMessage(message, Field(*message, "struct_value")), depth + 1);
      if (kind == 4) Fill(reflection.MutableMessage(message, Field(*message, "list_value")), depth + 1);
    } else if (name == "google.protobuf.ListValue") {
      for (int n = Below(4); n > 0; --n) Fill(reflection.AddMessage(message, Field(*message, "values")), depth + 1);
    } else if (name == "google.protobuf.Struct") {
      for (int n = Below(4); n > 0; --n) AddEntry(message, Field(*message, "fields"), depth);
    } else {
      return false;
    }
    return true;
  }

  // Entries with keys that differ, also between fillers kMessages apart: DynamicMessage keeps equal ones side by side.
  void AddEntry(pb::Message* message, const pb::FieldDescriptor* field, int depth) {
    const pb::Reflection& reflection = *message->GetReflection();
    pb::Message* const entry = reflection.AddMessage(message, field);
    const pb::FieldDescriptor* const key = field->message_type()->map_key();
    const pb::FieldDescriptor* const value = field->message_type()->map_value();
    const int n = reflection.FieldSize(*message, field) + 10 * seed_;
    if (key->type() == pb::FieldDescriptor::TYPE_STRING) {
      entry->GetReflection()->SetString(entry, key, absl::StrCat(Text(), n));
    } else if (key->type() == pb::FieldDescriptor::TYPE_BOOL) {
      entry->GetReflection()->SetBool(entry, key, seed_ >= static_cast<int>(kMessages));
      if (reflection.FieldSize(*message, field) > 1) {
        reflection.RemoveLast(message, field);
        return;
      }
    } else if (key->cpp_type() == pb::FieldDescriptor::CPPTYPE_UINT64) {
      entry->GetReflection()->SetUInt64(entry, key, static_cast<uint64_t>(n));
    } else if (key->cpp_type() == pb::FieldDescriptor::CPPTYPE_UINT32) {
      entry->GetReflection()->SetUInt32(entry, key, static_cast<uint32_t>(n));
    } else if (key->cpp_type() == pb::FieldDescriptor::CPPTYPE_INT64) {
      entry->GetReflection()->SetInt64(entry, key, -n);
    } else {
      entry->GetReflection()->SetInt32(entry, key, -n);
    }
    Set(entry, *entry->GetReflection(), value, depth);
  }

  void Set(pb::Message* message, const pb::Reflection& reflection, const pb::FieldDescriptor* field, int depth) {
    const bool repeated = field->is_repeated();
    const auto set = [&](auto add, auto put, auto value) {
      if (repeated) {
        (reflection.*add)(message, field, value);
      } else {
        (reflection.*put)(message, field, value);
      }
    };
    using R = pb::Reflection;
    switch (field->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return set(&R::AddInt32, &R::SetInt32, static_cast<int32_t>(Number()));
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return set(&R::AddInt64, &R::SetInt64, static_cast<int64_t>(Number()));
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return set(&R::AddUInt32, &R::SetUInt32, static_cast<uint32_t>(Number()));
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return set(&R::AddUInt64, &R::SetUInt64, Number());
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return set(&R::AddDouble, &R::SetDouble, Real());
      case pb::FieldDescriptor::CPPTYPE_FLOAT:
        return set(&R::AddFloat, &R::SetFloat, static_cast<float>(Below(100000)) / 64);
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return set(&R::AddBool, &R::SetBool, Below(2) == 0);
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        return set(&R::AddEnumValue, &R::SetEnumValue,
                   field->enum_type()->value(Below(field->enum_type()->value_count()))->number());
      case pb::FieldDescriptor::CPPTYPE_STRING: {
        std::string text = Text();
        if (repeated) return reflection.AddString(message, field, std::move(text));
        return reflection.SetString(message, field, std::move(text));
      }
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(repeated ? reflection.AddMessage(message, field) : reflection.MutableMessage(message, field),
                    depth + 1);
    }
  }

  const int seed_;
  std::mt19937 random_;
  const std::unique_ptr<pb::Message> inner_ = TestContracts::Get().New("tests.Inner");
};

}  // namespace portico::transcode

#endif  // PORTICO_TESTS_TRANSCODE_RANDOM_MESSAGE_H_
