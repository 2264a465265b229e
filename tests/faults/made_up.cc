#include "tests/faults/made_up.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace portico::faults {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Messages may contain themselves.
constexpr int kMaxDepth = 6;
constexpr int kMaxItems = 100;

std::string Text(const FieldDescriptor& field, int item) {
  const std::string& name = field.name();
  if (name == "id" || absl::EndsWith(name, "_id")) return absl::StrCat("id-", item);
  if (absl::StrContains(name, "url")) return absl::StrCat("https://example.com/", name, "/", item);
  if (absl::StrContains(name, "email")) return "someone@example.com";
  if (absl::StrContains(name, "currency")) return "USD";
  return absl::StrCat("some ", name);
}

// A field's value as text, by which keys are compared and copied.
std::string ValueOf(const Message& message, const FieldDescriptor& field, int index = -1) {
  const auto& reflection = *message.GetReflection();
  const bool repeated = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return repeated ? reflection.GetRepeatedString(message, &field, index) : reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(repeated ? reflection.GetRepeatedInt32(message, &field, index)
                                   : reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(repeated ? reflection.GetRepeatedInt64(message, &field, index)
                                   : reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(repeated ? reflection.GetRepeatedUInt32(message, &field, index)
                                   : reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(repeated ? reflection.GetRepeatedUInt64(message, &field, index)
                                   : reflection.GetUInt64(message, &field));
    default:
      return "";
  }
}

long long Number(const std::string& text, long long otherwise) {
  long long number = 0;
  return absl::SimpleAtoi(text, &number) ? number : otherwise;
}

// Sets a field, or adds to a repeated one. `known` is the value it should have, if there is one.
void Put(const FieldDescriptor& field, const std::string& known, int item, Message* message) {
  const auto& reflection = *message->GetReflection();
  const auto put = [&](auto set, auto add, auto value) {
    if (field.is_repeated()) {
      (reflection.*add)(message, &field, value);
    } else {
      (reflection.*set)(message, &field, value);
    }
  };
  using R = google::protobuf::Reflection;
  const long long number = Number(known, item);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return put(&R::SetString, &R::AddString, known.empty() ? Text(field, item) : known);
    case FieldDescriptor::CPPTYPE_INT32:
      return put(&R::SetInt32, &R::AddInt32, static_cast<int32_t>(number));
    case FieldDescriptor::CPPTYPE_INT64:
      return put(&R::SetInt64, &R::AddInt64, static_cast<int64_t>(number));
    case FieldDescriptor::CPPTYPE_UINT32:
      return put(&R::SetUInt32, &R::AddUInt32, static_cast<uint32_t>(number));
    case FieldDescriptor::CPPTYPE_UINT64:
      return put(&R::SetUInt64, &R::AddUInt64, static_cast<uint64_t>(number));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return put(&R::SetDouble, &R::AddDouble, 4.5);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return put(&R::SetFloat, &R::AddFloat, 4.5f);
    case FieldDescriptor::CPPTYPE_BOOL:
      return put(&R::SetBool, &R::AddBool, true);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto& values = *field.enum_type();
      return put(&R::SetEnum, &R::AddEnum, values.value(std::min(1, values.value_count() - 1)));
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

class Maker {
 public:
  Maker(const Message& request, const std::string& missing) : request_(request), missing_(missing) {}

  // `key_name` and `key`: the field that a list's item is known by, with its value.
  void Fill(Message* message, int depth, int item, const std::string& key_name, const std::string& key) const {
    const Descriptor& type = *message->GetDescriptor();
    // What is not just a message of its fields has a form of its own; absent is always right.
    if (absl::StartsWith(type.full_name(), "google.protobuf.")) {
      if (type.name() == "Timestamp" || type.name() == "Duration") {
        Put(*type.FindFieldByName("seconds"), type.name() == "Timestamp" ? "1700000000" : "1", 1, message);
      } else if (type.name() == "Value") {
        Put(*type.FindFieldByName("string_value"), "some value", 1, message);  // the one that must hold something
      }
      return;
    }
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const auto* const oneof = field.real_containing_oneof();
      if (oneof != nullptr && oneof->field(0) != &field) continue;
      if (field.is_map()) continue;
      if (field.message_type() == nullptr) {
        Put(field, field.name() == key_name ? key : Known(field), item, message);
      } else if (depth < kMaxDepth) {
        AddMessages(field, depth, message);
      }
    }
  }

 private:
  // What the request has under the same name.
  std::string Known(const FieldDescriptor& field) const {
    const FieldDescriptor* same = request_.GetDescriptor()->FindFieldByName(field.name());
    if (same == nullptr || same->is_repeated() || absl::StartsWith(field.name(), "page_")) return "";
    const std::string value = ValueOf(request_, *same);
    return value == "0" ? "" : value;
  }

  void AddMessages(const FieldDescriptor& field, int depth, Message* message) const {
    const auto& reflection = *message->GetReflection();
    if (!field.is_repeated()) return Fill(reflection.MutableMessage(message, &field), depth + 1, 1, "", "");
    const Descriptor& asked = *request_.GetDescriptor();
    for (int i = 0; depth == 0 && i < asked.field_count(); ++i) {
      const FieldDescriptor& keys = *asked.field(i);
      if (!keys.is_repeated() || !absl::EndsWith(keys.name(), "s")) continue;
      const std::string name = keys.name().substr(0, keys.name().size() - 1);
      if (field.message_type()->FindFieldByName(name) == nullptr) continue;
      const int count = request_.GetReflection()->FieldSize(request_, &keys);
      // In an order of its own: nobody has promised that it is the keys'.
      for (int key = count - 1; key >= 0; --key) AddItem(field, name, ValueOf(request_, keys, key), key + 1, message);
      return;
    }
    int count = 2;
    const FieldDescriptor* size = asked.FindFieldByName("page_size");
    if (depth == 0 && size != nullptr && !size->is_repeated()) {
      const long long wanted = Number(ValueOf(request_, *size), 0);
      if (wanted > 0) count = static_cast<int>(std::min<long long>(wanted, kMaxItems));
    }
    for (int item = 1; item <= count; ++item) {
      Fill(reflection.AddMessage(message, &field), depth + 1, item, IdOf(*field.message_type()),
           absl::StrCat("id-", item));
    }
  }

  // The field that tells the items of a list apart: the first that is an id.
  static std::string IdOf(const Descriptor& type) {
    for (int i = 0; i < type.field_count(); ++i) {
      const std::string& name = type.field(i)->name();
      if (name == "id" || absl::EndsWith(name, "_id")) return name;
    }
    return "";
  }

  void AddItem(const FieldDescriptor& field, const std::string& key_name, const std::string& key, int item,
               Message* message) const {
    if (key == missing_) return;
    Fill(message->GetReflection()->AddMessage(message, &field), 1, item, key_name, key);
  }

  const Message& request_;
  const std::string& missing_;
};

}  // namespace

void MakeUp(const Message& request, const std::string& missing, Message* reply) {
  Maker(request, missing).Fill(reply, 0, 1, "", "");
}

}  // namespace portico::faults
