#include "gateway/schema/http_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/schema/yaml_reader.h"
#include "google/api/http.pb.h"

namespace portico::schema {
namespace {

using ApiRule = google::api::HttpRule;

struct Pattern {
  const char* verb;  // null for a custom kind
  const char* part;  // the field that holds the path
  const std::string& path;
};

Pattern PatternOf(const ApiRule& rule) {
  switch (rule.pattern_case()) {
    case ApiRule::kGet:
      return {"GET", "get", rule.get()};
    case ApiRule::kPut:
      return {"PUT", "put", rule.put()};
    case ApiRule::kPost:
      return {"POST", "post", rule.post()};
    case ApiRule::kDelete:
      return {"DELETE", "delete", rule.delete_()};
    case ApiRule::kPatch:
      return {"PATCH", "patch", rule.patch()};
    case ApiRule::kCustom:
    case ApiRule::PATTERN_NOT_SET:
      break;
  }
  return {nullptr, "custom.path", rule.custom().path()};
}

// Whether the text may be the name of an HTTP method (RFC 9110, section 5.6.2); "*" is one, too.
bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
  });
}

void AddRule(const ApiRule& rule, const std::string& name, const RulePositions& positions, std::vector<HttpRule>& rules,
             Diagnostics& diagnostics) {
  if (rule.pattern_case() == ApiRule::PATTERN_NOT_SET) {
    diagnostics.Add(positions(name), absl::StrCat(name, " has no verb: get, put, post, delete, patch or custom"));
    return;
  }
  const Pattern pattern = PatternOf(rule);
  const std::string part = absl::StrCat(name, ".", pattern.part);
  if (pattern.path.empty()) {
    diagnostics.Add(positions(part), absl::StrCat(part, " is empty"));
    return;
  }
  if (const std::string& kind = rule.custom().kind(); pattern.verb == nullptr && !IsToken(kind)) {
    diagnostics.Add(positions(name + ".custom"),
                    kind.empty() ? absl::StrCat(name, ".custom.kind is empty")
                                 : absl::StrCat(name, ".custom.kind: \"", kind, "\" is no HTTP method"));
    return;
  }
  HttpRule flat;
  flat.verb = pattern.verb != nullptr ? pattern.verb : rule.custom().kind();
  flat.path_template = pattern.path;
  flat.body = rule.body();
  flat.response_body = rule.response_body();
  flat.name = name;
  flat.position = positions(part);
  rules.push_back(std::move(flat));
}

}  // namespace

std::vector<HttpRule> FlattenHttpRule(const ApiRule& rule, const std::string& name, const RulePositions& positions,
                                      Diagnostics& diagnostics) {
  std::vector<HttpRule> rules;
  AddRule(rule, name, positions, rules, diagnostics);
  for (int i = 0; i < rule.additional_bindings_size(); ++i) {
    const ApiRule& binding = rule.additional_bindings(i);
    const std::string binding_name = absl::StrCat(name, ".additional_bindings[", i, "]");
    AddRule(binding, binding_name, positions, rules, diagnostics);
    if (binding.additional_bindings_size() > 0) {
      const std::string nested = binding_name + ".additional_bindings";
      diagnostics.Add(positions(nested), absl::StrCat(nested, ": additional bindings do not nest"));
    }
  }
  return rules;
}

void ReadRulesFile(const ContractSource& source, RulesBySelector& rules, Diagnostics& diagnostics) {
  std::string text;
  if (!ReadFile(source.path, source.position, text, diagnostics)) return;
  google::api::Http http;
  YamlPositions positions(source.path);
  if (!ReadYaml(text, "http", http, positions, diagnostics)) return;
  const RulePositions find = [&positions](absl::string_view part) { return positions.Find(part); };
  for (int i = 0; i < http.rules_size(); ++i) {
    const ApiRule& rule = http.rules(i);
    const std::string name = absl::StrCat("http.rules[", i, "]");
    if (rule.selector().empty()) {
      diagnostics.Add(positions.Find(name), absl::StrCat(name, " has no selector"));
      continue;
    }
    SelectedRules selected{FlattenHttpRule(rule, name, find, diagnostics), positions.Find(name + ".selector")};
    for (HttpRule& flat : selected.http) flat.fully_decoded = http.fully_decode_reserved_expansion();
    rules[rule.selector()] = std::move(selected);
  }
}

}  // namespace portico::schema
