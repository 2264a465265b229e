#include "gateway/protocol/connect_error.h"

#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/json_text.h"
#include "gateway/protocol/envelope.h"
#include "gateway/protocol/header_metadata.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/wire_to_json.h"

namespace portico::protocol {
namespace {

void AppendDetail(const rpc::Detail& detail, const schema::TypeResolver* types, std::string* json) {
  const absl::string_view url = detail.type_url;
  const absl::string_view type = url.substr(url.rfind('/') + 1);  // all of it without a slash
  absl::StrAppend(json, "{\"type\":");
  http::AppendJsonText(type, json);
  absl::StrAppend(json, ",\"value\":\"", HeaderValueOf("-bin", detail.value), "\"");
  if (const schema::MessageTable* table = types == nullptr ? nullptr : types->FindMessage(type)) {
    std::string debug;
    if (transcode::WireToJson(*table, *types, detail.value, transcode::WriteOptions(), &debug).ok()) {
      absl::StrAppend(json, ",\"debug\":", debug);
    }
  }
  json->push_back('}');
}

}  // namespace

std::string ConnectCodeOf(absl::StatusCode code) {
  return code == absl::StatusCode::kCancelled ? "canceled" : absl::AsciiStrToLower(rpc::CodeName(code));
}

void AppendConnectError(const absl::Status& status, const schema::TypeResolver* types, std::string* json) {
  const absl::Status error = status.ok() ? absl::InternalError("an error without a cause") : status;
  absl::StrAppend(json, "{\"code\":\"", ConnectCodeOf(error.code()), "\"");
  if (!error.message().empty()) {
    absl::StrAppend(json, ",\"message\":");
    http::AppendJsonText(error.message(), json);
  }
  const std::vector<rpc::Detail> details = rpc::DetailsOf(error);
  if (!details.empty()) {
    absl::string_view separator = ",\"details\":[";
    for (const rpc::Detail& detail : details) {
      absl::StrAppend(json, separator);
      AppendDetail(detail, types, json);
      separator = ",";
    }
    json->push_back(']');
  }
  json->push_back('}');
}

http::Response ConnectUnaryError(const absl::Status& status, const schema::TypeResolver* types) {
  http::Response response;
  response.status = rpc::HttpStatusOfCode(status.ok() ? absl::StatusCode::kInternal : status.code());
  const int own = rpc::HttpStatusOf(status);
  if (own == 404 || own == 405 || own == 413 || own == 415) response.status = own;
  response.code = rpc::CodeName(status.ok() ? absl::StatusCode::kInternal : status.code());
  response.headers.Add("Content-Type", "application/json");
  AppendConnectError(status, types, &response.body);
  return response;
}

void AppendConnectEnd(const absl::Status& status, const rpc::Metadata& trailers, absl::string_view omitted,
                      const schema::TypeResolver* types, std::string* out) {
  const size_t begin = BeginEnvelope(kEndStreamFlag, out);
  out->push_back('{');
  absl::string_view separator;
  if (!status.ok()) {
    absl::StrAppend(out, "\"error\":");
    AppendConnectError(status, types, out);
    separator = ",";
  }
  std::map<absl::string_view, std::vector<std::string>> metadata;
  for (const auto& [key, value] : trailers) {
    if (MayPass(key)) metadata[key].push_back(HeaderValueOf(key, value));
  }
  if (!omitted.empty()) metadata["portico-omitted"].emplace_back(omitted);
  if (!metadata.empty()) {
    absl::StrAppend(out, separator, "\"metadata\":{");
    separator = "";
    for (const auto& [key, values] : metadata) {
      out->append(separator.data(), separator.size());
      http::AppendJsonText(key, out);
      absl::string_view open = ":[";
      for (const std::string& value : values) {
        out->append(open.data(), open.size());
        http::AppendJsonText(value, out);
        open = ",";
      }
      out->push_back(']');
      separator = ",";
    }
    out->push_back('}');
  }
  out->push_back('}');
  EndEnvelope(begin, out);
}

}  // namespace portico::protocol
