#ifndef PORTICO_GATEWAY_PROTOCOL_FORM_BODY_H_
#define PORTICO_GATEWAY_PROTOCOL_FORM_BODY_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/transcode/form.h"

namespace portico::protocol {

// Whether a Content-Type is one of a form: application/x-www-form-urlencoded or multipart/form-data.
bool IsForm(absl::string_view content_type);

// Reads the fields of a form in their order. INVALID_ARGUMENT when the body is not what its type says; with HTTP status
// 415 for JSON in the guise of a urlencoded form, which is how curl -d sends it. REQUIRES: IsForm(content_type).
absl::Status ReadForm(absl::string_view content_type, absl::string_view body,
                      std::vector<transcode::FormField>* fields);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_FORM_BODY_H_
