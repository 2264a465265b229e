#include "gateway/transcode/update_mask.h"

#include "absl/strings/str_cat.h"
#include "gateway/json/reader.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {
namespace {

using schema::FieldTable;
using schema::MessageTable;

struct Walk {
  json::Reader in;
  const std::function<bool(absl::string_view)>& excluded;
  std::string* mask;

  // Whether the object has any member. One that is not known names nothing, and so does what has only such: its parent
  // would stand for all that the client did not mean to touch.
  bool Object(const MessageTable& table, const std::string& prefix) {
    bool any = false;
    absl::string_view key;
    if (!in.BeginObject()) return false;
    while (in.NextKey(&key)) {
      any = true;
      const FieldTable* const field = table.FindByName(key);
      if (field == nullptr) {
        in.SkipValue();
        continue;
      }
      const std::string path = absl::StrCat(prefix, prefix.empty() ? "" : ".", field->name);
      const bool nested = field->message != nullptr && !field->repeated &&
                          field->message->well_known == schema::WellKnown::kNone && in.Peek() == json::Kind::kObject;
      if (nested) {
        if (Object(*field->message, path)) continue;
      } else {
        in.SkipValue();
      }
      if (!excluded(path)) wire::AppendBytesField(1, path, mask);
    }
    return any;
  }
};

}  // namespace

void AppendPopulatedPaths(const MessageTable& table, absl::string_view json,
                          const std::function<bool(absl::string_view)>& excluded, std::string* mask) {
  Walk walk{json::Reader(json), excluded, mask};
  if (walk.in.Peek() == json::Kind::kObject) walk.Object(table, "");
}

}  // namespace portico::transcode
