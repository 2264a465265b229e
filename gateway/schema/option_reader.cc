#include "gateway/schema/option_reader.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

namespace portico::schema {
namespace {

namespace pb = google::protobuf;

std::vector<int> MessagePath(const pb::Descriptor& message) {
  std::vector<int> path;
  for (const pb::Descriptor* at = &message; at != nullptr; at = at->containing_type()) {
    // Collected from the inside outwards, so each index comes before its field number until the end.
    path.push_back(at->index());
    if (at->containing_type() != nullptr) {
      path.push_back(pb::DescriptorProto::kNestedTypeFieldNumber);
    } else {
      path.push_back(pb::FileDescriptorProto::kMessageTypeFieldNumber);
    }
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace

std::vector<int> SourcePath(const pb::ServiceDescriptor& service) {
  return {pb::FileDescriptorProto::kServiceFieldNumber, service.index()};
}

std::vector<int> SourcePath(const pb::MethodDescriptor& method) {
  std::vector<int> path = SourcePath(*method.service());
  path.insert(path.end(), {pb::ServiceDescriptorProto::kMethodFieldNumber, method.index()});
  return path;
}

std::vector<int> SourcePath(const pb::FieldDescriptor& field) {
  std::vector<int> path;
  if (field.is_extension()) {
    if (field.extension_scope() != nullptr) {
      path = MessagePath(*field.extension_scope());
      path.push_back(pb::DescriptorProto::kExtensionFieldNumber);
    } else {
      path.push_back(pb::FileDescriptorProto::kExtensionFieldNumber);
    }
  } else {
    path = MessagePath(*field.containing_type());
    path.push_back(pb::DescriptorProto::kFieldFieldNumber);
  }
  path.push_back(field.index());
  return path;
}

std::optional<std::pair<int, int>> FindLocation(const pb::FileDescriptor& file, const std::vector<int>& path) {
  pb::SourceLocation location;
  if (!file.GetSourceLocation(path, &location)) return std::nullopt;
  return std::make_pair(location.start_line + 1, location.start_column + 1);
}

std::optional<std::pair<int, int>> FindOptionLocation(const pb::FileDescriptor& file, std::vector<int> path,
                                                      int options_field, int option, const pb::Descriptor* type) {
  path.insert(path.end(), {options_field, option});
  std::optional<std::pair<int, int>> first = FindLocation(file, path);
  if (first.has_value() || type == nullptr) return first;
  for (int i = 0; i < type->field_count(); ++i) {
    std::vector<int> field_path = path;
    field_path.push_back(type->field(i)->number());
    const std::optional<std::pair<int, int>> found = FindLocation(file, field_path);
    if (found.has_value() && (!first.has_value() || *found < *first)) first = found;
  }
  return first;
}

}  // namespace portico::schema
