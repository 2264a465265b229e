#include "gateway/transcode/response_shape.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/transcode/field_error.h"
#include "gateway/transcode/scalar_text.h"

namespace portico::transcode {

absl::StatusOr<ResponseShape> ResponseShape::Compile(const schema::MessageTable& output,
                                                     const schema::TypeResolver& types,
                                                     absl::string_view response_body) {
  const schema::FieldTable* field = nullptr;
  if (!response_body.empty()) {
    field = output.FindByProtoName(response_body);
    if (field == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("response_body: ", output.full_name, " has no field ", Quote(response_body)));
    }
  }
  return ResponseShape(output, types, field);
}

absl::StatusOr<std::unique_ptr<const FieldSelection>> ResponseShape::Select(absl::string_view mask) const {
  if (field_ == nullptr) {
    auto selection = FieldSelection::Compile(*output_, mask);
    if (!selection.ok()) return selection.status();
    return std::move(*selection);
  }
  const bool has_fields =
      field_->message != nullptr && !field_->map && field_->message->well_known == schema::WellKnown::kNone;
  if (!has_fields) {
    if (mask.empty() || mask == "*") return FieldSelection::Under(*output_, *field_, nullptr);
    return FieldError("fields",
                      absl::StrCat("the reply has no fields, it is ", field_->name, " of ", output_->full_name));
  }
  auto selection = FieldSelection::Compile(*field_->message, mask);
  if (!selection.ok()) return selection.status();
  return FieldSelection::Under(*output_, *field_, *std::move(selection));
}

absl::Status ResponseShape::Write(absl::string_view wire, const WriteOptions& options, const FieldSelection* selection,
                                  std::string* json, bool partial) const {
  if (field_ == nullptr && partial && options.emit_unpopulated) {
    const FieldSelection present = FieldSelection::Present(*output_, wire, selection);
    return WireToJson(*output_, *types_, wire, options, json, &present);
  }
  if (field_ == nullptr) return WireToJson(*output_, *types_, wire, options, json, selection);
  const bool within = selection != nullptr && selection->Includes(*field_);
  return FieldToJson(*output_, *field_, *types_, wire, options, json, within ? selection->Child(*field_) : nullptr);
}

}  // namespace portico::transcode
