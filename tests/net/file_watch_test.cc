#include "gateway/net/file_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

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
