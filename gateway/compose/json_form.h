#ifndef PORTICO_GATEWAY_COMPOSE_JSON_FORM_H_
#define PORTICO_GATEWAY_COMPOSE_JSON_FORM_H_

#include "gateway/schema/message_table.h"

namespace portico::compose {

// Whether a message of the type may be well-formed on the wire and yet have no JSON: where there is something in it
// whose JSON has rules of its own, such as a Timestamp with its range or an Any of some contract.
bool MayLackJson(const schema::MessageTable& table);

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_JSON_FORM_H_
