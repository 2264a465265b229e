#include "gateway/compose/inner_facade.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace portico::compose {
namespace {

// From the reply to the value that the part is.
std::vector<const schema::FieldTable*> StepsTo(const Part& part) {
  std::vector<const schema::FieldTable*> steps;
  if (part.batch.has_value()) steps = part.batch->items.steps();
  steps.insert(steps.end(), part.select.steps().begin(), part.select.steps().end());
  return steps;
}

// The path in the outer answer of what the inner one calls `path`; empty when the part does not show it.
std::string ShownPath(const Part& part, absl::string_view path) {
  const std::vector<absl::string_view> names = absl::StrSplit(path, '.');
  const schema::MessageTable* table = part.method->output;
  size_t at = 0;
  for (const schema::FieldTable* step : StepsTo(part)) {
    if (at == names.size()) return part.path;  // the part is within what is missing
    if (step->name != names[at++]) return "";
    table = step->message;
  }
  std::string shown = part.path;
  const Projection* projection = part.projection;
  for (; at < names.size(); ++at) {
    const schema::FieldTable* const field = table == nullptr ? nullptr : table->FindByProtoName(names[at]);
    if (field == nullptr) return "";
    if (projection != nullptr && !projection->Keeps(field->number, &projection)) return "";
    absl::StrAppend(&shown, ".", names[at]);
    table = field->message;
  }
  return shown;
}

}  // namespace

std::string ShownOmissions(const Part& part, absl::string_view omitted) {
  std::string shown;
  if (omitted.empty()) return shown;
  for (const absl::string_view omission : absl::StrSplit(omitted, ", ")) {
    const std::pair<absl::string_view, absl::string_view> named = absl::StrSplit(omission, absl::MaxSplits(';', 1));
    const std::string path = ShownPath(part, named.first);
    if (!path.empty()) absl::StrAppend(&shown, shown.empty() ? "" : ", ", path, ";", named.second);
  }
  return shown;
}

}  // namespace portico::compose
