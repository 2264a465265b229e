#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/compose/plan.h"
#include "portico/annotations.pb.h"

namespace portico::compose {
namespace {

// The calls of a message's plan that must follow each other, the longest such chain.
std::vector<const Part*> LongestChain(const MessagePlan& plan) {
  std::vector<std::vector<const Part*>> ending(plan.parts.size());  // the longest chain that ends in each part
  std::vector<const Part*> longest;
  // Plans have no cycle, so that each pass settles at least one more part.
  for (size_t pass = 0; pass < plan.parts.size(); ++pass) {
    for (size_t i = 0; i < plan.parts.size(); ++i) {
      std::vector<const Part*> chain;
      for (int needed : plan.parts[i].needs) {
        const auto& before = ending[static_cast<size_t>(needed)];
        if (before.size() > chain.size()) chain = before;
      }
      chain.push_back(&plan.parts[i]);
      ending[i] = std::move(chain);
    }
  }
  for (size_t i = 0; i < plan.parts.size(); ++i) {
    std::vector<const Part*> chain = ending[i];
    if (plan.parts[i].elements != nullptr) {
      const std::vector<const Part*> inner = LongestChain(*plan.parts[i].elements);
      chain.insert(chain.end(), inner.begin(), inner.end());
    }
    if (chain.size() > longest.size()) longest = std::move(chain);
  }
  for (const Inner& inner : plan.inners) {
    std::vector<const Part*> chain = LongestChain(*inner.messages);
    if (chain.size() > longest.size()) longest = std::move(chain);
  }
  return longest;
}

std::string Describe(const MessagePlan& plan, const Part& part, bool in_list) {
  std::string text = absl::StrCat(part.field->name, "  <-  ", part.method->full_name);
  const auto add = [&text](absl::string_view word) { absl::StrAppend(&text, "  ", word); };
  if (part.stream) add("stream");
  add(part.required ? "required" : "optional");
  if (part.timeout != absl::InfiniteDuration()) add(absl::StrCat("timeout=", absl::FormatDuration(part.timeout)));
  for (const Bind& bind : part.binds) {
    add(absl::StrCat(absl::StrJoin(bind.target.steps(), ".",
                                   [](std::string* out, const schema::FieldTable* step) { *out += step->name; }),
                     "=", bind.source.text));
  }
  if (in_list && !part.batch.has_value()) add(absl::StrCat("concurrency=", part.concurrency));
  if (part.when.has_value()) add(absl::StrCat("when=", part.when->text));
  if (part.batch.has_value()) {
    add(absl::StrCat("batch=", part.batch->keys.leaf().name, " from ", part.batch->from.text));
  }
  if (part.stale > absl::ZeroDuration()) add(absl::StrCat("stale=", absl::FormatDuration(part.stale)));
  if (part.fallback != nullptr) add("fallback");
  if (part.shareable) add("shared");
  if (part.method->policy->has_gather()) {
    add(absl::StrCat("gathered into ", part.method->policy->gather().method()));
  }
  if (!part.needs.empty()) {
    add(absl::StrCat("after ", absl::StrJoin(part.needs, ", ", [&](std::string* out, int needed) {
                       absl::StrAppend(out, plan.parts[static_cast<size_t>(needed)].field->name);
                     })));
  }
  return text;
}

void Print(const MessagePlan& plan, const std::string& indent, bool in_list, std::string* out) {
  for (size_t i = 0; i < plan.parts.size(); ++i) {
    const Part& part = plan.parts[i];
    const bool last = i + 1 == plan.parts.size() && plan.inners.empty();
    absl::StrAppend(out, indent, last ? "`- " : "|- ", Describe(plan, part, in_list), "\n");
    if (part.elements == nullptr) continue;
    const std::string inner = absl::StrCat(indent, last ? "   " : "|  ");
    if (part.field->repeated) absl::StrAppend(out, inner, "for each element:\n");
    Print(*part.elements, inner, in_list || part.field->repeated, out);
  }
  for (size_t i = 0; i < plan.inners.size(); ++i) {
    const Inner& inner = plan.inners[i];
    const bool last = i + 1 == plan.inners.size();
    absl::StrAppend(out, indent, last ? "`- " : "|- ", inner.field->name,
                    inner.field->repeated ? ", for each element:\n" : ":\n");
    Print(*inner.messages, absl::StrCat(indent, last ? "   " : "|  "), in_list || inner.field->repeated, out);
  }
}

}  // namespace

std::string Explain(const Plan& plan) {
  std::string out = plan.method->full_name;
  if (plan.method->timeout != absl::InfiniteDuration()) {
    absl::StrAppend(&out, "  timeout=", absl::FormatDuration(plan.method->timeout));
  } else if (!plan.streams()) {
    absl::StrAppend(&out, "  timeout=", absl::FormatDuration(kDefaultTimeout), " (the default)");
  }
  if (plan.streams()) absl::StrAppend(&out, "  streams");
  absl::StrAppend(&out, "\n");
  Print(plan.root, "", /*in_list=*/false, &out);
  const std::vector<const Part*> chain = LongestChain(plan.root);
  absl::StrAppend(&out, plan.part_count, plan.part_count == 1 ? " part" : " parts", ", longest chain ", chain.size(),
                  chain.size() == 1 ? " call: " : " calls: ",
                  absl::StrJoin(chain, " -> ", [](std::string* text, const Part* part) { *text += part->path; }), "\n");
  return out;
}

}  // namespace portico::compose
