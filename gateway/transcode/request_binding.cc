#include "gateway/transcode/request_binding.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/json/reader.h"
#include "gateway/json/utf8.h"
#include "gateway/transcode/field_error.h"
#include "gateway/transcode/field_path.h"
#include "gateway/transcode/http_body.h"
#include "gateway/transcode/message_pieces.h"
#include "gateway/transcode/query_binding.h"
#include "gateway/transcode/scalar_text.h"
#include "gateway/transcode/text_to_field.h"
#include "gateway/transcode/update_mask.h"

namespace portico::transcode {
namespace {

using schema::FieldTable;
using schema::MessageTable;
using schema::WellKnown;

// application/json and types of the +json suffix (RFC 6839, section 3.1). A charset has no meaning there (RFC 8259,
// section 11), but one that says that the text is not UTF-8 (section 8.1) is believed. A body without a type is taken
// for JSON.
bool IsJson(absl::string_view content_type) {
  const size_t semicolon = content_type.find(';');
  const absl::string_view type = absl::StripAsciiWhitespace(content_type.substr(0, semicolon));
  const bool json = type.empty() || absl::EqualsIgnoreCase(type, "application/json") ||
                    absl::EqualsIgnoreCase(type, "text/json") || absl::EndsWithIgnoreCase(type, "+json");
  if (!json || semicolon == absl::string_view::npos) return json;
  const std::string parameters = absl::AsciiStrToLower(content_type.substr(semicolon + 1));
  const size_t charset = parameters.find("charset=");
  if (charset == std::string::npos) return true;
  absl::string_view name = absl::string_view(parameters).substr(charset + 8);
  name = absl::StripAsciiWhitespace(name.substr(0, name.find(';')));
  if (absl::ConsumePrefix(&name, "\"")) absl::ConsumeSuffix(&name, "\"");
  return name == "utf-8" || name == "utf8" || name == "us-ascii";
}

// A body that no field takes: an empty object may pass, everything in it is unknown.
absl::Status TakeUnmappedBody(absl::string_view body, const ReadOptions& options, std::vector<std::string>* warnings) {
  json::Reader in(body, options.max_depth);
  const auto take_unknown = [&](absl::string_view name) {
    if (options.unknown_fields == UnknownFields::kReject) {
      return FieldError(name, "the method takes no body, only path and query");
    }
    if (options.unknown_fields == UnknownFields::kWarn) warnings->emplace_back(name);
    return absl::OkStatus();
  };
  if (in.Peek() == json::Kind::kObject) {
    absl::string_view key;
    in.BeginObject();
    while (in.NextKey(&key)) {
      if (absl::Status taken = take_unknown(key); !taken.ok()) return taken;
      in.SkipValue();
    }
  } else if (!in.failed()) {
    if (absl::Status taken = take_unknown("body"); !taken.ok()) return taken;
    in.SkipValue();
  }
  if (!in.Finish()) return FieldError("", absl::StrCat("malformed JSON: ", in.error()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RequestBinding> RequestBinding::Compile(const MessageTable& input, const schema::TypeResolver& types,
                                                       const Rule& rule) {
  RequestBinding binding(input, types);
  for (const std::string& path : rule.path_fields) {
    if (absl::Status compiled = binding.CompilePathField(path); !compiled.ok()) return compiled;
  }
  if (absl::Status compiled = binding.CompileBody(rule); !compiled.ok()) return compiled;
  binding.in_pieces_ = binding.PathGivesPieces();
  binding.fields_reserved_ = input.FindByName("fields") == nullptr;
  binding.pretty_reserved_ = input.FindByName("pretty") == nullptr;
  if ((binding.whole_body_ || binding.HasMessageBody()) && !binding.raw_body_) {
    auto form = std::make_shared<RequestBinding>(binding);
    form->whole_body_ = false;
    form->body_field_ = nullptr;
    form->update_mask_ = nullptr;
    binding.form_ = std::move(form);
  }
  return binding;
}

absl::Status RequestBinding::CompilePathField(const std::string& text) {
  const auto error = [&](absl::string_view problem) {
    return absl::InvalidArgumentError(absl::StrCat("path variable ", Quote(text), ": ", problem));
  };
  FieldPath path;
  switch (ResolvePath(*input_, text, &path)) {
    case PathError::kNone:
      break;
    case PathError::kUnknown:
      return error(absl::StrCat(input_->full_name, " has no such field"));
    case PathError::kThroughRepeated:
      return error("leads through a repeated field");
    case PathError::kThroughValue:
      return error("leads into a well-known type");
    case PathError::kTooDeep:
      return error("is too deep");
  }
  if (!HasTextForm(*path.back()) || (path.back()->repeated && path.back()->message != nullptr)) {
    return error("not a field that one string can give");
  }
  if (std::find(path_fields_.begin(), path_fields_.end(), path) != path_fields_.end()) return error("comes twice");
  path_fields_.push_back(std::move(path));
  return absl::OkStatus();
}

absl::Status RequestBinding::CompileBody(const Rule& rule) {
  if (rule.body.empty()) return absl::OkStatus();
  if (rule.body == "*") {
    whole_body_ = true;
    raw_body_ = IsHttpBody(*input_);
    return absl::OkStatus();
  }
  body_field_ = input_->FindByProtoName(rule.body);
  if (body_field_ == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("body: ", input_->full_name, " has no field ", Quote(rule.body)));
  }
  for (const FieldPath& path : path_fields_) {
    if (path.size() == 1 && path[0] == body_field_) {
      return absl::InvalidArgumentError(absl::StrCat("body: ", Quote(rule.body), " is a path variable already"));
    }
  }
  const FieldTable* const mask = input_->FindByProtoName("update_mask");
  raw_body_ = HasMessageBody() && IsHttpBody(*body_field_->message);
  if (rule.verb == "PATCH" && HasMessageBody() && !raw_body_ && mask != nullptr && !mask->repeated &&
      mask->message != nullptr && mask->message->well_known == WellKnown::kFieldMask) {
    update_mask_ = mask;
  }
  return absl::OkStatus();
}

bool RequestBinding::PathGivesPieces() const {
  return std::any_of(path_fields_.begin(), path_fields_.end(), [this](const FieldPath& path) {
    if (path.size() == 1) return false;
    return whole_body_ || path[0] == body_field_ ||
           std::any_of(path_fields_.begin(), path_fields_.end(),
                       [&path](const FieldPath& other) { return &other != &path && other[0] == path[0]; });
  });
}

bool RequestBinding::HasMessageBody() const {
  return body_field_ != nullptr && body_field_->message != nullptr && !body_field_->repeated &&
         body_field_->message->well_known == WellKnown::kNone;
}

absl::Status RequestBinding::BindRawBody(const Input& input, Output* output) const {
  // The content type becomes a string of proto3.
  if (!json::IsUtf8(input.content_type)) return UnsupportedMediaType(input.content_type);
  const HttpBody body{input.content_type, input.body};
  const size_t size = HttpBodySize(body);
  if (size == 0) return absl::OkStatus();
  output->wire.reserve(output->wire.size() + size + 2 * wire::kMaxVarintBytes);
  if (body_field_ != nullptr) {
    wire::AppendTag(body_field_->number, wire::WireType::kBytes, &output->wire);
    wire::AppendVarint(size, &output->wire);
  }
  AppendHttpBody(body, &output->wire);
  return absl::OkStatus();
}

absl::Status RequestBinding::BindBody(const Input& input, const ReadOptions& options, Output* output) const {
  if (raw_body_) return BindRawBody(input, output);
  if (input.form != nullptr) return BindForm(*input.form, options, output);
  if (input.body.empty()) return absl::OkStatus();
  if (!IsJson(input.content_type)) return UnsupportedMediaType(input.content_type);
  if (!whole_body_ && body_field_ == nullptr) return TakeUnmappedBody(input.body, options, &output->warnings);
  ReadOptions body_options = options;
  // A required field may come from the path.
  if (!path_fields_.empty()) body_options.allow_partial = true;
  if (whole_body_) {
    return JsonToWire(*input_, *types_, input.body, body_options, &output->wire, &output->warnings);
  }
  return JsonValueToField(*body_field_, *types_, input.body, body_options, &output->wire, &output->warnings);
}

absl::Status RequestBinding::Bind(const Input& input, const ReadOptions& options, Output* output) const {
  const size_t begin = output->wire.size();
  if (absl::Status bound = BindBody(input, options, output); !bound.ok()) return bound;
  Query query(*this, options, output);
  wire::Writer out(&output->wire, input.query.size() + 64 * path_fields_.size());
  absl::Status bound = query.Bind(input.query, &out);
  for (size_t i = 0; i < path_fields_.size() && bound.ok(); ++i) {
    PathWriter around(path_fields_[i], &out);
    const FieldTable& field = *path_fields_[i].back();
    absl::string_view rest = input.path_values[i];
    for (;;) {
      // The values of a repeated field stand between commas.
      const size_t comma = field.repeated ? rest.find(',') : absl::string_view::npos;
      const std::string wrong = WriteText(field, rest.substr(0, comma), &out);
      if (!wrong.empty()) {
        bound = FieldError(PathText(path_fields_[i]), wrong);
        break;
      }
      if (comma == absl::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    around.Close();
  }
  out.Finish();
  if (bound.ok() && (in_pieces_ || output->in_pieces)) JoinPieces(*input_, begin, &output->wire);
  if (!bound.ok() || update_mask_ == nullptr || query.Gave(*update_mask_)) return bound;
  if (!output->form_mask.empty()) wire::AppendBytesField(update_mask_->number, output->form_mask, &output->wire);
  if (input.form != nullptr || input.body.empty()) return bound;

  const auto is_path_field = [this](absl::string_view path) {
    return std::any_of(path_fields_.begin(), path_fields_.end(), [&](const FieldPath& bound_path) {
      return bound_path[0] == body_field_ && PathText(std::span(bound_path).subspan(1)) == path;
    });
  };
  std::string mask;
  AppendPopulatedPaths(*body_field_->message, input.body, is_path_field, &mask);
  if (!mask.empty()) wire::AppendBytesField(update_mask_->number, mask, &output->wire);
  return absl::OkStatus();
}

}  // namespace portico::transcode
