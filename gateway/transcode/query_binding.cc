#include "gateway/transcode/query_binding.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/transcode/field_error.h"
#include "gateway/transcode/field_path.h"
#include "gateway/transcode/query_string.h"
#include "gateway/transcode/text_to_field.h"

namespace portico::transcode {

using schema::FieldTable;

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
  FieldPath path;
  switch (ResolvePath(*binding_.input_, name, &path)) {
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
  if (!HasTextForm(field)) {
    return FieldError(PathText(path), field.map ? "the query cannot give a map"
                                                : absl::StrCat("the query cannot give a ", field.message->full_name));
  }
  PathWriter around(path, out);
  if (const std::string wrong = WriteText(field, value, out); !wrong.empty()) {
    return FieldError(PathText(path), wrong);
  }
  around.Close();
  // A repeated field need be known but once.
  const bool again = field.repeated && std::find(given_.begin(), given_.end(), path) != given_.end();
  if (again) return absl::OkStatus();
  if (given_.size() == kMaxFields) return FieldError("", "too many query parameters");
  given_.push_back(std::move(path));
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
    if (absl::Status free = check_oneof(bound, at); !free.ok()) return free;
  }
  for (const FieldPath& given : given_) {
    const size_t at = common(given);
    if (at == path.size() && at == given.size() && !path.back()->repeated) {
      return FieldError(PathText(path), "comes twice");
    }
    if (absl::Status free = check_oneof(given, at); !free.ok()) return free;
  }
  return absl::OkStatus();
}

bool RequestBinding::Query::Gave(const FieldTable& field) const {
  return std::any_of(given_.begin(), given_.end(), [&field](const FieldPath& path) { return path[0] == &field; });
}

}  // namespace portico::transcode
