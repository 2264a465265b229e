// Errors as the shop's services answer them: a code, a message, and details a program can read.
//
// Every error carries a google.rpc.ErrorInfo with the domain kErrorDomain and a reason; wrong requests add
// google.rpc.BadRequest, missing and existing resources google.rpc.ResourceInfo. Storage failures are logged to stderr
// and answered without what SQLite said.
#ifndef PORTICO_SERVICES_BASE_ERRORS_H_
#define PORTICO_SERVICES_BASE_ERRORS_H_

#include <grpcpp/support/status.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace shop {

inline constexpr char kErrorDomain[] = "shop.portico.example";

// NOT_FOUND with the reason RESOURCE_NOT_FOUND. `type` is the full name of the resource's message, such as
// "shop.catalog.v1.Product", `id` its id.
grpc::Status NotFound(std::string_view type, std::string_view id);

// ALREADY_EXISTS with the reason RESOURCE_ALREADY_EXISTS.
grpc::Status AlreadyExists(std::string_view type, std::string_view id);

// INVALID_ARGUMENT with the reason INVALID_REQUEST. REQUIRES: at least one violation.
grpc::Status InvalidArgument(const google::rpc::BadRequest& violations);

// ABORTED with the reason STALE_VERSION: the resource is at the version `current`, the caller has seen `seen`. Both are
// in the ErrorInfo's metadata, as "version" and "seen_version".
grpc::Status StaleVersion(std::string_view type, std::string_view id, int64_t current, int64_t seen);

// FAILED_PRECONDITION because of the state a resource is in. `reason` is UPPER_SNAKE_CASE, and also the type of the one
// violation of a google.rpc.PreconditionFailure; `description` says what has to be otherwise.
grpc::Status FailedPrecondition(std::string_view type, std::string_view id, std::string_view reason,
                                std::string_view description);

// Any other error. `reason` is UPPER_SNAKE_CASE.
grpc::Status Failure(grpc::StatusCode code, std::string_view reason, std::string_view message);

// An error as a message, with its details.
google::rpc::Status ToMessage(const grpc::Status& status);

// What a failure of the storage means to the caller: UNAVAILABLE when trying again may help, else INTERNAL.
// REQUIRES: !status.ok().
grpc::Status StorageFailure(const absl::Status& status);

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_ERRORS_H_
