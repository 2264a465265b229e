#ifndef PORTICO_GATEWAY_CONFIG_CONFIG_VALUES_H_
#define PORTICO_GATEWAY_CONFIG_CONFIG_VALUES_H_

#include "absl/strings/string_view.h"
#include "gateway/config/config_loader.h"
#include "gateway/schema/diagnostics.h"

namespace portico::config {

// Checks what can be said of a configuration without its contracts: required keys, names, addresses, targets, patterns,
// ranges. For a configuration as it was read, before defaults are filled in; `diagnostics` holds what was wrong in
// reading it, and nothing else.
void CheckValues(const LoadedConfig& loaded, schema::Diagnostics& diagnostics);

// Dotted identifiers: "shop.catalog.v1.CatalogService".
bool IsFullName(absl::string_view text);

// An entry of `expose`: "*", "package.Service", "package.Service/Method", "package.*" or "package.Service/*".
bool IsExposePattern(absl::string_view text);

// An entry of `metadata`: a header's name, or its beginning and "*".
bool IsHeaderPattern(absl::string_view text);

}  // namespace portico::config

#endif  // PORTICO_GATEWAY_CONFIG_CONFIG_VALUES_H_
