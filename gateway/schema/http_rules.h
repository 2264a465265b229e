#ifndef PORTICO_GATEWAY_SCHEMA_HTTP_RULES_H_
#define PORTICO_GATEWAY_SCHEMA_HTTP_RULES_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"

namespace google::api {
class HttpRule;
}  // namespace google::api

namespace portico::schema {

// Where a part of a rule stands, given its name: "http.additional_bindings[1].get".
using RulePositions = std::function<Position(absl::string_view part)>;

// The rule and its additional bindings, one after the other; `name` is how messages name the rule ("http"). A rule
// without a pattern, an empty verb or path, and nested additional bindings are mistakes; templates and field names are
// checked by routing/rule_check.
std::vector<HttpRule> FlattenHttpRule(const google::api::HttpRule& rule, const std::string& name,
                                      const RulePositions& positions, Diagnostics& diagnostics);

// The http rules of files of rules, by selector: "package.Service.Method".
struct SelectedRules {
  std::vector<HttpRule> http;
  Position position;  // of the selector
};
using RulesBySelector = std::map<std::string, SelectedRules>;

// Reads a YAML file as service configurations have it: `http: {rules: [{selector, get, ...}]}`; other keys than `http`
// are ignored. A rule replaces one that `rules` already has for the same selector.
void ReadRulesFile(const ContractSource& source, RulesBySelector& rules, Diagnostics& diagnostics);

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_HTTP_RULES_H_
