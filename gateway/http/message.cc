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

}  // namespace

void RequestHeaders::Set(absl::string_view name, absl::string_view value) {
  fields_.erase(std::remove_if(fields_.begin(), fields_.end(),
                               [name](const Field& field) { return absl::EqualsIgnoreCase(field.name, name); }),
                fields_.end());
  Add(name, value);
}

bool RequestHeaders::Find(absl::string_view name, absl::string_view* value) const {
  for (const Field& field : fields_) {
    if (field.name.size() == name.size() && absl::EqualsIgnoreCase(field.name, name)) {
      *value = field.value;
      return true;
    }
  }
  return false;
}

void RequestHeaders::ForEach(absl::string_view name, absl::FunctionRef<void(absl::string_view)> visit) const {
  for (const Field& field : fields_) {
    if (absl::EqualsIgnoreCase(field.name, name)) visit(field.value);
  }
}

absl::string_view RequestHeaders::Get(absl::string_view name) const {
  absl::string_view value;
  return Find(name, &value) ? value : absl::string_view();
}

const ResponseHeaders::Line* ResponseHeaders::LineOf(absl::string_view name) const {
  for (const Line& line : lines_) {
    if (line.name_size == name.size() &&
        absl::EqualsIgnoreCase(absl::string_view(text_.data() + line.begin, line.name_size), name)) {
      return &line;
    }
  }
  return nullptr;
}

void ResponseHeaders::Add(absl::string_view name, absl::string_view value) {
  if (IsToken(name) && IsFieldValue(value)) AddKnown(name, value);
}

void ResponseHeaders::AddKnown(absl::string_view name, absl::string_view value) {
  if (text_.empty()) text_.reserve(kUsualBytes);
  const size_t begin = text_.size();
  text_.append(name.data(), name.size()).append(": ", 2).append(value.data(), value.size()).append("\r\n", 2);
  lines_.push_back(
      {static_cast<uint32_t>(begin), static_cast<uint32_t>(text_.size() - begin), static_cast<uint32_t>(name.size())});
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
  if (LineOf(name) == nullptr) return Add(name, value);
  const std::string kept(value);  // may be a view into text_
  Remove(name);
  Add(name, kept);
}

void ResponseHeaders::Remove(absl::string_view name) {
  while (const Line* found = LineOf(name)) {
    const Line gone = *found;
    text_.erase(gone.begin, gone.size);
    auto next = lines_.erase(lines_.begin() + (found - lines_.data()));
    for (; next != lines_.end(); ++next) next->begin -= gone.size;
  }
}

bool ResponseHeaders::Find(absl::string_view name, absl::string_view* value) const {
  const Line* const line = LineOf(name);
  if (line == nullptr) return false;
  const size_t around = line->name_size + 4;  // ": " and CRLF
  *value = absl::string_view(text_).substr(line->begin + line->name_size + 2, line->size - around);
  return true;
}

bool TakesTrailers(const Request& request) {
  if (request.method == "HEAD") return false;
  for (const RequestHeaders::Field& field : request.headers) {
    if (!absl::EqualsIgnoreCase(field.name, "TE")) continue;
    for (const absl::string_view coding : absl::StrSplit(field.value, ',')) {
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(coding), "trailers")) return true;
    }
  }
  return false;
}

void Amend(const Request& request, Response* response) {
  for (size_t i = request.epilogues.size(); i-- > 0;) request.epilogues[i]->Amend(request, response);
}

void Record(const Request& request, const Response& response, const Sent& sent) {
  for (size_t i = request.epilogues.size(); i-- > 0;) request.epilogues[i]->Record(request, response, sent);
}

}  // namespace portico::http
