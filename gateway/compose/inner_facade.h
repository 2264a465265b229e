#ifndef PORTICO_GATEWAY_COMPOSE_INNER_FACADE_H_
#define PORTICO_GATEWAY_COMPOSE_INNER_FACADE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/compose/plan.h"

namespace portico::compose {

// A part that a facade answers: what of the inner answer the outer one shows.

// Of what the inner answer lacks, as rpc::Reply::omitted has it, what the part shows, by its path in the outer answer.
// The rest is not named: such a field is not in the outer answer, and may be hidden on purpose.
std::string ShownOmissions(const Part& part, absl::string_view omitted);

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_INNER_FACADE_H_
