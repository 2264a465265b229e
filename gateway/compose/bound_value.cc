#include "gateway/compose/bound_value.h"

#include <algorithm>

namespace portico::compose {

bool IsDefault(const WireValue& value) {
  return value.type == wire::WireType::kBytes
             ? value.bytes.empty()
             : std::all_of(value.bytes.begin(), value.bytes.end(), [](char c) { return c == 0; });
}

void DropDefault(const WirePath& path, WireValues* values) {
  if (path.empty() || path.leaf().has_presence || path.leaf().repeated) return;
  values->erase(std::remove_if(values->begin(), values->end(), IsDefault), values->end());
}

bool IsEmptyAt(const WirePath& path, const WireValues& values) {
  if (path.empty() || !path.repeated()) return AllEmpty(values);
  switch (path.leaf().type) {
    case schema::FieldType::kString:
    case schema::FieldType::kBytes:
    case schema::FieldType::kMessage:
    case schema::FieldType::kGroup:
      return values.empty();
    default:
      return AllEmpty(values);  // packed: a chunk may have no number in it
  }
}

}  // namespace portico::compose
