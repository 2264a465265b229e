#ifndef PORTICO_GATEWAY_SCHEMA_OPTION_READER_H_
#define PORTICO_GATEWAY_SCHEMA_OPTION_READER_H_

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace portico::schema {

// A copy of `options` in which the extensions linked into the gateway can be read. The options of a pool that was
// compiled here hold their extensions as unknown fields: the pool's own extensions are other types than the linked
// ones. nullopt when the contract's extensions of these numbers have another shape.
template <class Options>
std::optional<Options> ReadOptions(const Options& options) {
  Options read;
  if (!read.ParseFromString(options.SerializeAsString())) return std::nullopt;
  return read;
}

// The path of an element within its FileDescriptorProto, as SourceCodeInfo.Location has it.
std::vector<int> SourcePath(const google::protobuf::ServiceDescriptor& service);
std::vector<int> SourcePath(const google::protobuf::MethodDescriptor& method);
std::vector<int> SourcePath(const google::protobuf::FieldDescriptor& field);

// Line and column, from 1, of what stands at `path` in `file`; nullopt when the source info does not have it.
std::optional<std::pair<int, int>> FindLocation(const google::protobuf::FileDescriptor& file,
                                                const std::vector<int>& path);

// The same for an option: `path` leads to the element, `options_field` is the number of `options` in the element's
// proto, `option` the extension's number, and `type` what it holds; an option that is written field by field
// ("option (google.api.http).get = ...") stands where its first field does.
std::optional<std::pair<int, int>> FindOptionLocation(const google::protobuf::FileDescriptor& file,
                                                      std::vector<int> path, int options_field, int option,
                                                      const google::protobuf::Descriptor* type);

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_OPTION_READER_H_
