#ifndef PORTICO_GATEWAY_COMPOSE_FETCH_FIELDS_H_
#define PORTICO_GATEWAY_COMPOSE_FETCH_FIELDS_H_

#include <google/protobuf/descriptor.h>

#include <optional>

#include "gateway/schema/message_table.h"
#include "portico/annotations.pb.h"

namespace portico::compose {

// Which fields of a message the gateway fills, by the contracts. For load time only. Thread-safe.

// nullptr for an extension.
const google::protobuf::FieldDescriptor* DescriptorOf(const schema::MessageTable& table,
                                                      const schema::FieldTable& field);

// The field's (portico.fetch), if it has one.
std::optional<portico::Fetch> FetchOf(const schema::MessageTable& table, const schema::FieldTable& field);

// Whether it is a repeated portico.Omitted.
bool IsOmitted(const schema::FieldTable& field);

// Whether a message of the type has a field that is fetched, or one whose messages have.
bool HasFetches(const schema::MessageTable& table);

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_FETCH_FIELDS_H_
