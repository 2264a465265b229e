#include "gateway/transcode/text_to_field.h"

#include "absl/strings/str_cat.h"
#include "gateway/json/base64.h"
#include "gateway/json/utf8.h"
#include "gateway/transcode/message_on_wire.h"
#include "gateway/transcode/scalar_text.h"
#include "gateway/transcode/well_known_text.h"

namespace portico::transcode {
namespace {

using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;
using schema::WellKnown;

std::string WriteWellKnown(const MessageTable& table, absl::string_view text, wire::Writer* out) {
  SecondsAndNanos value;
  switch (table.well_known) {
    case WellKnown::kTimestamp:
      if (!ParseTimestamp(text, &value)) return absl::StrCat("not a timestamp of RFC 3339: ", Quote(text));
      WriteSecondsAndNanos(value, out);
      return "";
    case WellKnown::kDuration:
      if (!ParseDuration(text, &value)) return absl::StrCat("not a duration in seconds: ", Quote(text));
      WriteSecondsAndNanos(value, out);
      return "";
    case WellKnown::kFieldMask:
      if (!json::IsUtf8(text) || !WriteFieldMask(text, MaskNames::kBoth, out)) {
        return absl::StrCat("not a field mask: ", Quote(text));
      }
      return "";
    default:
      return WriteText(table.fields[0], text, out);
  }
}

std::string ParseEnum(const schema::EnumTable& table, absl::string_view text, uint64_t* bits) {
  if (const int32_t* const number = table.FindNumber(text)) {
    *bits = static_cast<uint64_t>(int64_t{*number});
    return "";
  }
  const bool is_number = ParseNumber(FieldType::kInt32, text, false, bits) == NumberError::kNone;
  if (is_number && !(table.closed && table.FindJsonName(static_cast<int32_t>(*bits)) == nullptr)) return "";
  return absl::StrCat("not a value of ", table.full_name, ": ", Quote(text));
}

}  // namespace

bool HasTextForm(const FieldTable& field) {
  if (field.map) return false;
  if (field.message == nullptr) return true;
  switch (field.message->well_known) {
    case WellKnown::kTimestamp:
    case WellKnown::kDuration:
    case WellKnown::kFieldMask:
    case WellKnown::kWrapper:
      return true;
    default:
      return false;
  }
}

std::string WriteText(const FieldTable& field, absl::string_view text, wire::Writer* out) {
  uint64_t bits = 0;
  std::string wrong;
  switch (field.type) {
    case FieldType::kString:
      if (!json::IsUtf8(text)) return "the text is not UTF-8";
      out->Tag(field.tag);
      out->Bytes(text);
      return "";
    case FieldType::kMessage: {
      const size_t begin = BeginMessage(field, out);
      wrong = WriteWellKnown(*field.message, text, out);
      EndMessage(field, begin, out);
      return wrong;
    }
    case FieldType::kBytes: {
      out->Tag(field.tag);
      const size_t begin = out->Begin();
      if (!json::AppendBase64Decoded(text, &out->buffer())) wrong = absl::StrCat("not base64: ", Quote(text));
      out->End(begin);
      return wrong;
    }
    case FieldType::kBool:
      if (text != "true" && text != "false") return absl::StrCat("neither true nor false: ", Quote(text));
      bits = text == "true" ? 1 : 0;
      break;
    case FieldType::kEnum:
      wrong = ParseEnum(*field.enum_type, text, &bits);
      break;
    default:
      if (const NumberError error = ParseNumber(field.type, text, true, &bits); error != NumberError::kNone) {
        wrong = DescribeError(error, field.type, text);
      }
      break;
  }
  if (!wrong.empty()) return wrong;
  out->Tag(field.tag);
  WriteScalar(field.tag, bits, out);
  return "";
}

std::string WriteMapKey(const FieldTable& key_field, absl::string_view key, wire::Writer* out) {
  uint64_t bits = 0;
  if (key_field.type == FieldType::kString) {
    out->Tag(key_field.tag);
    out->Bytes(key);
    return "";
  }
  if (key_field.type == FieldType::kBool) {
    if (key != "true" && key != "false") return "the key is neither \"true\" nor \"false\"";
    bits = key == "true" ? 1 : 0;
  } else if (const NumberError error = ParseNumber(key_field.type, key, false, &bits); error != NumberError::kNone) {
    return absl::StrCat("the key is ", DescribeError(error, key_field.type, key));
  }
  out->Tag(key_field.tag);
  WriteScalar(key_field.tag, bits, out);
  return "";
}

}  // namespace portico::transcode
