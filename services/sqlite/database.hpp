#pragma once

/// A small, typed face of SQLite for the services that keep state.
/// Threads: one caller at a time per Database; the services hold a mutex.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace omnibus::sqlite {

class Database;

/// One prepared statement. Lives no longer than its Database.
class Statement {
 public:
  /// Binds parameter `index`, from 1.
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::int64_t number);
  Statement& bind_null(int index);
  /// Runs to the next row; false at the end. Errors: as Database.
  bool step();
  /// Runs a statement that returns nothing and makes it ready to be bound again.
  void run();
  /// Ends a run before its last row, so that it can be bound again.
  void reset() noexcept;

  /// Column `index`, from 0, of the row at hand.
  std::string text(int index) const;
  std::int64_t integer(int index) const;
  bool is_null(int index) const;

 private:
  friend class Database;
  Statement(Database& database, std::string_view sql);
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One file in write-ahead mode; a commit is durable when it returns. Several processes may share it.
class Database {
 public:
  /// What a file must be: written by the same kind of service, of this format version or older.
  struct Format {
    std::string_view what;     ///< for messages: "configuration store"
    std::int32_t application;  ///< SQLite's application_id
    std::int32_t version;
    std::string_view schema;  ///< statements that create it
  };

  /// How long a statement waits for other processes before it fails with Error{unavailable}.
  static constexpr std::chrono::milliseconds patience{5000};

  /// Opens or creates the file and the folders above it. Errors: ConfigError when it is another kind of file
  /// or of a newer format; Error{forbidden}, Error{io}, Error{no_space}, Error{corrupt}.
  Database(const std::filesystem::path& file, const Format& format,
           std::chrono::milliseconds wait = patience);
  ~Database();

  Statement prepare(std::string_view sql) { return {*this, sql}; }
  void run(std::string_view sql) { prepare(sql).run(); }
  /// Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const noexcept;
  /// The integer key of the row inserted last.
  std::int64_t inserted() const noexcept;

  /// Throws the Error that belongs to SQLite's result code. `doing` is what failed, for the message.
  [[noreturn]] void fail(int result, std::string_view doing) const;

 private:
  friend class Statement;
  void check_format(const Format& format);

  std::string what_;
  std::filesystem::path file_;
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

/// Everything between construction and commit() happens together or not at all.
class Transaction {
 public:
  /// A reading one sees the database as it is at its first statement, and keeps nobody from writing.
  enum class Kind : std::uint8_t { write, read };
  explicit Transaction(Database& database, Kind kind = Kind::write);
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace omnibus::sqlite
