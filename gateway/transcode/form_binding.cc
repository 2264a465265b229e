// The fields of a form on their way into the request message: parameters like those of the query, and files.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/transcode/field_error.h"
#include "gateway/transcode/field_path.h"
#include "gateway/transcode/form.h"
#include "gateway/transcode/http_body.h"
#include "gateway/transcode/query_binding.h"
#include "gateway/transcode/text_to_field.h"

namespace portico::transcode {
namespace {

using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;

bool IsType(absl::string_view content_type, absl::string_view type) {
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';'))), type);
}

bool IsFile(const FormField& field) {
  return field.has_filename || (!field.content_type.empty() && !IsType(field.content_type, "text/plain"));
}

}  // namespace

absl::Status RequestBinding::Query::AddFormField(absl::string_view prefix, const FormField& field, wire::Writer* out) {
  // RFC 7578, section 4.6: names the charset of the others.
  if (field.name == "_charset_" && absl::EqualsIgnoreCase(field.value, "utf-8")) return absl::OkStatus();
  const std::string name = absl::StrCat(prefix, field.name);
  const bool json = !field.has_filename && IsType(field.content_type, "application/json");
  if (!json && !IsFile(field)) return Add(name, field.value, out);
  if (field.has_filename && field.filename.empty() && field.value.empty()) return absl::OkStatus();

  FieldPath path;
  if (ResolvePath(*binding_.input_, name, &path) != PathError::kNone) return Add(name, field.value, out);
  if (absl::Status free = CheckFree(path); !free.ok()) return free;
  const FieldTable& last = *path.back();
  PathWriter around(path, out);
  if (json) {
    std::string value;
    absl::Status read = JsonValueToField(last, *binding_.types_, field.value, options_, &value, &output_.warnings);
    if (!read.ok()) return read;
    out->buffer().Append(value);
  } else if (last.type == FieldType::kBytes && !last.map) {
    out->Tag(last.tag);
    out->Bytes(field.value);
  } else if (last.message != nullptr && !last.map && IsHttpBody(*last.message)) {
    std::string body;
    AppendHttpBody({field.content_type, field.value}, &body);
    out->Tag(last.tag);
    out->Bytes(body);
  } else if (last.type == FieldType::kString && !last.map) {
    if (const std::string wrong = WriteText(last, field.value, out); !wrong.empty()) {
      return FieldError(PathText(path), wrong);
    }
  } else {
    return FieldError(PathText(path), "a file, which the field cannot hold");
  }
  around.Close();
  if (absl::Status remembered = Remember(path); !remembered.ok()) return remembered;
  if (!json) {
    if (absl::Status said = AddAboutFile(path, "_filename", field.filename, out); !said.ok()) return said;
    if (absl::Status said = AddAboutFile(path, "_content_type", field.content_type, out); !said.ok()) return said;
  }
  return absl::OkStatus();
}

absl::Status RequestBinding::Query::AddAboutFile(const FieldPath& file, absl::string_view suffix,
                                                 const std::string& text, wire::Writer* out) {
  if (text.empty() || file.back()->type != FieldType::kBytes) return absl::OkStatus();
  const MessageTable& message = file.size() == 1 ? *binding_.input_ : *file[file.size() - 2]->message;
  const FieldTable* const field = message.FindByProtoName(absl::StrCat(file.back()->name, suffix));
  if (field == nullptr || field->type != FieldType::kString || field->repeated != file.back()->repeated) {
    return absl::OkStatus();
  }
  FieldPath path = file;
  path.back() = field;
  if (absl::Status free = CheckFree(path); !free.ok()) return free;
  PathWriter around(path, out);
  if (const std::string wrong = WriteText(*field, text, out); !wrong.empty()) {
    return FieldError(PathText(path), wrong);
  }
  around.Close();
  return Remember(std::move(path));
}

absl::Status RequestBinding::Query::Remember(FieldPath path) {
  const bool again = path.back()->repeated && std::find(given_.begin(), given_.end(), path) != given_.end();
  if (again) return absl::OkStatus();
  if (given_.size() == kMaxFields) return FieldError("", "too many fields");
  given_.push_back(std::move(path));
  return absl::OkStatus();
}

void RequestBinding::Query::AppendMaskOf(const FieldTable& body, std::string* mask) const {
  constexpr uint32_t kPaths = 1;
  for (const FieldPath& path : given_) {
    if (path.size() < 2 || path[0] != &body) continue;
    wire::AppendBytesField(kPaths, PathText(std::span(path).subspan(1)), mask);
  }
}

absl::Status RequestBinding::BindForm(const std::vector<FormField>& form, const ReadOptions& options,
                                      Output* output) const {
  Query fields(*form_, options, output);
  const std::string prefix = body_field_ == nullptr ? std::string() : absl::StrCat(body_field_->name, ".");
  size_t size = 64;
  for (const FormField& field : form) size += field.value.size() + 16;
  wire::Writer out(&output->wire, size);
  absl::Status bound;
  for (size_t i = 0; i < form.size() && bound.ok(); ++i) bound = fields.AddFormField(prefix, form[i], &out);
  out.Finish();
  if (bound.ok() && update_mask_ != nullptr) fields.AppendMaskOf(*body_field_, &output->form_mask);
  return bound;
}

}  // namespace portico::transcode
