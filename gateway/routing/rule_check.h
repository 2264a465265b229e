#ifndef PORTICO_GATEWAY_ROUTING_RULE_CHECK_H_
#define PORTICO_GATEWAY_ROUTING_RULE_CHECK_H_

#include <optional>
#include <vector>

#include "gateway/routing/path_template.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"

namespace portico::routing {

// An http rule that has been checked against the request and reply of its method, its names resolved. Borrows from the
// Schema it was made from.
struct CheckedRule {
  const schema::Method* method = nullptr;
  const schema::HttpRule* rule = nullptr;
  PathTemplate path;
  // For each variable of `path`: the fields from the request message down to a field of scalar or enum type. A
  // repeated one takes values between commas: http.proto rules that out, but contracts of other gateways rely on it.
  std::vector<std::vector<const schema::FieldTable*>> variables;
  bool body_is_request = false;                       // body: "*"
  const schema::FieldTable* body = nullptr;           // body: "field"
  const schema::FieldTable* response_body = nullptr;  // response_body: "field"
};

// Checks one rule of `method` as google/api/http.proto says. Every mistake goes to `diagnostics`, at the rule's
// position, naming the sub-field ("http.additional_bindings[1].get") and, in a template, the column; nullopt then.
std::optional<CheckedRule> CheckRule(const schema::Method& method, const schema::HttpRule& rule,
                                     schema::Diagnostics& diagnostics);

// Checks the rules of every method of every service: what `portico check` promises also for what is not exposed.
void CheckRules(const schema::Schema& schema, schema::Diagnostics& diagnostics);

// The rule of a method that has none: POST /{package.Service}/{Method}, body "*".
schema::HttpRule DefaultRule(const schema::Method& method);

}  // namespace portico::routing

#endif  // PORTICO_GATEWAY_ROUTING_RULE_CHECK_H_
