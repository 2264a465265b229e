// The README's table says which test shows each rule: all of them exist.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// Whether this program has the test: `name` is a test's own, or a case's of a table.
bool IsHere(absl::string_view suite, absl::string_view name) {
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& there = *all.GetTestSuite(i);
    if (there.name() != suite && !absl::StartsWith(there.name(), absl::StrCat(suite, "/"))) continue;
    for (int j = 0; j < there.total_test_count(); ++j) {
      const absl::string_view test = there.GetTestInfo(j)->name();
      const absl::string_view last = test.substr(test.rfind('/') + 1);
      // Cases that both syntaxes have end in 2 and 3.
      if (test == name || last == name || last == absl::StrCat(name, "2") || last == absl::StrCat(name, "3") ||
          absl::StartsWith(test, absl::StrCat(name, "/"))) {
        return true;
      }
    }
  }
  return false;
}

// Whether a source of another folder's tests has it.
bool IsElsewhere(absl::string_view suite, absl::string_view name) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PORTICO_SOURCE_DIR "/tests")) {
    if (entry.path().extension() != ".cc") continue;
    if (absl::StrContains(ReadFile(entry.path()), absl::StrCat("(", suite, ", ", name, ")"))) return true;
  }
  return false;
}

TEST(TranscodeReadme, NamesTestsThatExist) {
  const std::string text = ReadFile(PORTICO_SOURCE_DIR "/gateway/transcode/README.md");
  int rows = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> columns = absl::StrSplit(line, '|');
    if (columns.size() != 7 || columns[1] == "---" || columns[1] == " rule ") continue;
    ++rows;
    const std::vector<absl::string_view> pieces = absl::StrSplit(columns[5], '`');
    EXPECT_GE(pieces.size(), 3u) << "a rule without a test: " << line;
    for (size_t i = 1; i < pieces.size(); i += 2) {
      const std::pair<absl::string_view, absl::string_view> test = absl::StrSplit(pieces[i], absl::MaxSplits('.', 1));
      EXPECT_TRUE(IsHere(test.first, test.second) || IsElsewhere(test.first, test.second)) << "no test " << pieces[i];
    }
  }
  EXPECT_GT(rows, 40);
  EXPECT_FALSE(IsHere("Anys", "NoSuchCase") || IsElsewhere("NoSuchTest", "AtAll"));
}

}  // namespace
