#include "gateway/transcode/field_selection.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/transcode/field_error.h"
#include "gateway/transcode/scalar_text.h"
#include "gateway/wire/reader.h"

namespace portico::transcode {
namespace {

using schema::FieldTable;
using schema::MessageTable;

absl::string_view Trim(absl::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FieldSelection>> FieldSelection::Compile(const MessageTable& table,
                                                                        absl::string_view mask) {
  std::unique_ptr<FieldSelection> selection(new FieldSelection(table));
  mask = Trim(mask);
  if (mask.empty()) selection->all_ = true;
  while (!mask.empty()) {
    const size_t comma = mask.find(',');
    const absl::string_view path = Trim(mask.substr(0, comma));
    if (path == "*") {
      selection->all_ = true;
    } else if (absl::Status added = selection->AddPath(path, path); !added.ok()) {
      return added;
    }
    if (comma == absl::string_view::npos) break;
    mask.remove_prefix(comma + 1);
    if (mask.empty()) return FieldError("fields", "a path is empty");
  }
  if (selection->all_) selection->children_.clear();
  return selection;
}

FieldSelection FieldSelection::Present(const MessageTable& table, absl::string_view message,
                                       const FieldSelection* within) {
  FieldSelection selection(table);
  selection.within_ = within;
  wire::Reader reader(message);
  uint32_t tag = 0;
  while (reader.ReadTag(&tag) && reader.Skip(tag)) {
    const FieldTable* const field = table.FindByNumber(tag >> 3);
    if (field != nullptr && (within == nullptr || within->Includes(*field))) selection.Add(*field);
  }
  return selection;
}

absl::Status FieldSelection::AddPath(absl::string_view path, absl::string_view whole) {
  // An extension's name, "[full.name]", has dots of its own.
  const size_t dot = path.empty() || path.front() != '[' ? path.find('.') : path.find('.', path.find(']'));
  const absl::string_view name = path.substr(0, dot);
  if (name.empty()) return FieldError("fields", "a path is empty, or has an empty name");
  const FieldTable* const field = table_->FindByName(name);
  if (field == nullptr) {
    return FieldError("fields", absl::StrCat(Quote(whole), ": ", table_->full_name, " has no field ", Quote(name)));
  }
  const auto child =
      std::find_if(children_.begin(), children_.end(), [&](const auto& entry) { return entry.first == field->index; });
  if (dot == absl::string_view::npos) {
    Add(*field);
    if (child != children_.end()) children_.erase(child);
    return absl::OkStatus();
  }
  if (field->map || field->message == nullptr || field->message->well_known != schema::WellKnown::kNone) {
    return FieldError("fields", absl::StrCat(Quote(whole), ": nothing within ", Quote(name), " can be selected"));
  }
  if (child != children_.end()) return child->second->AddPath(path.substr(dot + 1), whole);
  std::unique_ptr<FieldSelection> within(new FieldSelection(*field->message));
  if (absl::Status added = within->AddPath(path.substr(dot + 1), whole); !added.ok()) return added;
  // Where all of the field was asked for already, a part of it changes nothing.
  const bool whole_field = (included_[field->index / 64] >> (field->index % 64) & 1) != 0;
  if (!whole_field) children_.emplace_back(field->index, std::move(within));
  Add(*field);
  return absl::OkStatus();
}

std::unique_ptr<const FieldSelection> FieldSelection::Under(const MessageTable& table, const FieldTable& field,
                                                            std::unique_ptr<FieldSelection> child) {
  std::unique_ptr<FieldSelection> selection(new FieldSelection(table));
  selection->Add(field);
  if (child != nullptr && !child->all_) selection->children_.emplace_back(field.index, std::move(child));
  return selection;
}

}  // namespace portico::transcode
