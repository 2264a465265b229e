#ifndef PORTICO_GATEWAY_COMPOSE_INNER_FACADE_H_
#define PORTICO_GATEWAY_COMPOSE_INNER_FACADE_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/compose/plan.h"
#include "gateway/transcode/field_selection.h"

namespace portico::compose {

// A part that a facade answers: what of the inner answer the outer one shows.

// Of what the inner answer lacks, as rpc::Reply::omitted has it, what the part shows, by its path in the outer answer.
// The rest is not named: such a field is not in the outer answer, and may be hidden on purpose.
std::string ShownOmissions(const Part& part, absl::string_view omitted);

// Which fields of the inner answer the part needs when `client` (nullptr: everything) is what is wanted of the part;
// nullptr when it needs all. The inner facade makes only the calls for these.
std::unique_ptr<const transcode::FieldSelection> ShownSelection(const Part& part,
                                                                const transcode::FieldSelection* client);

// Compiles Part::shown of the parts of `plan` that facades answer. REQUIRES: everything else about them is compiled.
void SelectShown(MessagePlan* plan);

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_INNER_FACADE_H_
