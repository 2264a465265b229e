#include "tests/golden/wire_text.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/json/utf8.h"
#include "gateway/wire/reader.h"
#include "gateway/wire/writer.h"

namespace portico::golden {
namespace {

using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;
using wire::WireType;

bool IsSigned(const FieldTable* field) {
  return field != nullptr &&
         (field->type == FieldType::kInt32 || field->type == FieldType::kInt64 || field->type == FieldType::kEnum);
}

// One number of type `type`; empty when malformed.
std::string NumberText(const FieldTable* field, WireType type, wire::Reader* in) {
  uint64_t value = 0;
  uint32_t half = 0;
  switch (type) {
    case WireType::kVarint:
      if (!in->ReadVarint(&value)) return "";
      return IsSigned(field) ? absl::StrCat(static_cast<int64_t>(value)) : absl::StrCat(value);
    case WireType::kFixed32:
      return in->ReadFixed32(&half) ? absl::StrFormat("0x%08x", half) : "";
    case WireType::kFixed64:
      return in->ReadFixed64(&value) ? absl::StrFormat("0x%016x", value) : "";
    default:
      return "";
  }
}

WireType TypeOfElements(const FieldTable& field) {
  return wire::TypeOf(field.tag);
}

void Write(const MessageTable* table, absl::string_view wire, const std::string& indent, std::string* text) {
  wire::Reader in(wire);
  while (!in.done()) {
    uint32_t tag = 0;
    if (!in.ReadTag(&tag)) break;
    const FieldTable* const field = table == nullptr ? nullptr : table->FindByNumber(wire::FieldNumber(tag));
    absl::StrAppend(text, indent, field == nullptr ? "" : field->name, "(", wire::FieldNumber(tag), ") ");
    absl::string_view bytes;
    switch (wire::TypeOf(tag)) {
      case WireType::kBytes:
        if (!in.ReadBytes(&bytes)) break;
        if (field != nullptr && field->type == FieldType::kMessage) {
          absl::StrAppend(text, "{\n");
          Write(field->message, bytes, indent + "  ", text);
          absl::StrAppend(text, indent, "}\n");
        } else if (field != nullptr && field->packed_tag == tag) {
          wire::Reader elements(bytes);
          std::vector<std::string> numbers;
          while (!elements.done()) {
            numbers.push_back(NumberText(field, TypeOfElements(*field), &elements));
            if (numbers.back().empty()) break;
          }
          absl::StrAppend(text, "[", absl::StrJoin(numbers, " "), "]\n");
        } else {
          absl::StrAppend(text, "\"", json::IsUtf8(bytes) ? absl::Utf8SafeCEscape(bytes) : absl::CEscape(bytes),
                          "\"\n");
        }
        continue;
      case WireType::kStartGroup:
        if (!in.ReadGroup(tag, &bytes)) break;
        absl::StrAppend(text, "group {\n");
        Write(field == nullptr ? nullptr : field->message, bytes, indent + "  ", text);
        absl::StrAppend(text, indent, "}\n");
        continue;
      default: {
        const std::string number = NumberText(field, wire::TypeOf(tag), &in);
        if (number.empty()) break;
        absl::StrAppend(text, number, "\n");
        continue;
      }
    }
    absl::StrAppend(text, "malformed\n");
    return;
  }
}

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

// Appends a number as it stands in the notation; false when it is none.
bool AppendNumber(absl::string_view text, std::string* out, WireType* type) {
  const auto append_fixed = [out](uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
  };
  uint64_t value = 0;
  int64_t negative = 0;
  if (text.substr(0, 2) == "0x") {
    *type = text.size() == 10 ? WireType::kFixed32 : WireType::kFixed64;
    if ((text.size() != 10 && text.size() != 18) || !absl::SimpleHexAtoi(text, &value)) return false;
    append_fixed(value, text.size() == 10 ? 4 : 8);
    return true;
  }
  *type = WireType::kVarint;
  if (absl::SimpleAtoi(text, &value)) {
    AppendVarint(value, out);
    return true;
  }
  if (!absl::SimpleAtoi(text, &negative)) return false;
  AppendVarint(static_cast<uint64_t>(negative), out);
  return true;
}

class TextParser {
 public:
  explicit TextParser(absl::string_view text) : lines_(absl::StrSplit(text, '\n')) {}

  absl::StatusOr<std::string> Run() {
    std::string wire;
    if (absl::Status parsed = ParseFields(false, &wire); !parsed.ok()) return parsed;
    return wire;
  }

 private:
  absl::Status Fail(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(what, " in \"", at_ == 0 ? "" : lines_[at_ - 1], "\""));
  }

  // Lines up to the one that closes, or all.
  absl::Status ParseFields(bool inside, std::string* out) {
    while (at_ < lines_.size()) {
      const absl::string_view line = absl::StripAsciiWhitespace(lines_[at_++]);
      if (line.empty()) continue;
      if (line == "}") return inside ? absl::OkStatus() : Fail("a stray brace");
      if (absl::Status parsed = ParseField(line, out); !parsed.ok()) return parsed;
    }
    return inside ? Fail("a missing brace") : absl::OkStatus();
  }

  absl::Status ParseField(absl::string_view line, std::string* out) {
    const size_t open = line.find('(');
    const size_t close = line.find(") ");
    uint32_t number = 0;
    if (open == absl::string_view::npos || close == absl::string_view::npos ||
        !absl::SimpleAtoi(line.substr(open + 1, close - open - 1), &number)) {
      return Fail("no field number");
    }
    const absl::string_view value = line.substr(close + 2);
    std::string content;
    WireType type = WireType::kBytes;
    if (value == "{" || value == "group {") {
      if (absl::Status parsed = ParseFields(true, &content); !parsed.ok()) return parsed;
      if (value != "{") {
        AppendVarint(wire::MakeTag(number, WireType::kStartGroup), out);
        out->append(content);
        AppendVarint(wire::MakeTag(number, WireType::kEndGroup), out);
        return absl::OkStatus();
      }
    } else if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      if (!absl::CUnescape(value.substr(1, value.size() - 2), &content)) return Fail("a bad escape");
    } else if (value.size() >= 2 && value.front() == '[' && value.back() == ']') {
      WireType of_element;
      for (const absl::string_view element :
           absl::StrSplit(value.substr(1, value.size() - 2), ' ', absl::SkipEmpty())) {
        if (!AppendNumber(element, &content, &of_element)) return Fail("no number");
      }
    } else {
      std::string bytes;
      if (!AppendNumber(value, &bytes, &type)) return Fail("no value");
      AppendVarint(wire::MakeTag(number, type), out);
      out->append(bytes);
      return absl::OkStatus();
    }
    AppendVarint(wire::MakeTag(number, WireType::kBytes), out);
    AppendVarint(content.size(), out);
    out->append(content);
    return absl::OkStatus();
  }

  const std::vector<absl::string_view> lines_;
  size_t at_ = 0;
};

}  // namespace

std::string WireToText(const MessageTable& table, absl::string_view wire) {
  std::string text;
  Write(&table, wire, "", &text);
  return text;
}

absl::StatusOr<std::string> TextToWire(absl::string_view text) {
  return TextParser(text).Run();
}

}  // namespace portico::golden
