#include "gateway/routing/path_template.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace portico::routing {
namespace {

// A template written out: segments, then variables as "path=first-last" ("+" for several segments), then the verb.
std::string Show(absl::string_view text) {
  const std::variant<PathTemplate, TemplateError> parsed = ParsePathTemplate(text);
  if (const auto* error = std::get_if<TemplateError>(&parsed)) return absl::StrCat(error->column, ": ", error->message);
  const auto& path = std::get<PathTemplate>(parsed);
  std::string shown;
  for (const Segment& segment : path.segments) {
    absl::StrAppend(&shown, "/",
                    segment.kind == Segment::Kind::kLiteral ? segment.literal
                    : segment.kind == Segment::Kind::kOne   ? "*"
                                                            : "**");
  }
  for (const TemplateVariable& variable : path.variables) {
    absl::StrAppend(&shown, " ", variable.FieldPath(), "=", variable.first, "-", variable.last,
                    variable.multi_segment ? "+" : "");
  }
  if (!path.verb.empty()) absl::StrAppend(&shown, " :", path.verb);
  return shown;
}

struct Case {
  const char* name;
  const char* text;
  const char* shown;
};

class PathTemplateTest : public ::testing::TestWithParam<Case> {};

TEST_P(PathTemplateTest, Parses) {
  EXPECT_EQ(Show(GetParam().text), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    HttpProto, PathTemplateTest,
    ::testing::Values(Case{"Root", "/", ""}, Case{"Literals", "/v1/books", "/v1/books"},
                      Case{"OneStar", "/v1/*", "/v1/*"}, Case{"TwoStars", "/v1/**", "/v1/**"},
                      Case{"Variable", "/v1/{id}", "/v1/* id=1-2"},
                      Case{"VariableOfOneStar", "/v1/{id=*}", "/v1/* id=1-2"},
                      Case{"VariableOfOneLiteral", "/{v=v1}/x", "/v1/x v=0-1"},
                      Case{"VariableOfSegments", "/v1/{name=shelves/*/books/*}", "/v1/shelves/*/books/* name=1-5+"},
                      Case{"VariableOfTwoStars", "/v1/{name=**}", "/v1/** name=1-2+"},
                      Case{"VariableThatEndsWithTwoStars", "/v1/{name=files/**}", "/v1/files/** name=1-3+"},
                      Case{"NestedFieldPath", "/v1/{book.author.id}", "/v1/* book.author.id=1-2"},
                      Case{"SeveralVariables", "/{a}/{b=x/*}/c/{d}", "/*/x/*/c/* a=0-1 b=1-3+ d=4-5"},
                      Case{"VerbAfterLiteral", "/v1/products:search", "/v1/products :search"},
                      Case{"VerbAfterVariable", "/v1/{name=books/*}:copy", "/v1/books/* name=1-3+ :copy"},
                      Case{"VerbAfterTwoStars", "/v1/**:undelete", "/v1/** :undelete"},
                      Case{"VerbAfterALiteralBehindAVariable", "/v1/products/{id}/reviews:summary",
                           "/v1/products/*/reviews id=2-3 :summary"},
                      Case{"OnlyTheLastColonOfTheLastSegmentBeginsAVerb", "/v1/a:b/c:d:e", "/v1/a:b/c:d :e"},
                      Case{"BehindAVariableTheFirstColonBeginsIt", "/v1/{id}:archive:now", "/v1/* id=1-2 :archive:now"},
                      Case{"BehindAStarToo", "/v1/**:a:b:c", "/v1/** :a:b:c"},
                      Case{"AVariableOfALiteralHasNoColons", "/{v=v1}:a:b", "/v1 v=0-1 :a:b"},
                      Case{"MoreBehindTwoStars", "/v1/**/books", "/v1/**/books"},
                      // google.firestore.v1.Firestore/CreateDocument.
                      Case{"AVariableBehindTwoStars", "/v1/{parent=projects/*/documents/**}/{collection_id}",
                           "/v1/projects/*/documents/**/* parent=1-5+ collection_id=5-6"},
                      Case{"TwoStarsFirst", "/v1/{parent=**}/botSessions", "/v1/**/botSessions parent=1-2+"},
                      Case{"TwoStarsWithinAVariable", "/{a=x/**/y/*}/z:now", "/x/**/y/*/z a=0-4+ :now"},
                      Case{"PercentEscapesAreDecoded", "/a%20b/%2fc:%64", "/a b//c :d"},
                      Case{"PchCharactersOfRfc3986", "/-._~!$&'()+,;=@", "/-._~!$&'()+,;=@"}),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    ErrorsWithColumns, PathTemplateTest,
    ::testing::Values(Case{"Empty", "", "1: a path begins with \"/\", found the end"},
                      Case{"NoSlash", "v1/books", "1: a path begins with \"/\", found \"v\""},
                      Case{"EmptySegment", "/v1//books", "5: expected a segment, found \"/\""},
                      Case{"TrailingSlash", "/v1/", "5: expected a segment, found the end"},
                      Case{"EmptyVerb", "/v1/books:", "11: expected a verb, found the end"},
                      Case{"EmptyVerbBehindAVariable", "/v1/{id}:", "10: expected a verb, found the end"},
                      Case{"VerbThatBeginsWithAColon", "/v1/{id}::a", "10: expected a verb, found \":\""},
                      Case{"VerbThatEndsWithAColon", "/v1/{id}:a:", "12: expected a verb, found the end"},
                      Case{"ColonWithinAVariable", "/v1/{id=a:b}", "10: expected \"}\", found \":\""},
                      Case{"SlashInVerb", "/v1/{id}:a/b", "11: nothing may follow a verb, found \"/\""},
                      Case{"TwoStarsTwice", "/v1/**/books/**", "14: a second \"**\""},
                      Case{"TwoStarsTwiceInVariables", "/v1/{a=**}/{b=x/**}", "17: a second \"**\""},
                      Case{"VerbBeforeMore", "/v1/**:copy/x", "12: nothing may follow a verb, found \"/\""},
                      Case{"ThreeStars", "/v1/***", "7: expected \"/\", \":\" or the end, found \"*\""},
                      Case{"StarWithinLiteral", "/v1/a*", "6: expected \"/\", \":\" or the end, found \"*\""},
                      Case{"UnclosedVariable", "/v1/{id", "8: expected \"}\", found the end"},
                      Case{"UnclosedPattern", "/v1/{id=a/*", "12: expected \"}\", found the end"},
                      Case{"NoFieldName", "/v1/{}", "6: expected a field name, found \"}\""},
                      Case{"FieldNameWithADigitFirst", "/v1/{1a}", "6: expected a field name, found \"1\""},
                      Case{"EmptyPartOfAFieldPath", "/v1/{a..b}", "8: expected a field name, found \".\""},
                      Case{"EmptyPattern", "/v1/{a=}", "8: expected a segment, found \"}\""},
                      Case{"VariableWithinAVariable", "/v1/{a={b}}", "8: a variable within a variable"},
                      Case{"VariableTwice", "/v1/{a}/{a}", "9: the variable a is there twice"},
                      Case{"TextAfterAVariable", "/v1/{a}b", "8: expected \"/\", \":\" or the end, found \"b\""},
                      Case{"StrayBrace", "/v1/a}", "6: expected \"/\", \":\" or the end, found \"}\""},
                      Case{"Query", "/v1/a?b", "6: expected \"/\", \":\" or the end, found \"?\""},
                      Case{"Space", "/v1/a b", "6: expected \"/\", \":\" or the end, found \" \""},
                      Case{"MalformedEscape", "/v1/a%2", "6: \"%\" must be followed by two hex digits"}),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

}  // namespace
}  // namespace portico::routing
