#include "gateway/schema/diagnostics.h"

#include "absl/strings/str_cat.h"

namespace portico::schema {

std::string Position::ToString() const {
  return line <= 0 ? file : absl::StrCat(file, ":", line, ":", column);
}

std::string Diagnostic::ToString() const {
  return absl::StrCat(position.ToString(), ": ", message);
}

std::string Diagnostics::ToString() const {
  std::string text;
  for (const Diagnostic& entry : entries_) absl::StrAppend(&text, entry.ToString(), "\n");
  return text;
}

absl::Status Diagnostics::ToStatus() const {
  return empty() ? absl::OkStatus() : absl::InvalidArgumentError(ToString());
}

}  // namespace portico::schema
