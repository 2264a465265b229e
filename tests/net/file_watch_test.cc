#include "gateway/net/file_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/schema/temp_folder.h"

namespace portico::net {
namespace {

// A change is reported at the look that finds it at rest: the second after it.
bool Settles(FileWatch& watch) {
  const bool first = watch.Changed();
  return watch.Changed() || first;
}

TEST(FileWatchTest, NothingChangesByItself) {
  const portico::testing::TempFolder folder;
  folder.Write("a/b.proto", "1");
  FileWatch watch;
  watch.Watch({folder.path()});
  EXPECT_FALSE(Settles(watch));
}

TEST(FileWatchTest, FilesThatChangeComeAndGo) {
  const portico::testing::TempFolder folder;
  folder.Write("a/b.proto", "1");
  FileWatch watch;
  watch.Watch({folder.path()});

  folder.Write("a/b.proto", "22");
  EXPECT_TRUE(Settles(watch));
  EXPECT_FALSE(Settles(watch)) << "reported once";

  folder.Write("a/new/c.proto", "");
  EXPECT_TRUE(Settles(watch)) << "a file in a new folder";

  std::filesystem::rename(folder.Path("a/new/c.proto"), folder.Path("a/new/d.proto"));
  EXPECT_TRUE(Settles(watch)) << "another name";

  folder.Write("tmp", "33");
  std::filesystem::rename(folder.Path("tmp"), folder.Path("a/b.proto"));
  EXPECT_TRUE(Settles(watch)) << "replaced, as editors do";

  std::filesystem::remove(folder.Path("a/b.proto"));
  EXPECT_TRUE(Settles(watch)) << "removed";
}

TEST(FileWatchTest, AFileThatDoesNotExistYet) {
  const portico::testing::TempFolder folder;
  FileWatch watch;
  watch.Watch({folder.Path("later.yaml")});
  EXPECT_FALSE(Settles(watch));
  folder.Write("later.yaml", "");
  EXPECT_TRUE(Settles(watch));
}

// How orchestrators deliver configuration: a link is swapped to another folder.
TEST(FileWatchTest, ASwappedLink) {
  const portico::testing::TempFolder folder;
  folder.Write("v1/a.yaml", "1");
  folder.Write("v2/a.yaml", "1");
  std::filesystem::create_symlink(folder.Path("v1"), folder.Path("current"));
  FileWatch watch;
  watch.Watch({folder.Path("current")});
  EXPECT_FALSE(Settles(watch));
  std::filesystem::create_symlink(folder.Path("v2"), folder.Path("next"));
  std::filesystem::rename(folder.Path("next"), folder.Path("current"));
  EXPECT_TRUE(Settles(watch));
}

// A folder of contracts may be put together of links to others.
TEST(FileWatchTest, BehindALinkToAFolder) {
  for (const char* suffix : {"", ".proto"}) {
    const portico::testing::TempFolder folder;
    folder.Write("elsewhere/deep/a.proto", "1");
    folder.Write("protos/b.proto", "1");
    std::filesystem::create_directory_symlink(folder.Path("elsewhere"), folder.Path("protos/linked"));
    std::filesystem::create_directory_symlink(folder.Path("protos"), folder.Path("elsewhere/deep/back"));
    FileWatch watch;
    watch.Watch({{folder.Path("protos"), suffix}});
    EXPECT_FALSE(Settles(watch)) << suffix;
    folder.Write("elsewhere/deep/a.proto", "22");
    EXPECT_TRUE(Settles(watch)) << suffix;
    EXPECT_FALSE(Settles(watch)) << suffix;
  }
}

TEST(FileWatchTest, WhatCountsInAFolderWithASuffix) {
  const struct {
    const char* file;
    bool counts;
  } rows[] = {{"a.proto", true},       {"new/deep/b.proto", true}, {"gateway.log", false},
              {".a.proto.swp", false}, {".hidden.proto", false},   {".git/c.proto", false},
              {"new/a.proto~", false}, {"new/.#b.proto", false},   {"protos", false}};
  for (const auto& row : rows) {
    const portico::testing::TempFolder folder;
    folder.Write("a.proto", "1");
    FileWatch watch;
    watch.Watch({{folder.path(), ".proto"}});
    folder.Write(row.file, "22");
    EXPECT_EQ(Settles(watch), row.counts) << row.file;
  }
  const portico::testing::TempFolder folder;
  FileWatch watch;
  watch.Watch({{folder.Path("later"), ".proto"}});
  std::filesystem::create_directory(folder.Path("later"));
  EXPECT_TRUE(Settles(watch)) << "the folder itself";
}

// Somebody who keeps writing delays others, but for a while only.
TEST(FileWatchTest, WhatNeverRestsIsReportedNowAndThen) {
  const portico::testing::TempFolder folder;
  FileWatch watch;
  watch.Watch({folder.path()});
  std::vector<int> reported;
  for (int i = 1; i <= 2 * FileWatch::kMostRestless + 1; ++i) {
    folder.Write("a", std::string(static_cast<size_t>(i), 'x'));
    if (watch.Changed()) reported.push_back(i);
  }
  EXPECT_EQ(reported, (std::vector<int>{FileWatch::kMostRestless, 2 * FileWatch::kMostRestless}));
}

TEST(FileWatchTest, WhatStillChangesIsNotReported) {
  const portico::testing::TempFolder folder;
  FileWatch watch;
  watch.Watch({folder.path()});
  folder.Write("a", "1");
  EXPECT_FALSE(watch.Changed());
  folder.Write("b", "1");
  EXPECT_FALSE(watch.Changed());
  EXPECT_TRUE(watch.Changed());
}

}  // namespace
}  // namespace portico::net
