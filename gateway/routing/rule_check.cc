#include "gateway/routing/rule_check.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace portico::routing {
namespace {

using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;

bool IsMessage(const FieldTable& field) {
  return field.type == FieldType::kMessage || field.type == FieldType::kGroup;
}

// How messages name the sub-field of the rule that holds the path.
std::string PatternName(const schema::HttpRule& rule) {
  for (const char* verb : {"GET", "PUT", "POST", "DELETE", "PATCH"}) {
    if (rule.verb == verb) return absl::StrCat(rule.name, ".", absl::AsciiStrToLower(verb));
  }
  return absl::StrCat(rule.name, ".custom.path");
}

class RuleChecker {
 public:
  RuleChecker(const schema::Method& method, const schema::HttpRule& rule, schema::Diagnostics& diagnostics)
      : rule_(rule), diagnostics_(diagnostics) {
    checked_.method = &method;
    checked_.rule = &rule;
  }

  std::optional<CheckedRule> Run() {
    CheckPath();
    CheckBody();
    CheckResponseBody();
    if (failed_) return std::nullopt;
    return std::move(checked_);
  }

 private:
  void Fail(std::string message) {
    diagnostics_.Add(rule_.position, std::move(message));
    failed_ = true;
  }

  void CheckPath() {
    std::variant<PathTemplate, TemplateError> parsed = ParsePathTemplate(rule_.path_template);
    if (const auto* error = std::get_if<TemplateError>(&parsed); error != nullptr) {
      return Fail(absl::StrCat(PatternName(rule_), ": bad template \"", rule_.path_template, "\": column ",
                               error->column, ": ", error->message));
    }
    checked_.path = std::get<PathTemplate>(std::move(parsed));
    checked_.path.fully_decoded = rule_.fully_decoded;
    for (const TemplateVariable& variable : checked_.path.variables) CheckVariable(variable);
  }

  void CheckVariable(const TemplateVariable& variable) {
    const std::string where =
        absl::StrCat(PatternName(rule_), ": variable {", variable.FieldPath(), "} at column ", variable.column, ": ");
    std::vector<const FieldTable*> fields;
    const MessageTable* message = checked_.method->input;
    for (const std::string& name : variable.field_path) {
      if (message == nullptr) return Fail(absl::StrCat(where, fields.back()->name, " is not a message"));
      const FieldTable* field = message->FindByProtoName(name);
      if (field == nullptr) return Fail(absl::StrCat(where, message->full_name, " has no field \"", name, "\""));
      if (field->map) return Fail(absl::StrCat(where, name, " is a map"));
      if (field->repeated && IsMessage(*field)) return Fail(absl::StrCat(where, name, " is repeated"));
      fields.push_back(field);
      message = IsMessage(*field) ? field->message : nullptr;
    }
    if (message != nullptr) {
      return Fail(absl::StrCat(where, fields.back()->name, " is a message, ", message->full_name,
                               "; a variable is a scalar or an enum"));
    }
    checked_.variables.push_back(std::move(fields));
  }

  void CheckBody() {
    checked_.body_is_request = rule_.body == "*";
    CheckRepeatedVariables();
    if (rule_.body.empty() || checked_.body_is_request) return;
    checked_.body = FindField(*checked_.method->input, "body", rule_.body);
    if (checked_.body == nullptr) return;
    for (const std::vector<const FieldTable*>& variable : checked_.variables) {
      if (variable.size() == 1 && variable.front() == checked_.body) {
        return Fail(absl::StrCat(rule_.name, ".body: the path already takes the field \"", rule_.body, "\""));
      }
    }
  }

  // What the body says of a repeated field would be added to what the path says; of any other field the path's word is
  // the last.
  void CheckRepeatedVariables() {
    for (size_t i = 0; i < checked_.variables.size(); ++i) {
      const std::vector<const FieldTable*>& variable = checked_.variables[i];
      if (!variable.back()->repeated) continue;
      if (checked_.body_is_request || (variable.size() > 1 && variable.front()->name == rule_.body)) {
        Fail(absl::StrCat(rule_.name, ".body: the body may give ", variable.back()->name,
                          " as well, which is repeated and comes from the path"));
      }
    }
  }

  void CheckResponseBody() {
    if (rule_.response_body.empty()) return;
    checked_.response_body = FindField(*checked_.method->output, "response_body", rule_.response_body);
  }

  const FieldTable* FindField(const MessageTable& message, const char* part, const std::string& name) {
    const FieldTable* field = message.FindByProtoName(name);
    if (field != nullptr) return field;
    const bool nested = name.find('.') != std::string::npos;
    Fail(absl::StrCat(rule_.name, ".", part, ": ", message.full_name, " has no field \"", name, "\"",
                      nested ? "; it must be one of the message itself" : ""));
    return nullptr;
  }

  const schema::HttpRule& rule_;
  schema::Diagnostics& diagnostics_;
  CheckedRule checked_;
  bool failed_ = false;
};

}  // namespace

std::optional<CheckedRule> CheckRule(const schema::Method& method, const schema::HttpRule& rule,
                                     schema::Diagnostics& diagnostics) {
  return RuleChecker(method, rule, diagnostics).Run();
}

void CheckRules(const schema::Schema& schema, schema::Diagnostics& diagnostics) {
  for (const schema::Service* service : schema.services()) {
    for (const std::unique_ptr<const schema::Method>& method : service->methods) {
      for (const schema::HttpRule& rule : method->http) CheckRule(*method, rule, diagnostics);
    }
  }
}

schema::HttpRule DefaultRule(const schema::Method& method) {
  schema::HttpRule rule;
  rule.verb = "POST";
  rule.path_template = method.path;
  rule.body = "*";
  rule.name = "the default rule";
  rule.position = method.position;
  return rule;
}

}  // namespace portico::routing
