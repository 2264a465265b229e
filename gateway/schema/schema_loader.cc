#include "gateway/schema/schema_loader.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/schema/builtin_contracts.h"
#include "gateway/schema/option_reader.h"
#include "gateway/schema/pool_builder.h"
#include "gateway/schema/schema_source.h"
#include "google/api/annotations.pb.h"
#include "portico/annotations.pb.h"

namespace portico::schema {
namespace {

namespace pb = google::protobuf;

// What a file says, in one form whether it was compiled here or by protoc: without source info, options interpreted and
// in the order of their numbers.
std::string ContentOf(const pb::FileDescriptor& file) {
  pb::FileDescriptorProto normal;
  normal.ParseFromString(ToProto(file).SerializeAsString());
  std::string bytes;
  pb::io::StringOutputStream stream(&bytes);
  pb::io::CodedOutputStream output(&stream);
  output.SetSerializationDeterministic(true);
  normal.SerializeToCodedStream(&output);
  output.Trim();
  return bytes;
}

template <class Descriptor>
Position PlaceOf(const Descriptor& descriptor, const std::string& shown) {
  const auto location = FindLocation(*descriptor.file(), SourcePath(descriptor));
  return location.has_value() ? Position{shown, location->first, location->second} : Position{shown, 0, 0};
}

// Where an option of a method stands; the method itself when that is not known.
Position OptionPlaceOf(const pb::MethodDescriptor& descriptor, int option, const pb::Descriptor* type,
                       const Position& method) {
  const auto location = FindOptionLocation(*descriptor.file(), SourcePath(descriptor),
                                           pb::MethodDescriptorProto::kOptionsFieldNumber, option, type);
  return location.has_value() ? Position{method.file, location->first, location->second} : method;
}

}  // namespace

SchemaLoader::SchemaLoader(const std::vector<ContractSource>& sources, Diagnostics& diagnostics)
    : sources_(sources),
      diagnostics_(diagnostics),
      no_policy_(std::make_shared<portico::Policy>()),
      schema_(new Schema) {}

std::shared_ptr<const Schema> SchemaLoader::Load() {
  const size_t mistakes_before = diagnostics_.entries().size();
  for (const ContractSource& source : sources_) {
    if (source.kind == ContractSource::Kind::kRules) {
      ReadRulesFile(source, rules_, diagnostics_);
      files_.emplace_back();
    } else {
      files_.push_back(ReadSource(source, diagnostics_));
    }
  }
  // What servers say of themselves last: services that are defined elsewhere are not theirs.
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].kind != ContractSource::Kind::kRules && sources_[i].kind != ContractSource::Kind::kReflected)
      Link(i);
  }
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].kind == ContractSource::Kind::kReflected) Link(i);
  }
  AddBuiltins();
  // Where contracts are broken, the method may be in a file that could not be linked.
  if (diagnostics_.entries().size() == mistakes_before) CheckSelectors();
  return diagnostics_.entries().size() == mistakes_before ? std::move(schema_) : nullptr;
}

void SchemaLoader::Link(size_t index) {
  std::vector<const SourceFiles*> others;
  for (size_t i = 0; i < files_.size(); ++i) {
    if (i != index) others.push_back(&files_[i]);
  }
  auto source = std::make_unique<Schema::Source>();
  source->owned = std::make_unique<pb::DescriptorPool>();
  source->pool = source->owned.get();
  source->reflected = sources_[index].kind == ContractSource::Kind::kReflected;
  PoolBuilder builder(files_[index], std::move(others), *source->owned, reported_, diagnostics_);
  std::vector<const pb::FileDescriptor*> linked;
  for (const auto& [name, file] : files_[index]) {
    if (const pb::FileDescriptor* built = builder.Build(name); built != nullptr) linked.push_back(built);
  }
  source->shown = builder.TakeShownNames();
  for (const pb::FileDescriptor* file : linked) AddFile(*file, *source);
  schema_->sources_.push_back(std::move(source));
}

void SchemaLoader::AddBuiltins() {
  auto source = std::make_unique<Schema::Source>();
  source->pool = pb::DescriptorPool::generated_pool();
  for (const pb::FileDescriptor* file : BuiltinContracts()) {
    source->shown.emplace(file->name(), absl::StrCat(file->name(), " (built in)"));
    for (int i = 0; i < file->message_type_count(); ++i) AddMessages(*file->message_type(i), *source);
  }
  schema_->sources_.push_back(std::move(source));
}

void SchemaLoader::AddFile(const pb::FileDescriptor& file, Schema::Source& source) {
  for (int i = 0; i < file.message_type_count(); ++i) AddMessages(*file.message_type(i), source);
  for (int i = 0; i < file.service_count(); ++i) AddService(*file.service(i), source);
}

void SchemaLoader::AddMessages(const pb::Descriptor& message, Schema::Source& source) {
  if (message.options().map_entry()) return;
  source.tables.Add(&message);
  for (int i = 0; i < message.nested_type_count(); ++i) AddMessages(*message.nested_type(i), source);
}

void SchemaLoader::AddService(const pb::ServiceDescriptor& descriptor, Schema::Source& source) {
  const Position position = PlaceOf(descriptor, source.shown.at(descriptor.file()->name()));
  if (const Service* other = schema_->FindService(descriptor.full_name()); other != nullptr) {
    if (source.reflected || ContentOf(*descriptor.file()) == ContentOf(*other->descriptor->file())) return;
    diagnostics_.Add(position, absl::StrCat("duplicate service ", descriptor.full_name(), ": another definition is at ",
                                            other->position.ToString()));
    return;
  }
  auto service = std::make_unique<Service>();
  service->full_name = descriptor.full_name();
  service->descriptor = &descriptor;
  service->position = position;
  if (const std::optional<pb::ServiceOptions> options = ReadOptions(descriptor.options()); options.has_value()) {
    service->facade = options->GetExtension(portico::facade);
  } else {
    diagnostics_.Add(position, "the service's options have another type than portico/annotations.proto says");
  }
  for (int i = 0; i < descriptor.method_count(); ++i) {
    std::unique_ptr<Method> method = CompileMethod(*descriptor.method(i), *service, source);
    schema_->methods_by_name_.emplace(method->full_name, method.get());
    service->methods.push_back(std::move(method));
  }
  schema_->services_by_name_.emplace(service->full_name, service.get());
  schema_->services_.push_back(service.get());
  schema_->owned_services_.push_back(std::move(service));
}

std::unique_ptr<Method> SchemaLoader::CompileMethod(const pb::MethodDescriptor& descriptor, const Service& service,
                                                    Schema::Source& source) {
  auto method = std::make_unique<Method>();
  method->name = descriptor.name();
  method->full_name = absl::StrCat(service.full_name, "/", descriptor.name());
  method->path = absl::StrCat("/", method->full_name);
  method->service = &service;
  method->input = &source.tables.Add(descriptor.input_type());
  method->output = &source.tables.Add(descriptor.output_type());
  method->client_streaming = descriptor.client_streaming();
  method->server_streaming = descriptor.server_streaming();
  method->idempotent = descriptor.options().idempotency_level() != pb::MethodOptions::IDEMPOTENCY_UNKNOWN;
  method->descriptor = &descriptor;
  method->position = PlaceOf(descriptor, service.position.file);
  method->policy_position = method->position;
  method->policy = no_policy_;
  CompileHttp(descriptor, *method);
  return method;
}

void SchemaLoader::CompileHttp(const pb::MethodDescriptor& descriptor, Method& method) {
  const std::optional<pb::MethodOptions> options = ReadOptions(descriptor.options());
  if (!options.has_value()) {
    diagnostics_.Add(method.position,
                     "the method's options have other types than google/api/http.proto and portico/annotations.proto "
                     "say");
    return;
  }
  if (options->HasExtension(google::api::http)) {
    const Position position =
        OptionPlaceOf(descriptor, google::api::http.number(), google::api::HttpRule::descriptor(), method.position);
    method.http = FlattenHttpRule(
        options->GetExtension(google::api::http), "http", [&](absl::string_view) { return position; }, diagnostics_);
  }
  if (const auto rules = rules_.find(descriptor.full_name()); rules != rules_.end()) {
    method.http = rules->second.http;
    selected_.insert(rules->first);
  }
  if (options->HasExtension(portico::policy)) {
    method.policy = std::make_shared<portico::Policy>(options->GetExtension(portico::policy));
    method.policy_position =
        OptionPlaceOf(descriptor, portico::policy.number(), portico::Policy::descriptor(), method.position);
    CompilePolicy(method);
  }
}

void SchemaLoader::CompilePolicy(Method& method) {
  const portico::Policy& policy = *method.policy;
  const std::tuple<const char*, const std::string&> durations[] = {
      {"policy.timeout", policy.timeout()},
      {"policy.cache.max_age", policy.cache().max_age()},
      {"policy.hedge.after", policy.hedge().after()},
  };
  for (const auto& [name, text] : durations) {
    if (text.empty() || ParseDuration(text).has_value()) continue;
    diagnostics_.Add(method.policy_position,
                     absl::StrCat(name, ": \"", text, "\" is not a duration such as \"150ms\" or \"2s\""));
  }
  if (const uint32_t code = policy.success().code(); code != 0 && (code < 200 || code > 299)) {
    diagnostics_.Add(method.policy_position, absl::StrCat("policy.success.code: ", code, " is no success: 200 to 299"));
  }
  if (const auto timeout = ParseDuration(policy.timeout()); timeout.has_value()) method.timeout = *timeout;
}

void SchemaLoader::CheckSelectors() {
  for (const auto& [selector, rules] : rules_) {
    if (selected_.contains(selector)) continue;
    diagnostics_.Add(rules.position, absl::StrCat("selector \"", selector, "\" names no method of the contracts"));
  }
}

}  // namespace portico::schema
