#ifndef PORTICO_GATEWAY_CONFIG_UNSUPPORTED_H_
#define PORTICO_GATEWAY_CONFIG_UNSUPPORTED_H_

#include "gateway/config/config_loader.h"
#include "gateway/schema/diagnostics.h"

namespace portico::config {

// Refuses what portico/config.proto has but this version of the gateway does not do: to ignore a breaker, say, or a
// demand for tokens, would be worse than not to start.
void CheckSupported(const LoadedConfig& loaded, schema::Diagnostics& diagnostics);

}  // namespace portico::config

#endif  // PORTICO_GATEWAY_CONFIG_UNSUPPORTED_H_
