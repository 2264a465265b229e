#ifndef PORTICO_GATEWAY_UPSTREAM_GRPC_LOG_H_
#define PORTICO_GATEWAY_UPSTREAM_GRPC_LOG_H_

#include <functional>
#include <string>

namespace portico::upstream {

// Hands what the gRPC library would print to stderr (errors, and more where GRPC_VERBOSITY or GRPC_TRACE ask for it) to
// `take` instead, on any thread. `severity` is "error", "info" or "debug", `where` "FILE:LINE" of the library. For the
// whole process and for good: for a program's main(), once, and no embedded gateway.
void TakeGrpcLog(std::function<void(const char* severity, const std::string& where, const std::string& message)> take);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_GRPC_LOG_H_
