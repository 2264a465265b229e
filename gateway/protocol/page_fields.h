#ifndef PORTICO_GATEWAY_PROTOCOL_PAGE_FIELDS_H_
#define PORTICO_GATEWAY_PROTOCOL_PAGE_FIELDS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"

namespace portico::protocol {

// What `?fields=` selects of a composed answer that comes in pages: the field that says what was omitted is always
// among it, since no header can say so any more. As it is when the answer has no such field.
std::string WithOmitted(absl::string_view fields, const schema::MessageTable& page);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_PAGE_FIELDS_H_
