#include "gateway/routing/rule_check.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/schema/temp_folder.h"

namespace portico::routing {
namespace {

using Kind = schema::ContractSource::Kind;

struct Loaded {
  testing::TempFolder folder;
  std::shared_ptr<const schema::Schema> schema;
};

std::unique_ptr<Loaded> LoadWithRule(const std::string& rule) {
  auto loaded = std::make_unique<Loaded>();
  loaded->folder.Write("a.proto", absl::StrCat(R"(syntax = "proto3";
import "google/api/annotations.proto";
import "google/protobuf/wrappers.proto";
enum Color { RED = 0; }
message Inner { string id = 1; repeated string tags = 2; }
message Req {
  string id = 1; Inner inner = 2; repeated string tags = 3; map<string, string> labels = 4; Color color = 5;
  google.protobuf.StringValue wrapped = 6; repeated Inner items = 7;
}
message Reply { repeated Inner items = 1; }
service S {
  rpc Call(Req) returns (Reply) { option (google.api.http) = { )",
                                               rule, R"( }; }
}
)"));
  schema::Diagnostics diagnostics;
  loaded->schema = schema::Schema::Load({{Kind::kProtoFolder, loaded->folder.path(), {}}}, diagnostics);
  EXPECT_NE(loaded->schema, nullptr) << diagnostics.ToString();
  return loaded;
}

TEST(RuleCheckTest, ResolvesFields) {
  const auto loaded = LoadWithRule(R"(get: "/v1/{inner.id}/{color}" body: "items" response_body: "items")");
  const schema::Method& method = *loaded->schema->FindMethod("S/Call");
  schema::Diagnostics diagnostics;
  const std::optional<CheckedRule> checked = CheckRule(method, method.http[0], diagnostics);
  ASSERT_TRUE(checked.has_value()) << diagnostics.ToString();
  ASSERT_EQ(checked->variables.size(), 2u);
  ASSERT_EQ(checked->variables[0].size(), 2u);
  EXPECT_EQ(checked->variables[0][0]->name, "inner");
  EXPECT_EQ(checked->variables[0][1]->name, "id");
  EXPECT_EQ(checked->variables[1][0]->name, "color");
  EXPECT_EQ(checked->body->name, "items");
  EXPECT_EQ(checked->response_body->number, 1u);
  EXPECT_FALSE(checked->body_is_request);
}

TEST(RuleCheckTest, RepeatedScalarsMayBeVariables) {
  const auto loaded = LoadWithRule(R"(post: "/v1/{tags}/{inner.tags}" body: "items")");
  schema::Diagnostics diagnostics;
  CheckRules(*loaded->schema, diagnostics);
  EXPECT_EQ(diagnostics.ToString(), "");
}

TEST(RuleCheckTest, TheDefaultRuleIsPostToTheMethodsPath) {
  const auto loaded = LoadWithRule(R"(get: "/v1")");
  const schema::Method& method = *loaded->schema->FindMethod("S/Call");
  const schema::HttpRule rule = DefaultRule(method);
  schema::Diagnostics diagnostics;
  const std::optional<CheckedRule> checked = CheckRule(method, rule, diagnostics);
  ASSERT_TRUE(checked.has_value()) << diagnostics.ToString();
  EXPECT_EQ(rule.verb, "POST");
  EXPECT_EQ(checked->path.text, "/S/Call");
  EXPECT_TRUE(checked->body_is_request);
}

struct Case {
  const char* name;
  const char* rule;
  const char* mistakes;  // without the position
};

class BrokenRuleTest : public ::testing::TestWithParam<Case> {};

TEST_P(BrokenRuleTest, IsReportedAtTheOption) {
  const auto loaded = LoadWithRule(GetParam().rule);
  schema::Diagnostics diagnostics;
  CheckRules(*loaded->schema, diagnostics);
  EXPECT_EQ(absl::StrReplaceAll(diagnostics.ToString(), {{loaded->folder.Path("a.proto:12:35: "), ""}}),
            std::string(GetParam().mistakes));
}

INSTANTIATE_TEST_SUITE_P(
    HttpProto, BrokenRuleTest,
    ::testing::Values(
        Case{"BadTemplate", R"(get: "/v1//x")",
             "http.get: bad template \"/v1//x\": column 5: expected a segment, found \"/\"\n"},
        Case{"BadTemplateOfABinding",
             R"(get: "/v1" additional_bindings: { put: "/v1" } additional_bindings: { delete: "v1" })",
             "http.additional_bindings[1].delete: bad template \"v1\": column 1: a path begins with \"/\", found "
             "\"v\"\n"},
        Case{"BadTemplateOfACustomKind", R"(custom: { kind: "PURGE" path: "x" })",
             "http.custom.path: bad template \"x\": column 1: a path begins with \"/\", found \"x\"\n"},
        Case{"UnknownVariable", R"(get: "/v1/{nope}")",
             "http.get: variable {nope} at column 5: Req has no field \"nope\"\n"},
        Case{"JsonNamesAreNoProtoNames", R"(get: "/v1/{Id}")",
             "http.get: variable {Id} at column 5: Req has no field \"Id\"\n"},
        Case{"UnknownNestedVariable", R"(get: "/v1/{inner.nope}")",
             "http.get: variable {inner.nope} at column 5: Inner has no field \"nope\"\n"},
        Case{"PathThroughAScalar", R"(get: "/v1/{id.x}")",
             "http.get: variable {id.x} at column 5: id is not a message\n"},
        Case{"RepeatedMessageVariable", R"(get: "/v1/{items}")",
             "http.get: variable {items} at column 5: items is repeated\n"},
        Case{"PathThroughARepeatedField", R"(get: "/v1/{items.id}")",
             "http.get: variable {items.id} at column 5: items is repeated\n"},
        Case{"RepeatedVariableThatTheBodyMayGive", R"(post: "/v1/{tags}" body: "*")",
             "http.body: the body may give tags as well, which is repeated and comes from the path\n"},
        Case{"NestedRepeatedVariableThatTheBodyMayGive", R"(post: "/v1/{inner.tags}" body: "inner")",
             "http.body: the body may give tags as well, which is repeated and comes from the path\n"},
        Case{"MapVariable", R"(get: "/v1/{labels}")", "http.get: variable {labels} at column 5: labels is a map\n"},
        Case{"MessageVariable", R"(get: "/v1/{inner}")",
             "http.get: variable {inner} at column 5: inner is a message, Inner; a variable is a scalar or an enum\n"},
        Case{"WrapperVariable", R"(get: "/v1/{wrapped}")",
             "http.get: variable {wrapped} at column 5: wrapped is a message, google.protobuf.StringValue; a variable "
             "is "
             "a scalar or an enum\n"},
        Case{"NestedBody", R"(post: "/v1" body: "inner.id")",
             "http.body: Req has no field \"inner.id\"; it must be one of the message itself\n"},
        Case{"NestedResponseBody", R"(get: "/v1" response_body: "items.id")",
             "http.response_body: Reply has no field \"items.id\"; it must be one of the message itself\n"},
        Case{"UnknownBody", R"(post: "/v1" body: "nope")", "http.body: Req has no field \"nope\"\n"},
        Case{"BodyThatThePathTakes", R"(post: "/v1/{id}" body: "id")",
             "http.body: the path already takes the field \"id\"\n"},
        Case{"UnknownResponseBody", R"(get: "/v1" response_body: "nope")",
             "http.response_body: Reply has no field \"nope\"\n"},
        Case{"EveryMistakeOfARule", R"(get: "/v1/{a}/{b}" body: "c" response_body: "d")",
             "http.get: variable {a} at column 5: Req has no field \"a\"\n"
             "http.get: variable {b} at column 9: Req has no field \"b\"\n"
             "http.body: Req has no field \"c\"\n"
             "http.response_body: Reply has no field \"d\"\n"}),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

}  // namespace
}  // namespace portico::routing
