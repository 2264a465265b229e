#ifndef PORTICO_GATEWAY_COMPOSE_BIND_CHECK_H_
#define PORTICO_GATEWAY_COMPOSE_BIND_CHECK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/compose/plan.h"

namespace portico::compose {

// Whether a text that is no source was meant to be one: no JSON but three words begins with a letter. REQUIRES: it is
// not empty.
bool LooksLikeSource(absl::string_view text);

// What to say of it.
absl::Status NoSource(absl::string_view text);

// The member of a oneof that `other` sets beside another one of it that `path` sets; nullptr when they do not.
const schema::FieldTable* OneofRival(const WirePath& path, const WirePath& other);

// Whether the binds of a part, and its batch's keys, may write one singular message of the request in several pieces.
bool IsInPieces(const Part& part);

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_BIND_CHECK_H_
