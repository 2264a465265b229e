#include "gateway/compose/inner_facade.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

// Deeper than this, everything of a message is wanted. Types may contain themselves.
constexpr int kMaxDepth = 5;

// Adds the paths of the fields of `from` that are in `to`, by `projection` (nullptr: they are one type), and that
// `client` wants (nullptr: all of them). Returns whether there are any.
bool AddShown(const schema::MessageTable& from, const schema::MessageTable& to, const Projection* projection,
              const transcode::FieldSelection* client, const std::string& prefix, int depth,
              std::vector<std::string>* paths) {
  const size_t before = paths->size();
  for (const schema::FieldTable& field : from.fields) {
    const Projection* nested = nullptr;
    if (projection != nullptr && !projection->Keeps(field.number, &nested)) continue;
    const schema::FieldTable* const shown = projection == nullptr ? &field : to.FindByProtoName(field.name);
    if (shown == nullptr || (client != nullptr && !client->Includes(*shown))) continue;
    const transcode::FieldSelection* const child = client == nullptr ? nullptr : client->Child(*shown);
    std::string path = absl::StrCat(prefix, field.name);
    const bool divisible = (nested != nullptr || child != nullptr) && !field.map && field.message != nullptr &&
                           field.message->well_known == schema::WellKnown::kNone && depth < kMaxDepth;
    // A message with nothing in it that is shown is there all the same.
    if (divisible &&
        AddShown(*field.message, *shown->message, nested, child, absl::StrCat(path, "."), depth + 1, paths)) {
      continue;
    }
    paths->push_back(std::move(path));
  }
  return paths->size() > before;
}

}  // namespace

std::unique_ptr<const transcode::FieldSelection> ShownSelection(const Part& part,
                                                                const transcode::FieldSelection* client) {
  const std::vector<const schema::FieldTable*> steps = StepsTo(part);
  std::string prefix;
  for (const schema::FieldTable* step : steps) absl::StrAppend(&prefix, prefix.empty() ? "" : ".", step->name);
  std::vector<std::string> paths;
  if (part.message && (part.projection != nullptr || client != nullptr)) {
    const schema::MessageTable& from = steps.empty() ? *part.method->output : *steps.back()->message;
    AddShown(from, *part.field->message, part.projection, client, prefix.empty() ? "" : prefix + ".", 0, &paths);
  }
  if (part.batch.has_value()) {
    std::string key;
    for (const schema::FieldTable* step : part.batch->items.steps()) absl::StrAppend(&key, step->name, ".");
    paths.push_back(absl::StrCat(key, absl::StrJoin(part.batch->item_key.steps(), ".",
                                                    [](std::string* out, const auto* step) { *out += step->name; })));
    if (paths.size() == 1) paths.push_back(prefix);
  }
  if (paths.empty() && prefix.empty()) return nullptr;
  if (paths.empty()) paths.push_back(std::move(prefix));
  absl::StatusOr<std::unique_ptr<transcode::FieldSelection>> selection =
      transcode::FieldSelection::Compile(*part.method->output, absl::StrJoin(paths, ","));
  // A path that cannot be selected, through a well-known type, say: all is taken, as it always may be.
  return selection.ok() ? *std::move(selection) : nullptr;
}

void SelectShown(MessagePlan* plan) {
  for (Part& part : plan->parts) {
    // What is shared, or kept, may be shown by others, who need more of it.
    const bool own = !part.shareable && part.stale == absl::ZeroDuration();
    if (own && part.method->service->facade) part.shown = ShownSelection(part, nullptr);
    if (part.elements != nullptr) SelectShown(part.elements.get());
  }
  for (Inner& inner : plan->inners) SelectShown(inner.messages.get());
}

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
