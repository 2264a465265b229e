#include "services/base/errors.h"

#include <iostream>

namespace shop {
namespace {

google::rpc::Status Describe(grpc::StatusCode code, const std::string& message, const std::string& reason,
                             google::rpc::ErrorInfo info = {}) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  info.set_reason(reason);
  info.set_domain(kErrorDomain);
  status.add_details()->PackFrom(info);
  return status;
}

grpc::Status Finish(const google::rpc::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString());
}

grpc::Status AboutResource(grpc::StatusCode code, const std::string& reason, std::string_view type, std::string_view id,
                           const std::string& what, const google::rpc::ErrorInfo& info = {}) {
  const std::string kind(type.substr(type.rfind('.') + 1));
  const std::string name(id);
  google::rpc::Status status = Describe(code, kind + " \"" + name + "\" " + what, reason, info);
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

grpc::Status StaleVersion(std::string_view type, std::string_view id, int64_t current, int64_t seen) {
  google::rpc::ErrorInfo info;
  (*info.mutable_metadata())["version"] = std::to_string(current);
  (*info.mutable_metadata())["seen_version"] = std::to_string(seen);
  return AboutResource(grpc::StatusCode::ABORTED, "STALE_VERSION", type, id,
                       "is at version " + std::to_string(current) + ", not " + std::to_string(seen) + "; read it again",
                       info);
}

grpc::Status FailedPrecondition(std::string_view type, std::string_view id, std::string_view reason,
                                std::string_view description) {
  google::rpc::Status status =
      Describe(grpc::StatusCode::FAILED_PRECONDITION, std::string(description), std::string(reason));
  google::rpc::PreconditionFailure failure;
  auto* violation = failure.add_violations();
  violation->set_type(std::string(reason));
  violation->set_subject(std::string(type) + "/" + std::string(id));
  violation->set_description(std::string(description));
  status.add_details()->PackFrom(failure);
  return Finish(status);
}

grpc::Status Failure(grpc::StatusCode code, std::string_view reason, std::string_view message) {
  return Finish(Describe(code, std::string(message), std::string(reason)));
}

google::rpc::Status ToMessage(const grpc::Status& status) {
  google::rpc::Status message;
  if (status.error_details().empty() || !message.ParseFromString(status.error_details())) {
    message.set_code(status.error_code());
    message.set_message(status.error_message());
  }
  return message;
}

grpc::Status StorageFailure(const absl::Status& failure) {
  std::cerr << failure.ToString() + "\n";
  if (absl::IsUnavailable(failure)) {
    return Finish(Describe(grpc::StatusCode::UNAVAILABLE, "the storage is busy", "STORAGE_BUSY"));
  }
  return Finish(Describe(grpc::StatusCode::INTERNAL, "the storage failed", "STORAGE_FAILED"));
}

}  // namespace shop
