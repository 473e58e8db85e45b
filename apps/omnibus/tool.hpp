#pragma once

/// What the commands share: exit statuses, values of types known by name, lines of JSON.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <omnibus/error.hpp>
#include <omnibus/exit_status.hpp>
#include <omnibus/schema/schema.hpp>
#include <omnibus/settings.hpp>

namespace omnibus::app {

/// What the exit statuses mean for one command. An empty one cannot happen.
struct ExitMeaning {
  std::string_view failed;
  std::string_view ok = "success";
  std::string_view usage = "wrong usage or configuration";
  std::string_view unavailable = "the broker or store cannot be reached or refuses access";
};

/// The lines below the options of every --help.
std::string exit_status_help(const ExitMeaning& meaning);

/// Writes one line to stderr, in one piece: other threads may be logging.
void complain(std::string_view program, std::string_view text);

/// Errors: Error{io} when what was printed cannot be written.
void flush_output();

/// Runs a command's body and flushes what it printed; prints what is thrown as one line on stderr and gives
/// the exit status.
int guarded(std::string_view program, const std::function<int()>& body) noexcept;

/// The catalogue's type of that name, or `raw`. Errors: ConfigError with the nearest name.
const schema::Type& find_type(std::string_view name);

/// A value of a type known by name.
class Value {
 public:
  explicit Value(const schema::Type& type) : type_(&type), value_(type.create()) {}
  ~Value() { type_->destroy(value_); }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;

  /// From one JSON text; for `raw`, from a JSON string of base64. Errors: DecodeError.
  void parse(std::string_view json, const schema::JsonOptions& options);
  /// As one JSON text; for `raw`, a string of base64.
  std::string str(const schema::JsonOptions& options) const;
  void* get() const noexcept { return value_; }

 private:
  const schema::Type* type_;
  void* value_;
};

/// The values of a flag that takes key=value several times. Errors: ConfigError naming the flag.
Extra pairs_of(const Settings& settings, std::string_view flag);

/// `text` as a JSON string, quoted and escaped.
std::string json_quote(std::string_view text);

/// {"error":{"code":…,"message":…,"path":…,"offset":…}}; path and offset only where the error has them.
std::string json_error(const Error& error);

/// Set by SIGINT and SIGTERM once `watch_signals` ran.
bool interrupted() noexcept;
void watch_signals();

}  // namespace omnibus::app
