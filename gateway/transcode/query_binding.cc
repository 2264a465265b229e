#include "gateway/transcode/query_binding.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/json/utf8.h"
#include "gateway/transcode/field_error.h"
#include "gateway/transcode/field_path.h"
#include "gateway/transcode/query_string.h"
#include "gateway/transcode/text_to_field.h"

namespace portico::transcode {

using schema::FieldTable;

namespace {

// Splits "a.labels[key]" into "a.labels" and "key", which may hold any characters; false when there is no key. An
// extension's name stands in brackets too, but at the beginning of a name: "a.[full.name]".
bool SplitKey(absl::string_view* path, absl::string_view* key) {
  size_t name = 0;  // where the last name begins, past any extension's
  for (size_t at = 0; at < path->size(); ++at) {
    const char c = (*path)[at];
    if (c == '.') name = at + 1;
    if (c != '[') continue;
    if (at != name) {
      if (path->back() != ']') return false;
      *key = path->substr(at + 1, path->size() - at - 2);
      *path = path->substr(0, at);
      return true;
    }
    at = std::min(path->find(']', at), path->size());
  }
  return false;
}

// Types of any JSON value, which no plain text gives: the parameter holds JSON.
bool IsJsonText(const FieldTable& field) {
  if (field.repeated || field.message == nullptr) return false;
  const schema::WellKnown kind = field.message->well_known;
  return kind == schema::WellKnown::kStruct || kind == schema::WellKnown::kValue ||
         kind == schema::WellKnown::kListValue;
}

}  // namespace

absl::Status RequestBinding::Query::Bind(absl::string_view query, wire::Writer* out) {
  QueryString parameters(query);
  std::string name, value;
  while (parameters.Next(&name, &value)) {
    if (TakeReserved(name, value)) continue;
    if (absl::Status added = Add(name, value, out); !added.ok()) return added;
  }
  if (parameters.malformed()) return FieldError("", "the query has a percent sign without two hexadecimal digits");
  return absl::OkStatus();
}

bool RequestBinding::Query::TakeReserved(const std::string& name, const std::string& value) {
  if (name == "$fields" || (name == "fields" && binding_.fields_reserved_)) {
    output_.fields = value;
    return true;
  }
  if (name == "$pretty" || (name == "pretty" && binding_.pretty_reserved_)) {
    output_.pretty = value.empty() || value == "true" || value == "1";
    return true;
  }
  return false;
}

absl::Status RequestBinding::Query::AddUnknown(const std::string& name) {
  switch (options_.unknown_fields) {
    case UnknownFields::kReject:
      return FieldError(name, binding_.whole_body_ ? "the whole request comes from the body, not from the query"
                                                   : absl::StrCat("unknown field of ", binding_.input_->full_name));
    case UnknownFields::kWarn:
      output_.warnings.push_back(name);
      break;
    case UnknownFields::kIgnore:
      break;
  }
  return absl::OkStatus();
}

absl::Status RequestBinding::Query::Add(const std::string& name, const std::string& value, wire::Writer* out) {
  if (binding_.whole_body_) return AddUnknown(name);
  absl::string_view text = name, key;
  const bool has_key = SplitKey(&text, &key);
  FieldPath path;
  switch (ResolvePath(*binding_.input_, text, &path)) {
    case PathError::kNone:
      break;
    case PathError::kUnknown:
      return AddUnknown(name);
    case PathError::kThroughRepeated:
      return FieldError(name, absl::StrCat(path.back()->name, " is repeated, the query cannot give parts of it"));
    case PathError::kThroughValue:
      return FieldError(name, absl::StrCat(path.back()->name, " of type ", path.back()->message->full_name,
                                           " must be given as a whole"));
    case PathError::kTooDeep:
      return FieldError("", "a query parameter's path is too deep");
  }
  if (absl::Status free = CheckFree(path); !free.ok()) return free;
  const FieldTable& field = *path.back();
  if (has_key && !field.map) return FieldError(name, absl::StrCat(PathText(path), " is no map"));
  PathWriter around(path, out);
  if (absl::Status added = has_key ? AddEntry(path, key, value, out) : AddValue(path, value, out); !added.ok()) {
    return added;
  }
  around.Close();
  // A repeated field need be known but once.
  const bool again = field.repeated && std::find(given_.begin(), given_.end(), path) != given_.end();
  if (again) return absl::OkStatus();
  if (given_.size() == kMaxFields) return FieldError("", "too many query parameters");
  given_.push_back(std::move(path));
  return absl::OkStatus();
}

absl::Status RequestBinding::Query::AddValue(const FieldPath& path, const std::string& value, wire::Writer* out) {
  const FieldTable& field = *path.back();
  if (HasTextForm(field)) {
    const std::string wrong = WriteText(field, value, out);
    return wrong.empty() ? absl::OkStatus() : FieldError(PathText(path), wrong);
  }
  if (field.map) return FieldError(PathText(path), absl::StrCat("is a map: give ", field.name, "[KEY]=VALUE"));
  if (!IsJsonText(field)) {
    return FieldError(PathText(path), absl::StrCat("the query cannot give a ", field.message->full_name));
  }
  std::string json;
  const absl::Status read = JsonValueToField(field, *binding_.types_, value, options_, &json, &output_.warnings);
  if (read.ok()) out->buffer().Append(json);
  return read;
}

absl::Status RequestBinding::Query::AddEntry(const FieldPath& path, absl::string_view key, const std::string& value,
                                             wire::Writer* out) {
  const FieldTable& map = *path.back();
  const FieldTable& key_field = map.message->fields[0];
  const FieldTable& value_field = map.message->fields[1];
  const auto error = [&](absl::string_view problem) {
    return FieldError(absl::StrCat(PathText(path), "[", key, "]"), problem);
  };
  if (!HasTextForm(value_field)) {
    return error(absl::StrCat("the query cannot give a ", value_field.message->full_name));
  }
  if (!json::IsUtf8(key)) return error("the key is not UTF-8");
  out->Tag(map.tag);
  const size_t begin = out->Begin();
  if (const std::string wrong = WriteMapKey(key_field, key, out); !wrong.empty()) return error(wrong);
  // As written, so that 1 and 1.0 are one key.
  const absl::string_view written = out->view(begin, out->size() - begin);
  const bool is_new = entries_.insert(absl::StrCat(PathText(path), absl::string_view("\0", 1), written)).second;
  if (!is_new) return error("comes twice");
  if (entries_.size() > kMaxFields) return FieldError("", "too many query parameters");
  if (const std::string wrong = WriteText(value_field, value, out); !wrong.empty()) return error(wrong);
  out->End(begin);
  return absl::OkStatus();
}

absl::Status RequestBinding::Query::CheckFree(const FieldPath& path) const {
  // The length of what two paths have in common.
  const auto common = [&path](const FieldPath& other) {
    const auto [a, b] = std::mismatch(path.begin(), path.end(), other.begin(), other.end());
    return static_cast<size_t>(a - path.begin());
  };
  const auto same_oneof = [&path](const FieldPath& other, size_t at) {
    return at < path.size() && at < other.size() && path[at]->oneof >= 0 && path[at]->oneof == other[at]->oneof;
  };
  const auto check_oneof = [&](const FieldPath& other, size_t at) {
    if (!same_oneof(other, at)) return absl::OkStatus();
    return FieldError(PathText(path), absl::StrCat("is of the same oneof as ", PathText(other)));
  };
  if (binding_.body_field_ != nullptr) {
    if (path[0] == binding_.body_field_) return FieldError(PathText(path), "comes from the body, not from the query");
    if (absl::Status free = check_oneof({binding_.body_field_}, 0); !free.ok()) return free;
  }
  for (const FieldPath& bound : binding_.path_fields_) {
    const size_t at = common(bound);
    if (at == path.size() || at == bound.size()) {
      return FieldError(PathText(path), "comes from the path, not from the query");
    }
    if (at > 0) output_.in_pieces = true;
    if (absl::Status free = check_oneof(bound, at); !free.ok()) return free;
  }
  for (const FieldPath& given : given_) {
    const size_t at = common(given);
    if (at == path.size() && at == given.size() && !path.back()->repeated) {
      return FieldError(PathText(path), "comes twice");
    }
    if (at > 0 && path.size() > 1) output_.in_pieces = true;
    if (absl::Status free = check_oneof(given, at); !free.ok()) return free;
  }
  return absl::OkStatus();
}

bool RequestBinding::Query::Gave(const FieldTable& field) const {
  return std::any_of(given_.begin(), given_.end(), [&field](const FieldPath& path) { return path[0] == &field; });
}

}  // namespace portico::transcode
