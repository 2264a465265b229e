#ifndef PORTICO_GATEWAY_RPC_RESERVED_NAMES_H_
#define PORTICO_GATEWAY_RPC_RESERVED_NAMES_H_

#include "absl/strings/string_view.h"

namespace portico::rpc {

// Whether `name` (lower case; with "*" at its end: one of the names that begin so) is never metadata, whichever way it
// comes and whatever prefix it had: it is of the connection, the framing or the content, or gRPC's or the gateway's
// own. Such a field in a call is more than meaningless: for most of them HTTP/2 has the service reset the stream (RFC
// 9113, sections 8.1.1 and 8.2.2), so that a client could make a good service look broken.
bool IsReserved(absl::string_view name);

}  // namespace portico::rpc

#endif  // PORTICO_GATEWAY_RPC_RESERVED_NAMES_H_
