// Must show 6: `portico check` names the place of every mistake in contracts and configuration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/integration/process.h"
#include "tests/integration/temp_folder.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;

// A small system without mistakes. A case replaces pieces of it.
constexpr char kLibrary[] = R"(syntax = "proto3";
package library.v1;
import "google/api/annotations.proto";
import "portico/annotations.proto";
service Library {
  rpc GetBook(GetBookRequest) returns (Book) {
    option (google.api.http) = { get: "/v1/books/{book_id}" };
  }
  rpc ListLoans(ListLoansRequest) returns (ListLoansResponse) {
    option (google.api.http) = { get: "/v1/books/{book_id}/loans" };
    option (portico.policy) = { cache: { max_age: "5s" vary: "accept-language" } hedge: { after: "30ms" max: 2 } };
  }
  rpc AddLoan(AddLoanRequest) returns (Loan) {
    option (google.api.http) = { post: "/v1/loans" body: "*" };
    option (portico.policy) = { idempotency_key: "loan.token" invalidates: "library.v1.Library/ListLoans" };
  }
  rpc WatchLoans(ListLoansRequest) returns (stream Loan) {}
  rpc KeepLoans(stream AddLoanRequest) returns (Loan) {}
  rpc MoveBook(MoveBookRequest) returns (Book) {
    option idempotency_level = IDEMPOTENT;
    option (google.api.http) = { put: "/v1/books/{book_id}" body: "*" };
  }
}
message NewLoan { string token = 1; int64 days = 2; repeated string notes = 3; }
message AddLoanRequest { NewLoan loan = 1; }
message MoveBookRequest { string book_id = 1; int32 shelf = 2; }
message GetBookRequest { string book_id = 1; }
message Book { string book_id = 1; string title = 2; int32 shelf = 3; }
message ListLoansRequest { string book_id = 1; int32 page_size = 2; }
message ListLoansResponse { repeated Loan loans = 1; }
message Loan { string reader = 1; int64 days = 2; }
)";

constexpr char kDesk[] = R"(syntax = "proto3";
package desk.v1;
import "google/api/annotations.proto";
import "portico/annotations.proto";
import "library/v1/library.proto";

service Desk {
  option (portico.facade) = true;
  rpc GetPage(GetPageRequest) returns (Page) {
    option (google.api.http) = { get: "/v1/pages/{book_id}" };
  }
}
message GetPageRequest { string book_id = 1; }
message Page {
  library.v1.Book book = 1 [(portico.fetch) = {
    method: "library.v1.Library/GetBook"
    bind: "book_id = request.book_id"
    required: true
  }];
  repeated Loan loans = 2 [(portico.fetch) = {
    method: "library.v1.Library/ListLoans"
    bind: ["book_id = self.book.book_id", "page_size = 5"]
    select: "loans"
  }];
}
message Loan { string reader = 1; }
)";

constexpr char kConfig[] = R"(contracts:
  - protos: protos
clusters:
  library:
    target: 127.0.0.1:5201
    services: [library.v1.Library]
frontends:
  - name: web
    listen: 127.0.0.1:0
    expose:
      - library.v1.Library
      - desk.v1.Desk
admin: { listen: 127.0.0.1:0 }
)";

struct Mistake {
  const char* name;
  const char* file;                  // the one that is changed
  const char* right;                 // a piece of it
  const char* wrong;                 // what stands there instead; @ marks where the mistake is reported
  const char* message;               // part of what is said
  const char* other_file = nullptr;  // one more file
  const char* other_text = nullptr;  // @ as above
};

constexpr char kLibraryFile[] = "protos/library/v1/library.proto";
constexpr char kDeskFile[] = "protos/desk/v1/desk.proto";
constexpr char kConfigFile[] = "portico.yaml";

// From the fetch of the loans, where a projection's mistakes are reported, to the message it projects into.
#define LOANS_UP_TO_LOAN                                                                              \
  "(portico.fetch) = {\n"                                                                             \
  "    method: \"library.v1.Library/ListLoans\"\n"                                                    \
  "    bind: [\"book_id = self.book.book_id\", \"page_size = 5\"]\n    select: \"loans\"\n  }];\n}\n" \
  "message Loan { string reader = 1; "
constexpr char kLoansAndLoan[] = LOANS_UP_TO_LOAN;
constexpr char kLoansAndLoanWithShelf[] = "@" LOANS_UP_TO_LOAN "string shelf = 3; ";
constexpr char kLoansAndLoanWithText[] = "@" LOANS_UP_TO_LOAN "string days = 2; ";
#undef LOANS_UP_TO_LOAN

constexpr char kReadPolicy[] =
    "option (portico.policy) = { cache: { max_age: \"5s\" vary: \"accept-language\" } hedge: { after: \"30ms\" max: 2 "
    "} };";
constexpr char kWritePolicy[] =
    "option (portico.policy) = { idempotency_key: \"loan.token\" invalidates: \"library.v1.Library/ListLoans\" };";

// "line:column" of the '@', which is taken away; empty without one.
std::string TakeMark(std::string* text) {
  const size_t mark = text->find('@');
  if (mark == std::string::npos) return "";
  const size_t line_begin = text->rfind('\n', mark) + 1;  // npos + 1 is 0
  const auto line = 1 + std::count(text->begin(), text->begin() + static_cast<ptrdiff_t>(mark), '\n');
  text->erase(mark, 1);
  return absl::StrCat(line, ":", mark - line_begin + 1);
}

class CheckTest : public testing::TestWithParam<Mistake> {
 protected:
  // Writes the system into the folder, changed; where the mistake is to be reported, as "file:line:column".
  std::string Write(const Mistake& mistake) {
    std::string place;
    std::map<std::string, std::string> files = {{kLibraryFile, kLibrary}, {kDeskFile, kDesk}, {kConfigFile, kConfig}};
    if (mistake.file != nullptr) {
      std::string& text = files[mistake.file];
      const size_t at = text.find(mistake.right);
      EXPECT_NE(at, std::string::npos) << mistake.right;
      text.replace(at, std::string(mistake.right).size(), mistake.wrong);
    }
    if (mistake.other_file != nullptr) files[mistake.other_file] = mistake.other_text;
    for (auto& [name, text] : files) {
      const std::string mark = TakeMark(&text);
      if (!mark.empty()) place = absl::StrCat(folder_.path(), "/", name, ":", mark);
      folder_.Write(name, text);
    }
    return place;
  }

  TempFolder folder_;
};

TEST_P(CheckTest, NamesFileLineAndColumn) {
  const Mistake& mistake = GetParam();
  const std::string place = Write(mistake);
  ASSERT_FALSE(place.empty());
  for (const char* command : {"check", "serve", "routes"}) {
    const Finished finished = RunToEnd({PORTICO_BINARY, command, folder_.path() + "/portico.yaml"});
    EXPECT_EQ(finished.exit, 1) << command;
    EXPECT_EQ(finished.out, "");
    const std::vector<std::string> lines = absl::StrSplit(finished.error, '\n', absl::SkipEmpty());
    ASSERT_EQ(lines.size(), 1u) << "one mistake, one line:\n" << finished.error;
    EXPECT_TRUE(absl::StartsWith(lines[0], place + ": ")) << "wanted: " << place << "\ngot:    " << lines[0];
    EXPECT_THAT(lines[0], HasSubstr(mistake.message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, CheckTest,
    testing::Values(
        // The ten of the issue.
        Mistake{"UnknownMethodInAFetch", kDeskFile, "(portico.fetch) = {\n    method: \"library.v1.Library/GetBook\"",
                "@(portico.fetch) = {\n    method: \"library.v1.Library/Get\"", "library.v1.Library/Get"},
        Mistake{"UnknownFieldInABind", kDeskFile,
                "(portico.fetch) = {\n    method: \"library.v1.Library/GetBook\"\n    bind: \"book_id =",
                "@(portico.fetch) = {\n    method: \"library.v1.Library/GetBook\"\n    bind: \"isbn =", "isbn"},
        Mistake{"TypeMismatchInABind", kDeskFile,
                "(portico.fetch) = {\n    method: \"library.v1.Library/ListLoans\"\n"
                "    bind: [\"book_id = self.book.book_id\", \"page_size = 5\"]",
                "@(portico.fetch) = {\n    method: \"library.v1.Library/ListLoans\"\n"
                "    bind: [\"book_id = self.book.book_id\", \"page_size = request.book_id\"]",
                "fetch.bind[1]"},
        Mistake{"Cycle", kDeskFile,
                "(portico.fetch) = {\n    method: \"library.v1.Library/GetBook\"\n"
                "    bind: \"book_id = request.book_id\"\n    required: true\n  }];",
                "@(portico.fetch) = {\n    method: \"library.v1.Library/GetBook\"\n"
                "    bind: \"book_id = self.twin.book_id\"\n  }];\n"
                "  library.v1.Book twin = 3 [(portico.fetch) = {\n    method: \"library.v1.Library/GetBook\"\n"
                "    bind: \"book_id = self.book.book_id\"\n  }];",
                "book -> twin -> book"},
        Mistake{"ConflictingRoutes", kLibraryFile, "option (google.api.http) = { get: \"/v1/books/{book_id}\" }",
                "@option (google.api.http) = { get: \"/v1/pages/{book_id}\" }", "desk.proto:10:5"},
        Mistake{"BadTemplate", kLibraryFile, "option (google.api.http) = { get: \"/v1/books/{book_id}\" }",
                "@option (google.api.http) = { get: \"/v1/books/{book_id\" }", "/v1/books/{book_id"},
        Mistake{"UnknownKeyInYaml", kConfigFile, "    listen: 127.0.0.1:0\n    expose",
                "    @lisen: 127.0.0.1:0\n    expose", "lisen"},
        Mistake{"DuplicateService", nullptr, nullptr, nullptr, "library.v1.Library",
                "protos/library/v1/library_again.proto",
                "syntax = \"proto3\";\npackage library.v1;\nservice @Library {}\n"},
        Mistake{"MissingImport", kDeskFile, "import \"library/v1/library.proto\"",
                "@import \"library/v1/libary.proto\"", "library/v1/libary.proto"},
        Mistake{"ExposedServiceWithoutCluster", kConfigFile, "      - desk.v1.Desk\n",
                "      - desk.v1.Desk\n      - @attic.v1.Attic\n", "attic.v1.Attic", "protos/attic/v1/attic.proto",
                "syntax = \"proto3\";\npackage attic.v1;\nmessage M {}\nservice Attic { rpc Look(M) returns (M); }\n"},
        // And more that users write.
        Mistake{"SyntaxErrorInAContract", kLibraryFile, "string title = 2;", "string title @2;", "field number"},
        Mistake{"UnknownTypeInAContract", kLibraryFile, "repeated Loan loans", "repeated @Lone loans", "Lone"},
        Mistake{"UnknownFieldOfAnOption", kDeskFile,
                "{\n    method: \"library.v1.Library/GetBook\"\n    bind: \"book_id = request.book_id\"\n    required",
                "@{\n    method: \"library.v1.Library/GetBook\"\n    bind: \"book_id = request.book_id\"\n    requird",
                "requird"},
        Mistake{"ProjectionOfAFieldThatIsNotThere", kDeskFile, kLoansAndLoan, kLoansAndLoanWithShelf,
                "library.v1.Loan has no field \"shelf\""},
        Mistake{"ProjectedTypeMismatch", kDeskFile, kLoansAndLoan, kLoansAndLoanWithText, "days"},
        Mistake{"FieldWithNeitherFetchNorRequestField", kDeskFile, "message Page {\n",
                "message Page {\n  @string mood = 9;\n", "mood"},
        Mistake{"SelectOfNothing", kDeskFile,
                "(portico.fetch) = {\n    method: \"library.v1.Library/ListLoans\"\n"
                "    bind: [\"book_id = self.book.book_id\", \"page_size = 5\"]\n    select: \"loans\"",
                "@(portico.fetch) = {\n    method: \"library.v1.Library/ListLoans\"\n"
                "    bind: [\"book_id = self.book.book_id\", \"page_size = 5\"]\n    select: \"debts\"",
                "debts"},
        Mistake{"VariableThatIsNoField", kLibraryFile, "option (google.api.http) = { get: \"/v1/books/{book_id}\" }",
                "@option (google.api.http) = { get: \"/v1/books/{isbn}\" }", "isbn"},
        Mistake{"ServiceThatNoContractHas", kConfigFile, "[library.v1.Library]",
                "[library.v1.Library, @library.v1.Bar]", "library.v1.Bar"},
        Mistake{"FetchFromAServiceWithoutCluster", kDeskFile,
                "(portico.fetch) = {\n    method: \"library.v1.Library/GetBook\"\n"
                "    bind: \"book_id = request.book_id\"\n    required: true\n  }];",
                "@(portico.fetch) = { method: \"desk.v1.Attic/Look\" }];", "desk.v1.Attic",
                "protos/attic/v1/attic.proto",
                "syntax = \"proto3\";\npackage desk.v1;\nimport \"library/v1/library.proto\";\nmessage M {}\n"
                "service Attic { rpc Look(M) returns (library.v1.Book); }\n"},
        Mistake{"DurationInYaml", kConfigFile, "    target: 127.0.0.1:5201\n",
                "    target: 127.0.0.1:5201\n    timeout: @soon\n", "soon"},
        Mistake{"MalformedYaml", kConfigFile,
                "[library.v1.Library]\nfrontends:", "[library.v1.Library\nfrontends@:", "end of sequence"},
        Mistake{"MissingFolder", kConfigFile, "protos: protos", "protos: @prottos", "prottos"}),
    [](const testing::TestParamInfo<Mistake>& info) { return info.param.name; });

// Of what policies say of calling again, and of keeping answers.
INSTANTIATE_TEST_SUITE_P(
    Policies, CheckTest,
    testing::Values(
        Mistake{"HedgeWithoutATime", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" } hedge: { max: 2 } };",
                "policy.hedge.after of library.v1.Library/ListLoans: how long"},
        Mistake{"HedgeAtOnce", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" } hedge: { after: \"0s\" max: 2 } };",
                "policy.hedge.after of library.v1.Library/ListLoans: must be more than 0"},
        Mistake{"HedgeInThePast", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" } hedge: { after: \"-30ms\" max: 2 } };",
                "policy.hedge.after: \"-30ms\" is not a duration"},
        Mistake{"HedgeWithoutAUnit", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" } hedge: { after: \"30\" max: 2 } };",
                "policy.hedge.after: \"30\" is not a duration"},
        Mistake{"HedgeAfterTheEnd", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" } timeout: \"20ms\" hedge: { after: \"30ms\" "
                "max: 2 } };",
                "by then the call is over: policy.timeout is 20ms"},
        Mistake{"HedgeOfOneCall", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" } hedge: { after: \"30ms\" max: 1 } };",
                "policy.hedge.max of library.v1.Library/ListLoans: expected 2 to 5"},
        Mistake{"HedgeOfManyCalls", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" } hedge: { after: \"30ms\" max: 6 } };",
                "policy.hedge.max of library.v1.Library/ListLoans: expected 2 to 5"},
        Mistake{"HedgeOfTheWrongType", kLibraryFile, kReadPolicy,
                "option (portico.policy) = @{ cache: { max_age: \"5s\" } hedge: \"30ms\" };", "Expected \"{\", found"},
        Mistake{"HedgeWithANumberForATime", kLibraryFile, kReadPolicy,
                "option (portico.policy) = @{ cache: { max_age: \"5s\" } hedge: { after: 30 max: 2 } };",
                "Expected string, got: 30"},
        Mistake{"HedgeOfANegativeNumberOfCalls", kLibraryFile, kReadPolicy,
                "option (portico.policy) = @{ cache: { max_age: \"5s\" } hedge: { after: \"30ms\" max: -2 } };",
                "Expected integer, got: -"},
        Mistake{"CacheWithoutAnAge", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { vary: \"accept-language\" } };",
                "policy.cache.max_age of library.v1.Library/ListLoans: must be more than 0"},
        Mistake{"CacheOfNoTime", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"0s\" } };",
                "policy.cache.max_age of library.v1.Library/ListLoans: must be more than 0"},
        Mistake{"CacheOfANegativeAge", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"-5s\" } };",
                "policy.cache.max_age: \"-5s\" is not a duration"},
        Mistake{"CacheOfTheWrongType", kLibraryFile, kReadPolicy, "option (portico.policy) = @{ cache: true };",
                "Expected \"{\", found \"true\""},
        Mistake{"CacheWithANumberForAnAge", kLibraryFile, kReadPolicy,
                "option (portico.policy) = @{ cache: { max_age: 5 } };", "Expected string, got: 5"},
        Mistake{"CacheWithATextForPrivate", kLibraryFile, kReadPolicy,
                "option (portico.policy) = @{ cache: { max_age: \"5s\" private: \"yes\" } };",
                "Expected identifier, got: \"yes\""},
        Mistake{"CacheWithAnUnknownField", kLibraryFile, kReadPolicy,
                "option (portico.policy) = @{ cache: { max_age: \"5s\" public: true } };", "public"},
        Mistake{"VaryOfAField", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" vary: \"request.page_size\" } };",
                "policy.cache.vary[0] of library.v1.Library/ListLoans: \"request.page_size\" is no header's name"},
        Mistake{"VaryOfEverything", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" vary: [\"accept-language\", \"*\"] } };",
                "policy.cache.vary[1] of library.v1.Library/ListLoans: \"*\" is no header's name"},
        Mistake{"VaryOfNothing", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" vary: \"\" } };",
                "policy.cache.vary[0] of library.v1.Library/ListLoans: \"\" is no header's name"},
        Mistake{"VaryOfAList", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" vary: \"accept, accept-language\" } };",
                "\"accept, accept-language\" is no header's name"},
        Mistake{"VaryTwice", kLibraryFile, kReadPolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" vary: [\"accept-language\", "
                "\"Accept-Language\"] } };",
                "policy.cache.vary[1] of library.v1.Library/ListLoans: \"Accept-Language\" is there twice"},
        Mistake{
            "AReadThatIsKeptAndInvalidates", kLibraryFile, kReadPolicy,
            "@option (portico.policy) = { cache: { max_age: \"5s\" } invalidates: \"library.v1.Library/ListLoans\" };",
            "policy.invalidates of library.v1.Library/ListLoans: what is kept"},
        Mistake{"CacheOfAWrite", kLibraryFile, kWritePolicy,
                "@option (portico.policy) = { cache: { max_age: \"5s\" } };",
                "policy.cache of library.v1.Library/AddLoan: it might change something"},
        Mistake{"HedgeOfAWrite", kLibraryFile, kWritePolicy,
                "@option (portico.policy) = { hedge: { after: \"30ms\" max: 2 } };",
                "policy.hedge of library.v1.Library/AddLoan: it might happen twice"},
        Mistake{"IdempotencyKeyThatIsNoField", kLibraryFile, kWritePolicy,
                "@option (portico.policy) = { idempotency_key: \"loan.tokn\" };",
                "\"loan.tokn\": library.v1.NewLoan has no field \"tokn\""},
        Mistake{"IdempotencyKeyWithinAText", kLibraryFile, kWritePolicy,
                "@option (portico.policy) = { idempotency_key: \"loan.token.id\" };",
                "policy.idempotency_key of library.v1.Library/AddLoan: \"loan.token.id\": token is no message"},
        Mistake{"IdempotencyKeyThatIsAMessage", kLibraryFile, kWritePolicy,
                "@option (portico.policy) = { idempotency_key: \"loan\" };", "\"loan\" is neither a string nor bytes"},
        Mistake{"IdempotencyKeyThatIsANumber", kLibraryFile, kWritePolicy,
                "@option (portico.policy) = { idempotency_key: \"loan.days\" };",
                "\"loan.days\" is neither a string nor bytes"},
        Mistake{"IdempotencyKeyThatIsAList", kLibraryFile, kWritePolicy,
                "@option (portico.policy) = { idempotency_key: \"loan.notes\" };", "\"loan.notes\" is a list"},
        Mistake{"IdempotencyKeyOfTheWrongType", kLibraryFile, kWritePolicy,
                "option (portico.policy) = @{ idempotency_key: 5 };", "Expected string, got: 5"},
        Mistake{
            "InvalidatesAnUnknownMethod", kLibraryFile, kWritePolicy,
            "@option (portico.policy) = { invalidates: \"library.v1.Library/ListLoan\" };",
            "policy.invalidates[0] of library.v1.Library/AddLoan: there is no method \"library.v1.Library/ListLoan\""},
        Mistake{
            "InvalidatesByAnotherNotation", kLibraryFile, kWritePolicy,
            "@option (portico.policy) = { invalidates: [\"library.v1.Library/ListLoans\", "
            "\"library.v1.Library.ListLoans\"] };",
            "policy.invalidates[1] of library.v1.Library/AddLoan: there is no method \"library.v1.Library.ListLoans\""},
        Mistake{"InvalidatesWhatIsNotKept", kLibraryFile, kWritePolicy,
                "@option (portico.policy) = { invalidates: \"library.v1.Library/GetBook\" };",
                "policy.invalidates[0] of library.v1.Library/AddLoan: library.v1.Library/GetBook has no cache"},
        Mistake{"InvalidatesOfTheWrongType", kLibraryFile, kWritePolicy,
                "option (portico.policy) = @{ invalidates: { method: \"library.v1.Library/ListLoans\" } };",
                "Expected string, got: {"},
        Mistake{"CacheOfAStream", kLibraryFile, "returns (stream Loan) {}",
                "returns (stream Loan) {\n    option idempotency_level = NO_SIDE_EFFECTS;\n    @option "
                "(portico.policy) = { cache: { max_age: \"5s\" } };\n  }",
                "policy.cache of library.v1.Library/WatchLoans: a stream is not kept"},
        Mistake{"HedgeOfAStream", kLibraryFile, "returns (stream Loan) {}",
                "returns (stream Loan) {\n    option idempotency_level = NO_SIDE_EFFECTS;\n    @option "
                "(portico.policy) = { hedge: { after: \"30ms\" max: 2 } };\n  }",
                "policy.hedge of library.v1.Library/WatchLoans: a stream cannot be called twice"},
        Mistake{"IdempotencyKeyOfAStreamOfRequests", kLibraryFile, "(stream AddLoanRequest) returns (Loan) {}",
                "(stream AddLoanRequest) returns (Loan) {\n    @option (portico.policy) = { idempotency_key: "
                "\"loan.token\" };\n  }",
                "policy.idempotency_key of library.v1.Library/KeepLoans: a stream of requests"},
        Mistake{
            "CacheOfAWriteThatMayHappenTwice", kLibraryFile, "option idempotency_level = IDEMPOTENT;",
            "option idempotency_level = IDEMPOTENT;\n    @option (portico.policy) = { cache: { max_age: \"5s\" } };",
            "policy.cache of library.v1.Library/MoveBook: it might change something"},
        Mistake{"HedgeOfAFacade", kDeskFile, "option (google.api.http) = { get: \"/v1/pages/{book_id}\" };",
                "option (google.api.http) = { get: \"/v1/pages/{book_id}\" };\n    @option (portico.policy) = { hedge: "
                "{ after: \"30ms\" max: 2 } };",
                "policy.hedge of desk.v1.Desk/GetPage: a facade"},
        Mistake{"InvalidatesOfAFacade", kDeskFile, "option (google.api.http) = { get: \"/v1/pages/{book_id}\" };",
                "option (google.api.http) = { get: \"/v1/pages/{book_id}\" };\n    @option (portico.policy) = { "
                "invalidates: \"library.v1.Library/ListLoans\" };",
                "policy.invalidates of desk.v1.Desk/GetPage: a facade"},
        Mistake{"IdempotencyKeyOfAFacade", kDeskFile, "option (google.api.http) = { get: \"/v1/pages/{book_id}\" };",
                "option (google.api.http) = { get: \"/v1/pages/{book_id}\" };\n    @option (portico.policy) = { "
                "idempotency_key: \"book_id\" };",
                "policy.idempotency_key of desk.v1.Desk/GetPage: a facade"}),
    [](const testing::TestParamInfo<Mistake>& info) { return info.param.name; });

TEST_F(CheckTest, WhatIsRightPasses) {
  Write(Mistake{});
  const Finished finished = RunToEnd({PORTICO_BINARY, "check", folder_.path() + "/portico.yaml"});
  EXPECT_EQ(finished.exit, 0) << finished.error;
  EXPECT_EQ(finished.out + finished.error, "");
}

TEST_F(CheckTest, EveryMistakeIsToldAtOnce) {
  Write(Mistake{});
  folder_.Write("protos/a.proto", "syntax = \"proto3\";\nmessage M {\n  Nope n = 1;\n}\n");
  folder_.Write("protos/b.proto", "syntax = \"proto3\";\n\nimport \"none.proto\";\n");
  const Finished finished = RunToEnd({PORTICO_BINARY, "check", folder_.path() + "/portico.yaml"});
  EXPECT_EQ(finished.exit, 1);
  EXPECT_THAT(finished.error, HasSubstr("/protos/a.proto:3:3: "));
  EXPECT_THAT(finished.error, HasSubstr("/protos/b.proto:3:1: "));
}

TEST_F(CheckTest, AConfigurationIsFoundFromTheFolderOneStandsIn) {
  Write(Mistake{"", kConfigFile, "name: web", "nmae: web", ""});
  const Finished finished = RunToEnd({PORTICO_BINARY, "check", "portico.yaml"}, folder_.path());
  EXPECT_EQ(finished.exit, 1);
  EXPECT_TRUE(absl::StartsWith(finished.error, "portico.yaml:8:5: ")) << finished.error;
}

}  // namespace
}  // namespace portico::integration
