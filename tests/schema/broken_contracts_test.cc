#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "gateway/schema/few_mistakes.h"
#include "gateway/schema/schema.h"
#include "tests/schema/temp_folder.h"

namespace portico::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = ContractSource::Kind;

// All mistakes, one a line, with the folder's path left out.
std::string Mistakes(const testing::TempFolder& folder, const std::vector<ContractSource>& sources) {
  Diagnostics diagnostics;
  EXPECT_EQ(Schema::Load(sources, diagnostics), nullptr);
  return absl::StrReplaceAll(diagnostics.ToString(), {{folder.path() + "/", ""}});
}

struct Case {
  const char* name;
  const char* file;  // body of a.proto after its syntax line; line 2 is its first
  const char* mistakes;
};

class BrokenContractTest : public ::testing::TestWithParam<Case> {};

TEST_P(BrokenContractTest, IsReportedWithFileLineAndColumn) {
  testing::TempFolder folder;
  folder.Write("a.proto", std::string("syntax = \"proto3\";\n") + GetParam().file);
  EXPECT_EQ(Mistakes(folder, {{Kind::kProtoFolder, folder.path(), {}}}), GetParam().mistakes);
}

INSTANTIATE_TEST_SUITE_P(
    Contracts, BrokenContractTest,
    ::testing::Values(
        Case{"SyntaxError", "message M {\n  string id 1;\n}\n", "a.proto:3:13: Missing field number.\n"},
        Case{"MissingImport", "import \"google/api/http.proto\";\nimport \"shop/none.proto\";\n",
             "a.proto:3:1: import \"shop/none.proto\" was not found\n"},
        Case{"ImportOfItself", "import \"a.proto\";\n", "a.proto:2:1: import \"a.proto\" leads back to this file\n"},
        Case{"UnknownType", "message M {\n  Nope n = 1;\n}\n", "a.proto:3:3: \"Nope\" is not defined.\n"},
        Case{"EveryMistakeOfAFile",
             "message M {\n  Nope n = 1;\n  string s = 1;\n}\nservice S { rpc R(M) returns (N); }\n",
             "a.proto:3:3: \"Nope\" is not defined.\n"
             "a.proto:4:14: Field number 1 has already been used in \"M\" by field \"n\".\n"
             "a.proto:6:31: \"N\" is not defined.\n"},
        Case{"UnknownOption",
             "message M {}\nservice S {\n  rpc R(M) returns (M) {\n    option (nope.http) = {};\n  }\n}\n",
             "a.proto:5:12: Option \"(nope.http)\" unknown. Ensure that your proto definition file imports the proto "
             "which defines the option.\n"},
        Case{"UnknownFieldOfAnOption",
             "import \"google/api/annotations.proto\";\nmessage M {}\nservice S {\n  rpc R(M) returns (M) {\n"
             "    option (google.api.http) = { gett: \"/x\" };\n  }\n}\n",
             "a.proto:6:32: Error while parsing option value for \"http\": Message type \"google.api.HttpRule\" has no "
             "field named \"gett\".\n"},
        Case{"CustomKindThatIsNoMethod",
             "import \"google/api/annotations.proto\";\nmessage M {}\nservice S {\n  rpc R(M) returns (M) {\n"
             "    option (google.api.http) = { custom: { kind: \"LI ST\" path: \"/x\" } };\n  }\n}\n",
             "a.proto:6:5: http.custom.kind: \"LI ST\" is no HTTP method\n"},
        Case{"RuleWithoutVerb",
             "import \"google/api/annotations.proto\";\nmessage M {}\nservice S {\n  rpc R(M) returns (M) {\n"
             "    option (google.api.http) = { body: \"*\" };\n  }\n}\n",
             "a.proto:6:5: http has no verb: get, put, post, delete, patch or custom\n"},
        Case{
            "EmptyPathAndEmptyKind",
            "import \"google/api/annotations.proto\";\nmessage M {}\nservice S {\n  rpc R(M) returns (M) {\n"
            "    option (google.api.http) = { get: \"\" additional_bindings: { custom: { path: \"/x\" } } };\n  }\n}\n",
            "a.proto:6:5: http.get is empty\na.proto:6:5: http.additional_bindings[0].custom.kind is empty\n"},
        Case{"NestedAdditionalBindings",
             "import \"google/api/annotations.proto\";\nmessage M {}\nservice S {\n  rpc R(M) returns (M) {\n"
             "    option (google.api.http) = { get: \"/x\" additional_bindings: { get: \"/y\" "
             "additional_bindings: { get: \"/z\" } } };\n  }\n}\n",
             "a.proto:6:5: http.additional_bindings[0].additional_bindings: additional bindings do not nest\n"},
        Case{"MalformedPolicyDurations",
             "import \"portico/annotations.proto\";\nmessage M {}\nservice S {\n  rpc R(M) returns (M) {\n"
             "    option (portico.policy) = { timeout: \"soon\" cache: { max_age: \"5\" } };\n  }\n}\n",
             "a.proto:6:5: policy.timeout: \"soon\" is not a duration such as \"150ms\" or \"2s\"\n"
             "a.proto:6:5: policy.cache.max_age: \"5\" is not a duration such as \"150ms\" or \"2s\"\n"}),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(BrokenContractsTest, AFileThatImportsABrokenOneIsNotBlamed) {
  testing::TempFolder folder;
  folder.Write("a/a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\nmessage A { B b = 1; }\n");
  folder.Write("b/b.proto", "syntax = \"proto3\";\nmessage B { Nope n = 1; }\n");
  EXPECT_EQ(Mistakes(folder, {{Kind::kProtoFolder, folder.Path("a"), {}}, {Kind::kProtoFolder, folder.Path("b"), {}}}),
            "b/b.proto:2:13: \"Nope\" is not defined.\n")
      << "once, though both sources link it";
}

TEST(BrokenContractsTest, ImportsInACircle) {
  testing::TempFolder folder;
  folder.Write("a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\n");
  folder.Write("b.proto", "syntax = \"proto3\";\n\nimport \"a.proto\";\n");
  EXPECT_EQ(Mistakes(folder, {{Kind::kProtoFolder, folder.path(), {}}}),
            "b.proto:3:1: import \"a.proto\" leads back to this file\n");
}

TEST(BrokenContractsTest, EveryBrokenFileOfAFolderIsReported) {
  testing::TempFolder folder;
  folder.Write("x/a.proto", "syntax = \"proto3\";\nmessage {\n");
  folder.Write("x/b.proto", "syntax = \"proto3\";\nimport \"none.proto\";\n");
  folder.Write("c.proto", "syntax = \"proto3\";\nmessage M { Nope n = 1; }\n");
  const std::string mistakes = Mistakes(folder, {{Kind::kProtoFolder, folder.path(), {}}});
  EXPECT_THAT(mistakes, HasSubstr("x/a.proto:2:9: "));
  EXPECT_THAT(mistakes, HasSubstr("x/b.proto:2:1: import \"none.proto\" was not found\n"));
  EXPECT_THAT(mistakes, HasSubstr("c.proto:2:13: \"Nope\" is not defined.\n"));
}

TEST(BrokenContractsTest, DuplicateService) {
  testing::TempFolder folder;
  const char* shop = "syntax = \"proto3\";\npackage shop;\nmessage M {}\nservice S { rpc R(M) returns (M); }\n";
  folder.Write("a/shop.proto", shop);
  folder.Write("b/shop.proto", std::string("// Only a comment differs.\n") + shop);
  folder.Write("c/shop.proto", absl::StrReplaceAll(shop, {{"rpc R", "rpc Other"}}));
  const ContractSource a{Kind::kProtoFolder, folder.Path("a"), {}};
  Diagnostics diagnostics;
  EXPECT_NE(Schema::Load({a, {Kind::kProtoFolder, folder.Path("b"), {}}}, diagnostics), nullptr)
      << diagnostics.ToString();
  EXPECT_EQ(Mistakes(folder, {a, {Kind::kProtoFolder, folder.Path("c"), {}}}),
            "c/shop.proto:4:1: duplicate service shop.S: another definition is at a/shop.proto:4:1\n");
}

TEST(BrokenContractsTest, DuplicateServiceWithinAFolder) {
  testing::TempFolder folder;
  folder.Write("a.proto", "syntax = \"proto3\";\nservice S {}\n");
  folder.Write("b.proto", "syntax = \"proto3\";\nservice S {}\n");
  EXPECT_EQ(Mistakes(folder, {{Kind::kProtoFolder, folder.path(), {}}}),
            "b.proto:2:9: \"S\" is already defined in file \"a.proto\".\n");
}

TEST(BrokenContractsTest, SourcesThatCannotBeRead) {
  testing::TempFolder folder;
  const std::string bad = folder.Write("bad.pb", "this is no descriptor set");
  const Position position{"portico.yaml", 3, 13};
  EXPECT_EQ(Mistakes(folder, {{Kind::kProtoFolder, folder.Path("none"), position},
                              {Kind::kDescriptorSet, folder.Path("none.pb"), position},
                              {Kind::kDescriptorSet, bad, position},
                              {Kind::kRules, folder.Path("none.yaml"), position}}),
            "portico.yaml:3:13: cannot read the folder none: No such file or directory\n"
            "portico.yaml:3:13: cannot read none.pb: No such file or directory\n"
            "portico.yaml:3:13: bad.pb is not a FileDescriptorSet\n"
            "portico.yaml:3:13: cannot read none.yaml: No such file or directory\n");
}

TEST(BrokenContractsTest, ADescriptorSetNamesTheFileAndTheElement) {
  testing::TempFolder folder;
  google::protobuf::FileDescriptorSet set;
  google::protobuf::FileDescriptorProto& file = *set.add_file();
  file.set_name("a.proto");
  file.add_dependency("none.proto");
  google::protobuf::FileDescriptorProto& other = *set.add_file();
  other.set_name("b.proto");
  google::protobuf::FieldDescriptorProto& field = *other.add_message_type()->add_field();
  other.mutable_message_type(0)->set_name("M");
  field.set_name("f");
  field.set_number(1);
  field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  field.set_type_name("Nope");
  const std::string path = folder.Write("set.pb", set.SerializeAsString());
  EXPECT_EQ(Mistakes(folder, {{Kind::kDescriptorSet, path, {}}}),
            "set.pb(a.proto): import \"none.proto\" was not found\n"
            "set.pb(b.proto): M.f: \"Nope\" is not defined.\n");
}

TEST(BrokenContractsTest, RulesFiles) {
  testing::TempFolder folder;
  folder.Write("protos/a.proto", "syntax = \"proto3\";\nmessage M {}\nservice S { rpc R(M) returns (M); }\n");
  const std::string rules = folder.Write("rules.yaml", R"(http:
  rules:
  - selector: S.R
    gett: /x
  - get: /y
)");
  const ContractSource protos{Kind::kProtoFolder, folder.Path("protos"), {}};
  EXPECT_THAT(Mistakes(folder, {protos, {Kind::kRules, rules, {}}}), HasSubstr("rules.yaml:4:5: unknown key \"gett\""));
  folder.Write("rules.yaml", "http:\n  rules:\n  - selector: S.Nope\n    get: /x\n  - get: /y\n");
  EXPECT_EQ(Mistakes(folder, {protos, {Kind::kRules, rules, {}}}), "rules.yaml:5:5: http.rules[1] has no selector\n");
  folder.Write("rules.yaml", "http:\n  rules:\n  - selector: S.Nope\n    get: /x\n");
  EXPECT_EQ(Mistakes(folder, {protos, {Kind::kRules, rules, {}}}),
            "rules.yaml:3:15: selector \"S.Nope\" names no method of the contracts\n");
  folder.Write("rules.yaml", "http:\n  rules: [\n");
  EXPECT_THAT(Mistakes(folder, {protos, {Kind::kRules, rules, {}}}), HasSubstr("rules.yaml:3:1: "));
}

// What somebody has only begun to write, or has lost, defines nothing; that must not pass for a contract.
TEST(BrokenContractsTest, EmptyFiles) {
  const struct {
    const char* text;
    bool broken;
  } rows[] = {{"", true}, {" \n\t\r\n", true}, {"syntax = \"proto3\";\n", false}, {"message OfProto2 {}\n", false}};
  for (const auto& row : rows) {
    const testing::TempFolder folder;
    folder.Write("a/b.proto", row.text);
    Diagnostics diagnostics;
    const auto schema = Schema::Load({{Kind::kProtoFolder, folder.path(), {}}}, diagnostics);
    EXPECT_EQ(schema == nullptr, row.broken) << row.text;
    EXPECT_EQ(diagnostics.ToString(), row.broken ? folder.Path("a/b.proto") + ":1:1: the file is empty\n" : "");
  }
  const testing::TempFolder folder;
  EXPECT_EQ(Mistakes(folder, {{Kind::kDescriptorSet, folder.Write("set.pb", ""), {}}}),
            "set.pb:1:1: the file is empty\n");
}

TEST(BrokenContractsTest, AFileHasSoManyMistakesAndNoMore) {
  std::string bytes;
  std::string types = "syntax = \"proto3\";\nmessage M {\n";
  for (int i = 1; i <= 5000; ++i) {
    bytes += "\x01\xb4\xff;";
    types += "  Nope n" + std::to_string(i) + " = " + std::to_string(i) + ";\n";
  }
  types += "}\n";
  for (const std::string& text : {bytes, types}) {
    const testing::TempFolder folder;
    folder.Write("a.proto", text);
    Diagnostics diagnostics;
    EXPECT_EQ(Schema::Load({{Kind::kProtoFolder, folder.path(), {}}}, diagnostics), nullptr);
    ASSERT_EQ(diagnostics.entries().size(), FewMistakes::kMost + 1u);
    EXPECT_THAT(diagnostics.entries().back().message, ::testing::MatchesRegex("and [0-9]+ more mistakes in this file"));
    EXPECT_EQ(diagnostics.entries().back().position.file, folder.Path("a.proto"));
  }
}

}  // namespace
}  // namespace portico::schema
