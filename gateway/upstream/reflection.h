#ifndef PORTICO_GATEWAY_UPSTREAM_REFLECTION_H_
#define PORTICO_GATEWAY_UPSTREAM_REFLECTION_H_

#include <string>

#include "absl/status/statusor.h"
#include "gateway/rpc/handler.h"

namespace portico::upstream {

// Asks a server by gRPC server reflection (grpc.reflection.v1, or v1alpha where that is not implemented) for the
// contracts of all its services. Returns a serialized FileDescriptorSet of the files that define them and of everything
// these import, sorted by name, so that equal contracts give equal bytes. The services of reflection and health
// themselves are left out.
//
// UNIMPLEMENTED when the server has no reflection; whatever the call fails with otherwise. A server that sends more
// than kMaxReflectedFiles or kMaxReflectedBytes gets RESOURCE_EXHAUSTED. `server` and `context` outlive the await.
//
// Written on our own wire reader instead of generated stubs: these would abort a process that also serves reflection
// with the gRPC library's own copy of them, as an application with an embedded gateway does.
Async<absl::StatusOr<std::string>> AskReflection(rpc::Handler& server, rpc::Context& context);

inline constexpr size_t kMaxReflectedFiles = 10000;
inline constexpr size_t kMaxReflectedBytes = 64 << 20;

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_REFLECTION_H_
