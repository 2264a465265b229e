#include "gateway/schema/builtin_contracts.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/api.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/source_context.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/type.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "absl/strings/match.h"
#include "google/api/annotations.pb.h"
#include "google/api/client.pb.h"
#include "google/api/field_behavior.pb.h"
#include "google/api/http.pb.h"
#include "google/api/httpbody.pb.h"
#include "google/api/resource.pb.h"
#include "google/rpc/code.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "portico/annotations.pb.h"
#include "portico/config.pb.h"

namespace portico::schema {
namespace {

using google::protobuf::FileDescriptor;

template <class Message>
const FileDescriptor* FileOf() {
  return Message::descriptor()->file();
}

// For a file that defines nothing but extensions: `extension` keeps it linked.
template <class Extension>
const FileDescriptor* FileOf(const Extension& extension, const char* name) {
  const google::protobuf::DescriptorPool* pool = google::protobuf::DescriptorPool::generated_pool();
  return extension.number() > 0 ? pool->FindFileByName(name) : nullptr;
}

}  // namespace

const std::vector<const FileDescriptor*>& BuiltinContracts() {
  static const auto* files = new std::vector<const FileDescriptor*>{
      FileOf<google::protobuf::Any>(),
      FileOf<google::protobuf::Api>(),
      FileOf<google::protobuf::FileDescriptorProto>(),
      FileOf<google::protobuf::Duration>(),
      FileOf<google::protobuf::Empty>(),
      FileOf<google::protobuf::FieldMask>(),
      FileOf<google::protobuf::SourceContext>(),
      FileOf<google::protobuf::Struct>(),
      FileOf<google::protobuf::Timestamp>(),
      FileOf<google::protobuf::Type>(),
      FileOf<google::protobuf::StringValue>(),
      FileOf(google::api::http, "google/api/annotations.proto"),
      FileOf(google::api::method_signature, "google/api/client.proto"),
      google::api::FieldBehavior_descriptor()->file(),
      FileOf<google::api::HttpRule>(),
      FileOf<google::api::HttpBody>(),
      FileOf<google::api::ResourceDescriptor>(),
      google::rpc::Code_descriptor()->file(),
      FileOf<google::rpc::ErrorInfo>(),
      FileOf<google::rpc::Status>(),
      FileOf<grpc::health::v1::HealthCheckRequest>(),
      FileOf<portico::Fetch>(),
      FileOf<portico::config::Config>(),
  };
  return *files;
}

const FileDescriptor* FindBuiltinContract(absl::string_view name) {
  for (const FileDescriptor* file : BuiltinContracts()) {
    if (absl::string_view(file->name()) == name) return file;
  }
  return nullptr;
}

bool IsBuiltinOnly(absl::string_view name) {
  return (absl::StartsWith(name, "portico/") || absl::StartsWith(name, "grpc/")) &&
         FindBuiltinContract(name) != nullptr;
}

google::protobuf::FileDescriptorProto ToProto(const FileDescriptor& file) {
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  file.CopyJsonNameTo(&proto);
  return proto;
}

}  // namespace portico::schema
