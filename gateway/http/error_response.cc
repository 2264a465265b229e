#include "gateway/http/error_response.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/json_text.h"
#include "gateway/http/syntax.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/wire_to_json.h"

namespace portico::http {
namespace {

// An OK status where an error belongs would be answered 200 with an empty error; it is a fault of ours, and says so.
absl::Status NeverOk(const absl::Status& status) {
  return status.ok() ? absl::InternalError("an error without a cause") : status;
}

// Google's well-known types have a JSON form that need not be an object: in an Any it is the member "value".
void AppendDetail(const rpc::Detail& detail, const schema::TypeResolver* types, std::string* json) {
  absl::StrAppend(json, "{\"@type\":");
  AppendJsonText(detail.type_url, json);
  const absl::string_view url = detail.type_url;
  const size_t slash = url.rfind('/');
  const absl::string_view name = slash == absl::string_view::npos ? url : url.substr(slash + 1);
  if (const schema::MessageTable* table = types == nullptr ? nullptr : types->FindMessage(name)) {
    std::string text;
    if (transcode::WireToJson(*table, *types, detail.value, transcode::WriteOptions(), &text).ok()) {
      if (table->well_known != schema::WellKnown::kNone) {
        absl::StrAppend(json, ",\"value\":", text, "}");
      } else if (text == "{}") {
        absl::StrAppend(json, "}");
      } else {
        absl::StrAppend(json, ",", absl::string_view(text).substr(1));  // the members, and the closing brace
      }
      return;
    }
  }
  absl::StrAppend(json, ",\"value\":\"", absl::Base64Escape(detail.value), "\"}");
}

}  // namespace

void ErrorRenderer::AppendDetails(const absl::Status& status, std::string* json) const {
  const std::vector<rpc::Detail> details = rpc::DetailsOf(status);
  if (details.empty()) return;
  absl::StrAppend(json, ",\"details\":[");
  for (size_t i = 0; i < details.size(); ++i) {
    if (i > 0) json->push_back(',');
    AppendDetail(details[i], types_, json);
  }
  json->push_back(']');
}

void ErrorRenderer::AppendStatus(const absl::Status& status, std::string* json) const {
  const absl::Status error = NeverOk(status);
  absl::StrAppend(json, "{\"code\":", static_cast<int>(error.code()), ",\"message\":");
  AppendJsonText(error.message(), json);
  AppendDetails(error, json);
  json->push_back('}');
}

void ErrorRenderer::AppendBody(const absl::Status& status, std::string* json) const {
  if (format_ == ErrorFormat::kStatus) return AppendStatus(status, json);
  const absl::Status error = NeverOk(status);
  const int http_status = rpc::HttpStatusOf(error);
  const absl::string_view name = rpc::CodeName(error.code());
  if (format_ == ErrorFormat::kGoogle) {
    absl::StrAppend(json, "{\"error\":{\"code\":", http_status, ",\"message\":");
    AppendJsonText(error.message(), json);
    absl::StrAppend(json, ",\"status\":\"", name, "\"");
    AppendDetails(error, json);
    absl::StrAppend(json, "}}");
  } else {
    absl::StrAppend(json, "{\"type\":\"about:blank\",\"title\":\"", ReasonPhrase(http_status),
                    "\",\"status\":", http_status, ",\"detail\":");
    AppendJsonText(error.message(), json);
    absl::StrAppend(json, ",\"code\":\"", name, "\"");
    AppendDetails(error, json);
    json->push_back('}');
  }
}

Response ErrorRenderer::Render(const absl::Status& status) const {
  const absl::Status error = NeverOk(status);
  Response response;
  response.status = rpc::HttpStatusOf(error);
  response.code = rpc::CodeName(error.code());
  response.headers.Add("Content-Type",
                       format_ == ErrorFormat::kProblem ? "application/problem+json" : "application/json");
  AppendBody(error, &response.body);
  return response;
}

}  // namespace portico::http
