#include "gateway/transcode/field_error.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/utf8.h"
#include "google/rpc/error_details.pb.h"

namespace portico::transcode {
namespace {

// `text` with a replacement character for every byte that is not UTF-8: a status message travels as a string.
std::string Readable(absl::string_view text) {
  if (json::IsUtf8(text)) return std::string(text);
  std::string readable;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const bool ascii = static_cast<signed char>(*at) >= 0;
    const int length = ascii ? 1 : json::Utf8SequenceLength(at, end);
    if (length == 0) {
      readable += "\xef\xbf\xbd";
      ++at;
    } else {
      readable.append(at, static_cast<size_t>(length));
      at += length;
    }
  }
  return readable;
}

}  // namespace

absl::Status FieldError(absl::string_view path, absl::string_view description) {
  google::rpc::BadRequest detail;
  google::rpc::BadRequest::FieldViolation& violation = *detail.add_field_violations();
  violation.set_field(Readable(path));
  violation.set_description(Readable(description));
  absl::Status status = absl::InvalidArgumentError(
      path.empty() ? violation.description() : absl::StrCat(violation.field(), ": ", violation.description()));
  status.SetPayload(kBadRequestType, absl::Cord(detail.SerializeAsString()));
  return status;
}

absl::Status UnsupportedMediaType(absl::string_view content_type) {
  absl::Status status = absl::InvalidArgumentError(
      absl::StrCat("the body must be application/json, not ", Readable(content_type.substr(0, 100))));
  status.SetPayload(kHttpStatusKey, absl::Cord("415"));
  return status;
}

}  // namespace portico::transcode
