// The well-known types on their way from JSON to wire (ProtoJSON's table; the comments of their .proto files).
#include "absl/strings/str_cat.h"
#include "gateway/transcode/json_message_reader.h"
#include "gateway/transcode/map_keys.h"
#include "gateway/transcode/scalar_text.h"
#include "gateway/transcode/well_known_text.h"

namespace portico::transcode {
namespace {

using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;
using schema::WellKnown;
using wire::MakeTag;
using wire::WireType;

constexpr char kEmpty[] = "google.protobuf.Empty";

}  // namespace

bool JsonMessageReader::ReadAny(const Place* place) {
  if (in_.Peek() != Kind::kObject) return FailKind("an object with \"@type\"", place);
  std::string type_url;
  const json::Reader::Mark mark = in_.mark();
  if (!FindTypeUrl(place, &type_url)) return false;
  in_.Rewind(mark);
  if (type_url.empty()) {
    // {} is an Any that holds nothing.
    absl::string_view key;
    if (!in_.BeginObject()) return FailText(place);
    while (in_.NextKey(&key)) return Fail(place, "an Any needs \"@type\"");
    return Ended(place);
  }
  const size_t slash = type_url.rfind('/');
  const absl::string_view name = absl::string_view(type_url).substr(slash == std::string::npos ? 0 : slash + 1);
  if (slash == std::string::npos || name.empty()) {
    return Fail(place, absl::StrCat("\"@type\" is no type URL: ", Quote(type_url)));
  }
  const MessageTable* const table = types_.FindMessage(name);
  if (table == nullptr) return Fail(place, absl::StrCat("\"@type\" is of no known contract: ", Quote(type_url)));
  out_.Tag(MakeTag(1, WireType::kBytes));
  out_.Bytes(type_url);
  const size_t start = out_.size();
  out_.Tag(MakeTag(2, WireType::kBytes));
  const size_t begin = out_.Begin();
  if (!ReadAnyValue(*table, place)) return false;
  if (out_.size() == begin) {
    out_.Truncate(start);
  } else {
    out_.End(begin);
  }
  return true;
}

// Looks ahead for "@type", which may stand anywhere in the object. Leaves `type_url` empty when there is none.
bool JsonMessageReader::FindTypeUrl(const Place* place, std::string* type_url) {
  if (!in_.BeginObject()) return FailText(place);
  absl::string_view key;
  while (in_.NextKey(&key)) {
    if (key == "@type") {
      if (in_.Peek() != Kind::kString) return FailKind("a string for \"@type\"", place);
      absl::string_view value;
      if (!in_.ReadString(&value)) return FailText(place);
      if (value.empty()) return Fail(place, "\"@type\" is empty");
      *type_url = std::string(value);
      return true;
    }
    if (!in_.SkipValue()) return FailText(place);
  }
  return Ended(place);
}

bool JsonMessageReader::ReadAnyValue(const MessageTable& table, const Place* place) {
  const bool empty = table.full_name == kEmpty;
  if (table.well_known == WellKnown::kNone && !empty) return ReadFields(table, place, TypeMember::kSkip);
  // A type with a JSON of its own stands under "value". So may Empty, whose own form is {}.
  if (!in_.BeginObject()) return FailText(place);
  bool seen_type = false, seen_value = false;
  absl::string_view key;
  while (in_.NextKey(&key)) {
    if (key == "@type") {
      if (seen_type) return Fail(place, "\"@type\" comes twice");
      seen_type = true;
      if (!in_.SkipValue()) return FailText(place);
    } else if (key == "value") {
      if (seen_value) return Fail(place, "\"value\" comes twice");
      seen_value = true;
      if (!ReadMessage(table, place)) return FailText(place);
    } else if (!ReadUnknownField(key, table, place)) {
      return false;
    }
  }
  if (!Ended(place)) return false;
  return seen_value || empty || Fail(place, absl::StrCat("\"value\" is missing beside \"@type\" of ", table.full_name));
}

bool JsonMessageReader::ReadSecondsAndNanos(bool timestamp, const Place* place) {
  if (in_.Peek() != Kind::kString) {
    return FailKind(timestamp ? "a timestamp as a string" : "a duration as a string", place);
  }
  absl::string_view text;
  if (!in_.ReadString(&text)) return FailText(place);
  SecondsAndNanos value;
  if (!(timestamp ? ParseTimestamp(text, &value) : ParseDuration(text, &value))) {
    return Fail(place,
                absl::StrCat(timestamp ? "not a timestamp of RFC 3339: " : "not a duration in seconds: ", Quote(text)));
  }
  WriteSecondsAndNanos(value, &out_);
  return true;
}

bool JsonMessageReader::ReadFieldMask(const Place* place) {
  if (in_.Peek() != Kind::kString) return FailKind("a field mask as a string", place);
  absl::string_view text;
  if (!in_.ReadString(&text)) return FailText(place);
  return WriteFieldMask(text, MaskNames::kJson, &out_) ||
         Fail(place, absl::StrCat("not a field mask of lowerCamelCase paths: ", Quote(text)));
}

bool JsonMessageReader::ReadStruct(const Place* place) {
  if (in_.Peek() != Kind::kObject) return FailKind("an object", place);
  if (!in_.BeginObject()) return FailText(place);
  MapKeys keys;
  Place member{.outer = place, .has_key = true};
  absl::string_view key;
  while (in_.NextKey(&key)) {
    member.key = in_.raw_key();
    out_.Tag(MakeTag(1, WireType::kBytes));
    const size_t entry = out_.Begin();
    out_.Tag(MakeTag(1, WireType::kBytes));
    out_.Bytes(key);
    const size_t key_length = out_.size() - entry;
    out_.Tag(MakeTag(2, WireType::kBytes));
    const size_t value = out_.Begin();
    if (!ReadValue(&member)) return FailText(&member);
    out_.End(value);
    const size_t size_before = out_.size();
    out_.End(entry);
    keys.Add(entry + (out_.size() - size_before), key_length);
  }
  if (!Ended(place)) return false;
  return !keys.HasDuplicates(out_) || Fail(place, "a key comes twice");
}

bool JsonMessageReader::ReadListValue(const Place* place) {
  if (in_.Peek() != Kind::kArray) return FailKind("an array", place);
  if (!in_.BeginArray()) return FailText(place);
  Place element{.outer = place, .index = 0};
  for (; in_.NextElement(); ++element.index) {
    out_.Tag(MakeTag(1, WireType::kBytes));
    const size_t begin = out_.Begin();
    if (!ReadValue(&element)) return FailText(&element);
    out_.End(begin);
  }
  return Ended(place);
}

bool JsonMessageReader::ReadValue(const Place* place) {
  absl::string_view text;
  const Kind kind = in_.Peek();
  switch (kind) {
    case Kind::kNull:
      out_.Tag(MakeTag(1, WireType::kVarint));
      out_.Varint(0);
      return in_.ReadNull() || FailText(place);
    case Kind::kNumber: {
      if (!in_.ReadNumber(&text)) return FailText(place);
      uint64_t bits = 0;
      const NumberError error = ParseNumber(FieldType::kDouble, text, false, &bits);
      if (error != NumberError::kNone) return Fail(place, DescribeError(error, FieldType::kDouble, text));
      out_.Tag(MakeTag(2, WireType::kFixed64));
      out_.Fixed64(bits);
      return true;
    }
    case Kind::kString:
      if (!in_.ReadString(&text)) return FailText(place);
      out_.Tag(MakeTag(3, WireType::kBytes));
      out_.Bytes(text);
      return true;
    case Kind::kTrue:
    case Kind::kFalse: {
      bool value;
      if (!in_.ReadBool(&value)) return FailText(place);
      out_.Tag(MakeTag(4, WireType::kVarint));
      out_.Varint(value ? 1 : 0);
      return true;
    }
    case Kind::kObject:
    case Kind::kArray: {
      const bool object = kind == Kind::kObject;
      out_.Tag(MakeTag(object ? 5 : 6, WireType::kBytes));
      const size_t begin = out_.Begin();
      if (!(object ? ReadStruct(place) : ReadListValue(place))) return false;
      out_.End(begin);
      return true;
    }
    case Kind::kError:
      break;
  }
  return FailText(place);
}

bool JsonMessageReader::ReadWrapper(const MessageTable& table, const Place* place) {
  // The place keeps naming the wrapper's field: "value" is no name in its JSON.
  const FieldTable& value = table.fields[0];
  return in_.Peek() == Kind::kNull ? FailKind(Describe(value.type), place)
                                   : ReadSingular(value, place, Defaults::kOmit);
}

}  // namespace portico::transcode
