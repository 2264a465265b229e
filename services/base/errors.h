// Errors as the shop's services answer them: a code, a message, and details a program can read.
//
// Every error carries a google.rpc.ErrorInfo with the domain kErrorDomain and a reason; wrong requests add
// google.rpc.BadRequest, missing and existing resources google.rpc.ResourceInfo. Storage failures are logged to stderr
// and answered without what SQLite said.
#ifndef PORTICO_SERVICES_BASE_ERRORS_H_
#define PORTICO_SERVICES_BASE_ERRORS_H_

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/rpc/error_details.pb.h"

namespace shop {

inline constexpr char kErrorDomain[] = "shop.portico.example";

// NOT_FOUND with the reason RESOURCE_NOT_FOUND. `type` is the full name of the resource's message, such as
// "shop.catalog.v1.Product", `id` its id.
grpc::Status NotFound(std::string_view type, std::string_view id);

// ALREADY_EXISTS with the reason RESOURCE_ALREADY_EXISTS.
grpc::Status AlreadyExists(std::string_view type, std::string_view id);

// INVALID_ARGUMENT with the reason INVALID_REQUEST. REQUIRES: at least one violation.
grpc::Status InvalidArgument(const google::rpc::BadRequest& violations);

// What a failure of the storage means to the caller: UNAVAILABLE when trying again may help, else INTERNAL.
// REQUIRES: !status.ok().
grpc::Status StorageFailure(const absl::Status& status);

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_ERRORS_H_
