#ifndef PORTICO_GATEWAY_COMPOSE_PART_CYCLE_H_
#define PORTICO_GATEWAY_COMPOSE_PART_CYCLE_H_

#include <cstddef>
#include <vector>

#include "gateway/compose/plan.h"

namespace portico::compose {

// The indexes of parts of one message that wait for each other in a circle, each for the one after it, the first one
// once more at the end; empty when there are none. REQUIRES: `needs` and `needed_by` are set.
std::vector<size_t> CycleOf(const std::vector<Part>& parts);

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_PART_CYCLE_H_
