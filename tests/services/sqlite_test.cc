#include "services/base/sqlite.h"

#include "tests/services/harness.h"

namespace shop::sqlite {
namespace {

using shop::test::Folder;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kOne[] = {"CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER CHECK (n < 100))"};
constexpr const char* kTwo[] = {kOne[0], "ALTER TABLE t ADD COLUMN extra TEXT NOT NULL DEFAULT 'new'"};

class SqliteTest : public testing::Test {
 protected:
  std::unique_ptr<Database> Open(std::span<const char* const> migrations = kOne) {
    auto database = Database::Open(folder_.path() / "deep" / "t.db", migrations);
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }

  static std::vector<std::string> Keys(Connection& connection) {
    std::vector<std::string> keys;
    Rows rows = connection.Query("SELECT k FROM t ORDER BY k");
    while (rows.Next()) keys.push_back(rows.Text(0));
    EXPECT_TRUE(rows.status().ok());
    return keys;
  }

  Folder folder_;
};

TEST_F(SqliteTest, ValuesComeBackAsTheyWere) {
  const auto database = Open();
  Connection connection = database->Acquire();
  const std::string text("a\0\u00fc'", 5);
  Rows rows = connection.Query("SELECT ?, ?, ?, ?", {text, int64_t{1} << 62, 0.1, std::string_view()});
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Text(0), text);
  EXPECT_EQ(rows.Integer(1), int64_t{1} << 62);
  EXPECT_EQ(rows.Real(2), 0.1);
  EXPECT_EQ(rows.Text(3), "");
  EXPECT_FALSE(rows.Next());
}

TEST_F(SqliteTest, TheSameQueryMayRunInsideItself) {
  const auto database = Open();
  Connection connection = database->Acquire();
  for (const char* key : {"a", "b"}) ASSERT_TRUE(connection.Run("INSERT INTO t VALUES (?, 1)", {key}).ok());
  std::string seen;
  Rows outer = connection.Query("SELECT k FROM t ORDER BY k");
  while (outer.Next()) {
    Rows inner = connection.Query("SELECT k FROM t ORDER BY k");
    while (inner.Next()) seen += outer.Text(0) + inner.Text(0) + " ";
  }
  EXPECT_EQ(seen, "aa ab ba bb ");
}

TEST_F(SqliteTest, ErrorsSayWhatKindTheyAre) {
  const auto database = Open();
  Connection connection = database->Acquire();
  ASSERT_TRUE(connection.Run("INSERT INTO t VALUES ('a', 1)").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(connection.Run("INSERT INTO t VALUES ('a', 2)")));
  EXPECT_TRUE(absl::IsFailedPrecondition(connection.Run("INSERT INTO t VALUES ('b', 100)")));
  EXPECT_TRUE(absl::IsInternal(connection.Run("SELECT nonsense")));
  EXPECT_THAT(Keys(connection), ElementsAre("a"));
}

TEST_F(SqliteTest, ATransactionHoldsWholeOrNotAtAll) {
  const auto database = Open();
  Connection connection = database->Acquire();
  EXPECT_TRUE(connection.Transact([&] { return connection.Run("INSERT INTO t VALUES ('kept', 1)"); }).ok());
  EXPECT_TRUE(absl::IsCancelled(connection.Transact([&]() -> absl::Status {
    EXPECT_TRUE(connection.Run("INSERT INTO t VALUES ('undone', 1)").ok());
    return absl::CancelledError("changed my mind");
  })));
  EXPECT_THAT(Keys(connection), ElementsAre("kept"));
}

TEST_F(SqliteTest, AnOldFileIsBroughtUpToDate) {
  {
    const auto database = Open(kOne);
    ASSERT_TRUE(database->Acquire().Run("INSERT INTO t VALUES ('old', 1)").ok());
  }
  const auto database = Open(kTwo);
  Connection connection = database->Acquire();
  Rows rows = connection.Query("SELECT k, extra FROM t");
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Text(0) + rows.Text(1), "oldnew");
}

TEST_F(SqliteTest, ANewerFileIsRefused) {
  Open(kTwo).reset();
  const auto refused = Database::Open(folder_.path() / "deep" / "t.db", kOne);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(refused.status().ToString(), HasSubstr("version 2"));
}

TEST_F(SqliteTest, ABrokenMigrationLeavesTheFileAsItWas) {
  Open(kOne).reset();
  const char* broken[] = {kOne[0], "ALTER TABLE t ADD COLUMN extra TEXT; CREATE NONSENSE"};
  EXPECT_FALSE(Database::Open(folder_.path() / "deep" / "t.db", broken).ok());
  EXPECT_NE(Open(kTwo), nullptr);
}

TEST_F(SqliteTest, WhatIsNoDatabaseIsRefused) {
  EXPECT_FALSE(Database::Open(folder_.path(), kOne).ok());
  EXPECT_FALSE(Database::Open("/dev/null/x.db", kOne).ok());
}

}  // namespace
}  // namespace shop::sqlite
