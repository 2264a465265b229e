#include "gateway/rpc/status.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace portico::rpc {
namespace {

struct CodeRow {
  absl::string_view name;
  int http_status;
};

// By google.rpc.Code number.
constexpr CodeRow kCodes[] = {
    {"OK", 200},
    {"CANCELLED", 499},
    {"UNKNOWN", 500},
    {"INVALID_ARGUMENT", 400},
    {"DEADLINE_EXCEEDED", 504},
    {"NOT_FOUND", 404},
    {"ALREADY_EXISTS", 409},
    {"PERMISSION_DENIED", 403},
    {"RESOURCE_EXHAUSTED", 429},
    {"FAILED_PRECONDITION", 400},
    {"ABORTED", 409},
    {"OUT_OF_RANGE", 400},
    {"UNIMPLEMENTED", 501},
    {"INTERNAL", 500},
    {"UNAVAILABLE", 503},
    {"DATA_LOSS", 500},
    {"UNAUTHENTICATED", 401},
};

constexpr absl::string_view kBreakerOpen = "breaker_open";
constexpr absl::string_view kShed = "shed";

const CodeRow& RowOf(absl::StatusCode code) {
  const int number = static_cast<int>(code);
  constexpr int kUnknown = 2;
  return kCodes[number >= 0 && number < static_cast<int>(std::size(kCodes)) ? number : kUnknown];
}

}  // namespace

int HttpStatusOfCode(absl::StatusCode code) {
  return RowOf(code).http_status;
}

int HttpStatusOf(const absl::Status& status) {
  if (const absl::optional<absl::Cord> payload = status.GetPayload(kHttpStatusPayload)) {
    int http_status = 0;
    if (absl::SimpleAtoi(std::string(*payload), &http_status)) return http_status;
  }
  return HttpStatusOfCode(status.code());
}

absl::Status WithHttpStatus(absl::Status status, int http_status) {
  status.SetPayload(kHttpStatusPayload, absl::Cord(absl::StrCat(http_status)));
  return status;
}

absl::Status Refused(absl::string_view message, absl::string_view reason, std::chrono::nanoseconds retry_after) {
  absl::Status status = absl::UnavailableError(message);
  status.SetPayload(kOmissionPayload, absl::Cord(reason));
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(
      std::max<int64_t>(1, std::chrono::ceil<std::chrono::seconds>(retry_after).count()));
  status.SetPayload("type.googleapis.com/google.rpc.RetryInfo", absl::Cord(info.SerializeAsString()));
  return status;
}

bool IsRefused(const absl::Status& status) {
  return status.GetPayload(kOmissionPayload).has_value();
}

absl::Status NotSent(absl::string_view message) {
  absl::Status status = absl::UnavailableError(message);
  status.SetPayload(kNotSentPayload, absl::Cord());
  return status;
}

bool IsNotSent(const absl::Status& status) {
  return status.GetPayload(kNotSentPayload).has_value();
}

absl::string_view CodeName(absl::StatusCode code) {
  return RowOf(code).name;
}

absl::Status FromGrpc(int code, absl::string_view message, absl::string_view details_bin) {
  if (code == 0) return absl::OkStatus();
  if (code < 0 || code >= static_cast<int>(std::size(kCodes))) code = static_cast<int>(absl::StatusCode::kUnknown);
  const auto known = static_cast<absl::StatusCode>(code);
  // An error without a word helps nobody.
  absl::Status status(known,
                      message.empty() ? absl::StrCat("the service answered ", CodeName(known)) : std::string(message));
  google::rpc::Status details;
  if (!details_bin.empty() && details.ParseFromArray(details_bin.data(), static_cast<int>(details_bin.size()))) {
    status.SetPayload(kServiceStatusPayload, absl::Cord(details_bin));
  }
  return status;
}

std::vector<Detail> DetailsOf(const absl::Status& status) {
  std::vector<Detail> details;
  if (const absl::optional<absl::Cord> payload = status.GetPayload(kServiceStatusPayload)) {
    google::rpc::Status sent;
    if (sent.ParseFromString(std::string(*payload))) {
      for (const google::protobuf::Any& any : sent.details()) details.push_back({any.type_url(), any.value()});
    }
  }
  const size_t own = details.size();
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    if (url == kServiceStatusPayload || absl::StartsWith(url, "portico/")) return;
    details.push_back({std::string(url), std::string(value)});
  });
  // absl keeps payloads in no promised order.
  std::sort(details.begin() + static_cast<ptrdiff_t>(own), details.end(),
            [](const Detail& a, const Detail& b) { return a.type_url < b.type_url; });
  return details;
}

absl::string_view OmissionReason(const absl::Status& status) {
  if (const absl::optional<absl::Cord> payload = status.GetPayload(kOmissionPayload)) {
    return *payload == kShed ? kShed : kBreakerOpen;
  }
  if (HttpStatusOf(status) == 502) return "malformed";
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return "unavailable";
    case absl::StatusCode::kDeadlineExceeded:
      return "deadline";
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return "denied";
    case absl::StatusCode::kNotFound:
      return "not_found";
    default:
      return "failed";
  }
}

}  // namespace portico::rpc
