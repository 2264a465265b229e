#include "gateway/compose/fetch_fields.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "gateway/schema/schema.h"

namespace portico::compose {
namespace {

using schema::FieldTable;
using schema::MessageTable;

bool HasFetchesBut(const MessageTable& table, absl::flat_hash_set<const MessageTable*>* seen) {
  if (!seen->insert(&table).second) return false;
  return std::any_of(table.fields.begin(), table.fields.end(), [&](const FieldTable& field) {
    return FetchOf(table, field).has_value() || (field.message != nullptr && HasFetchesBut(*field.message, seen));
  });
}

}  // namespace

const google::protobuf::FieldDescriptor* DescriptorOf(const MessageTable& table, const FieldTable& field) {
  return table.descriptor->FindFieldByNumber(static_cast<int>(field.number));
}

std::optional<portico::Fetch> FetchOf(const MessageTable& table, const FieldTable& field) {
  const google::protobuf::FieldDescriptor* descriptor = DescriptorOf(table, field);
  if (descriptor == nullptr) return std::nullopt;
  return schema::Schema::FetchOf(*descriptor);
}

bool IsOmitted(const FieldTable& field) {
  return field.message != nullptr && field.repeated && field.message->full_name == "portico.Omitted";
}

bool HasFetches(const MessageTable& table) {
  absl::flat_hash_set<const MessageTable*> seen;
  return HasFetchesBut(table, &seen);
}

}  // namespace portico::compose
