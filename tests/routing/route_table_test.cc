#include "gateway/routing/route_table.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace portico::routing {
namespace {

// Adds "GET /v1/{id}"; the target is the route's number.
void Add(RouteTableBuilder& builder, const std::string& route, size_t target, schema::Diagnostics& diagnostics) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(route, absl::MaxSplits(' ', 1));
  const auto parsed = ParsePathTemplate(parts.second);
  ASSERT_TRUE(std::holds_alternative<PathTemplate>(parsed)) << route;
  builder.Add(parts.first, std::get<PathTemplate>(parsed), target, absl::StrCat("S/M", target),
              {"a.proto", static_cast<int>(target) + 1, 5}, diagnostics);
}

RouteTable Build(const std::vector<std::string>& routes) {
  RouteTableBuilder builder;
  schema::Diagnostics diagnostics;
  for (size_t i = 0; i < routes.size(); ++i) Add(builder, routes[i], i, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.ToString();
  return builder.Build();
}

// "GET /v1/{id} [7]", "404", "405 GET, HEAD", "400".
std::string Show(const std::vector<std::string>& routes, absl::string_view verb, absl::string_view path) {
  const RouteMatch match = Build(routes).Match(verb, path);
  switch (match.result) {
    case RouteMatch::Result::kNotFound:
      return "404";
    case RouteMatch::Result::kMethodNotAllowed:
      return absl::StrCat("405 ", absl::StrJoin(match.allow, ", "));
    case RouteMatch::Result::kBadRequest:
      return "400";
    case RouteMatch::Result::kFound:
      break;
  }
  std::string shown = routes[match.target];
  for (const PathValue& value : match.variables) absl::StrAppend(&shown, " [", value.view(), "]");
  return shown;
}

struct Case {
  const char* name;
  std::vector<std::string> routes;
  const char* request;
  std::string shown;
};

class RouteTableTest : public ::testing::TestWithParam<Case> {};

TEST_P(RouteTableTest, Match) {
  const std::pair<std::string, std::string> request = absl::StrSplit(GetParam().request, absl::MaxSplits(' ', 1));
  EXPECT_EQ(Show(GetParam().routes, request.first, request.second), GetParam().shown);
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Paths, RouteTableTest,
    ::testing::Values(
        Case{"Literal", {"GET /v1/books"}, "GET /v1/books", "GET /v1/books"},
        Case{"CaseMatters", {"GET /v1/books"}, "GET /v1/Books", "404"},
        Case{"LongerPath", {"GET /v1/books"}, "GET /v1/books/1", "404"},
        Case{"ShorterPath", {"GET /v1/books"}, "GET /v1", "404"}, Case{"Root", {"GET /"}, "GET /", "GET /"},
        Case{"RootIsNotEverything", {"GET /"}, "GET /x", "404"}, Case{"NoRoutes", {}, "GET /x", "404"},
        Case{"TrailingSlashIsAnotherPath", {"GET /v1/books"}, "GET /v1/books/", "404"},
        Case{"Variable", {"GET /v1/books/{id}"}, "GET /v1/books/7", "GET /v1/books/{id} [7]"},
        Case{"NoVariableMatchesAnEmptySegment", {"GET /v1/books/{id}"}, "GET /v1/books/", "404"},
        Case{"NorOneInTheMiddle", {"GET /v1/{id}/x"}, "GET /v1//x", "404"},
        Case{"VariablesInTheOrderOfTheTemplate", {"GET /{a}/x/{b}"}, "GET /1/x/2", "GET /{a}/x/{b} [1] [2]"},
        Case{"VariableOfSegments",
             {"GET /v1/{name=shelves/*/books/*}"},
             "GET /v1/shelves/1/books/2",
             "GET /v1/{name=shelves/*/books/*} [shelves/1/books/2]"},
        Case{"VariableOfALiteral", {"GET /{v=v1}/x"}, "GET /v1/x", "GET /{v=v1}/x [v1]"},
        Case{"UnboundStar", {"GET /v1/*/x/{id}"}, "GET /v1/any/x/7", "GET /v1/*/x/{id} [7]"},
        Case{"TwoStars", {"GET /v1/files/**"}, "GET /v1/files/a/b/c", "GET /v1/files/**"},
        Case{"TwoStarsMatchNothing", {"GET /v1/files/**"}, "GET /v1/files", "GET /v1/files/**"},
        Case{"TwoStarsMatchNoEmptySegment", {"GET /v1/files/**"}, "GET /v1/files/a//b", "404"},
        Case{"NorATrailingOne", {"GET /v1/files/**"}, "GET /v1/files/", "404"},
        Case{"VariableOfTwoStars", {"GET /v1/{p=files/**}"}, "GET /v1/files/a/b", "GET /v1/{p=files/**} [files/a/b]"},
        Case{"VariableOfTwoStarsThatMatchNothing", {"GET /v1/{p=**}"}, "GET /v1", "GET /v1/{p=**} []"},
        Case{"VariableThatEndsWithNothing", {"GET /v1/{p=files/**}"}, "GET /v1/files", "GET /v1/{p=files/**} [files]"},
        Case{"NoSlash", {"GET /v1"}, "GET v1", "400"}, Case{"Asterisk", {"GET /v1"}, "GET *", "400"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Precedence, RouteTableTest,
    ::testing::Values(
        Case{"LiteralBeatsVariable", {"GET /v1/{id}", "GET /v1/new"}, "GET /v1/new", "GET /v1/new"},
        Case{"VariableBeatsTwoStars", {"GET /v1/**", "GET /v1/{id}"}, "GET /v1/7", "GET /v1/{id} [7]"},
        Case{"EndBeatsTwoStars", {"GET /v1/**", "GET /v1"}, "GET /v1", "GET /v1"},
        Case{"TheLeftmostDifferenceDecides", {"GET /v1/{a}/x", "GET /v1/y/{b}"}, "GET /v1/y/x", "GET /v1/y/{b} [x]"},
        Case{"ALiteralDeadEndFallsBack", {"GET /v1/new/x", "GET /v1/{id}/y"}, "GET /v1/new/y", "GET /v1/{id}/y [new]"},
        Case{"EvenToTwoStars",
             {"GET /v1/new/x", "GET /v1/{id}/y", "GET /{p=**}"},
             "GET /v1/new/z",
             "GET /{p=**} [v1/new/z]"},
        Case{"AVerbElsewhereFallsBackToo", {"POST /v1/new", "GET /v1/{id}"}, "GET /v1/new", "GET /v1/{id} [new]"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    BehindTwoStars, RouteTableTest,
    ::testing::Values(
        Case{"ALiteral", {"GET /v1/{p=**}/books"}, "GET /v1/a/b/books", "GET /v1/{p=**}/books [a/b]"},
        Case{"TwoStarsMayMatchNothing", {"GET /v1/{p=**}/books"}, "GET /v1/books", "GET /v1/{p=**}/books []"},
        Case{"TheLastOneCounts", {"GET /v1/{p=**}/books"}, "GET /v1/books/books", "GET /v1/{p=**}/books [books]"},
        Case{"NotWithoutIt", {"GET /v1/{p=**}/books"}, "GET /v1/a/b", "404"},
        Case{"NorWhereTheRestIsMissing", {"GET /v1/{p=**}/books"}, "GET /v1", "404"},
        Case{"NoEmptySegment", {"GET /v1/{p=**}/books"}, "GET /v1/a//books", "404"},
        Case{"NoTrailingOne", {"GET /v1/{p=**}/books"}, "GET /v1/a/books/", "404"},
        Case{"NorOneForTheStar", {"GET /v1/{p=**}/{id}"}, "GET /v1/a/", "404"},
        // google.firestore.v1.Firestore.
        Case{"AVariable",
             {"POST /v1/{parent=db/*/documents/**}/{collection_id}"},
             "POST /v1/db/d/documents/shelves/s/books",
             "POST /v1/{parent=db/*/documents/**}/{collection_id} [db/d/documents/shelves/s] [books]"},
        Case{"AVariableAlone",
             {"POST /v1/{parent=db/*/documents/**}/{collection_id}"},
             "POST /v1/db/d/documents/books",
             "POST /v1/{parent=db/*/documents/**}/{collection_id} [db/d/documents] [books]"},
        Case{"SeveralSegments",
             {"GET /{a=x/**/y/*}/{b}/{c=d/*}"},
             "GET /x/1/2/y/3/4/d/5",
             "GET /{a=x/**/y/*}/{b}/{c=d/*} [x/1/2/y/3] [4] [d/5]"},
        Case{"AVerb",
             {"POST /v1/{p=**}/books/{id}:copy", "POST /v1/{p=**}/books/{id}"},
             "POST /v1/a/b/books/7:copy",
             "POST /v1/{p=**}/books/{id}:copy [a/b] [7]"},
        Case{
            "AVerbBehindALiteral", {"GET /v1/{p=**}/books:all"}, "GET /v1/a/books:all", "GET /v1/{p=**}/books:all [a]"},
        Case{"EscapedSegmentsAreDecodedEachItsWay",
             {"GET /v1/{p=**}/{id}"},
             "GET /v1/a%2Fb/c%20d/e%2Ff",
             "GET /v1/{p=**}/{id} [a%2Fb/c d] [e/f]"},
        Case{"EscapedLiteral", {"GET /v1/**/books"}, "GET /v1/a/b%6Foks", "GET /v1/**/books"},
        Case{"NotAllowed", {"GET /v1/**/books", "PUT /v1/**"}, "POST /v1/a/books", "405 GET, HEAD, PUT"},
        // Precedence.
        Case{"MoreBeatsBareTwoStars", {"GET /v1/**", "GET /v1/**/books"}, "GET /v1/a/books", "GET /v1/**/books"},
        Case{"BareTwoStarsTakeTheRest", {"GET /v1/**", "GET /v1/**/books"}, "GET /v1/a/b", "GET /v1/**"},
        Case{"ALiteralBeatsAStarFromTheRight",
             {"GET /v1/x/**/{id}", "GET /v1/x/**/books"},
             "GET /v1/x/a/books",
             "GET /v1/x/**/books"},
        Case{"AlsoWhereTheStarIsBefore", {"GET /v1/{a}/**", "GET /v1/**/books"}, "GET /v1/x/books", "GET /v1/**/books"},
        Case{"MoreBeatsLess",
             {"GET /v1/**/books", "GET /v1/**/old/books"},
             "GET /v1/a/old/books",
             "GET /v1/**/old/books"},
        Case{"ButFallsBackToLess",
             {"GET /v1/**/books", "GET /v1/**/old/books"},
             "GET /v1/a/new/books",
             "GET /v1/**/books"},
        Case{"TheLeftDecidesFirst", {"GET /v1/**/books", "GET /v1/a/**"}, "GET /v1/a/books", "GET /v1/a/**"},
        Case{"AStarBeatsTwoStarsWithMore", {"GET /v1/{p=**}/x", "GET /v1/{a}/x"}, "GET /v1/b/x", "GET /v1/{a}/x [b]"},
        Case{"AVerbElsewhereFallsBack",
             {"POST /v1/**/books", "GET /v1/{p=**}"},
             "GET /v1/a/books",
             "GET /v1/{p=**} [a/books]"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    CustomVerbs, RouteTableTest,
    ::testing::Values(
        Case{"AfterALiteral",
             {"GET /v1/products:search", "GET /v1/{id}"},
             "GET /v1/products:search",
             "GET /v1/products:search"},
        Case{"AfterAVariable", {"POST /v1/{id}:copy", "POST /v1/{id}"}, "POST /v1/7:copy", "POST /v1/{id}:copy [7]"},
        Case{"BehindAVariable",
             {"GET /v1/products/{id}/reviews:summary"},
             "GET /v1/products/7/reviews:summary",
             "GET /v1/products/{id}/reviews:summary [7]"},
        Case{"AfterTwoStars", {"GET /v1/{p=**}:meta"}, "GET /v1/a/b:meta", "GET /v1/{p=**}:meta [a/b]"},
        Case{"TheLastColonBeginsIt", {"POST /v1/{id}:copy"}, "POST /v1/a:b:copy", "POST /v1/{id}:copy [a:b]"},
        Case{"AValueMayHaveAColon", {"GET /v1/products/{id}"}, "GET /v1/products/a:b", "GET /v1/products/{id} [a:b]"},
        Case{"AVerbWithColons",
             {"POST /v1/{id}:archive:now"},
             "POST /v1/7:archive:now",
             "POST /v1/{id}:archive:now [7]"},
        Case{"BeforeTheVerbAtItsEnd",
             {"POST /v1/{id}:now", "POST /v1/{id}:archive:now"},
             "POST /v1/7:archive:now",
             "POST /v1/{id}:archive:now [7]"},
        Case{"ButNotInstead",
             {"POST /v1/{id}:now", "POST /v1/{id}:archive:now"},
             "POST /v1/7:keep:now",
             "POST /v1/{id}:now [7:keep]"},
        Case{"NoHalfOfAVerb", {"POST /v1/{id}:archive:now"}, "POST /v1/7:now", "404"},
        Case{"VerbsAreCaseSensitive", {"POST /v1/{id}:copy"}, "POST /v1/7:Copy", "404"},
        Case{"EscapesInTheVerbAreDecoded", {"POST /v1/{id}:copy"}, "POST /v1/7:c%6Fpy", "POST /v1/{id}:copy [7]"},
        Case{"EvenAKnownVerbOfAnotherRoute",
             {"GET /v1/products/{id}", "POST /v1/orders/{id}:copy"},
             "GET /v1/products/a:copy",
             "GET /v1/products/{id} [a:copy]"},
        Case{"AnEscapedColonBeginsNone",
             {"POST /v1/{id}:copy", "POST /v1/{id}"},
             "POST /v1/7%3Acopy",
             "POST /v1/{id} [7:copy]"},
        Case{"NoVerbNoMatch", {"POST /v1/{id}:copy"}, "POST /v1/7", "404"},
        Case{"NothingBeforeIt", {"POST /v1/{id}:copy"}, "POST /v1/:copy", "404"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    HttpVerbs, RouteTableTest,
    ::testing::Values(Case{"EachVerbItsRoute", {"GET /v1", "POST /v1"}, "POST /v1", "POST /v1"},
                      Case{"HeadFollowsGet", {"GET /v1"}, "HEAD /v1", "GET /v1"},
                      Case{"HeadsOwnRouteFirst", {"GET /v1", "HEAD /v1"}, "HEAD /v1", "HEAD /v1"},
                      Case{"NotAllowed", {"GET /v1", "POST /v1"}, "PUT /v1", "405 GET, HEAD, POST"},
                      Case{"VerbsAreCaseSensitive", {"GET /v1"}, "get /v1", "405 GET, HEAD"},
                      Case{"AllowNamesEveryRouteThatMatches",
                           {"POST /v1/new", "GET /v1/{id}", "DELETE /v1/{id}", "PUT /v2"},
                           "PATCH /v1/new",
                           "405 DELETE, GET, HEAD, POST"},
                      Case{"AllowWithACustomVerb", {"POST /v1/{id}:copy"}, "GET /v1/7:copy", "405 POST"},
                      Case{"CustomKind", {"PURGE /v1"}, "PURGE /v1", "PURGE /v1"},
                      Case{"AnyKindTakesWhatIsLeft", {"* /v1", "GET /v1"}, "PUT /v1", "* /v1"},
                      Case{"AnyKindLeavesWhatIsTaken", {"* /v1", "GET /v1"}, "HEAD /v1", "GET /v1"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    PercentDecoding, RouteTableTest,
    ::testing::Values(
        Case{"LiteralsAreComparedDecoded", {"GET /v1/books"}, "GET /v%31/b%6Foks", "GET /v1/books"},
        Case{"BothSides", {"GET /a%20b"}, "GET /%61%20b", "GET /a%20b"},
        Case{"OneSegmentDecodesEverything", {"GET /v1/{id}"}, "GET /v1/a%2Fb%20c%25", "GET /v1/{id} [a/b c%]"},
        Case{"OneSegmentEvenWithAPattern", {"GET /v1/{id=*}"}, "GET /v1/a%2fb", "GET /v1/{id=*} [a/b]"},
        Case{"SeveralSegmentsKeepSlashes",
             {"GET /v1/{p=a/*}"},
             "GET /v1/a/b%2Fc%2fd%20e",
             "GET /v1/{p=a/*} [a/b%2Fc%2fd e]"},
        Case{"TwoStarsKeepSlashes", {"GET /v1/{p=**}"}, "GET /v1/a%2Fb/%C3%A4", "GET /v1/{p=**} [a%2Fb/\xC3\xA4]"},
        // HttpRule, "Path template syntax": the server decodes all but %2F and %2f.
        Case{"SeveralSegmentsDecodeOtherReservedCharacters",
             {"GET /v1/{p=**}"},
             "GET /v1/a%3Ab%3F%23%5B%5D%40%21%24%26%2B/c",
             "GET /v1/{p=**} [a:b?#[]@!$&+/c]"},
        Case{"AnEscapedPercentIsDecodedOnce", {"GET /v1/{id}"}, "GET /v1/a%252Fb", "GET /v1/{id} [a%2Fb]"},
        Case{"AnEscapedStarIsALiteral", {"GET /v1/%2A"}, "GET /v1/x", "404"},
        Case{"NulIsAValue", {"GET /v1/{id}"}, "GET /v1/a%00", std::string("GET /v1/{id} [a\0]", 17)},
        Case{"PlusIsAPlus", {"GET /v1/{id}"}, "GET /v1/a+b", "GET /v1/{id} [a+b]"},
        Case{"AnEscapedSlashSeparatesNothing", {"GET /v1/{id}"}, "GET /v1%2F7", "404"},
        Case{"MalformedEscape", {"GET /v1/{id}"}, "GET /v1/a%2", "400"},
        Case{"MalformedEscapeOfAnUnknownPath", {"GET /v1/{id}"}, "GET /x/y/%zz", "400"}),
    NameOf);

TEST(RouteTableBuilderTest, RoutesThatMatchTheSameRequestsConflict) {
  RouteTableBuilder builder;
  schema::Diagnostics diagnostics;
  Add(builder, "GET /v1/{id}", 0, diagnostics);
  Add(builder, "POST /v1/{id}", 1, diagnostics);
  Add(builder, "GET /v1/{id}:copy", 2, diagnostics);
  Add(builder, "GET /v1/{id}/**", 3, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.ToString();
  Add(builder, "GET /v1/{name=*}", 4, diagnostics);
  Add(builder, "GET /v1/*:copy", 5, diagnostics);
  Add(builder, "GET /v1/{a}/{b=**}", 6, diagnostics);
  Add(builder, "GET /v%31/{a}", 7, diagnostics);
  EXPECT_EQ(
      diagnostics.ToString(),
      "a.proto:5:5: conflicting routes: GET /v1/{name=*} of S/M4 matches the same requests as GET /v1/{id} of S/M0 "
      "at a.proto:1:5\n"
      "a.proto:6:5: conflicting routes: GET /v1/*:copy of S/M5 matches the same requests as GET /v1/{id}:copy of "
      "S/M2 at a.proto:3:5\n"
      "a.proto:7:5: conflicting routes: GET /v1/{a}/{b=**} of S/M6 matches the same requests as GET /v1/{id}/** of "
      "S/M3 at a.proto:4:5\n"
      "a.proto:8:5: conflicting routes: GET /v%31/{a} of S/M7 matches the same requests as GET /v1/{id} of S/M0 at "
      "a.proto:1:5\n");
  EXPECT_EQ(builder.Build().Match("GET", "/v1/7").target, 0u) << "the first stays";
}

// The stars before "**" may as well stand behind it.
TEST(RouteTableBuilderTest, RoutesWithTwoStarsThatMatchTheSameRequestsConflict) {
  const struct {
    const char* first;
    const char* second;
    bool conflict;
  } kRows[] = {
      {"GET /v1/**/x", "GET /v1/{a=**}/x", true},
      {"GET /v1/**/{a}", "GET /v1/{a}/**", true},
      {"GET /v1/{p=**}/{a}/{b}", "GET /v1/{a}/{p=**}/{b}", true},
      {"GET /v1/{p=**}/{a}/x", "GET /v1/{a}/{p=**}/x", true},
      {"GET /v1/{p=**}/x/{a}", "GET /v1/{a}/{p=**}/x", false},
      {"GET /v1/**/x", "GET /v1/**", false},
      {"GET /v1/**/x", "GET /v1/**/y", false},
      {"GET /v1/**/x", "GET /v1/**/x:copy", false},
      {"GET /v1/**/x", "GET /v1/x/**", false},
      {"GET /v1/**/x/y", "GET /v1/**/y/x", false},
  };
  for (const auto& row : kRows) {
    RouteTableBuilder builder;
    schema::Diagnostics diagnostics;
    Add(builder, row.first, 0, diagnostics);
    Add(builder, row.second, 1, diagnostics);
    EXPECT_EQ(!diagnostics.empty(), row.conflict) << row.first << " and " << row.second;
  }
}

// RFC 3986, section 5.2.4: dot segments are removed where a reference is resolved, which is the client's part. What
// arrives is matched as it is.
INSTANTIATE_TEST_SUITE_P(DotSegments, RouteTableTest,
                         ::testing::Values(Case{"AreValues", {"GET /v1/{id}"}, "GET /v1/..", "GET /v1/{id} [..]"},
                                           Case{"LeadNowhere", {"GET /v1/a", "GET /v1/b/c"}, "GET /v1/b/../a", "404"},
                                           Case{"EscapedOrNot",
                                                {"GET /v1/{p=files/**}"},
                                                "GET /v1/files/%2E%2E/x",
                                                "GET /v1/{p=files/**} [files/../x]"}),
                         NameOf);

// Http.fully_decode_reserved_expansion: all is decoded, except what a single segment of several matched.
TEST(RouteTableTest, FullyDecodedTemplatesKeepNoSlashOfTwoStars) {
  const struct {
    const char* path_template;
    const char* path;
    const char* value;
  } cases[] = {
      {"/v1/{p=**}", "/v1/a%2Fb/c%20d", "a/b/c d"},
      {"/v1/{p=**}", "/v1", ""},
      {"/v1/{p=a/*/b/*}", "/v1/a/x%2Fy/b/z%2F", "a/x%2Fy/b/z%2F"},
      {"/v1/{p=a/*/**}", "/v1/a/x%2Fy/x%2Fy/z", "a/x%2Fy/x/y/z"},
      {"/v1/{p=a/*/**}", "/v1/a/x%2Fy", "a/x%2Fy"},
      {"/v1/{p}", "/v1/x%2Fy", "x/y"},
      {"/v1/{p=a/*/**/b/*}", "/v1/a/x%2Fy/x%2Fy/z%2F/b/z%2F", "a/x%2Fy/x/y/z//b/z%2F"},
      {"/v1/{p=a/*/**/b/*}", "/v1/a/x%2Fy/b/z%2F", "a/x%2Fy/b/z%2F"},
      {"/v1/**/{p=a/*}", "/v1/x%2Fy/a/z%2F", "a/z%2F"},
  };
  for (const auto& test : cases) {
    auto path = std::get<PathTemplate>(ParsePathTemplate(test.path_template));
    path.fully_decoded = true;
    RouteTableBuilder builder;
    schema::Diagnostics diagnostics;
    builder.Add("GET", path, 0, "S/M", {}, diagnostics);
    const RouteMatch match = builder.Build().Match("GET", test.path);
    ASSERT_EQ(match.result, RouteMatch::Result::kFound) << test.path;
    EXPECT_EQ(match.variables[0].view(), test.value) << test.path_template << " " << test.path;
  }
}

TEST(RouteTableTest, ManyColonsAreCheap) {
  const RouteTable table = Build({"GET /v1/{id}", "GET /v1/{id}:a:b"});
  const std::string path = absl::StrCat("/v1/", std::string(30000, ':'), "a:b");
  EXPECT_EQ(table.Match("GET", path).target, 1u);
}

TEST(RouteTableTest, ValuesAreViewsOfThePathUnlessDecoded) {
  const RouteTable table = Build({"GET /v1/{a}/{b}"});
  const std::string path = "/v1/plain/de%63oded";
  RouteMatch match = table.Match("GET", path);
  ASSERT_EQ(match.variables.size(), 2u);
  EXPECT_EQ(match.variables[0].view().data(), path.data() + 4);
  const RouteMatch moved = std::move(match);
  EXPECT_EQ(moved.variables[1].view(), "decoded");
}

TEST(RouteTableTest, PathsOfManySegmentsAreCheap) {
  const RouteTable table = Build({"GET /a/{p=**}", "GET /{x}/{y}/{z}"});
  std::string path;
  for (int i = 0; i < 16000; ++i) path += "/a";
  EXPECT_EQ(table.Match("GET", path).variables[0].view().size(), path.size() - 3);
}

// Every place where "**" could end is not tried out: what follows is looked for from the right.
TEST(RouteTableTest, ManyEndsOfTwoStarsAreCheap) {
  const RouteTable table =
      Build({"GET /**/a/a/b", "GET /a/**/a/c", "GET /a/a/**/{x}/d", "GET /{x}/**/a/a/a/e", "GET /a/{p=**}/a"});
  std::string path;
  for (int i = 0; i < 16000; ++i) path += "/a";
  const RouteMatch match = table.Match("GET", path);
  EXPECT_EQ(match.target, 4u);
  EXPECT_EQ(match.variables[0].view().size(), path.size() - 5);
}

TEST(RouteTableTest, FiveThousandRoutes) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::string> routes;
  for (int service = 0; service < 500; ++service) {
    const std::string base = absl::StrCat("/v1/projects/{project}/service", service);
    for (const char* verb : {"GET", "POST"}) routes.push_back(absl::StrCat(verb, " ", base));
    for (const char* verb : {"GET", "PUT", "PATCH", "DELETE"}) routes.push_back(absl::StrCat(verb, " ", base, "/{id}"));
    for (const char* custom : {"copy", "move", "undelete", "search"}) {
      routes.push_back(absl::StrCat("POST ", base, "/{id}:", custom));
    }
  }
  const Clock::time_point start = Clock::now();
  const RouteTable table = Build(routes);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(1));
  for (size_t i = 0; i < routes.size(); i += 10) {
    const std::string path = absl::StrCat("/v1/projects/p/service", i / 10, "/x:move");
    const RouteMatch match = table.Match("POST", path);
    ASSERT_EQ(match.result, RouteMatch::Result::kFound);
    EXPECT_EQ(match.target, i + 7);
  }
}

}  // namespace
}  // namespace portico::routing
