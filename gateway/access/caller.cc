#include "gateway/access/caller.h"

#include "absl/strings/str_split.h"

namespace portico::access {

bool Caller::Find(absl::string_view name, absl::string_view* value) const {
  for (const auto& [claim, text] : claims_) {
    if (claim != name) continue;
    *value = text;
    return true;
  }
  if (name != "scope" || scopes_.empty()) return false;
  *value = scopes_;
  return true;
}

bool Caller::HasScope(absl::string_view scope) const {
  for (const absl::string_view held : absl::StrSplit(scopes_, ' ', absl::SkipEmpty())) {
    if (held == scope) return true;
  }
  return false;
}

absl::string_view Caller::subject() const {
  absl::string_view subject;
  return Find("sub", &subject) ? subject : absl::string_view();
}

}  // namespace portico::access
