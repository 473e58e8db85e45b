#include "services/sqlite/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include <omnibus/error.hpp>

namespace omnibus::sqlite {
namespace {

ErrorCode code_of(int result) noexcept {
  switch (result & 0xFF) {
    case SQLITE_FULL:
      return ErrorCode::no_space;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorCode::forbidden;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::unavailable;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return ErrorCode::corrupt;
    case SQLITE_TOOBIG:
      return ErrorCode::too_large;
    case SQLITE_IOERR:
      return ErrorCode::io;
    default:
      return ErrorCode::internal;
  }
}

std::string hint_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::no_space:
      return "free space on that disk; nothing was changed";
    case ErrorCode::forbidden:
      return "check that the folder exists and may be written";
    case ErrorCode::unavailable:
      return "another process holds the file";
    case ErrorCode::corrupt:
      return "restore the file from a copy, or name another one";
    default:
      return {};
  }
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(database.handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
  statement_.reset(statement);
  if (result != SQLITE_OK) database.fail(result, "use");
}

Statement& Statement::bind(int index, std::string_view text) {
  const int result =
      sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (result != SQLITE_OK) database_->fail(result, "use");
  return *this;
}

Statement& Statement::bind(int index, std::int64_t number) {
  const int result = sqlite3_bind_int64(statement_.get(), index, number);
  if (result != SQLITE_OK) database_->fail(result, "use");
  return *this;
}

Statement& Statement::bind_null(int index) {
  const int result = sqlite3_bind_null(statement_.get(), index);
  if (result != SQLITE_OK) database_->fail(result, "use");
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  sqlite3_reset(statement_.get());
  database_->fail(result, "use");
}

void Statement::run() {
  while (step()) {
  }
  sqlite3_reset(statement_.get());
}

void Statement::reset() noexcept { sqlite3_reset(statement_.get()); }

std::string Statement::text(int index) const {
  const auto* data = sqlite3_column_text(statement_.get(), index);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), index));
  return data == nullptr ? std::string{} : std::string(reinterpret_cast<const char*>(data), size);
}

std::int64_t Statement::integer(int index) const { return sqlite3_column_int64(statement_.get(), index); }

bool Statement::is_null(int index) const {
  return sqlite3_column_type(statement_.get(), index) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }

Database::Database(const std::filesystem::path& file, const Format& format, std::chrono::milliseconds wait)
    : what_(format.what), file_(file) {
  std::error_code ignored;  // a folder that is missing fails the open below, with the path in the message
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);

  // For its owner only, whatever the umask; the files beside it get the same rights. An existing one keeps
  // its own.
  const int made = ::open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (made >= 0) ::close(made);

  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(
      file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  handle_.reset(handle);
  if (result != SQLITE_OK) fail(result, "open");
  sqlite3_extended_result_codes(handle_.get(), 1);
  sqlite3_busy_timeout(handle_.get(), static_cast<int>(wait.count()));
  check_format(format);  // before anything is written: the file may be another program's
  run("PRAGMA journal_mode=WAL");
  run("PRAGMA synchronous=FULL");
}

Database::~Database() = default;

void Database::check_format(const Format& format) {
  Transaction together(*this);
  const auto pragma = [&](std::string_view name) {
    auto statement = prepare("PRAGMA " + std::string(name));
    return statement.step() ? statement.integer(0) : 0;
  };
  const auto application = pragma("application_id");
  const auto version = pragma("user_version");
  auto tables = prepare("SELECT count(*) FROM sqlite_master");
  tables.step();
  const bool fresh = application == 0 && version == 0 && tables.integer(0) == 0;
  if (!fresh && application != format.application) {
    throw ConfigError("cannot open " + what_ + " " + file_.string() + ": it is another program's database",
                      "name another file");
  }
  if (version > format.version) {
    throw ConfigError("cannot open " + what_ + " " + file_.string() + ": its format is " +
                          std::to_string(version) + ", this program knows up to " +
                          std::to_string(format.version),
                      "use a newer omnibus");
  }
  if (!fresh) return together.commit();

  char* message = nullptr;
  const int result =
      sqlite3_exec(handle_.get(), std::string(format.schema).c_str(), nullptr, nullptr, &message);
  sqlite3_free(message);
  if (result != SQLITE_OK) fail(result, "create");
  run("PRAGMA application_id=" + std::to_string(format.application));
  run("PRAGMA user_version=" + std::to_string(format.version));
  together.commit();
}

std::int64_t Database::changes() const noexcept { return sqlite3_changes64(handle_.get()); }

std::int64_t Database::inserted() const noexcept { return sqlite3_last_insert_rowid(handle_.get()); }

void Database::fail(int result, std::string_view doing) const {
  const auto code = code_of(result);
  const char* text = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(result);
  throw Error(code, "cannot " + std::string(doing) + " " + what_ + " " + file_.string() + ": " + text,
              {.retryable = code == ErrorCode::unavailable || code == ErrorCode::no_space,
               .native = sqlite3_errstr(result),
               .hint = hint_of(code)});
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  database_.run(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const Error&) {
    // A failed statement has rolled back by itself; there is nothing left to undo.
    return;
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace omnibus::sqlite
