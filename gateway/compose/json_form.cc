#include "gateway/compose/json_form.h"

#include "absl/container/flat_hash_set.h"

namespace portico::compose {
namespace {

using schema::FieldTable;
using schema::MessageTable;
using schema::WellKnown;

bool Search(const MessageTable& table, absl::flat_hash_set<const MessageTable*>& seen) {
  switch (table.well_known) {
    case WellKnown::kAny:
    case WellKnown::kDuration:
    case WellKnown::kFieldMask:
    case WellKnown::kListValue:
    case WellKnown::kStruct:
    case WellKnown::kTimestamp:
    case WellKnown::kValue:
      return true;
    default:
      break;
  }
  if (!seen.insert(&table).second) return false;
  for (const FieldTable& field : table.fields) {
    if (field.message != nullptr && Search(*field.message, seen)) return true;
  }
  return false;
}

}  // namespace

bool MayLackJson(const MessageTable& table) {
  absl::flat_hash_set<const MessageTable*> seen;
  return Search(table, seen);
}

}  // namespace portico::compose
