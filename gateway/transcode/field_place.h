#ifndef PORTICO_GATEWAY_TRANSCODE_FIELD_PLACE_H_
#define PORTICO_GATEWAY_TRANSCODE_FIELD_PLACE_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"

namespace portico::transcode {

// Where a conversion is: a chain of places on the stack, from a field to the message around it, which costs two words a
// level and becomes a path only when there is an error to report.
struct FieldPlace {
  const FieldPlace* outer = nullptr;
  const schema::FieldTable* field = nullptr;  // nullptr: a member of a Struct, or an element of a ListValue
  int64_t index = -1;                         // of an element; -1: none
  bool has_key = false;                       // an entry of a map or a member of a Struct
  absl::string_view key;

  // "order.items[3].labels[size]"
  static std::string Path(const FieldPlace* place) {
    if (place == nullptr) return std::string();
    std::string path = Path(place->outer);
    if (place->field != nullptr) absl::StrAppend(&path, path.empty() ? "" : ".", place->field->name);
    if (place->index >= 0) absl::StrAppend(&path, "[", place->index, "]");
    if (place->has_key) absl::StrAppend(&path, "[", place->key, "]");
    return path;
  }
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_FIELD_PLACE_H_
