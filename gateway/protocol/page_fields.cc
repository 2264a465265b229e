#include "gateway/protocol/page_fields.h"

#include "absl/strings/str_cat.h"

namespace portico::protocol {

std::string WithOmitted(absl::string_view fields, const schema::MessageTable& page) {
  if (!fields.empty()) {  // nothing is everything
    for (const schema::FieldTable& field : page.fields) {
      if (field.repeated && field.message != nullptr && field.message->full_name == "portico.Omitted") {
        return absl::StrCat(fields, ",", field.name);
      }
    }
  }
  return std::string(fields);
}

}  // namespace portico::protocol
