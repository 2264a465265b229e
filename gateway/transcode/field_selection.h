#ifndef PORTICO_GATEWAY_TRANSCODE_FIELD_SELECTION_H_
#define PORTICO_GATEWAY_TRANSCODE_FIELD_SELECTION_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"

namespace portico::transcode {

// Which fields of a reply the client asked for: `?fields=product.title,reviews`, compiled for one message type.
// Immutable and thread-safe. REQUIRES: the table outlives it.
class FieldSelection {
 public:
  // `mask` is a FieldMask: comma-separated paths of dotted JSON or proto names, leading through messages and repeated
  // messages. An empty mask and "*" select everything. A path that the type does not have, or that leads into a map or
  // a well-known type, is INVALID_ARGUMENT with the field "fields".
  static absl::StatusOr<std::unique_ptr<FieldSelection>> Compile(const schema::MessageTable& table,
                                                                 absl::string_view mask);

  // The selection of `field` of `table` alone, and within it what `child` selects (nullptr: all).
  static std::unique_ptr<const FieldSelection> Under(const schema::MessageTable& table, const schema::FieldTable& field,
                                                     std::unique_ptr<FieldSelection> child);

  // Of what `within` selects (nullptr: all), the fields that `message` has: for a partial answer, whose other fields
  // are not empty but elsewhere. `within` outlives it.
  static FieldSelection Present(const schema::MessageTable& table, absl::string_view message,
                                const FieldSelection* within);

  // True when `field`, or something within it, is selected. REQUIRES: a field of the table this was compiled for.
  bool Includes(const schema::FieldTable& field) const {
    return all_ || (included_[field.index / 64] >> (field.index % 64) & 1) != 0;
  }

  // The selection within a message field; nullptr when all of it is selected. REQUIRES: Includes(field).
  const FieldSelection* Child(const schema::FieldTable& field) const {
    if (within_ != nullptr) return within_->Child(field);
    for (const auto& [index, child] : children_) {
      if (index == field.index) return child.get();
    }
    return nullptr;
  }

 private:
  explicit FieldSelection(const schema::MessageTable& table)
      : table_(&table), included_(table.fields.size() / 64 + 1) {}

  void Add(const schema::FieldTable& field) { included_[field.index / 64] |= uint64_t{1} << (field.index % 64); }
  absl::Status AddPath(absl::string_view path, absl::string_view whole);

  const schema::MessageTable* table_;
  const FieldSelection* within_ = nullptr;  // knows the selections within the fields
  bool all_ = false;
  std::vector<uint64_t> included_;  // a bit per MessageTable::fields
  std::vector<std::pair<uint16_t, std::unique_ptr<FieldSelection>>> children_;
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_FIELD_SELECTION_H_
