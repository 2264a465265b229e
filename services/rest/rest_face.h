// A service's REST face in the service's own process.
#ifndef PORTICO_SERVICES_REST_REST_FACE_H_
#define PORTICO_SERVICES_REST_REST_FACE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/base/process.h"

namespace shop {

// Serves `service` ("shop.catalog.v1.CatalogService") over HTTP on 127.0.0.1:`port` (0: a free one) with cpp-httplib
// and the embedded gateway, by the paths of its contract; calls go through `channel`, in process.
absl::StatusOr<std::unique_ptr<Face>> ServeRest(const std::string& service, std::shared_ptr<grpc::Channel> channel,
                                                int port);

}  // namespace shop

#endif  // PORTICO_SERVICES_REST_REST_FACE_H_
