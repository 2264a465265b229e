#include "services/base/errors.h"

#include <iostream>

#include "google/rpc/status.pb.h"

namespace shop {
namespace {

google::rpc::Status Describe(grpc::StatusCode code, const std::string& message, const std::string& reason) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(kErrorDomain);
  status.add_details()->PackFrom(info);
  return status;
}

grpc::Status Finish(const google::rpc::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString());
}

grpc::Status AboutResource(grpc::StatusCode code, const std::string& reason, std::string_view type, std::string_view id,
                           const std::string& what) {
  const std::string kind(type.substr(type.rfind('.') + 1));
  const std::string name(id);
  google::rpc::Status status = Describe(code, kind + " \"" + name + "\" " + what, reason);
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(std::string(type));
  resource.set_resource_name(name);
  resource.set_description(status.message());
  status.add_details()->PackFrom(resource);
  return Finish(status);
}

}  // namespace

grpc::Status NotFound(std::string_view type, std::string_view id) {
  return AboutResource(grpc::StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", type, id, "does not exist");
}

grpc::Status AlreadyExists(std::string_view type, std::string_view id) {
  return AboutResource(grpc::StatusCode::ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS", type, id, "already exists");
}

grpc::Status InvalidArgument(const google::rpc::BadRequest& violations) {
  const auto& first = violations.field_violations(0);
  std::string message = first.field() + ": " + first.description();
  if (const int more = violations.field_violations_size() - 1; more > 0) {
    message += " (and " + std::to_string(more) + " more)";
  }
  google::rpc::Status status = Describe(grpc::StatusCode::INVALID_ARGUMENT, message, "INVALID_REQUEST");
  status.add_details()->PackFrom(violations);
  return Finish(status);
}

grpc::Status StorageFailure(const absl::Status& failure) {
  std::cerr << failure.ToString() + "\n";
  if (absl::IsUnavailable(failure)) {
    return Finish(Describe(grpc::StatusCode::UNAVAILABLE, "the storage is busy", "STORAGE_BUSY"));
  }
  return Finish(Describe(grpc::StatusCode::INTERNAL, "the storage failed", "STORAGE_FAILED"));
}

}  // namespace shop
