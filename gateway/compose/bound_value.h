#ifndef PORTICO_GATEWAY_COMPOSE_BOUND_VALUE_H_
#define PORTICO_GATEWAY_COMPOSE_BOUND_VALUE_H_

#include "gateway/compose/wire_path.h"

namespace portico::compose {

// When a value that a source gave counts as absent, or as empty.

// Whether the value is what an absent field without presence means: zero, or nothing.
bool IsDefault(const WireValue& value);

// Takes away a value at the end of `path` that only says what its absence would.
void DropDefault(const WirePath& path, WireValues* values);

// Whether what `path` has found is empty: an empty string or message, or a list with nothing in it. A list of empty
// strings or messages is not. The empty path is a single value's.
bool IsEmptyAt(const WirePath& path, const WireValues& values);

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_BOUND_VALUE_H_
