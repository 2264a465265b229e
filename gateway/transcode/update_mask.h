#ifndef PORTICO_GATEWAY_TRANSCODE_UPDATE_MASK_H_
#define PORTICO_GATEWAY_TRANSCODE_UPDATE_MASK_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"

namespace portico::transcode {

// The field mask of what a JSON object says, for a PATCH without one (AIP-134: "the fields that are populated"): a path
// of original names for every member, down to scalars, lists, maps, well-known types and nulls. Fields of which
// `excluded` says so (by path) are left out, as are unknown ones and objects of nothing else; an empty object is named
// itself. `mask` gets the content of the google.protobuf.
// FieldMask message. REQUIRES: `json` was read as a message of `table` already.
void AppendPopulatedPaths(const schema::MessageTable& table, absl::string_view json,
                          const std::function<bool(absl::string_view)>& excluded, std::string* mask);

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_UPDATE_MASK_H_
