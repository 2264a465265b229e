#ifndef PORTICO_GATEWAY_SCHEMA_SOURCE_FILES_H_
#define PORTICO_GATEWAY_SCHEMA_SOURCE_FILES_H_

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <memory>
#include <string>

#include "gateway/schema/diagnostics.h"

namespace google::protobuf::compiler {
class SourceLocationTable;
}  // namespace google::protobuf::compiler

namespace portico::schema {

struct ContractSource;

// One contract file, read but not yet linked to what it imports. Not copyable: `locations` refers into `proto`.
struct SourceFile {
  SourceFile();
  ~SourceFile();
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;

  std::string name;   // as other files import it
  std::string shown;  // as messages name it: a path a user can open; within a descriptor set "set.pb(name)"
  google::protobuf::FileDescriptorProto proto;
  // Positions of everything in `proto`; null for a file of a descriptor set.
  std::unique_ptr<google::protobuf::compiler::SourceLocationTable> locations;
  bool broken = false;  // has mistakes of syntax, which have been reported
};

// The files of one source, by name.
using SourceFiles = std::map<std::string, std::unique_ptr<SourceFile>>;

// Reads all .proto files below a folder, or all files of a descriptor set. Hidden files, and files that IsBuiltinOnly
// (builtin_contracts.h), are passed over. Mistakes go to `diagnostics`; what could be read is returned all the same.
// REQUIRES: the source is no file of rules.
SourceFiles ReadSource(const ContractSource& source, Diagnostics& diagnostics);

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_SOURCE_FILES_H_
