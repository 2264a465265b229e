#include "gateway/schema/schema.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <tuple>
#include <utility>

#include "gateway/schema/option_reader.h"
#include "gateway/schema/schema_loader.h"
#include "gateway/schema/schema_source.h"
#include "portico/annotations.pb.h"

namespace portico::schema {
namespace {

Position At(Position file, const std::optional<std::pair<int, int>>& location) {
  if (location.has_value()) std::tie(file.line, file.column) = *location;
  return file;
}

}  // namespace

Schema::Schema() = default;
Schema::~Schema() = default;

std::shared_ptr<const Schema> Schema::Load(const std::vector<ContractSource>& sources, Diagnostics& diagnostics) {
  return SchemaLoader(sources, diagnostics).Load();
}

const Service* Schema::FindService(absl::string_view full_name) const {
  const auto at = services_by_name_.find(full_name);
  return at == services_by_name_.end() ? nullptr : at->second;
}

const Method* Schema::FindMethod(absl::string_view full_name) const {
  const auto at = methods_by_name_.find(full_name);
  return at == methods_by_name_.end() ? nullptr : at->second;
}

const MessageTable* Schema::FindMessage(absl::string_view full_name) const {
  for (const std::unique_ptr<Source>& source : sources_) {
    if (const MessageTable* table = source->tables.FindMessage(full_name); table != nullptr) return table;
  }
  return nullptr;
}

std::optional<portico::Fetch> Schema::FetchOf(const google::protobuf::FieldDescriptor& field) {
  const std::optional<google::protobuf::FieldOptions> options = ReadOptions(field.options());
  if (!options.has_value() || !options->HasExtension(portico::fetch)) return std::nullopt;
  return options->GetExtension(portico::fetch);
}

Position Schema::FilePosition(const google::protobuf::FileDescriptor& file) const {
  for (const std::unique_ptr<Source>& source : sources_) {
    if (source->pool != file.pool()) continue;
    if (const auto shown = source->shown.find(file.name()); shown != source->shown.end()) {
      return {shown->second, 0, 0};
    }
  }
  return {file.name(), 0, 0};
}

Position Schema::PositionOf(const google::protobuf::FieldDescriptor& field) const {
  return At(FilePosition(*field.file()), FindLocation(*field.file(), SourcePath(field)));
}

Position Schema::FetchPositionOf(const google::protobuf::FieldDescriptor& field) const {
  const auto location =
      FindOptionLocation(*field.file(), SourcePath(field), google::protobuf::FieldDescriptorProto::kOptionsFieldNumber,
                         portico::fetch.number(), portico::Fetch::descriptor());
  return location.has_value() ? At(FilePosition(*field.file()), location) : PositionOf(field);
}

}  // namespace portico::schema
