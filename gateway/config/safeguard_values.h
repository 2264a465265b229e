#ifndef PORTICO_GATEWAY_CONFIG_SAFEGUARD_VALUES_H_
#define PORTICO_GATEWAY_CONFIG_SAFEGUARD_VALUES_H_

#include "gateway/config/config_loader.h"

namespace portico::config {

// Checks what clusters say of breakers, retries and how many calls there may be at once. Of a file that could not be
// read cleanly nothing is said to be zero: the reason has been reported.
void CheckSafeguardValues(const LoadedConfig& loaded, schema::Diagnostics& diagnostics);

}  // namespace portico::config

#endif  // PORTICO_GATEWAY_CONFIG_SAFEGUARD_VALUES_H_
