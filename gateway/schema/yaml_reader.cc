#include "gateway/schema/yaml_reader.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "gateway/schema/schema.h"

namespace portico::schema {
namespace {

namespace pb = google::protobuf;

const char* KindOf(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "a mapping";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Scalar:
      return "a value";
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      break;
  }
  return "nothing";
}

// Quoted scalars are strings, whatever they look like.
bool IsPlainScalar(const YAML::Node& node) {
  return node.IsScalar() && node.Tag() != "!";
}

// "UNPOPULATED_EMIT" of the enum Unpopulated -> "emit".
std::string YamlName(const pb::EnumValueDescriptor& value) {
  std::string prefix;
  for (const char c : value.type()->name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return absl::AsciiStrToLower(absl::StripPrefix(value.name(), prefix + "_"));
}

// A message that consists of one oneof is a choice: it may be written as a scalar.
const pb::OneofDescriptor* ChoiceOf(const pb::Descriptor& type) {
  if (type.real_oneof_decl_count() != 1) return nullptr;
  const pb::OneofDescriptor* choice = type.oneof_decl(0);
  return choice->field_count() == type.field_count() ? choice : nullptr;
}

class Reader {
 public:
  Reader(YamlPositions& positions, Diagnostics& diagnostics) : positions_(positions), diagnostics_(diagnostics) {}

  void ReadRoot(const YAML::Node& document, absl::string_view root, pb::Message& message) {
    if (document.IsNull()) return;
    if (!document.IsMap()) return Fail(document, absl::StrCat("expected a mapping, found ", KindOf(document)));
    if (root.empty()) return ReadMessage(document, "", message);
    for (const auto& entry : document) {
      if (entry.first.IsScalar() && entry.first.Scalar() == root && !entry.second.IsNull()) {
        ReadMessage(entry.second, std::string(root), message);
      }
    }
  }

 private:
  void Fail(const YAML::Node& at, std::string message) {
    const YAML::Mark mark = at.Mark();
    // Nodes that the parser makes up, such as the value after "key:" at the end of a file, stand nowhere.
    if (mark.is_null()) return FailAt(positions_.Find(""), std::move(message));
    FailAt({positions_.file(), mark.line + 1, mark.column + 1}, std::move(message));
  }
  void FailAt(Position position, std::string message) { diagnostics_.Add(std::move(position), std::move(message)); }

  void Mark(const std::string& key, const YAML::Node& node) {
    const YAML::Mark mark = node.Mark();
    if (!mark.is_null()) positions_.Set(key, mark.line + 1, mark.column + 1);
  }

  static std::string Join(const std::string& parent, const std::string& key) {
    return parent.empty() ? key : absl::StrCat(parent, ".", key);
  }

  // The keys of a mapping, each once. Calls `read(name, key node, value node)` for every one.
  template <class Read>
  void ForEachKey(const YAML::Node& map, const Read& read) {
    std::set<std::string> seen;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        Fail(entry.first, absl::StrCat("a key must be a name, not ", KindOf(entry.first)));
      } else if (!seen.insert(entry.first.Scalar()).second) {
        Fail(entry.first, absl::StrCat("duplicate key \"", entry.first.Scalar(), "\""));
      } else {
        read(entry.first.Scalar(), entry.first, entry.second);
      }
    }
  }

  void ReadMessage(const YAML::Node& node, const std::string& path, pb::Message& message) {
    const pb::Descriptor& type = *message.GetDescriptor();
    const pb::OneofDescriptor* choice = ChoiceOf(type);
    if (choice != nullptr && node.IsScalar()) return ReadChoice(node, path, *choice, message);
    if (!node.IsMap()) return Fail(node, absl::StrCat(path, ": expected a mapping, found ", KindOf(node)));
    ForEachKey(node, [&](const std::string& name, const YAML::Node& key, const YAML::Node& value) {
      const pb::FieldDescriptor* field = type.FindFieldByName(name);
      if (field == nullptr) return Fail(key, UnknownKey(name, path, type));
      const pb::OneofDescriptor* oneof = field->real_containing_oneof();
      if (oneof != nullptr && message.GetReflection()->HasOneof(message, oneof)) {
        return Fail(key, absl::StrCat(Join(path, name), ": only one of ", Members(*oneof), " may be given"));
      }
      const std::string key_path = Join(path, name);
      Mark(key_path, value.IsScalar() ? value : key);
      ReadField(key, value, key_path, *field, message);
    });
    if (choice != nullptr && !message.GetReflection()->HasOneof(message, choice) && node.size() == 0) {
      Fail(node, absl::StrCat(path, ": expected one of ", Members(*choice)));
    }
  }

  static std::string Members(const pb::OneofDescriptor& oneof) {
    std::vector<std::string> names;
    for (int i = 0; i < oneof.field_count(); ++i) names.push_back(oneof.field(i)->name());
    return absl::StrJoin(names, ", ");
  }

  static std::string UnknownKey(const std::string& name, const std::string& path, const pb::Descriptor& type) {
    std::vector<std::string> names;
    for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
    return absl::StrCat("unknown key \"", name, "\"", path.empty() ? "" : absl::StrCat(" in ", path),
                        "; known: ", absl::StrJoin(names, ", "));
  }

  // "round_robin", "hash: header.x-user".
  void ReadChoice(const YAML::Node& node, const std::string& path, const pb::OneofDescriptor& choice,
                  pb::Message& message) {
    const std::string& text = node.Scalar();
    const size_t colon = text.find(':');
    const std::string name = text.substr(0, colon);
    const pb::Reflection* reflection = message.GetReflection();
    for (int i = 0; i < choice.field_count(); ++i) {
      const pb::FieldDescriptor* field = choice.field(i);
      if (field->name() != name) continue;
      if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_BOOL && colon == std::string::npos) {
        return reflection->SetBool(&message, field, true);
      }
      if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING && colon != std::string::npos) {
        const absl::string_view value = absl::StripAsciiWhitespace(absl::string_view(text).substr(colon + 1));
        return reflection->SetString(&message, field, std::string(value));
      }
    }
    Fail(node, absl::StrCat(path, ": expected one of ", Members(choice), ", found \"", text, "\""));
  }

  void ReadField(const YAML::Node& key, const YAML::Node& value, const std::string& path,
                 const pb::FieldDescriptor& field, pb::Message& message) {
    if (field.is_map()) return ReadMap(key, value, path, field, message);
    if (field.is_repeated()) {
      if (value.IsNull()) return;
      if (!value.IsSequence()) return Fail(value, absl::StrCat(path, ": expected a list, found ", KindOf(value)));
      int index = 0;
      for (const YAML::Node& item : value) {
        const std::string item_path = absl::StrCat(path, "[", index++, "]");
        Mark(item_path, item);
        ReadValue(key, item, item_path, field, message);
      }
      return;
    }
    ReadValue(key, value, path, field, message);
  }

  // Only maps from names to messages: what configurations need.
  void ReadMap(const YAML::Node& /*key*/, const YAML::Node& value, const std::string& path,
               const pb::FieldDescriptor& field, pb::Message& message) {
    if (value.IsNull()) return;
    if (!value.IsMap()) return Fail(value, absl::StrCat(path, ": expected a mapping, found ", KindOf(value)));
    const pb::Descriptor& entry_type = *field.message_type();
    ForEachKey(value, [&](const std::string& name, const YAML::Node& entry_key, const YAML::Node& entry_value) {
      const std::string entry_path = Join(path, name);
      Mark(entry_path, entry_key);
      pb::Message* entry = message.GetReflection()->AddMessage(&message, &field);
      entry->GetReflection()->SetString(entry, entry_type.map_key(), name);
      ReadValue(entry_key, entry_value, entry_path, *entry_type.map_value(), *entry);
    });
  }

  // One value: of a singular field, or one more of a repeated one.
  void ReadValue(const YAML::Node& key, const YAML::Node& node, const std::string& path,
                 const pb::FieldDescriptor& field, pb::Message& message) {
    if (node.IsNull() || !node.IsDefined()) return Fail(key, absl::StrCat(path, " has no value"));
    const pb::Reflection* reflection = message.GetReflection();
    if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      pb::Message* part =
          field.is_repeated() ? reflection->AddMessage(&message, &field) : reflection->MutableMessage(&message, &field);
      if (field.message_type() == pb::Duration::descriptor()) return ReadDuration(node, path, *part);
      return ReadMessage(node, path, *part);
    }
    if (!node.IsScalar()) return Fail(node, absl::StrCat(path, ": expected a value, found ", KindOf(node)));
    if (!ReadScalar(node, path, field, message)) {
      Fail(node, absl::StrCat(path, ": expected ", Expected(field), ", found \"", node.Scalar(), "\""));
    }
  }

  void ReadDuration(const YAML::Node& node, const std::string& path, pb::Message& message) {
    const std::optional<absl::Duration> duration = node.IsScalar() ? ParseDuration(node.Scalar()) : std::nullopt;
    if (!duration.has_value()) {
      return Fail(node, absl::StrCat(path, ": expected a duration such as \"150ms\" or \"2s\", found ",
                                     node.IsScalar() ? absl::StrCat("\"", node.Scalar(), "\"") : KindOf(node)));
    }
    auto& value = static_cast<pb::Duration&>(message);
    const int64_t seconds = absl::ToInt64Seconds(*duration);
    value.set_seconds(seconds);
    value.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(*duration - absl::Seconds(seconds))));
  }

  static std::string Expected(const pb::FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return "true or false";
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return "a number";
      case pb::FieldDescriptor::CPPTYPE_ENUM: {
        std::vector<std::string> names;
        for (int i = 0; i < field.enum_type()->value_count(); ++i)
          names.push_back(YamlName(*field.enum_type()->value(i)));
        return absl::StrCat("one of ", absl::StrJoin(names, ", "));
      }
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return "a whole number from 0 to 4294967295";
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return "a whole number from 0 to 18446744073709551615";
      default:
        return "a text";
    }
  }

  // False when the scalar is not of the field's type, or the field of a type that no schema of ours uses.
  static bool ReadScalar(const YAML::Node& node, const std::string& /*path*/, const pb::FieldDescriptor& field,
                         pb::Message& message) {
    const std::string& text = node.Scalar();
    const pb::Reflection* reflection = message.GetReflection();
    const bool plain = IsPlainScalar(node);
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_STRING:
        if (field.is_repeated()) {
          reflection->AddString(&message, &field, text);
        } else {
          reflection->SetString(&message, &field, text);
        }
        return true;
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        if (!plain || (text != "true" && text != "false")) return false;
        reflection->SetBool(&message, &field, text == "true");
        return true;
      case pb::FieldDescriptor::CPPTYPE_UINT32: {
        uint32_t value = 0;
        if (!plain || !absl::ascii_isdigit(text[0]) || !absl::SimpleAtoi(text, &value)) return false;
        reflection->SetUInt32(&message, &field, value);
        return true;
      }
      case pb::FieldDescriptor::CPPTYPE_UINT64: {
        uint64_t value = 0;
        if (!plain || !absl::ascii_isdigit(text[0]) || !absl::SimpleAtoi(text, &value)) return false;
        reflection->SetUInt64(&message, &field, value);
        return true;
      }
      case pb::FieldDescriptor::CPPTYPE_DOUBLE: {
        double value = 0;
        if (!plain || !absl::SimpleAtod(text, &value) || !std::isfinite(value)) return false;
        reflection->SetDouble(&message, &field, value);
        return true;
      }
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        for (int i = 0; i < field.enum_type()->value_count(); ++i) {
          if (YamlName(*field.enum_type()->value(i)) != text) continue;
          reflection->SetEnum(&message, &field, field.enum_type()->value(i));
          return true;
        }
        return false;
      default:
        return false;
    }
  }

  YamlPositions& positions_;
  Diagnostics& diagnostics_;
};

}  // namespace

Position YamlPositions::Find(absl::string_view key) const {
  while (!key.empty()) {
    if (const auto at = places_.find(key); at != places_.end()) return {file_, at->second.line, at->second.column};
    const size_t end = key.find_last_of(".[");
    key = key.substr(0, end == absl::string_view::npos ? 0 : end);
  }
  return {file_, 0, 0};
}

bool ReadYaml(absl::string_view text, absl::string_view root, pb::Message& message, YamlPositions& positions,
              Diagnostics& diagnostics) {
  const size_t before = diagnostics.entries().size();
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1) {
      const YAML::Mark mark = documents[1].Mark();
      diagnostics.Add({positions.file(), mark.line + 1, mark.column + 1}, "a second document; only one is read");
    } else if (!documents.empty()) {
      Reader(positions, diagnostics).ReadRoot(documents.front(), root, message);
    }
  } catch (const YAML::Exception& error) {
    const Position position = error.mark.is_null()
                                  ? positions.Find("")
                                  : Position{positions.file(), error.mark.line + 1, error.mark.column + 1};
    diagnostics.Add(position, error.msg);
  }
  return diagnostics.entries().size() == before;
}

bool ReadFile(const std::string& path, const Position& position, std::string& text, Diagnostics& diagnostics) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  // Reading a folder succeeds with no bytes and a failed stream.
  if (file && (file.peek() == std::ifstream::traits_type::eof() ? !file.bad() : bool(content << file.rdbuf()))) {
    text = content.str();
    return true;
  }
  diagnostics.Add(position,
                  absl::StrCat("cannot read ", path, errno != 0 ? ": " : "", errno != 0 ? std::strerror(errno) : ""));
  return false;
}

}  // namespace portico::schema
