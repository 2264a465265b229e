#include "gateway/transcode/json_to_wire.h"

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/base64.h"
#include "gateway/transcode/field_error.h"
#include "gateway/transcode/json_message_reader.h"
#include "gateway/transcode/map_keys.h"
#include "gateway/transcode/message_on_wire.h"
#include "gateway/transcode/scalar_text.h"
#include "gateway/transcode/text_to_field.h"

namespace portico::transcode {
namespace {

using schema::EnumTable;
using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;
using schema::WellKnown;

// Whether null is a value of the field's type, and not its absence.
bool TakesNull(const FieldTable& field) {
  return (field.message != nullptr && field.message->well_known == WellKnown::kValue) ||
         (field.enum_type != nullptr && field.enum_type->null_value);
}

// A set of small numbers: of the fields, or the oneofs, that came already.
class BitSet {
 public:
  explicit BitSet(size_t size) : words_(size / 64 + 1) {}
  // False when it was there already.
  bool Insert(size_t i) {
    uint64_t& word = words_[i / 64];
    const uint64_t bit = uint64_t{1} << (i % 64);
    const bool is_new = (word & bit) == 0;
    word |= bit;
    return is_new;
  }
  bool Contains(size_t i) const { return (words_[i / 64] >> (i % 64) & 1) != 0; }

 private:
  absl::InlinedVector<uint64_t, 2> words_;
};

}  // namespace

bool JsonMessageReader::Fail(const Place* place, absl::string_view description) {
  if (status_.ok()) status_ = FieldError(Place::Path(place), description);
  return false;
}

bool JsonMessageReader::FailText(const Place* place) {
  if (in_.failed()) Fail(place, absl::StrCat("malformed JSON: ", in_.error()));
  return false;
}

bool JsonMessageReader::FailKind(absl::string_view expected, const Place* place) {
  const Kind kind = in_.Peek();
  if (kind == Kind::kError) return FailText(place);
  return Fail(place, absl::StrCat("expected ", expected, ", not ", json::Describe(kind)));
}

absl::Status JsonMessageReader::Finish(bool read) {
  if (read && !in_.Finish()) FailText(nullptr);
  if (status_.ok() && in_.failed()) FailText(nullptr);
  if (status_.ok()) {
    out_.Finish();
  } else {
    out_.Abandon();
  }
  return status_;
}

absl::Status JsonMessageReader::ReadWholeMessage(const MessageTable& table) {
  return Finish(ReadMessage(table, nullptr));
}

absl::Status JsonMessageReader::ReadWholeField(const FieldTable& field) {
  const Place place{.field = &field};
  if (in_.Peek() == Kind::kNull && (field.repeated || !TakesNull(field))) {
    return Finish(in_.ReadNull());
  }
  return Finish(ReadField(field, &place, Defaults::kWrite));
}

bool JsonMessageReader::ReadMessage(const MessageTable& table, const Place* place) {
  switch (table.well_known) {
    case WellKnown::kNone:
      break;
    case WellKnown::kAny:
      return ReadAny(place);
    case WellKnown::kTimestamp:
      return ReadSecondsAndNanos(true, place);
    case WellKnown::kDuration:
      return ReadSecondsAndNanos(false, place);
    case WellKnown::kFieldMask:
      return ReadFieldMask(place);
    case WellKnown::kStruct:
      return ReadStruct(place);
    case WellKnown::kValue:
      return ReadValue(place);
    case WellKnown::kListValue:
      return ReadListValue(place);
    case WellKnown::kWrapper:
      return ReadWrapper(table, place);
  }
  return ReadFields(table, place, TypeMember::kOrdinary);
}

bool JsonMessageReader::ReadFields(const MessageTable& table, const Place* place, TypeMember type_member) {
  if (in_.Peek() != Kind::kObject) return FailKind("an object", place);
  if (!in_.BeginObject()) return FailText(place);
  BitSet seen(table.fields.size());
  BitSet seen_oneofs(static_cast<size_t>(table.oneofs));
  bool seen_type = false;
  // Members mostly come in the order of the fields: the guess saves the search.
  size_t guess = 0;
  absl::string_view key;
  while (in_.NextKey(&key)) {
    const FieldTable* const field = guess < table.fields.size() && table.fields[guess].json_name == key
                                        ? &table.fields[guess]
                                        : table.FindByName(key);
    if (field == nullptr) {
      if (type_member == TypeMember::kSkip && key == "@type") {
        if (seen_type) return Fail(place, "\"@type\" comes twice");
        seen_type = true;
        if (!in_.SkipValue()) return FailText(place);
      } else if (!ReadUnknownField(key, table, place)) {
        return false;
      }
      continue;
    }
    guess = size_t{field->index} + 1;
    const Place here{.outer = place, .field = field};
    if (!seen.Insert(field->index)) return Fail(&here, "comes twice");
    const Kind kind = in_.Peek();
    if (kind == Kind::kNull && (field->repeated || !TakesNull(*field))) {
      // null is absence: not even of a oneof is it a member.
      if (field->required && !options_.allow_partial) return Fail(&here, "required field is missing");
      if (!in_.ReadNull()) return FailText(&here);
      continue;
    }
    const size_t before = out_.size();
    if (!ReadField(*field, &here, Defaults::kOmit)) return FailText(&here);
    // A member of a oneof is written even when it is its default, unless it is the unknown name of an enum value, which
    // was left out like an unknown field.
    const bool is_member = field->oneof >= 0 && out_.size() != before;
    if (is_member && !seen_oneofs.Insert(static_cast<size_t>(field->oneof))) {
      return Fail(&here, "another member of the same oneof is set already");
    }
  }
  if (!Ended(place)) return false;
  if (options_.allow_partial) return true;
  for (const uint16_t required : table.required) {
    if (seen.Contains(required)) continue;
    const Place missing{.outer = place, .field = &table.fields[required]};
    return Fail(&missing, "required field is missing");
  }
  return true;
}

bool JsonMessageReader::ReadUnknownField(absl::string_view key, const MessageTable& table, const Place* place) {
  if (options_.unknown_fields != UnknownFields::kIgnore) {
    std::string path = Place::Path(place);
    absl::StrAppend(&path, path.empty() ? "" : ".", key);
    if (options_.unknown_fields == UnknownFields::kReject) {
      if (status_.ok()) status_ = FieldError(path, absl::StrCat("unknown field of ", table.full_name));
      return false;
    }
    if (unknown_fields_ != nullptr) unknown_fields_->push_back(std::move(path));
  }
  return in_.SkipValue() || FailText(place);
}

bool JsonMessageReader::ReadField(const FieldTable& field, const Place* place, Defaults defaults) {
  if (field.map) return ReadMap(field, place);
  if (field.repeated) return field.packed ? ReadPacked(field, place) : ReadRepeated(field, place);
  return ReadSingular(field, place, defaults);
}

bool JsonMessageReader::RejectNull(const FieldTable& field, const Place* place) {
  if (in_.Peek() != Kind::kNull || TakesNull(field)) return true;
  return Fail(place, "null is no value here");
}

bool JsonMessageReader::ReadRepeated(const FieldTable& field, const Place* place) {
  if (in_.Peek() != Kind::kArray) return FailKind("an array", place);
  if (!in_.BeginArray()) return FailText(place);
  Place element{.outer = place->outer, .field = &field, .index = 0};
  for (; in_.NextElement(); ++element.index) {
    if (!RejectNull(field, &element) || !ReadSingular(field, &element, Defaults::kWrite)) return FailText(&element);
  }
  return Ended(&element);
}

bool JsonMessageReader::ReadPacked(const FieldTable& field, const Place* place) {
  if (in_.Peek() != Kind::kArray) return FailKind("an array", place);
  if (!in_.BeginArray()) return FailText(place);
  const size_t start = out_.size();
  out_.Tag(field.packed_tag);
  const size_t begin = out_.Begin();
  Place element{.outer = place->outer, .field = &field, .index = 0};
  for (; in_.NextElement(); ++element.index) {
    uint64_t bits;
    bool skip = false;
    if (!RejectNull(field, &element) || !ReadScalar(field, &element, &bits, &skip)) return FailText(&element);
    if (!skip) WriteScalar(field.tag, bits, &out_);
  }
  if (out_.size() == begin) {
    out_.Truncate(start);
  } else {
    out_.End(begin);
  }
  return Ended(&element);
}

bool JsonMessageReader::ReadMap(const FieldTable& field, const Place* place) {
  if (in_.Peek() != Kind::kObject) return FailKind("an object", place);
  if (!in_.BeginObject()) return FailText(place);
  const FieldTable& key_field = field.message->fields[0];
  const FieldTable& value_field = field.message->fields[1];
  MapKeys keys;
  Place entry{.outer = place->outer, .field = &field, .has_key = true};
  absl::string_view key;
  while (in_.NextKey(&key)) {
    // The key as it stands in the text: the decoded one does not outlive the next string.
    entry.key = in_.raw_key();
    const size_t start = out_.size();
    out_.Tag(field.tag);
    const size_t begin = out_.Begin();
    if (const std::string wrong = WriteMapKey(key_field, key, &out_); !wrong.empty()) return Fail(&entry, wrong);
    const size_t value_at = out_.size();
    if (!RejectNull(value_field, &entry) || !ReadSingular(value_field, &entry, Defaults::kWrite)) {
      return FailText(&entry);
    }
    if (out_.size() == value_at) {
      // The unknown name of an enum value: the entry goes with it.
      out_.Truncate(start);
      continue;
    }
    const size_t size_before = out_.size();
    out_.End(begin);
    keys.Add(begin + (out_.size() - size_before), value_at - begin);
  }
  if (!Ended(&entry)) return false;
  return !keys.HasDuplicates(out_) || Fail(place, "a key comes twice");
}

bool JsonMessageReader::ReadSingular(const FieldTable& field, const Place* place, Defaults defaults) {
  const bool omit_default = defaults == Defaults::kOmit && !field.has_presence;
  switch (field.type) {
    case FieldType::kString: {
      if (in_.Peek() != Kind::kString) return FailKind("a string", place);
      absl::string_view text;
      if (!in_.ReadString(&text)) return FailText(place);
      if (text.empty() && omit_default) return true;
      out_.Tag(field.tag);
      out_.Bytes(text);
      return true;
    }
    case FieldType::kBytes: {
      const size_t start = out_.size();
      out_.Tag(field.tag);
      const size_t begin = out_.Begin();
      if (!ReadBytes(place)) return false;
      if (out_.size() == begin && omit_default) {
        out_.Truncate(start);
      } else {
        out_.End(begin);
      }
      return true;
    }
    case FieldType::kGroup:
    case FieldType::kMessage: {
      const size_t begin = BeginMessage(field, &out_);
      if (!ReadMessage(*field.message, place)) return false;
      EndMessage(field, begin, &out_);
      return true;
    }
    default: {
      uint64_t bits;
      bool skip = false;
      if (!ReadScalar(field, place, &bits, &skip)) return false;
      if (skip && field.required && !options_.allow_partial) return Fail(place, "required field is missing");
      if (skip || (bits == 0 && omit_default)) return true;
      out_.Tag(field.tag);
      WriteScalar(field.tag, bits, &out_);
      return true;
    }
  }
}

bool JsonMessageReader::ReadBytes(const Place* place) {
  if (in_.Peek() != Kind::kString) return FailKind("a string of base64", place);
  absl::string_view text;
  if (!in_.ReadString(&text)) return FailText(place);
  return json::AppendBase64Decoded(text, &out_.buffer()) || Fail(place, absl::StrCat("not base64: ", Quote(text)));
}

bool JsonMessageReader::ReadScalar(const FieldTable& field, const Place* place, uint64_t* bits, bool* skip) {
  if (field.type == FieldType::kEnum) return ReadEnum(*field.enum_type, place, bits, skip);
  const Kind kind = in_.Peek();
  if (field.type == FieldType::kBool) {
    if (kind != Kind::kTrue && kind != Kind::kFalse) return FailKind("true or false", place);
    bool value;
    if (!in_.ReadBool(&value)) return FailText(place);
    *bits = value ? 1 : 0;
    return true;
  }
  absl::string_view text;
  if (kind == Kind::kNumber) {
    if (!in_.ReadNumber(&text)) return FailText(place);
  } else if (kind == Kind::kString) {
    if (!in_.ReadString(&text)) return FailText(place);
  } else {
    return FailKind(Describe(field.type), place);
  }
  const NumberError error = ParseNumber(field.type, text, kind == Kind::kString, bits);
  return error == NumberError::kNone || Fail(place, DescribeError(error, field.type, text));
}

bool JsonMessageReader::ReadEnum(const EnumTable& table, const Place* place, uint64_t* bits, bool* skip) {
  absl::string_view text;
  switch (in_.Peek()) {
    case Kind::kString: {
      if (!in_.ReadString(&text)) return FailText(place);
      const int32_t* const number = table.FindNumber(text);
      if (number != nullptr) {
        *bits = static_cast<uint64_t>(int64_t{*number});
        return true;
      }
      if (options_.unknown_fields == UnknownFields::kReject) {
        return Fail(place, absl::StrCat("not a value of ", table.full_name, ": ", Quote(text)));
      }
      if (options_.unknown_fields == UnknownFields::kWarn && unknown_fields_ != nullptr) {
        unknown_fields_->push_back(Place::Path(place));
      }
      *skip = true;
      return true;
    }
    case Kind::kNumber: {
      if (!in_.ReadNumber(&text)) return FailText(place);
      const NumberError error = ParseNumber(FieldType::kInt32, text, false, bits);
      if (error != NumberError::kNone) return Fail(place, DescribeError(error, FieldType::kEnum, text));
      if (table.closed && table.FindJsonName(static_cast<int32_t>(*bits)) == nullptr) {
        return Fail(place, absl::StrCat("not a value of ", table.full_name, ": ", text));
      }
      return true;
    }
    case Kind::kNull:
      if (!table.null_value) return FailKind("the name of an enum value", place);
      *bits = 0;
      return in_.ReadNull() || FailText(place);
    default:
      return FailKind("the name of an enum value", place);
  }
}

absl::Status JsonToWire(const MessageTable& table, const schema::TypeResolver& types, absl::string_view json,
                        const ReadOptions& options, std::string* wire, std::vector<std::string>* unknown_fields) {
  return JsonMessageReader(types, json, options, wire, unknown_fields).ReadWholeMessage(table);
}

absl::Status JsonValueToField(const FieldTable& field, const schema::TypeResolver& types, absl::string_view json,
                              const ReadOptions& options, std::string* wire, std::vector<std::string>* unknown_fields) {
  return JsonMessageReader(types, json, options, wire, unknown_fields).ReadWholeField(field);
}

absl::Status JsonValueToField(const FieldTable& field, const schema::TypeResolver& types, absl::string_view json,
                              std::string* wire) {
  return JsonValueToField(field, types, json, ReadOptions(), wire, nullptr);
}

}  // namespace portico::transcode
