#include "gateway/http/message.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/http/syntax.h"

namespace portico::http {
namespace {

// Room for the fields of most responses, so that they are one allocation.
constexpr size_t kUsualBytes = 192;

// Calls visit(name, value, begin, end) for each line of "Name: value\r\n..." until it returns false.
template <class Visit>
void VisitLines(absl::string_view lines, Visit visit) {
  size_t begin = 0;
  while (begin < lines.size()) {
    const size_t eol = lines.find('\r', begin);
    const absl::string_view line = lines.substr(begin, eol - begin);
    const size_t colon = line.find(':');
    if (!visit(line.substr(0, colon), line.substr(colon + 2), begin, eol + 2)) return;
    begin = eol + 2;
  }
}

}  // namespace

void RequestHeaders::Set(absl::string_view name, absl::string_view value) {
  fields_.erase(std::remove_if(fields_.begin(), fields_.end(),
                               [name](const Field& field) { return absl::EqualsIgnoreCase(field.name, name); }),
                fields_.end());
  Add(name, value);
}

bool RequestHeaders::Find(absl::string_view name, absl::string_view* value) const {
  for (const Field& field : fields_) {
    if (absl::EqualsIgnoreCase(field.name, name)) {
      *value = field.value;
      return true;
    }
  }
  return false;
}

absl::string_view RequestHeaders::Get(absl::string_view name) const {
  absl::string_view value;
  return Find(name, &value) ? value : absl::string_view();
}

void ResponseHeaders::Add(absl::string_view name, absl::string_view value) {
  if (!IsToken(name) || !IsFieldValue(value)) return;
  if (lines_.empty()) lines_.reserve(kUsualBytes);
  absl::StrAppend(&lines_, name, ": ", value, "\r\n");
}

void ResponseHeaders::AddToList(absl::string_view name, absl::string_view value) {
  absl::string_view present;
  if (!Find(name, &present)) return Add(name, value);
  for (const absl::string_view member : absl::StrSplit(present, ',')) {
    if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(member), value)) return;
  }
  Set(name, absl::StrCat(present, ", ", value));
}

void ResponseHeaders::Set(absl::string_view name, absl::string_view value) {
  if (!IsToken(name) || !IsFieldValue(value)) return;
  absl::string_view present;
  if (!Find(name, &present)) return Add(name, value);
  const std::string kept(value);  // may be a view into lines_
  Remove(name);
  Add(name, kept);
}

void ResponseHeaders::Remove(absl::string_view name) {
  for (bool found = true; found;) {
    found = false;
    VisitLines(lines_, [&](absl::string_view at, absl::string_view, size_t begin, size_t end) {
      if (!absl::EqualsIgnoreCase(at, name)) return true;
      lines_.erase(begin, end - begin);
      found = true;
      return false;
    });
  }
}

bool ResponseHeaders::Find(absl::string_view name, absl::string_view* value) const {
  bool found = false;
  VisitLines(lines_, [&](absl::string_view at, absl::string_view text, size_t, size_t) {
    if (!absl::EqualsIgnoreCase(at, name)) return true;
    *value = text;
    found = true;
    return false;
  });
  return found;
}

void Amend(const Request& request, Response* response) {
  for (size_t i = request.epilogues.size(); i-- > 0;) request.epilogues[i]->Amend(request, response);
}

void Record(const Request& request, const Response& response, const Sent& sent) {
  for (size_t i = request.epilogues.size(); i-- > 0;) request.epilogues[i]->Record(request, response, sent);
}

}  // namespace portico::http
