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
service Library {
  rpc GetBook(GetBookRequest) returns (Book) {
    option (google.api.http) = { get: "/v1/books/{book_id}" };
  }
  rpc ListLoans(ListLoansRequest) returns (ListLoansResponse) {
    option (google.api.http) = { get: "/v1/books/{book_id}/loans" };
  }
}
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
