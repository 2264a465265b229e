#ifndef PORTICO_GATEWAY_SCHEMA_POOL_BUILDER_H_
#define PORTICO_GATEWAY_SCHEMA_POOL_BUILDER_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/source_files.h"

namespace google::protobuf {
class DescriptorPool;
class FileDescriptor;
}  // namespace google::protobuf

namespace portico::schema {

// Links the files of one source, and whatever they import, into one descriptor pool.
//
// An import is looked up in the source itself, then in `others` in their order, then among the built-in contracts. This
// is done here rather than by a DescriptorDatabase behind the pool, because the pool would then copy each file before
// it builds it, and SourceLocationTable knows the positions of the original only.
class PoolBuilder {
 public:
  // `reported` is shared by the builders of all sources: a file that several of them import is linked into several
  // pools, and its mistakes are worth reporting once. REQUIRES: everything given outlives the builder.
  PoolBuilder(const SourceFiles& own, std::vector<const SourceFiles*> others, google::protobuf::DescriptorPool& pool,
              absl::flat_hash_set<std::string>& reported, Diagnostics& diagnostics);

  // The file that is imported as `name`, linked; nullptr when there is none or it has mistakes, which have then been
  // reported.
  const google::protobuf::FileDescriptor* Build(const std::string& name);

  // Name of every file that was looked at -> how messages show it.
  absl::flat_hash_map<std::string, std::string> TakeShownNames() { return std::move(shown_); }

 private:
  class LinkErrors;
  enum class State { kBuilding, kBuilt, kFailed };

  const SourceFile* Find(const std::string& name) const;
  const google::protobuf::FileDescriptor* BuildBuiltin(const std::string& name);
  bool BuildImports(const SourceFile& file);
  void Report(Position position, std::string message);

  const SourceFiles& own_;
  std::vector<const SourceFiles*> others_;
  google::protobuf::DescriptorPool& pool_;
  absl::flat_hash_set<std::string>& reported_;
  Diagnostics& diagnostics_;
  absl::flat_hash_map<std::string, State> states_;
  absl::flat_hash_map<std::string, std::string> shown_;
};

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_POOL_BUILDER_H_
