// SQLite behind types that own what they hold.
#ifndef PORTICO_SERVICES_BASE_SQLITE_H_
#define PORTICO_SERVICES_BASE_SQLITE_H_

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace shop::sqlite {

// What a statement's parameter can be. Texts are copied when bound.
using Value = std::variant<int64_t, double, std::string_view>;

class Database;

// The answer to a query, read row by row:
//
//   auto rows = connection.Query("SELECT title FROM products WHERE category = ?", {category});
//   while (rows.Next()) titles.push_back(rows.Text(0));
//   if (!rows.status().ok()) return rows.status();
//
// An error ends the rows and stays in status(). Must not outlive the Connection it came from.
class Rows {
 public:
  Rows(Rows&& other) noexcept;
  Rows& operator=(Rows&&) = delete;
  ~Rows();

  // Moves to the next row; false after the last one and on error.
  bool Next();

  // Columns of the current row, counted from 0. REQUIRES: the last Next() was true.
  std::string Text(int column) const;
  int64_t Integer(int column) const;
  double Real(int column) const;

  // OK until something failed.
  const absl::Status& status() const { return status_; }

 private:
  friend class Connection;
  Rows(Database& database, sqlite3_stmt* statement, absl::Status status);

  Database* database_;
  sqlite3_stmt* statement_;  // null when it could not be prepared
  absl::Status status_;
};

// Exclusive use of a database, for as long as it lives. Use it in one thread, and do not acquire a second one in that
// thread meanwhile.
//
// Errors are UNAVAILABLE when another process holds the file, ALREADY_EXISTS when a key is taken, FAILED_PRECONDITION
// when another constraint refuses, else RESOURCE_EXHAUSTED, DATA_LOSS or INTERNAL.
class Connection {
 public:
  // Runs a query. Statements are prepared once and kept, so `sql` should be one of a small number of texts.
  Rows Query(std::string_view sql, std::initializer_list<Value> parameters = {});
  Rows Query(std::string_view sql, std::span<const Value> parameters);

  // Runs a statement that answers no rows.
  absl::Status Run(std::string_view sql, std::initializer_list<Value> parameters = {});

  // Runs `body` in a transaction, which holds if `body` answers OK and is undone otherwise. Does not nest.
  absl::Status Transact(absl::FunctionRef<absl::Status()> body);

  // The row id of the last insertion.
  int64_t last_insert_id() const;

  // How many rows the last change touched.
  int changes() const;

 private:
  friend class Database;
  explicit Connection(Database& database);

  Database& database_;
  std::unique_lock<std::mutex> lock_;
};

// A database file. Thread-safe: threads take turns through Acquire().
class Database {
 public:
  // Opens `file`, creating it where there is none, and brings it to the newest schema. Step n of `migrations` is a
  // script that leads from version n to n + 1; a file remembers its version. A file newer than the last step is
  // FAILED_PRECONDITION.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::filesystem::path& file,
                                                        std::span<const char* const> migrations);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // Waits until no other thread has a Connection.
  Connection Acquire();

 private:
  friend class Connection;
  friend class Rows;

  explicit Database(sqlite3* handle) : handle_(handle) {}
  absl::Status Script(const std::string& sql);
  absl::Status Migrate(std::span<const char* const> migrations);
  absl::Status Error(std::string_view doing) const;

  sqlite3* handle_;
  std::mutex mutex_;
  // Prepared statements not in use, by their text.
  std::unordered_multimap<std::string, sqlite3_stmt*> idle_;
};

}  // namespace shop::sqlite

#endif  // PORTICO_SERVICES_BASE_SQLITE_H_
