#ifndef PORTICO_GATEWAY_SCHEMA_SCHEMA_SOURCE_H_
#define PORTICO_GATEWAY_SCHEMA_SCHEMA_SOURCE_H_

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "gateway/schema/message_table.h"
#include "gateway/schema/schema.h"

namespace portico::schema {

// One source's linked contracts and what was compiled from them. The last one of a schema is the built-in contracts.
struct Schema::Source {
  std::unique_ptr<google::protobuf::DescriptorPool> owned;  // null for the built-in contracts
  const google::protobuf::DescriptorPool* pool = nullptr;
  bool reflected = false;                               // learned from servers
  absl::flat_hash_map<std::string, std::string> shown;  // name of a file in the pool -> how messages show it
  Tables tables;                                        // refers into the pool, so it goes first
};

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_SCHEMA_SOURCE_H_
