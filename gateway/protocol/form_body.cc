#include "gateway/protocol/form_body.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/multipart.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/query_string.h"

namespace portico::protocol {
namespace {

constexpr absl::string_view kUrlencoded = "application/x-www-form-urlencoded";
constexpr absl::string_view kMultipart = "multipart/form-data";
constexpr size_t kMostFields = 1000;

bool IsType(absl::string_view content_type, absl::string_view type) {
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';'))), type);
}

class Fields final : public http::MultipartSink {
 public:
  explicit Fields(std::vector<transcode::FormField>* fields) : fields_(*fields) {}

  absl::Status BeginPart(http::PartHead head) override {
    transcode::FormField& field = fields_.emplace_back();
    field.name = std::move(head.name);
    field.has_filename = head.has_filename;
    field.filename = std::move(head.filename);
    field.content_type = std::move(head.content_type);
    return absl::OkStatus();
  }
  absl::Status Data(absl::string_view piece) override {
    fields_.back().value.append(piece.data(), piece.size());
    return absl::OkStatus();
  }
  absl::Status EndPart() override { return absl::OkStatus(); }

 private:
  std::vector<transcode::FormField>& fields_;
};

absl::Status ReadUrlencoded(absl::string_view body, std::vector<transcode::FormField>* fields) {
  if (!body.empty() && (body.front() == '{' || body.front() == '[')) {
    return rpc::WithHttpStatus(
        absl::InvalidArgumentError("the body seems to be JSON; its Content-Type must then be application/json"), 415);
  }
  transcode::QueryString parameters(body);
  transcode::FormField field;
  while (parameters.Next(&field.name, &field.value)) {
    if (fields->size() == kMostFields) {
      return absl::InvalidArgumentError(absl::StrCat("the form has more than ", kMostFields, " fields"));
    }
    fields->push_back(field);
  }
  if (!parameters.malformed()) return absl::OkStatus();
  return absl::InvalidArgumentError("the form has a percent sign without two hexadecimal digits");
}

}  // namespace

bool IsForm(absl::string_view content_type) {
  return IsType(content_type, kUrlencoded) || IsType(content_type, kMultipart);
}

absl::Status ReadForm(absl::string_view content_type, absl::string_view body,
                      std::vector<transcode::FormField>* fields) {
  if (IsType(content_type, kUrlencoded)) return ReadUrlencoded(body, fields);
  const std::optional<std::string> boundary = http::MultipartBoundary(content_type);
  if (!boundary.has_value()) return absl::InvalidArgumentError("the Content-Type multipart/form-data has no boundary");
  Fields sink(fields);
  http::MultipartLimits limits;
  limits.parts = kMostFields;
  http::MultipartParser parser(*boundary, limits, sink);
  absl::Status read = parser.Feed(body);
  if (read.ok()) read = parser.Finish();
  // Too many parts are the client's mistake, not a shortage of ours.
  return read.ok() ? read : absl::InvalidArgumentError(read.message());
}

}  // namespace portico::protocol
