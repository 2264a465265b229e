#ifndef PORTICO_GATEWAY_TRANSCODE_CHECK_WIRE_H_
#define PORTICO_GATEWAY_TRANSCODE_CHECK_WIRE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"

namespace portico::transcode {

// Checks that `wire` is a well-formed message of the type of `table`: tags, lengths and groups are whole, known fields
// have the wire type of the contract, strings are UTF-8, messages nest no deeper than `max_depth`. Unknown fields are
// checked for their structure; the value of an Any is not looked into. Builds no values. DATA_LOSS with the path of the
// field otherwise. Thread-safe.
//
// `*doubtful`, unless nullptr, becomes true when something in a well-formed message may have no JSON: a Timestamp out
// of its range, a Value without a value, any Any or FieldMask. WireToJson() then knows; what has no JSON never goes
// unnoticed.
absl::Status CheckWire(const schema::MessageTable& table, absl::string_view wire, int max_depth = 100,
                       bool* doubtful = nullptr);

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_CHECK_WIRE_H_
