#ifndef PORTICO_GATEWAY_SCHEMA_SCHEMA_LOADER_H_
#define PORTICO_GATEWAY_SCHEMA_SCHEMA_LOADER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/http_rules.h"
#include "gateway/schema/schema.h"
#include "gateway/schema/source_files.h"

namespace google::protobuf {
class Descriptor;
class FileDescriptor;
}  // namespace google::protobuf

namespace portico::schema {

// Makes a Schema: reads the sources, links each into its pool, compiles services, rules and tables. Used once.
class SchemaLoader {
 public:
  SchemaLoader(const std::vector<ContractSource>& sources, Diagnostics& diagnostics);

  // As Schema::Load.
  std::shared_ptr<const Schema> Load();

 private:
  void Link(size_t index);
  void AddBuiltins();
  void AddFile(const google::protobuf::FileDescriptor& file, Schema::Source& source);
  void AddMessages(const google::protobuf::Descriptor& message, Schema::Source& source);
  void AddService(const google::protobuf::ServiceDescriptor& descriptor, Schema::Source& source);
  std::unique_ptr<Method> CompileMethod(const google::protobuf::MethodDescriptor& descriptor, const Service& service,
                                        Schema::Source& source);
  void CompileHttp(const google::protobuf::MethodDescriptor& descriptor, Method& method);
  void CompilePolicy(Method& method);
  void CheckSelectors();

  const std::vector<ContractSource>& sources_;
  Diagnostics& diagnostics_;
  std::vector<SourceFiles> files_;             // one for each source; empty for a file of rules
  absl::flat_hash_set<std::string> reported_;  // of PoolBuilder
  RulesBySelector rules_;
  absl::flat_hash_set<std::string> selected_;  // selectors that named a method
  std::shared_ptr<const portico::Policy> no_policy_;
  std::shared_ptr<Schema> schema_;
};

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_SCHEMA_LOADER_H_
