#include "services/base/sqlite.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace shop::sqlite {
namespace {

// Another process may hold the file for this long before a statement fails.
constexpr int kBusyTimeoutMs = 2000;

absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_ROWID:
      return absl::StatusCode::kAlreadyExists;
  }
  switch (error & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    default:
      return absl::StatusCode::kInternal;
  }
}

int BindOne(sqlite3_stmt* statement, int index, const Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return sqlite3_bind_int64(statement, index, *integer);
  if (const auto* real = std::get_if<double>(&value)) return sqlite3_bind_double(statement, index, *real);
  const auto text = std::get<std::string_view>(value);
  // A null pointer would bind NULL, which an empty text is not.
  return sqlite3_bind_text64(statement, index, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_TRANSIENT,
                             SQLITE_UTF8);
}

}  // namespace

Rows::Rows(Database& database, sqlite3_stmt* statement, absl::Status status)
    : database_(&database), statement_(statement), status_(std::move(status)) {}

Rows::Rows(Rows&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      status_(std::move(other.status_)) {}

Rows::~Rows() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  database_->idle_.emplace(sqlite3_sql(statement_), statement_);
}

bool Rows::Next() {
  if (!status_.ok()) return false;
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) status_ = database_->Error(sqlite3_sql(statement_));
  return false;
}

std::string Rows::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

int64_t Rows::Integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Rows::Real(int column) const {
  return sqlite3_column_double(statement_, column);
}

Connection::Connection(Database& database) : database_(database), lock_(database.mutex_) {}

Rows Connection::Query(std::string_view sql, std::initializer_list<Value> parameters) {
  return Query(sql, std::span<const Value>(parameters.begin(), parameters.size()));
}

Rows Connection::Query(std::string_view sql, std::span<const Value> parameters) {
  sqlite3_stmt* statement = nullptr;
  if (const auto idle = database_.idle_.find(std::string(sql)); idle != database_.idle_.end()) {
    statement = idle->second;
    database_.idle_.erase(idle);
  } else if (sqlite3_prepare_v3(database_.handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                &statement, nullptr) != SQLITE_OK) {
    return Rows(database_, nullptr, database_.Error(sql));
  }
  int index = 0;
  for (const Value& value : parameters) {
    if (BindOne(statement, ++index, value) != SQLITE_OK) return Rows(database_, statement, database_.Error(sql));
  }
  return Rows(database_, statement, absl::OkStatus());
}

absl::Status Connection::Run(std::string_view sql, std::initializer_list<Value> parameters) {
  Rows rows = Query(sql, parameters);
  while (rows.Next()) {
  }
  return rows.status();
}

absl::Status Connection::Transact(absl::FunctionRef<absl::Status()> body) {
  // IMMEDIATE: a transaction that reads first would otherwise fail when it starts to write.
  absl::Status status = Run("BEGIN IMMEDIATE");
  if (!status.ok()) return status;
  status = body();
  if (status.ok()) status = Run("COMMIT");
  if (!status.ok() && sqlite3_get_autocommit(database_.handle_) == 0) Run("ROLLBACK").IgnoreError();
  return status;
}

int64_t Connection::last_insert_id() const {
  return sqlite3_last_insert_rowid(database_.handle_);
}

int Connection::changes() const {
  return sqlite3_changes(database_.handle_);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::filesystem::path& file,
                                                         std::span<const char* const> migrations) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  if (error) return absl::UnavailableError(absl::StrCat(file.parent_path().string(), ": ", error.message()));

  sqlite3* handle = nullptr;
  // NOMUTEX: the mutex of Database already lets in one thread at a time.
  const int result =
      sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(handle));
  if (handle == nullptr) return absl::ResourceExhaustedError("sqlite: out of memory");
  if (result != SQLITE_OK) return database->Error(file.string());
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  absl::Status status = database->Script(
      "PRAGMA journal_mode = WAL;"
      "PRAGMA synchronous = NORMAL;"
      "PRAGMA foreign_keys = ON;");
  if (status.ok()) status = database->Migrate(migrations);
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat(file.string(), ": ", status.message()));
  }
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Connection Database::Acquire() {
  return Connection(*this);
}

absl::Status Database::Script(const std::string& sql) {
  return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus() : Error(sql);
}

absl::Status Database::Migrate(std::span<const char* const> migrations) {
  Connection connection = Acquire();
  // The version is read inside the transaction, so that of two processes opening a new file only one migrates it.
  return connection.Transact([&]() -> absl::Status {
    int64_t version = 0;
    {
      Rows rows = connection.Query("PRAGMA user_version");
      if (rows.Next()) version = rows.Integer(0);
      if (!rows.status().ok()) return rows.status();
    }
    const auto newest = static_cast<int64_t>(migrations.size());
    if (version > newest) {
      return absl::FailedPreconditionError(
          absl::StrCat("the file has version ", version, ", this program knows ", newest, " at most"));
    }
    if (version == newest) return absl::OkStatus();
    for (; version < newest; ++version) {
      const absl::Status status = Script(migrations[static_cast<size_t>(version)]);
      if (!status.ok()) return status;
    }
    return Script(absl::StrCat("PRAGMA user_version = ", newest));
  });
}

absl::Status Database::Error(std::string_view doing) const {
  return absl::Status(CodeOf(sqlite3_extended_errcode(handle_)),
                      absl::StrCat("sqlite: ", sqlite3_errmsg(handle_), " (", View(doing), ")"));
}

}  // namespace shop::sqlite
