#include "services/base/validator.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "services/base/errors.h"

namespace shop {
namespace {

constexpr size_t kLongestId = 100;

}  // namespace

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= kLongestId && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
}

void Validator::Id(std::string_view field, std::string_view value) {
  if (value.empty()) {
    Fail(field, "REQUIRED", "must be given");
  } else if (!IsId(value)) {
    Fail(field, "INVALID_ID", "must be letters, digits, '-', '_' and '.', at most 100 of them");
  }
}

void Validator::OptionalId(std::string_view field, std::string_view value) {
  if (!value.empty()) Id(field, value);
}

void Validator::Ids(std::string_view field, const google::protobuf::RepeatedPtrField<std::string>& values, int most) {
  if (values.size() > most) Fail(field, "TOO_MANY", "must be " + std::to_string(most) + " at most");
  for (int i = 0; i < values.size(); ++i) Id(std::string(field) + "[" + std::to_string(i) + "]", values.Get(i));
}

void Validator::Text(std::string_view field, std::string_view value, size_t least, size_t most) {
  if (value.empty() && least > 0) {
    Fail(field, "REQUIRED", "must be given");
  } else if (value.size() < least || value.size() > most) {
    Fail(field, "INVALID_LENGTH", "must have " + std::to_string(least) + " to " + std::to_string(most) + " bytes");
  } else if (std::any_of(value.begin(), value.end(), [](char c) {
               return absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\n' && c != '\r' && c != '\t';
             })) {
    Fail(field, "INVALID_CHARACTER", "must not contain control characters");
  }
}

void Validator::Date(std::string_view field, const std::string& value) {
  absl::CivilDay day;
  // Parsing is lenient about signs and widths; printing is not.
  if (!absl::ParseCivilTime(value, &day) || absl::FormatCivilTime(day) != value || value.size() != 10) {
    Fail(field, "INVALID_DATE", "must be a day such as 2006-01-31");
  }
}

void Validator::Range(std::string_view field, int64_t value, int64_t least, int64_t most) {
  if (value < least || value > most) {
    Fail(field, "OUT_OF_RANGE", "must be " + std::to_string(least) + " to " + std::to_string(most));
  }
}

void Validator::Fail(std::string_view field, std::string_view reason, std::string_view description) {
  auto* violation = violations_.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_reason(std::string(reason));
  violation->set_description(std::string(description));
}

grpc::Status Validator::status() const {
  return ok() ? grpc::Status::OK : InvalidArgument(violations_);
}

}  // namespace shop
