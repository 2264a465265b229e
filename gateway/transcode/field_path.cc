#include "gateway/transcode/field_path.h"

#include "absl/strings/str_cat.h"
#include "gateway/transcode/message_on_wire.h"

namespace portico::transcode {

using schema::FieldTable;
using schema::MessageTable;

PathError ResolvePath(const MessageTable& table, absl::string_view text, std::vector<const FieldTable*>* path) {
  path->clear();
  const MessageTable* message = &table;
  for (;;) {
    // An extension's name, "[full.name]", has dots of its own.
    const size_t dot = text.empty() || text.front() != '[' ? text.find('.') : text.find('.', text.find(']'));
    const FieldTable* const field = message->FindByName(text.substr(0, dot));
    if (field == nullptr) return PathError::kUnknown;
    path->push_back(field);
    if (path->size() > kMaxPathDepth) return PathError::kTooDeep;
    if (dot == absl::string_view::npos) return PathError::kNone;
    text.remove_prefix(dot + 1);
    if (field->message == nullptr) return PathError::kUnknown;
    if (field->repeated) return PathError::kThroughRepeated;
    if (field->message->well_known != schema::WellKnown::kNone) return PathError::kThroughValue;
    message = field->message;
  }
}

std::string PathText(std::span<const FieldTable* const> path) {
  std::string text;
  for (const FieldTable* const field : path) absl::StrAppend(&text, text.empty() ? "" : ".", field->name);
  return text;
}

PathWriter::PathWriter(std::span<const FieldTable* const> path, wire::Writer* out)
    : around_(path.first(path.size() - 1)), out_(out) {
  for (const FieldTable* const field : around_) begins_.push_back(BeginMessage(*field, out_));
}

void PathWriter::Close() {
  for (size_t i = around_.size(); i-- > 0;) EndMessage(*around_[i], begins_[i], out_);
}

}  // namespace portico::transcode
