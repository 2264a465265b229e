#ifndef PORTICO_GATEWAY_SCHEMA_BUILTIN_CONTRACTS_H_
#define PORTICO_GATEWAY_SCHEMA_BUILTIN_CONTRACTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace google::protobuf {
class FileDescriptor;
class FileDescriptorProto;
}  // namespace google::protobuf

namespace portico::schema {

// The contracts that are linked into the gateway, so that users' contracts can import them without having them:
// google/protobuf, google/api, google/rpc, grpc/health/v1 and portico. Every file stands in the list by name, because
// the linker drops from a static library what nothing refers to.
const std::vector<const google::protobuf::FileDescriptor*>& BuiltinContracts();

// The built-in file that is imported as `name`; nullptr when there is none.
const google::protobuf::FileDescriptor* FindBuiltinContract(absl::string_view name);

// Whether a user's file of this name is passed over for the built-in one: portico/* and grpc/* are what the gateway
// itself understands, so a copy that says something else would be misleading. A user's own google/* holds.
bool IsBuiltinOnly(absl::string_view name);

// A built-in file as the compiler would have read it; it has no positions.
google::protobuf::FileDescriptorProto ToProto(const google::protobuf::FileDescriptor& file);

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_BUILTIN_CONTRACTS_H_
