#include "gateway/http/error_response.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/accept.h"
#include "gateway/http/json_text.h"
#include "gateway/http/syntax.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/query_string.h"
#include "gateway/transcode/wire_to_json.h"
#include "google/rpc/error_details.pb.h"

namespace portico::http {
namespace {

constexpr absl::string_view kJsonType = "application/json";
constexpr absl::string_view kProblemType = "application/problem+json";

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

std::optional<int64_t> RetryAfter(const absl::Status& error) {
  for (const rpc::Detail& detail : rpc::DetailsOf(error)) {
    google::rpc::RetryInfo info;
    if (!absl::EndsWith(detail.type_url, "/google.rpc.RetryInfo") || !info.ParseFromString(detail.value)) continue;
    if (!info.has_retry_delay()) continue;
    const int64_t seconds = info.retry_delay().seconds();
    // The range of a Duration; a service may send anything.
    constexpr int64_t kMost = 315576000000;
    return std::clamp<int64_t>(seconds, 0, kMost) + (seconds >= 0 && info.retry_delay().nanos() > 0 ? 1 : 0);
  }
  return std::nullopt;
}

bool PrefersProblem(const RequestHeaders& headers) {
  const int problem = NamedQuality(headers, kProblemType);
  return problem > 0 && problem >= NamedQuality(headers, kJsonType);
}

// By the query alone: the request may be wrong in any way. The method's own field `pretty` comes before the parameter.
bool WantsPretty(const Request& request) {
  if (request.query.find("pretty") == absl::string_view::npos) return false;
  const bool reserved = request.rpc == nullptr || request.rpc->input->FindByName("pretty") == nullptr;
  transcode::QueryString query(request.query);
  bool pretty = false;
  std::string name, value;
  while (query.Next(&name, &value)) {
    if (name == "$pretty" || (reserved && name == "pretty")) pretty = value.empty() || value == "true" || value == "1";
  }
  return pretty;
}

// RFC 9457, section 4.2.1: the status' phrase; of one without a phrase what its class is called (RFC 9110, section 15).
absl::string_view TitleOf(int http_status) {
  const absl::string_view phrase = ReasonPhrase(http_status);
  if (!phrase.empty()) return phrase;
  return http_status < 500 ? "Client Error" : "Server Error";
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
  AppendBodyAs(format_, NeverOk(status), json);
}

void ErrorRenderer::AppendBodyAs(ErrorFormat format, const absl::Status& error, std::string* json) const {
  if (format == ErrorFormat::kStatus) return AppendStatus(error, json);
  const int http_status = rpc::HttpStatusOf(error);
  const absl::string_view name = rpc::CodeName(error.code());
  if (format == ErrorFormat::kGoogle) {
    absl::StrAppend(json, "{\"error\":{\"code\":", http_status, ",\"message\":");
    AppendJsonText(error.message(), json);
    absl::StrAppend(json, ",\"status\":\"", name, "\"");
    AppendDetails(error, json);
    absl::StrAppend(json, "}}");
  } else {
    absl::StrAppend(json, "{\"type\":\"about:blank\",\"title\":\"", TitleOf(http_status), "\",\"status\":", http_status,
                    ",\"detail\":");
    AppendJsonText(error.message(), json);
    absl::StrAppend(json, ",\"code\":\"", name, "\"");
    AppendDetails(error, json);
    json->push_back('}');
  }
}

Response ErrorRenderer::RenderAs(ErrorFormat format, const absl::Status& error) const {
  Response response;
  response.status = rpc::HttpStatusOf(error);
  response.code = rpc::CodeName(error.code());
  response.headers.Add("Content-Type", format == ErrorFormat::kProblem ? kProblemType : kJsonType);
  if (const std::optional<int64_t> seconds = RetryAfter(error)) {
    response.headers.Add("Retry-After", absl::StrCat(*seconds));
  }
  if (response.status == 401) response.headers.Add("WWW-Authenticate", "Bearer");
  AppendBodyAs(format, error, &response.body);
  return response;
}

Response ErrorRenderer::Render(const absl::Status& status) const {
  return RenderAs(format_, NeverOk(status));
}

Response ErrorRenderer::Render(const absl::Status& status, const Request& request) const {
  if (request.error_form != nullptr) return request.error_form(request, NeverOk(status), types_);
  const bool chosen = format_ != ErrorFormat::kProblem && PrefersProblem(request.headers);
  Response response = RenderAs(chosen ? ErrorFormat::kProblem : format_, NeverOk(status));
  if (chosen) response.headers.AddToList("Vary", "Accept");
  if (WantsPretty(request)) response.body = PrettyJson(response.body);
  return response;
}

}  // namespace portico::http
