#ifndef PORTICO_GATEWAY_COMPOSE_CALLER_KEY_H_
#define PORTICO_GATEWAY_COMPOSE_CALLER_KEY_H_

#include <string>

#include "gateway/rpc/context.h"

namespace portico::compose {

// Appends everything of the caller that a service is told, unambiguously: two calls with the same text cannot be told
// apart by it. That is the metadata, byte for byte, but for what is different in every request (trace and request ids,
// for which no service answers differently), and what the gateway makes tokens of where it does.
void AppendCaller(const rpc::Context& context, std::string* key);

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_CALLER_KEY_H_
